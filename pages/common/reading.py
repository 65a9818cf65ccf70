"""The uploaded file, read once for all that look at it: what it holds, its form, its preview.

The whole file as it came, personal columns too: for few files at a time, and not for long.
"""

import json
from typing import Any

import streamlit as st

from data import apart, levels, project_files, rain_file
from data.dataset import Dataset
from data.features import RawCells
from data.project_files import ProjectFile
from data.rain_file import RainFile
from data.table import Table


@st.cache_data(max_entries=4, ttl=900, show_spinner=False)
def _table(digest: str, name: str, options: str, settings: str, _content: bytes) -> Table:
    return apart.read_table(_content, name, settings=json.loads(settings), **json.loads(options))


@st.cache_data(max_entries=2, ttl=900, show_spinner=False)
def _cells(digest: str, name: str, options: str, settings: str, _content: bytes) -> RawCells:
    return levels.read_boundary_file(_content, name, settings=json.loads(settings), **json.loads(options))


def table(data: Dataset, content: bytes, name: str, digest: str, **options: Any) -> Table:
    """Return the table in a file, as `data.apart.read_table`."""
    return _table(digest, name, _key(options), _key(data.settings), content)


def cells(data: Dataset, content: bytes, name: str, digest: str, **options: Any) -> RawCells:
    """Return the polygons in a file, as `data.levels.read_boundary_file`."""
    return _cells(digest, name, _key(options), _key(data.settings), content)


@st.cache_data(max_entries=2, ttl=900, show_spinner=False)
def _projects(digest: str, name: str, options: str, settings: str, _content: bytes) -> ProjectFile:
    return project_files.read_projects(_content, name, settings=json.loads(settings), **json.loads(options))


def projects(data: Dataset, content: bytes, name: str, digest: str, **options: Any) -> ProjectFile:
    """Return the projects in a file, as `data.project_files.read_projects`."""
    return _projects(digest, name, _key(options), _key(data.settings), content)


@st.cache_data(max_entries=2, ttl=900, show_spinner=False)
def _rain(digest: str, name: str, options: str, settings: str, _content: bytes) -> RainFile:
    return rain_file.read_rain(_content, name, settings=json.loads(settings), **json.loads(options))


def rain(data: Dataset, content: bytes, name: str, digest: str, **options: Any) -> RainFile:
    """Return the readings in a file of rain, as `data.rain_file.read_rain`."""
    return _rain(digest, name, _key(options), _key(data.settings), content)


def _key(options: dict[str, Any]) -> str:
    return json.dumps({name: value for name, value in options.items() if value is not None}, sort_keys=True)
