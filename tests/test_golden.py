"""Whole answers for the demo. A change of tests/golden/demo.json needs a line in CHANGELOG.md that says why.

To write it anew: HOTSPOTS_GOLDEN=write .venv/bin/python -m pytest tests/test_golden.py
"""

import contextlib
import io
import json
import os
import sys
from pathlib import Path
from unittest import mock

import pytest

import cli
from base.text import Words
from commands.frame import WORDS

GOLDEN = Path(__file__).parent / "golden" / "demo.json"
QUESTIONS = {
    "count by hazard and month": ("count", "--by", "hazard,month"),
    "hot spots of waterlogging": ("hotspots", "--hazard", "waterlogging"),
    "resolution by hazard": ("resolution", "--by", "hazard"),
}


def ask(folder, *command):
    out = io.StringIO()
    line = ["cli.py", "--workspace", str(folder), *command, "--json"]
    with (
        mock.patch.object(sys, "argv", line),
        mock.patch.dict(vars(WORDS), vars(Words("en"))),
        contextlib.redirect_stdout(out),
        contextlib.suppress(SystemExit),
    ):
        cli.main()
    return json.loads(out.getvalue())


def differences(was, now, where=""):
    """Return where two answers differ: all exactly, but numbers with a fraction to 1e-9 of their size."""
    if isinstance(was, float) and isinstance(now, (int, float)) and not isinstance(now, bool):
        return [] if now == pytest.approx(was, rel=1e-9, abs=0) else [f"{where}: {was!r} -> {now!r}"]
    if type(was) is not type(now):
        return [f"{where}: {was!r} -> {now!r}"]
    if isinstance(was, dict):
        if list(was) != list(now):
            return [f"{where}: keys {list(was)} -> {list(now)}"]
        return [line for key in was for line in differences(was[key], now[key], f"{where}/{key}")]
    if isinstance(was, list):
        if len(was) != len(now):
            return [f"{where}: {len(was)} -> {len(now)} items"]
        return [
            line for n, pair in enumerate(zip(was, now, strict=True)) for line in differences(*pair, f"{where}/{n}")
        ]
    return [] if was == now else [f"{where}: {was!r} -> {now!r}"]


@pytest.mark.parametrize("question", QUESTIONS)
def test_the_answers_for_the_demo_are_those_written_down(demo, question):
    answer = ask(demo, *QUESTIONS[question])
    known = json.loads(GOLDEN.read_text(encoding="utf-8")) if GOLDEN.exists() else {}
    if os.environ.get("HOTSPOTS_GOLDEN") == "write":
        GOLDEN.parent.mkdir(exist_ok=True)
        text = json.dumps({**known, question: answer}, ensure_ascii=False, indent=1)
        GOLDEN.write_text(text + "\n", encoding="utf-8")
        pytest.fail("written anew: look at the difference, say why in CHANGELOG.md, and run again without it")
    assert differences(known[question], answer) == []


def test_a_difference_is_found_wherever_it_stands():
    was = {"a": [{"p": 0.1, "n": 2, "hot": True, "name": "x", "low": None}]}
    assert differences(was, json.loads(json.dumps(was))) == []
    assert differences({"p": 0.1}, {"p": 0.1 * (1 + 1e-10)}) == []
    for key, value in {"p": 0.1001, "n": 3, "hot": False, "name": "y", "low": 1.0}.items():
        assert len(differences(was, {"a": [{**was["a"][0], key: value}]})) == 1
    assert len(differences(was, {"a": []})) == 1
    assert len(differences({"n": 1}, {"n": True})) == 1
