"""The benchmarks: that they can be started, and that what they measure is what they say."""

import pytest

from bench import growth, portfolio
from bench import queries as asked
from bench import resolution as times_asked
from bench.measuring import Lines
from bench.queries import make
from data import queries
from data.schema import Scope
from data.store import Workspace
from tools import checks


def test_every_benchmark_of_a_run_is_a_file_that_can_be_started():
    for name in (*checks.BENCHES, *checks.LONG_BENCHES):
        file = checks.ROOT / "bench" / f"{name}.py"
        assert '__name__ == "__main__"' in file.read_text(encoding="utf-8"), name


def test_an_unknown_benchmark_is_refused_before_anything_runs():
    with pytest.raises(checks.Refusal, match="no benchmark nowhere"):
        checks.bench(["join", "nowhere"])


def test_an_invented_city_has_the_cells_and_incidents_it_was_asked_for(tmp_path):
    data = make(tmp_path / "city", 90, 23, 2).newest()
    assert {level.name: level.cells for level in data.levels} == {"community": 23, "grid": 23}
    counts = queries.counts(data, Scope(level="grid"), ["month"])
    assert counts["month"].tolist() == ["2016-01", "2016-02"]
    assert counts["count"].tolist() == [45, 45]


def test_every_question_that_is_timed_has_an_answer(tmp_path):
    data = make(tmp_path / "city", 90, 23, 2).newest()
    cell = queries.counts(data, Scope(level="grid"), ["cell"])["cell_id"].dropna().iloc[0]
    for name, ask in {**asked.OVERVIEW, **asked.WHOLE, **asked.PLAIN}.items():
        assert ask(data, Scope(level="grid"), cell) is not None, name


def test_every_question_of_the_resolution_page_has_an_answer_and_lifelines_medians_are_ours(tmp_path, capsys):
    folder = tmp_path / "city"
    make(folder, 900, 23, 3)
    assert times_asked.load_limits(folder)["changed"] > 800
    data = Workspace(folder).newest()
    for name, ask in times_asked.ASKS.items():
        assert ask(data, times_asked.SCOPES["all time"]) is not None, name
    assert times_asked.compare(folder, Lines("resolution", None))
    assert "medians by hazard: 4 groups" in capsys.readouterr().out


def test_polygons_double_and_stay_near_a_square():
    assert [growth.square(n)[:2] for n in growth.doubled(20, 160)] == [(5, 4), (5, 8), (10, 8), (10, 16)]


def test_an_invented_district_has_a_best_set_for_each_of_its_rules(capsys):
    case = portfolio.invented(60, 49)
    assert portfolio.compare(case, 2.0, Lines("portfolio", None))
    said = capsys.readouterr().out
    assert "60 projects, 49 places" in said
    assert "WRONG" not in said
