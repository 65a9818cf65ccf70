"""What became of a work: hand counts on an invented row of cells, what is left out and why, refusals, properties."""

import datetime as dt
import io
import json
import math
import shutil
from dataclasses import replace

import demo_cases
import geopandas as gpd
import numpy as np
import pandas as pd
import pytest
from drained_office import CELLS, DAYS, MONTHS, of_a, office, rain
from hypothesis import given, settings
from hypothesis import strategies as st
from python_calamine import CalamineWorkbook

from analysis import work_figures
from analysis.evaluation import AFTER, BEFORE, CHOICE, HELPED, NO_SIGN, TOO_EARLY, WORKS, WORSE, detectable
from analysis.step_change import Step
from base.errors import HazardError
from base.text import Sentence, Words
from data.projects import load_projects, save_projects
from data.schema import Scope
from data.store import Workspace
from reports import answers, evaluation_map, evaluation_tables, evaluation_words, work_times
from reports import evaluation as works
from reports.choropleth import Drawn
from reports.evaluation import Asked, evaluate

EN, ZH = Words("en"), Words("zh")
PROJECT = {name: dt.date.fromisoformat(day) for name, day in DAYS.items()} | {"designed_on": None}
KNOWN = (dt.date(2023, 1, 1), dt.date(2026, 1, 1))


@pytest.fixture(scope="module")
def drained(tmp_path_factory):
    return office(tmp_path_factory.mktemp("drained")).newest()


@pytest.fixture(scope="module")
def found(drained):
    return evaluate(drained, "P1", rain=rain())


def role(found, *names):
    return "".join(found.cells.loc[found.cells["role"].isin(names), "cell_id"])


def refused(code, dataset, *question, **more):
    with pytest.raises(HazardError) as refusal:
        evaluate(dataset, *question, **more)
    assert refusal.value.code == code
    return str(refusal.value)


def test_the_figures_are_those_counted_by_hand(found):
    # Before: 9 months with 4 events and 4 wet days each; after: 12 months with 2 events. Others: 2 a month throughout.
    effect = found.effect
    assert (effect.reports_before, effect.reports_after) == (36, 24)
    assert (effect.wet_days_before, effect.wet_days_after) == (36, 48)
    assert found.rates == pytest.approx((1.0, 0.5, 0.5, 0.5))
    assert effect.rate_ratio == pytest.approx(0.5)
    assert effect.expected == pytest.approx(48)
    assert found.verdict == HELPED
    assert found.apart == {
        BEFORE: 36, CHOICE: 96, WORKS: 3, AFTER: 24, "dry": 0, "no_rain": 0, "outside": 0,
    }  # fmt: skip
    cells = found.cells.set_index("cell_id")
    assert cells.loc["C", ["before", "after"]].tolist() == [18, 24]
    assert cells.loc["B", ["before", "after"]].tolist() == [45, 60]
    assert cells.loc["A", "rate_before"] == 1.0


def test_the_parts_of_the_cells(found):
    assert role(found, works.PLACE) == "A"
    assert role(found, works.NEXT) == "B"
    assert len(role(found, works.CONTROL)) == 8
    assert role(found, works.CONTROL, works.OTHER) == "CDEFGHIJKL"
    assert found.matched_on == CHOICE


def test_the_counts_tie_to_the_events_of_all_pages(drained, found):
    scope = Scope("grid", dt.date(2023, 1, 1), dt.date(2026, 1, 1), hazards=("waterlogging",))
    assert found.counts.sum() == answers.count_events(drained, scope)
    assert found.counts[0].sum() == sum(map(of_a, MONTHS)) == sum(found.apart.values())


def test_calls_can_be_counted_in_place_of_events(drained):
    calls = evaluate(drained, "P1", Asked(count=works.CALLS), rain=rain())
    scope = Scope("grid", dt.date(2023, 1, 1), dt.date(2026, 1, 1), hazards=("waterlogging",))
    assert calls.counts.sum() == len(answers.calls_of(drained, scope, ("cell_id",)))


def test_mm_above_a_threshold(drained):
    # 5 mm above 15 on each of four days a month.
    effect = evaluate(drained, "P1", Asked(exposure=works.MM, above_mm=15.0), rain=rain()).effect
    assert (effect.wet_days_before, effect.wet_days_after) == (9 * 20, 12 * 20)
    assert effect.rate_ratio == pytest.approx(0.5)


def test_without_rain_it_is_per_month_and_said_to_be_weaker(drained):
    for asked in (Asked(), Asked(exposure=works.MONTHS)):
        dry = evaluate(drained, "P1", asked)
        assert dry.measure == works.MONTHS
        assert (round(dry.effect.wet_days_before, 1), round(dry.effect.wet_days_after, 1)) == (9.0, 12.0)
        assert dry.effect.rate_ratio == pytest.approx(0.5)
        assert any("That is weaker" in str(one) for one in evaluation_words.rests_on(dry))
        told = evaluation_tables.json_row(dry, EN)
        assert told["wet_days_before"] is None
        assert round(told["months_after"], 1) == 12.0


def test_reports_of_days_without_known_rain_stand_aside(drained):
    # June 2025 has no rain known: its 4 wet days and the 2 events of each cell are in neither side.
    gaps = rain()
    gaps.loc[gaps["day"].dt.strftime("%Y-%m") == "2025-06", ["mm", "known"]] = np.nan, 0.0
    told = evaluate(drained, "P1", rain=gaps)
    assert (told.effect.reports_after, told.effect.wet_days_after) == (22, 44)
    assert told.apart["no_rain"] == 2
    assert told.times.unknown_days == 30
    assert sum(told.apart.values()) == sum(map(of_a, MONTHS))


def test_months_without_a_wet_day_stand_aside(drained):
    some = rain()
    some.loc[some["day"].dt.year == 2023, "mm"] = 0.0
    some.loc[some["day"].dt.strftime("%Y-%m") == "2025-01", "mm"] = 9.9  # below the threshold
    told = evaluate(drained, "P1", rain=some)
    assert told.apart["dry"] == 96 + 2
    assert told.effect.wet_days_after == 44


def test_rain_known_for_a_shorter_time_cuts_what_is_compared_and_it_is_said(drained):
    told = evaluate(drained, "P1", rain=rain("2024-03-01", "2025-06-30"))
    assert (told.times.start, told.times.end) == (dt.date(2024, 3, 1), dt.date(2025, 7, 1))
    assert (told.effect.reports_before, told.effect.reports_after) == (7 * 4, 6 * 2)
    said = [one.say(EN) for one in evaluation_words.rests_on(told)]
    assert "Rain is known from 1 Mar 2024 on: what was reported earlier is not compared." in said
    assert "Rain is known up to 30 Jun 2025: what was reported later is not compared." in said
    assert sum(told.apart.values()) == sum(map(of_a, MONTHS))
    assert told.apart["outside"] == 96 + 2 * 4 + 6 * 2


def test_controls_and_cells_left_out_are_changed_by_hand(drained):
    told = evaluate(drained, "P1", Asked(controls=("C", "D"), left_out=("E",)), rain=rain())
    assert (role(told, works.CONTROL), role(told, works.HAND)) == ("CD", "E")
    assert told.effect.controls_before == 36
    said = [one.say(EN) for one in evaluation_words.rests_on(told)]
    assert "2 cells to compare with were chosen by hand." in said
    assert "So few cells to compare with are a weak ground." in said
    assert any("1 next to the project, 1 by hand" in one for one in said)
    assert refused("control-excluded", drained, "P1", Asked(controls=("B",)), rain=rain())
    assert "Z" in refused("cell-not-here", drained, "P1", Asked(left_out=("Z",)), rain=rain())
    assert "A" in refused("left-out-place", drained, "P1", Asked(left_out=("A",)), rain=rain())


def test_the_time_of_the_choice_is_changed_by_hand(drained):
    days = (dt.date(2023, 7, 1), dt.date(2024, 1, 1))
    told = evaluate(drained, "P1", Asked(choice=days), rain=rain())
    assert told.effect.reports_before == 6 * 8 + 36
    assert told.times.chosen_by == work_times.ASKED
    none = evaluate(drained, "P1", Asked(choice=(days[0], days[0])), rain=rain())
    assert none.effect.reports_before == 96 + 36
    assert none.times.choice is None
    later = evaluate(drained, "P1", Asked(since=dt.date(2024, 4, 1)), rain=rain())
    assert later.effect.reports_before == 6 * 4


def test_without_a_time_before_the_choice_the_level_is_drawn_in_and_it_is_said(drained):
    told = evaluate(drained, "P1", Asked(choice=(dt.date(2023, 1, 1), dt.date(2024, 10, 1))), rain=rain())
    assert told.effect.selected
    assert role(told, works.CONTROL) == "CDEFGHIJKL"
    assert any("drawn towards" in str(one) for one in evaluation_words.rests_on(told))
    assert evaluation_tables.months(told)["expected"].notna().sum() == 21 + 12
    by_month = evaluation_tables.months(told)
    assert by_month.loc[by_month["phase"] == AFTER, "expected"].sum() == pytest.approx(told.effect.expected)


def test_as_of_an_earlier_day_is_too_early(drained):
    when = dt.datetime(2025, 2, 1, tzinfo=dt.UTC)
    told = evaluate(drained, "P1", Asked(as_of=when), rain=rain())
    assert told.times.end == dt.date(2025, 2, 1)
    assert (told.effect.reports_after, told.verdict) == (2, TOO_EARLY)
    assert math.isnan(told.enough)  # not even eight months


def test_cells_of_other_works_and_those_drawn_through_in_part_take_no_part(tmp_path):
    ring = "POLYGON ((112.995 33, 113.0105 33, 113.0105 33.01, 112.995 33.01, 112.995 33))"  # all of A, 5% of B
    rows = [
        {"project_id": "P1", "name": "x", "status": "done", "geometry": gpd.GeoSeries.from_wkt([ring])[0], **DAYS},
        {"project_id": "P3", "status": "construction", "level": "grid", "cells": ("F",), "built_from": "2025-08-01"},
        {"project_id": "P4", "status": "design", "level": "grid", "cells": ("G",)},
        {"project_id": "P5", "status": "done", "level": "grid", "cells": ("H",), "finished_on": "2021-08-01"},
        {"project_id": "P6", "status": "done", "level": "grid", "cells": ("A",), "finished_on": "2025-05-01"},
    ]
    dataset = office(tmp_path, projects=rows).newest()
    told = evaluate(dataset, "P1", rain=rain())
    assert (role(told, works.PLACE), role(told, works.PARTLY), role(told, works.NEXT)) == ("A", "B", "C")
    assert role(told, works.BUILT) == "F"
    assert told.other_works == ("P6",)
    assert any("nobody can tell the two apart: P6" in one.say(EN) for one in evaluation_words.rests_on(told))


def test_a_place_of_several_cells_is_told_per_cell(tmp_path):
    rows = [{"project_id": "P1", "name": "x", "status": "done", "level": "grid", "cells": ("A", "L"), **DAYS}]
    told = evaluate(office(tmp_path, projects=rows).newest(), "P1", rain=rain())
    assert told.rates[0] == pytest.approx((36 + 18) / 2 / 36)
    assert "per wet day and cell" in evaluation_words.why(told).say(EN)


def test_refusals_are_a_sentence_each(drained, tmp_path):
    assert "There is no project P9" in refused("project-unknown", drained, "P9")
    assert "no day of completion" in refused("project-not-finished", drained, "P2")
    said = refused("rain-ends-early", drained, "P1", rain=rain(last="2024-11-30"))
    assert "2024-11-30" in said
    assert "2024-12-31" in said
    dry = rain()
    dry.loc[dry["day"] >= "2025-01-01", "mm"] = 0.0
    assert "no wet day after" in refused("no-wet-day-after", drained, "P1", rain=dry)
    refused("nothing-after", drained, "P1", Asked(as_of=dt.datetime(2024, 12, 15, tzinfo=dt.UTC)))
    refused("nothing-before", drained, "P1", Asked(since=dt.date(2025, 1, 1)))
    refused("nothing-before", drained, "P1", rain=rain("2024-10-05"))
    refused("count-unknown", drained, "P1", Asked(count="x"))
    refused("exposure-kind-unknown", drained, "P1", Asked(exposure="x"))
    refused("level-unknown", drained, "P1", Asked(level="x"))
    refused("choice-empty", drained, "P1", Asked(choice=(dt.date(2024, 1, 1), dt.date(2023, 1, 1))))
    refused("times-crossed", drained, "P1", Asked(choice=(dt.date(2024, 1, 1), dt.date(2025, 6, 1))))
    workspace = office(tmp_path)
    rows = pd.DataFrame([{"project_id": "P1", "status": "done", "cells": (), **DAYS}])
    save_projects(workspace, rows, who="t")
    assert "covers no cell" in refused("project-no-place", workspace.newest(), "P1")


def test_the_sentence_holds_the_numbers_it_follows_from(found):
    said = evaluation_words.why(found).say(EN)
    assert said.startswith(
        "Waterlogging events per wet day fell from 1.00 (36 wet days) to 0.50 (48 wet days); other cells: 0.50 to "
        "0.50. Ratio 0.50 ("
    )
    assert said.endswith("): helped.")
    assert evaluation_words.main(found).say(EN) == (
        "Drain of A helped: 50% less waterlogging reported than other cells let expect"
    )
    assert [one.value.say(EN) for one in evaluation_words.figures(found)][:4] == ["1.00", "0.50", "0.50", "36 → 48"]


def test_it_is_said_how_long_to_wait(tmp_path):
    dataset = office(tmp_path, own=lambda one: 4 if one.year == 2025 else of_a(one)).newest()
    asked = Asked(as_of=dt.datetime(2025, 3, 1, tzinfo=dt.UTC), choice=(dt.date(2023, 1, 1), dt.date(2023, 1, 1)))
    early = evaluate(dataset, "P1", asked, rain=rain())
    assert early.verdict == TOO_EARLY
    assert 8 < early.enough <= 64  # wet days, of which 8 have been
    said = evaluation_words.beyond(early)[-1].say(EN)
    assert said == f"After about {early.enough:.0f} wet days in all since the works a halving would most likely show."
    assert detectable(early.effect, more=early.enough / 8) >= 0.5 > early.smallest


@pytest.mark.parametrize(
    ("after", "verdict", "title", "moved"),
    [
        (4, TOO_EARLY, "Drain of A: too early", "stayed at 1.00"),
        (9, WORSE, "Drain of A: it got worse there, 125% more", "rose from 1.00"),
    ],
)
def test_each_verdict_has_its_words(tmp_path, after, verdict, title, moved):
    told = evaluate(
        office(tmp_path, own=lambda one: after if one.year == 2025 else of_a(one)).newest(), "P1", rain=rain()
    )
    assert told.verdict == verdict
    assert evaluation_words.main(told).say(EN).startswith(title)
    assert moved in evaluation_words.why(told).say(EN)
    assert (evaluation_words.beyond(told) == []) == (verdict == WORSE)
    no_sign = replace(told, verdict=NO_SIGN, smallest=0.6)
    assert evaluation_words.main(no_sign).say(EN) == "Drain of A: no sign yet that it helped"
    assert [one.say(EN) for one in evaluation_words.beyond(replace(no_sign, enough=math.nan))] == [
        "A fall by 40% or more would most likely have shown."
    ]


def test_numbers_without_limit_are_said_in_words(found):
    endless = replace(found, effect=replace(found.effect, rate_ratio=math.inf, high=math.inf), verdict=WORSE)
    assert "no limit" in evaluation_words.why(endless).say(EN)
    assert "much more" in evaluation_words.main(endless).say(EN)
    early = replace(found, verdict=TOO_EARLY, smallest=math.nan)
    assert "no fall at all" in evaluation_words.beyond(early)[0].say(EN)
    assert evaluation_tables.json_row(endless, EN)["high"] is None


def test_placebos_are_the_other_cells_and_earlier_days(found):
    told = works.placebos(found)
    assert "".join(sorted(told.cells["cell_id"])) == "CDEFGHIJKL"
    assert (told.cells["rate_ratio"].round(6) == 1.0).all()
    assert told.share == pytest.approx(1 / 11)
    assert set(told.dates["verdict"]) <= {NO_SIGN, TOO_EARLY}
    assert all(dt.date(2024, 1, 1) < day < dt.date(2024, 10, 1) for day in told.dates["day"])
    said = evaluation_words.placebo_lines(found, told)[0].say(EN)
    assert said.startswith("10 cells where nothing was built")
    assert said.endswith("0 had as low a ratio.")


def test_the_regression_beside_says_the_same(found):
    step = works.second_opinion(found)
    assert isinstance(step, Step)
    assert step.rate_ratio == pytest.approx(0.5, abs=0.01)
    assert "Ratio 0.50" in evaluation_words.second_line(step).say(EN)
    silent = replace(found, counts=np.where(found.place[:, None] & (found.phase == AFTER), 0.0, found.counts))
    why = works.second_opinion(silent)
    assert isinstance(why, Sentence)
    assert "cannot be made" in evaluation_words.second_line(why).say(EN)


def test_all_finished_projects_have_a_verdict_or_a_reason(tmp_path):
    rows = [
        {"project_id": "P1", "name": "a", "status": "done", "level": "grid", "cells": ("A",), **DAYS},
        {"project_id": "P2", "name": "b", "status": "done", "finished_on": "2025-06-01"},
        {"project_id": "P3", "name": "c", "status": "planned", "level": "grid", "cells": ("E",)},
    ]
    told = works.verdicts(office(tmp_path, projects=rows).newest())
    assert told["project_id"].tolist() == ["P2", "P1"]  # the last finished first
    assert told["verdict"].tolist() == ["", HELPED]
    shown = evaluation_tables.verdict_rows(told, EN)
    why = "Project P2 covers no cell: give it a place within the boundary, cells or an outline."
    assert shown["verdict"].tolist() == [f"cannot be told: {why}", "helped"]
    assert works.verdicts(office(tmp_path / "none", projects=rows[2:]).newest()).empty


def test_months_add_up_to_the_effect(found):
    rows = evaluation_tables.months(found)
    assert rows["count"].sum() == found.counts[0].sum()
    after, before = (rows[rows["phase"] == phase] for phase in (AFTER, BEFORE))
    assert (after["count"].sum(), after["expected"].sum()) == (24, pytest.approx(found.effect.expected))
    assert before["expected"].sum() == pytest.approx(36)
    assert rows.loc[rows["phase"].isin([WORKS, CHOICE]), "expected"].isna().all()


@pytest.mark.parametrize("words", [EN, ZH])
def test_the_workbook_and_the_geopackage_hold_what_is_told(drained, found, tmp_path, words):
    book = CalamineWorkbook.from_filelike(io.BytesIO(evaluation_tables.workbook(drained, found, words)))
    assert len(book.sheet_names) == 5
    cells = book.get_sheet_by_name(words("Cells")).to_python()
    assert len(cells) == 1 + len(CELLS)
    assert [row[0] for row in cells[1:2]] == ["A"]
    months = book.get_sheet_by_name(words("By month")).to_python()
    assert sum(row[3] for row in months[1:]) == found.counts[0].sum()
    (tmp_path / "e.gpkg").write_bytes(evaluation_tables.geopackage(drained, found, words))
    layer = gpd.read_file(tmp_path / "e.gpkg", layer="cells")  # GDAL through pyogrio
    assert layer.set_index("cell_id")["role"].to_dict()["B"] == works.NEXT
    assert layer["after"].sum() == found.cells["after"].sum()


def test_the_json_is_json_and_names_what_programs_rely_on(found):
    told = json.loads(json.dumps(evaluation_tables.to_json(found, EN), allow_nan=False))
    assert {"rate_ratio", "low", "high", "wet_days_before", "wet_days_after", "verdict"} <= told.keys()
    assert (told["verdict"], told["wet_days_before"], told["wet_days_after"]) == ("helped", 36, 48)
    assert (told["cells"], told["left_out"]) == (["A"], {"next": ["B"]})
    assert told["choice"] == ["2023-01-01", "2024-01-01"]
    assert len(told["controls"]) == 8


def test_periods_are_months_cut_where_a_phase_ends():
    days = PROJECT | {"surveyed_on": dt.date(2024, 1, 11), "finished_on": dt.date(2024, 12, 20)}
    times = work_times.times_of(days, KNOWN, rain(), above_mm=10.0)
    assert times.choice == (dt.date(2023, 1, 11), dt.date(2024, 1, 11))
    rows = times.periods
    assert rows["days"].sum() == (KNOWN[1] - KNOWN[0]).days
    assert (rows["end"].iloc[:-1].to_numpy() == rows["start"].iloc[1:].to_numpy()).all()
    ten = rows.set_index(rows["start"].dt.date)
    assert ten.loc[dt.date(2023, 1, 1), ["phase", "days", "exposure"]].tolist() == [BEFORE, 10, 2]
    assert ten.loc[dt.date(2023, 1, 11), ["phase", "days", "exposure"]].tolist() == [CHOICE, 21, 2]
    assert ten.loc[dt.date(2024, 12, 1), ["phase", "days"]].tolist() == [WORKS, 20]
    assert ten.loc[dt.date(2024, 12, 21), ["phase", "days", "exposure"]].tolist() == [AFTER, 11, 1]


def test_the_choice_ends_with_the_first_day_that_is_known():
    for name, day in (("surveyed_on", "2024-01-01"), ("designed_on", "2024-05-01"), ("built_from", "2024-10-01")):
        known = {**dict.fromkeys(work_times.CHOSEN_BY), "finished_on": PROJECT["finished_on"]}
        times = work_times.times_of({**known, name: dt.date.fromisoformat(day)}, KNOWN, None, above_mm=10.0)
        assert times.chosen_by == name
        assert times.choice[1] == dt.date.fromisoformat(day)
    times = work_times.times_of(known, KNOWN, None, above_mm=10.0)
    assert (times.chosen_by, times.works_known) == ("finished_on", False)


def test_a_day_partly_known_counts_only_if_it_is_wet_already():
    some = rain("2024-01-01")
    some["known"] = 0.5
    times = work_times.times_of(PROJECT, KNOWN, some, above_mm=10.0)
    assert times.day_known.sum() == times.periods["exposure"].sum() == 24 * 4
    mm = work_times.times_of(PROJECT, KNOWN, some, above_mm=10.0, measure=work_times.MM)
    assert mm.day_known.sum() == 0  # how much more fell is not known


@settings(max_examples=30)
@given(st.dates(dt.date(2023, 2, 1), dt.date(2025, 11, 1)), st.integers(0, 300), st.integers(0, 500), st.booleans())
def test_every_day_is_in_one_period_of_one_phase(built, lasted, ago, wet):
    finished = built + dt.timedelta(days=lasted)
    surveyed = built - dt.timedelta(days=ago)
    days = {"surveyed_on": surveyed, "designed_on": None, "built_from": built, "finished_on": finished}
    if finished >= dt.date(2025, 12, 31):  # rain and reports end on the same day
        with pytest.raises(HazardError, match="can be told later"):
            work_times.times_of(days, KNOWN, rain() if wet else None, above_mm=10.0)
        return
    times = work_times.times_of(days, KNOWN, rain() if wet else None, above_mm=10.0)
    every = pd.date_range(*KNOWN, inclusive="left")
    period = times.period_of(every.to_numpy())
    assert (period >= 0).all()
    phase = times.periods["phase"].to_numpy()[period]
    day = every.date
    led = (day >= times.choice[0]) & (day < times.choice[1])
    expected = np.select([led, day > finished, day >= built], [CHOICE, AFTER, WORKS], BEFORE)
    assert (phase == expected).all()
    if wet:
        assert times.periods["exposure"].sum() == 36 * 4


DRAWN = Drawn(("grid",), (tuple(CELLS),), "key")


def test_both_maps_have_the_same_classes_and_mark_the_parts_of_the_cells(drained, found):
    maps = evaluation_map.work_maps(drained, DRAWN, found, EN)
    before, after = (maps[side] for side in evaluation_map.SIDES)
    assert before.legend == after.legend
    assert len(before.legend.steps) == 3  # 0.5, 1 and 1.25 events per wet day
    assert before.values.labels == ["1", "1.25", *["0.5"] * 10]
    assert after.values.labels == ["0.5", "1.25", *["0.5"] * 10]
    assert list(before.values.classes) == [1, 2, *[0] * 10]
    assert list(after.values.classes) == [0, 2, *[0] * 10]
    for one in (before.values, after.values):
        assert (one.subject, one.apart, len(one.compared)) == ([0], [1], 8)
    assert before.legend.subject == "of the project"
    assert "The project's cells: grid A 1." in before.alt
    assert before.values.tips[0].splitlines()[0] == "Before: 36, 1 per wet day"


def test_months_of_unequal_length_make_no_classes_of_their_own(drained):
    maps = evaluation_map.work_maps(drained, DRAWN, evaluate(drained, "P1"), EN)
    assert len(maps["after"].legend.steps) == 3  # 2, 4 and 5 a month


def test_of_too_many_cells_those_are_shown_that_take_part(found, monkeypatch):
    assert evaluation_map.shown_cells(found) == ()
    monkeypatch.setattr(evaluation_map, "MOST_CELLS", 10)
    shown = evaluation_map.shown_cells(found)
    assert len(shown) == 10
    assert {"A", "B", *role(found, works.CONTROL)} == set(shown)


@pytest.mark.parametrize("words", [EN, ZH])
def test_the_pictures_hold_what_the_tables_hold(found, words):
    rows = evaluation_tables.months(found)
    figure = work_figures.months_figure(rows, words=words, counted="x", rain="y")
    bars = [one for one in figure.data if one.type == "bar" and one.yaxis != "y2"]
    assert sum(sum(one.y) for one in bars) == found.counts[0].sum()
    marks = [value for one in figure.data if one.type == "scatter" for value in one.y if value is not None]
    assert sum(marks) == pytest.approx(36 + found.effect.expected)
    assert sum(next(one for one in figure.data if one.yaxis == "y2").y) == 36 * 4
    told = works.placebos(found)
    drawn = {
        "own": (0.5, 0.3, math.inf), "cells": told.cells, "dates": told.dates.assign(name="x"), "words": words,
        "project": "Drain",
    }  # fmt: skip
    figure = work_figures.placebo_figure(**drawn)
    assert sum(len(one.x) for one in figure.data) == 1 + len(told.cells) + len(told.dates)
    assert "14" in work_figures.placebo_alt(**drawn)


@pytest.fixture(scope="module")
def invented(demo, tmp_path_factory):
    """The demo with its projects, whichever of them its loader brings, and its rain day by day."""
    files = demo_cases.demo()
    workspace = Workspace(demo)
    if workspace.newest().projects().empty:
        workspace = Workspace(shutil.copytree(demo, tmp_path_factory.mktemp("with-projects"), dirs_exist_ok=True))
        load_projects(workspace, files.projects_file, files.names["projects"], who="t")
    fell = files.rain.set_index(pd.to_datetime(files.rain["day"]))["rain_mm"]
    days = pd.date_range(fell.index.min().replace(day=1), files.as_of.date())
    known = ~days.strftime("%Y-%m-%d").isin(files.truth["unread_days"])
    table = pd.DataFrame({"day": days, "mm": fell.reindex(days).fillna(0).to_numpy(), "known": known.astype(float)})
    return workspace.newest(), table


def test_the_demo_tells_the_drain_that_helped_from_the_dredging_that_did_nothing(invented):
    dataset, table = invented
    truth = demo_cases.demo().truth["effects"]
    for project, verdict in (("XM01", HELPED), ("XM02", NO_SIGN)):
        told = evaluate(dataset, project, rain=table)
        assert told.verdict == verdict
        assert told.effect.low < truth[project] < told.effect.high
        assert set(works.placebos(told).cells["verdict"]) <= {NO_SIGN, TOO_EARLY}


def test_the_counts_of_the_demo_are_those_of_its_truth(invented):
    # The events that truly happened in the drained grid, by their first call, whatever the program makes of the calls.
    dataset, table = invented
    told = evaluate(dataset, "XM01", rain=table)
    events = demo_cases.demo().events
    cell = told.cells.loc[told.place, "cell_id"].iloc[0]
    days = events.loc[(events["hazard"] == "waterlogging") & (events["cell_id"] == cell), "first_at"].dt.date
    after = (days > told.project["finished_on"]).sum()
    before = (days < told.times.choice[0]).sum()
    before += ((days >= told.times.choice[1]) & (days < told.project["built_from"])).sum()
    assert told.effect.reports_after == pytest.approx(after, abs=3)  # a few dirty rows, and events that run together
    assert told.effect.reports_before == pytest.approx(before, abs=3)
