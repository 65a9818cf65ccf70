"""What cannot be told about times, on the page: the same sentences as on the command line, and the cases on the map."""

from test_cli_bad_times import files, office  # noqa: F401  fixtures
from test_pages import EN, refusals, texts, title, visit, workspaces  # noqa: F401  fixtures among them

from data.schema import Scope
from data.store import Workspace
from reports import times


def test_what_cannot_be_told_stands_beside_the_figures_and_a_step_out_of_order_at_its_stage(office, visit):  # noqa: F811
    workspace = office[0]
    everything = {"start": "2002-01-01", "end": "2026-01-01"}
    seen = visit("resolution", workspace, **everything, part="stages")
    assert not seen.exception
    assert refusals(seen) == []
    said = " ".join(texts(seen))
    assert "The limit “视情况而定” in row 3 of the table of deadlines (gbt30428) cannot be read" in said
    assert "The working calendar knows the days from 1 Jan 2004 to " in said
    for sentence in times.headline(Workspace(workspace).newest(), Scope("grid")).sentences:
        assert sentence.say(EN) in said
    assert "lies before" in said


def test_a_period_before_the_first_report_has_no_figure_and_says_so(office, visit):  # noqa: F811
    seen = visit("resolution", office[0], start="2000-01-01", end="2001-01-01")
    assert not seen.exception
    assert refusals(seen) == []
    assert title(seen) == "There is no case here of which a duration is known"
