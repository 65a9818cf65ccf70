"""All caching, once. The dataset is a shared read-only resource; answers are data, keyed by fingerprint and Scope."""

import datetime as dt
import functools
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any, Concatenate, ParamSpec, TypeVar

import numpy as np
import pandas as pd
import streamlit as st
from numpy.typing import NDArray

from analysis.step_change import Step
from base.text import N_, Sentence, Words, markdown_plain
from data import accounts, example, queries
from data.accounts import Account
from data.dataset import Dataset
from data.schema import Scope
from data.store import Workspace
from geo.maps import touch_cells
from pages.common import frame
from reports import alarm as lately
from reports import answers, backlog, choropleth, history, intake, standing, times, times_cell, times_due, tracing
from reports import evaluation as judging
from reports import priorities as works
from reports import quality as quality_report
from reports.criteria import Criterion
from reports.doubts import Doubts, Silent, doubts_of, silent_of
from reports.record import Before, Record, Sites, before_of, record_of, sites_of
from reports.returning import Returning
from reports.returning import returning as came_back

P = ParamSpec("P")
T = TypeVar("T")
PATIENCE_S = 0.5  # without a word
MOST_ROWS = 1000  # of a long table that a page shows; the download has all
MOST_TIMES = 48  # of the resolution page, all kinds together
MOST_ANSWERS = 16  # of a kind that holds a row for each cell: some megabytes each in a city


def workspace() -> Workspace:
    """Return the workspace that this server shows."""
    return Workspace(frame.workspace_path())


@st.cache_resource(max_entries=2, show_spinner=False)  # the newest, and the one before that others still look at
def _dataset(path: str, version: int, fingerprint: str) -> Dataset:
    return Workspace(path).open(version)


@st.cache_resource(max_entries=1, show_spinner=False)
def _tidied(path: str, day: dt.date) -> bool:
    """Clear once a day what is kept no longer, also where nobody imports anything."""
    workspace().tidy_if_due(who=frame.who())
    return True


def dataset() -> Dataset:
    """Return the newest version of the workspace; a new import shows at the next rerun."""
    _tidied(str(frame.workspace_path()), dt.datetime.now(dt.UTC).date())
    version, fingerprint = workspace().newest_version()
    return _dataset(str(frame.workspace_path()), version, fingerprint)


@st.cache_data(max_entries=MOST_ANSWERS, show_spinner=False)
def _overview(fingerprint: str, scope: Scope, compare: str, _dataset: Dataset) -> answers.Overview:
    return answers.overview(_dataset, scope, compare=compare)


@st.cache_data(max_entries=64, show_spinner=False)
def _beside(fingerprint: str, scope: Scope, _dataset: Dataset) -> dict[str, int]:
    return queries.beside(_dataset, scope)


@st.cache_data(max_entries=64, show_spinner=False)
def _cell(fingerprint: str, scope: Scope, cell: str, _cells: pd.DataFrame, _dataset: Dataset) -> answers.CellView:
    return answers.cell_view(_dataset, scope, cell, _cells)


@st.cache_data(max_entries=64, show_spinner=False)
def _incidents(fingerprint: str, scope: Scope, cell: str, _dataset: Dataset) -> pd.DataFrame:
    return tracing.incidents_of(_dataset, scope, cell)


@contextmanager
def _told(sentence: str) -> Iterator[Callable[[float], None]]:
    """Give what shows the progress of work, with a sentence, once it has taken long; it is gone at the end."""
    begun, place = time.monotonic(), st.empty()

    def progress(share: float) -> None:
        if time.monotonic() - begun > PATIENCE_S:
            place.progress(min(share, 1.0), text=sentence)

    yield progress
    place.empty()


def group_calls(words: Words, data: Dataset) -> None:
    """Look which calls report one event, once a version; where that takes long, say so."""
    with _told(words("Looking which reports are of one event (once for each version of the data)")) as progress:
        history.followers(data, progress)


def overview(data: Dataset, scope: Scope, compare: str) -> answers.Overview:
    """Return the overview of a scope."""
    return _overview(data.fingerprint, scope, compare, data)


def beside(data: Dataset, scope: Scope) -> dict[str, int]:
    """Return what a scope leaves out for its period and for being voided."""
    return _beside(data.fingerprint, scope, data)


_DRAWING = N_("Drawing maps without a pattern, to tell what chance alone gives (kept for these cells)")


def hot_spots(
    words: Words, data: Dataset, scope: Scope, exposure: str = "auto", method: str = "auto"
) -> answers.HotSpots:
    """Return the hot spots of a scope; where random maps have to be drawn for long, say so."""
    with _told(words(_DRAWING)) as progress:
        return answers.hot_spots(data, scope, exposure=exposure, method=method, progress=progress)


@dataclass(frozen=True)
class Asked:
    """How a hot-spot screen was asked for, beside its scope: exposure, method, and the period to compare with."""

    fingerprint: str
    scope: Scope
    exposure: str
    method: str
    compare: str


_HISTORY = N_("Looking through the history of these cells (once for each version of the data)")


def record(words: Words, data: Dataset, spots: answers.HotSpots, asked: Asked) -> Record:
    """Return what the record says of the claims of a screen; the whole history is looked through at first."""
    choices = {"exposure": asked.exposure, "method": asked.method, "compare": asked.compare}
    with _told(words(_HISTORY)) as progress:
        return record_of(data, asked.scope, spots, progress=progress, **choices)


def before(words: Words, data: Dataset, spots: answers.HotSpots, asked: Asked) -> Before:
    """Return what became of the claims of a screen since the period before."""
    choices = {"exposure": asked.exposure, "method": asked.method, "compare": asked.compare}
    with _told(words(_DRAWING)) as progress:
        return before_of(data, asked.scope, spots, progress=progress, **choices)


def sites(words: Words, data: Dataset, asked: Asked) -> Sites:
    """Return the chronic sites of a screen; the whole history is looked through at first."""
    with _told(words(_HISTORY)) as progress:
        return sites_of(data, asked.scope, progress=progress)


def doubts(words: Words, data: Dataset, spots: answers.HotSpots, asked: Asked) -> Doubts:
    """Return what might fake the claims of a screen."""
    with _told(words("Looking for what might fake these claims")) as progress:
        return doubts_of(data, asked.scope, spots, progress=progress)


def never(data: Dataset, spots: answers.HotSpots, asked: Asked) -> Silent:
    """Return the cells of a screen that never reported anything."""
    return _never(asked.fingerprint, asked.scope, spots.result.exposure, spots, data)


@st.cache_data(max_entries=MOST_ANSWERS, show_spinner=False)
def _never(fingerprint: str, scope: Scope, exposure: str, _spots: answers.HotSpots, _dataset: Dataset) -> Silent:
    return silent_of(_dataset, scope, _spots)


def beyond_area(
    words: Words, data: Dataset, scope: Scope, exposure: str = "auto", method: str = "auto"
) -> answers.BeyondArea | None:
    """Return what the whole level claims of the cells of an area; where that takes long, say so."""
    with _told(words("Comparing these cells with all others of their level")) as progress:
        return answers.beyond_area(data, scope, exposure=exposure, method=method, progress=progress)


def alarm(words: Words, data: Dataset, scope: Scope) -> lately.Alarm:
    """Return what has gathered in the last weeks of a scope; where the days have to be shuffled for long, say so."""
    with _told(words(lately.AT_WORK)) as progress:
        return lately.alarm_of(data, scope, progress=progress)


def clusters(data: Dataset, scope: Scope) -> pd.DataFrame:
    """Return the dense groups of events of a scope."""
    return answers.clusters_of(data, scope)


@st.cache_data(max_entries=MOST_TIMES, show_spinner=False)
def _answer(
    fingerprint: str,
    name: str,
    scope: Scope,
    more: tuple[Any, ...],
    named: tuple[tuple[str, Any], ...],
    _reckon: Callable[..., Any],
    _dataset: Dataset,
) -> Any:
    return _reckon(_dataset, scope, *more, **dict(named))


def _kept(reckon: Callable[Concatenate[Dataset, Scope, P], T]) -> Callable[Concatenate[Dataset, Scope, P], T]:
    """Return a function of reports/ that reckons an answer once for the same data, scope and questions."""
    name = f"{reckon.__module__}.{reckon.__qualname__}"

    @functools.wraps(reckon)
    def asked(data: Dataset, scope: Scope, /, *more: P.args, **named: P.kwargs) -> T:
        found: T = _answer(data.fingerprint, name, scope, more, tuple(sorted(named.items())), reckon, data)
        return found

    return asked


times_headline = _kept(times.headline)
times_groups = _kept(times.groups)
times_curves = _kept(times.curves)
times_holds = _kept(times.holds)
times_funnel = _kept(standing.funnel)
times_heat = _kept(standing.heat)
times_trend = _kept(standing.trend)
times_ageing = _kept(backlog.ageing)
times_worst = _kept(backlog.worst)
times_waterfall = _kept(backlog.waterfall)
times_origins = _kept(times_due.origins)
times_of_cell = _kept(times_cell.one_cell)


works_money = _kept(works.money)
works_all_weights = _kept(works.all_weights)
_priorities = _kept(works.priorities)


def criteria(words: Words, data: Dataset, scope: Scope, months: int) -> tuple[Criterion, ...]:
    """Return the criteria by which the places of projects can be ranked here; held with the version."""
    group_calls(words, data)
    with _told(words(_HISTORY)) as progress:
        progress(0.5)
        return works.known_criteria(data, scope, months)


def priorities(words: Words, data: Dataset, scope: Scope, asked: works.Asked) -> works.Priorities:
    """Return which works to build first in a scope."""
    group_calls(words, data)
    return _priorities(data, scope, asked)


def evaluation(words: Words, data: Dataset, project_id: str, asked: judging.Asked) -> judging.Evaluation:
    """Return what became of a work; held with the version."""
    group_calls(words, data)
    return judging.evaluate(data, project_id, asked)


@st.cache_data(max_entries=MOST_ANSWERS, show_spinner=False)
def _placebos(fingerprint: str, project_id: str, asked: judging.Asked, _found: judging.Evaluation) -> judging.Placebos:
    return judging.placebos(_found)


def placebos(data: Dataset, found: judging.Evaluation) -> judging.Placebos:
    """Return the placebos of a work."""
    return _placebos(data.fingerprint, str(found.project["project_id"]), found.asked, found)


@st.cache_data(max_entries=MOST_ANSWERS, show_spinner=False)
def _second(fingerprint: str, project_id: str, asked: judging.Asked, _found: judging.Evaluation) -> Step | Sentence:
    return judging.second_opinion(_found)


def second_opinion(data: Dataset, found: judging.Evaluation) -> Step | Sentence:
    """Return what the regression says of a work, or why it cannot be made."""
    return _second(data.fingerprint, str(found.project["project_id"]), found.asked, found)


def verdicts(words: Words, data: Dataset, asked: judging.Asked) -> pd.DataFrame:
    """Return what became of all finished projects; where that takes long, say so."""
    with _told(words("Judging the finished projects (once for each version of the data)")) as progress:
        return judging.verdicts(data, asked, progress=progress)


def returning(words: Words, data: Dataset, scope: Scope) -> Returning:
    """Return what came back of the events closed in a scope; held with the version."""
    group_calls(words, data)
    return came_back(data, scope)


def cell(data: Dataset, scope: Scope, cell_id: str, cells: pd.DataFrame) -> answers.CellView:
    """Return one cell of a scope."""
    return _cell(data.fingerprint, scope, cell_id, cells, data)


def incidents(data: Dataset, scope: Scope, cell_id: str) -> pd.DataFrame:
    """Return the newest incidents of one cell with their events."""
    return _incidents(data.fingerprint, scope, cell_id, data)


@st.cache_data(max_entries=16, show_spinner=False)
def _dots(fingerprint: str, scope: Scope, _dataset: Dataset) -> choropleth.Dots:
    return choropleth.dots(answers.first_calls(_dataset, scope))


@st.cache_data(max_entries=64, show_spinner=False)
def _silent(fingerprint: str, level: str, _dataset: Dataset) -> frozenset[str]:
    return answers.silent_cells(_dataset, level)


@st.cache_resource(max_entries=12, show_spinner=False)
def _simplified(boundaries: str, level: str, finest: str, on: dt.date | None, _dataset: Dataset) -> NDArray[np.object_]:
    return choropleth.simplified(_dataset, level, finest, on)


@st.cache_data(max_entries=256, show_spinner=False)
def _published(
    boundaries: str,
    levels: tuple[str, ...],
    area: str | None,
    on: dt.date | None,
    only: tuple[str, ...],
    _dataset: Dataset,
) -> choropleth.Drawn | None:
    def simple(level: str, finest: str) -> NDArray[np.object_]:
        return _simplified(boundaries, level, finest, on, _dataset)

    return choropleth.publish(_dataset, levels, area, on, only=only, simple=simple)


@st.cache_data(max_entries=MOST_ANSWERS, show_spinner=False)
def _cell_table(fingerprint: str, scope: Scope, _dataset: Dataset) -> pd.DataFrame:
    return answers.cell_table(_dataset, scope)


@st.cache_data(max_entries=8, show_spinner=False)
def _places(fingerprint: str, language: str, _dataset: Dataset) -> pd.DataFrame:
    return intake.place_rows(_dataset, Words(language))


@st.cache_data(max_entries=4, show_spinner=False)
def _rejected(fingerprint: str, language: str, _dataset: Dataset) -> tuple[pd.DataFrame, int]:
    return intake.rejected_rows(_dataset, Words(language), most=MOST_ROWS)


def dots(data: Dataset, scope: Scope) -> choropleth.Dots:
    """Return the dots of the events of a scope that lie in a cell and have a point."""
    return _dots(data.fingerprint, scope, data)


def silent(data: Dataset, level: str) -> frozenset[str]:
    """Return the cells of a level that never reported anything."""
    return _silent(data.fingerprint, level, data)


def cell_table(data: Dataset, scope: Scope) -> pd.DataFrame:
    """Return the cells of a scope with their numbers, without a comparison."""
    return _cell_table(data.fingerprint, scope, data)


def published(data: Dataset, view: Scope, only: tuple[str, ...] = ()) -> choropleth.Drawn | None:
    """Return the levels in the map file of a view, or some cells `only`; their outlines are in static/ afterwards."""
    levels, area = ((view.level,), view.area) if only else choropleth.file_of(data, view)
    asked = (data.boundaries, levels, area, data.edition_day(view), only)
    drawn = _published(*asked, data)
    if drawn is not None and not touch_cells(drawn.key):  # swept since
        _published.clear()
        drawn = _published(*asked, data)
    return drawn


def places(data: Dataset, words: Words) -> pd.DataFrame:
    """Return where all stored incidents lie, a row a level."""
    return _places(data.fingerprint, words.language, data)


def rejected(data: Dataset, words: Words) -> tuple[pd.DataFrame, int]:
    """Return the first rows that were not taken, and how many there are in all."""
    return _rejected(data.fingerprint, words.language, data)


@st.cache_data(max_entries=4, show_spinner=False)
def _account(fingerprint: str, _dataset: Dataset) -> Account:
    return accounts.account(_dataset)


def account(data: Dataset) -> Account:
    """Return how the rows of the office's files stand."""
    return _account(data.fingerprint, data)


@st.cache_data(max_entries=4, show_spinner=False)
def _quality(fingerprint: str, language: str, _dataset: Dataset) -> pd.DataFrame:
    return quality_report.quality_items(_dataset, Words(language))


def quality(data: Dataset, words: Words) -> pd.DataFrame:
    """Return the items of the quality report."""
    return _quality(data.fingerprint, words.language, data)


def load_demo(words: Words) -> None:
    """Load the invented street office into the empty workspace, with progress."""
    bar = st.progress(0.0, text=words("Making the example"))

    def progress(share: float, sentence: str, fields: dict[str, Any]) -> None:
        bar.progress(min(max(share, 0.0), 1.0), text=markdown_plain(words(sentence, **fields)))

    example.load_demo(workspace(), who=frame.who(), progress=progress)
