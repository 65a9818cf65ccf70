"""What the record says of each claim: small workspaces counted by hand, and the demo counted by another program."""

import datetime as dt
import re
from dataclasses import replace
from unittest import mock

import demo_cases
import numpy as np
import pandas as pd
import pyarrow as pa
import pytest
import scipy.stats
from stored import ZONE, rows, store, with_grids
from test_cli import Said, asked
from test_data_placing import EDITIONS, with_editions

from analysis import recurrence
from base.text import Words
from data.schema import Scope
from data.store import Workspace
from data.tables import TABLES
from reports import alarm, answers, people, record

CORNER = {"A": (113.0, 33.0), "B": (113.01, 33.0), "C": (113.0, 33.01), "D": (113.01, 33.01)}
YEAR = Scope(level="grid", start=dt.date(2025, 1, 1), end=dt.date(2026, 1, 1))
NEW_YEARS_EVE = "2025-12-31T18:00:00+08:00"


def months(first, last):
    return pd.period_range(first, last, freq="M").astype(str).tolist()


def events(cell, month, n, *, day=10, hazard="wall_risk"):
    """So many events of a month in a cell, 90 m apart."""
    x, y = CORNER[cell]
    return [
        {"hazard": hazard, "lon": x + 0.0008 + 0.001 * at, "lat": y + 0.005, "reported_at": f"{month}-{day}"}
        for at in range(n)
    ]


def history(counts, *, since="2024-01", until="2025-12"):
    """Events by cell: a number a month before 2025, and one from then on."""
    return [
        one
        for cell, (before, after) in counts.items()
        for month in months(since, until)
        for one in events(cell, month, after if month >= "2025" else before)
    ]


GREW = {"A": (1, 5), "B": (1, 1), "C": (1, 1), "D": (1, 1)}


def put(workspace, cases, *, source="s", as_of=NEW_YEARS_EVE):
    named = [{"incident_id": f"{source}{n}", **case} for n, case in enumerate(cases)]
    return store(workspace, rows(named, import_id=source, source=source), import_id=source, source=source, as_of=as_of)


def of(dataset, scope=YEAR, **options):
    spots = answers.hot_spots(dataset, scope)
    return record.record_of(dataset, scope, spots, **options)


def test_a_cell_that_grew_is_said_to_have_grown_since_when_and_to_be_new(tmp_path):
    found = of(put(with_grids(tmp_path), history(GREW)))
    a, b = found.cells.iloc[0], found.cells.iloc[1]
    # 60 of 96 events where 24 are expected; scipy's binomtest gives 60 of 96 the exact limits 0.5203 and 0.7218
    assert (a.ratio, round(a.low / 4, 4), round(a.high / 4, 4)) == (2.5, 0.5203, 0.7218)
    assert (a.since, a.trend) == (pd.Timestamp("2025-01-01"), "growing")
    assert (b.ratio, b.since is pd.NaT, b.trend) == (0.5, True, "persistent")
    assert (found.first, found.last, found.left_out, found.trend_reason) == ("2024-01", "2025-12", (), None)
    assert found.sentence is record.WET_YEAR
    assert found.months["cell_id"].unique().tolist() == ["", "A"]  # claimed cells only
    every, own = (rows.set_index("month") for _, rows in found.months.groupby("cell_id", sort=False))
    assert every["events"].tolist() == [4] * 12 + [8] * 12
    assert own["events"].tolist() == [1] * 12 + [5] * 12
    assert own["expected"].tolist() == [1.0] * 12 + [2.0] * 12
    compared = found.compared
    assert (compared.new, compared.stayed, compared.gone, compared.redrawn, compared.note) == (1, 0, 0, 0, None)
    assert compared.cells.iloc[0][["cell_id", "change", "now", "before"]].tolist() == ["A", "new", 60, 12]
    assert compared.cells["ratio"].iloc[0] == pytest.approx(5 * 366 / 365)  # a day: the year before had one more
    assert compared.before == Scope("grid", dt.date(2024, 1, 1), dt.date(2025, 1, 1), sources=("s",))


def test_a_cell_that_was_claimed_before_is_gone_with_its_figures_and_another_stayed(tmp_path):
    counts = {"A": (6, 1), "B": (6, 6), "C": (1, 1), "D": (1, 1)}
    found = of(put(with_grids(tmp_path), history(counts)))
    changed = found.compared.cells[["cell_id", "name", "change", "now", "before"]]
    assert changed.to_numpy().tolist() == [
        ["A", "grid A", "gone", 12, 72], ["B", "grid B", "stayed", 72, 72],
        ["C", "grid C", "", 12, 12], ["D", "grid D", "", 12, 12],
    ]  # fmt: skip
    assert found.cells["trend"].tolist() == ["fading", "persistent", "persistent", "persistent"]
    assert found.cells["since"].tolist() == [pd.NaT, pd.Timestamp("2024-01-01"), pd.NaT, pd.NaT]  # or earlier


def test_a_source_that_begins_in_the_middle_is_left_out_and_named(tmp_path):
    workspace = with_grids(tmp_path)
    alone = of(put(workspace, history(GREW)))
    late = [one for month in months("2025-04", "2025-12") for one in events("B", month, 4, hazard="other")]
    found = of(put(workspace, late, source="patrol"))
    assert found.left_out == ("patrol",)
    assert found.compared.left_out == ("patrol",)
    every = found.months.loc[found.months["cell_id"] == "", "events"]
    assert every.tolist() == alone.months.loc[alone.months["cell_id"] == "", "events"].tolist()
    assert found.cells["trend"].tolist() == alone.cells["trend"].tolist()
    assert found.compared.cells["now"].tolist() == [60, 12, 12, 12]  # the screen shows 48 in B


def test_a_source_that_ended_earlier_is_left_out_and_the_latest_beginning_of_the_others_counts(tmp_path):
    workspace = with_grids(tmp_path)
    put(workspace, history(GREW, since="2022-01"))
    put(workspace, events("C", "2021-05", 3), source="ended", as_of="2025-11-30T18:00:00+08:00")
    later = [one for month in months("2023-06", "2025-12") for one in events("D", month, 1, hazard="other")]
    found = of(put(workspace, later, source="later"))
    assert (found.first, found.last, found.left_out) == ("2023-06", "2025-12", ("ended",))


def test_a_mistyped_year_does_not_put_empty_years_before_the_record(tmp_path):
    found = of(put(with_grids(tmp_path), [*history(GREW), *events("B", "2005-01", 1)]))
    assert (found.first, found.cells["trend"].tolist()[0]) == ("2024-01", "growing")


def test_a_month_under_way_is_not_counted(tmp_path):
    dataset = put(with_grids(tmp_path), history(GREW, since="2023-11"), as_of="2025-12-30T18:00:00+08:00")
    for scope in (YEAR, Scope("grid")):
        found = of(dataset, scope)
        assert (found.first, found.last) == ("2023-11", "2025-11")
        assert len(found.months) == 2 * 25
    cut = of(dataset, replace(YEAR, end=dt.date(2025, 12, 20)))
    assert cut.last == "2025-11"
    known = dt.datetime(2025, 11, 12, tzinfo=dt.UTC)
    assert of(dataset, replace(YEAR, as_of=known)).last == "2025-10"


def test_at_midnight_nothing_of_the_day_is_known_unless_the_file_holds_days_alone(tmp_path):
    cases = history(GREW, until="2026-01")
    for name, more, last, end in (
        ("extracted", [], "2025-12", dt.date(2026, 1, 31)),
        ("days", [{"cell": "A", "reported_at": "2026-01-31 00:00", "hazard": "other"}], "2026-01", dt.date(2026, 2, 1)),
    ):
        dataset = put(with_grids(tmp_path / name), [*cases, *more], as_of="2026-01-31T00:00:00+08:00")
        assert dataset.known_ends == {"s": end}
        assert of(dataset, Scope("grid")).last == last
        month = Scope("grid", dt.date(2026, 1, 1), dt.date(2026, 2, 1))
        assert answers.comparison(dataset, month, "year").now.end == end
        if not more:
            assert alarm.past_of(dataset, Scope("grid")).last == end - dt.timedelta(days=1)


def test_23_months_give_no_word_but_the_rest(tmp_path):
    found = of(put(with_grids(tmp_path), history(GREW, since="2024-02")))
    assert (found.first, found.cells["trend"].tolist()) == ("2024-02", [""] * 4)
    assert found.cells["since"].iloc[0] == pd.Timestamp("2025-01-01")
    assert len(found.months) == 2 * 23
    assert "24 whole months" in found.trend_reason.say(Words("en"))
    assert found.sentence.say(Words("en")).endswith("not 23.")
    assert "23" in found.sentence.say(Words("zh"))
    assert found.compared is None
    assert "no source covers both" in found.compared_reason.say(Words("en"))


def test_a_look_into_one_area_counts_its_own_cells_alone(tmp_path):
    dataset = put(with_grids(tmp_path), history(GREW))
    found = of(dataset, replace(YEAR, area="W"))
    assert found.cells["cell_id"].tolist() == ["A", "B"]
    own = found.months[found.months["cell_id"] == "A"]
    assert own["expected"].tolist() == [1.0] * 12 + [3.0] * 12
    assert found.compared.before.area == "W"
    assert found.compared.cells["cell_id"].tolist() == ["A", "B"]


def test_all_time_and_the_first_year_have_nothing_before_them(tmp_path):
    dataset = put(with_grids(tmp_path), history(GREW))
    found = of(dataset, Scope("grid"))
    assert found.compared is None
    assert found.compared_reason.say(Words("en")).startswith("All time")
    assert of(dataset, Scope("grid", dt.date(2024, 1, 1), dt.date(2025, 1, 1))).compared is None


def test_a_period_before_with_too_few_events_says_so(tmp_path):
    dataset = put(with_grids(tmp_path), history({**dict.fromkeys("BCD", (0, 1)), "A": (1, 5)}))
    found = of(dataset)
    assert (found.compared.new, found.compared.gone) == (1, 0)
    assert "12 events, too few" in found.compared.note.say(Words("en"))
    before = of(dataset, Scope("grid", dt.date(2025, 7, 1), dt.date(2025, 8, 1)), compare="previous")
    assert "This period holds 8 events" not in str(before.compared.note)
    assert before.compared.before.start == dt.date(2025, 6, 1)


def test_periods_of_unequal_length_are_compared_by_the_day(tmp_path):
    month = [
        {"hazard": "wall_risk", "lon": x + 0.0008 + 0.0015 * at, "lat": y + 0.0006 + 0.001 * (day.dayofyear % 9),
         "reported_at": f"{day:%Y-%m-%d}"}
        for x, y in CORNER.values() for day in pd.date_range("2025-02-01", "2025-03-31") for at in range(6)
    ]  # fmt: skip
    dataset = put(with_grids(tmp_path), month)
    march = Scope("grid", dt.date(2025, 3, 1), dt.date(2025, 4, 1))
    found = of(dataset, march, compare="previous").compared
    assert found.cells["now"].tolist() == [186] * 4
    assert found.cells["before"].tolist() == [168] * 4
    assert found.cells["ratio"].tolist() == pytest.approx([1] * 4)
    change = answers.overview(dataset, march, compare="previous").change
    assert (change.now, change.before, change.ratio) == (744, 672, pytest.approx(1))


def test_a_claim_that_only_a_new_source_makes_is_not_newly_claimed(tmp_path):
    workspace = with_grids(tmp_path)
    put(workspace, history(dict.fromkeys("ABCD", (2, 2))))
    dataset = put(workspace, history({"A": (0, 4)}, since="2025-02"), source="patrol")
    spots = answers.hot_spots(dataset, YEAR)
    assert spots.cells["hot"].tolist() == [True, False, False, False]
    compared = record.record_of(dataset, YEAR, spots).compared
    assert (compared.left_out, compared.new) == (("patrol",), 0)
    assert compared.cells["change"].tolist() == [""] * 4


def test_what_became_of_all_cells_together_stands_beside_what_became_of_each(tmp_path):
    found = of(put(with_grids(tmp_path), history(GREW)))
    every = found.compared.every
    assert (every.now, every.before) == (96, 48)
    assert every.ratio == pytest.approx(2 * 366 / 365)
    # Given 144 events, those of now are binomial: scipy's binomtest gives 96 of 144 the exact limits of the share
    share = scipy.stats.binomtest(96, 144).proportion_ci()
    scale = 366 / 365
    assert [every.low, every.high] == pytest.approx([scale * s / (1 - s) for s in share])
    told = people.record_json(found, Words("en"))["compared"]
    assert [told[name] for name in ("now", "before", "ratio", "low", "high")] == list(every)
    (own,) = told["cells"]
    assert [own[name] for name in ("cell_id", "change", "now", "before")] == ["A", "new", 60, 12]
    assert "by chance too" in told["sentence"]
    none = of(put(with_grids(tmp_path / "none"), history({"A": (0, 5), "B": (0, 1)})))
    told = people.record_json(none, Words("en"))["compared"]
    if told is not None:  # nothing before: no number, and no infinite one in JSON
        assert (told["before"], told["ratio"], told["high"]) == (0, None, None)


def test_an_event_that_began_before_the_period_stands_in_the_month_of_its_first_call(tmp_path):
    late = [spot("2024-12-28", None), spot("2025-01-02", None), spot("2025-01-03", None)]  # one event, three calls
    dataset = put(with_grids(tmp_path), [*history(GREW), *late])
    found = of(dataset)
    assert found.begun_before == 1
    every = found.months[(found.months["cell_id"] == "") & (found.months["month"] >= "2025")]
    assert every["events"].sum() + found.begun_before == answers.hot_spots(dataset, YEAR).n_events == 97
    assert found.tie(Words("en")).startswith("1 event of the period had its first call before it")
    assert "1 起" in found.tie(Words("zh"))
    assert people.record_json(found, Words("en"))["record"]["begun_before"] == 1
    assert of(dataset, Scope("grid")).begun_before == of(dataset, replace(YEAR, area="E")).begun_before == 0
    assert found.compared.begun_before == 0
    assert "first call" in of(put(with_grids(tmp_path / "none"), history(GREW))).tie(Words("en"))  # but no number
    spring = of(dataset, Scope("grid", dt.date(2025, 2, 1), dt.date(2025, 3, 1)), compare="previous")
    assert (spring.begun_before, spring.compared.begun_before) == (0, 1)
    assert spring.compared.tie(Words("en")).startswith("1 event of the period before began still earlier")
    assert people.record_json(spring, Words("en"))["compared"]["begun_before"] == 1


def test_since_the_first_month_of_the_record_means_or_earlier(tmp_path):
    counts = {"A": (6, 6), "B": (1, 6), "C": (1, 1), "D": (1, 1)}
    found = of(put(with_grids(tmp_path), history(counts)))
    assert found.cells["since"].tolist() == [
        pd.Timestamp("2024-01-01"), pd.Timestamp("2025-01-01"), pd.NaT, pd.NaT,
    ]  # fmt: skip
    assert found.cells["since_or_earlier"].tolist() == [True, False, False, False]


def test_what_the_screen_shows_is_not_asked_again_for_the_comparison(tmp_path):
    dataset = put(with_grids(tmp_path), history(GREW), as_of="2025-12-31T01:00:00+08:00")
    of(dataset)  # its sources are not named, those of the comparison are
    assert [key[0].start for key in dataset.derived["hot spots"]] == [YEAR.start, dt.date(2024, 1, 1)]
    assert sum(one.start == YEAR.start for one in dataset.derived["events"]) == 1


def test_only_what_is_looked_at_is_reckoned_and_once(tmp_path):
    dataset = put(with_grids(tmp_path), history(GREW))
    spots = answers.hot_spots(dataset, YEAR)
    with (
        mock.patch.object(answers, "hot_spots", wraps=answers.hot_spots) as tests,
        mock.patch.object(record.trend, "find_trends", wraps=record.trend.find_trends) as trends,
        mock.patch.object(recurrence, "describe_sites", wraps=recurrence.describe_sites) as sites,
    ):

        def made():
            return trends.call_count, tests.call_count, sites.call_count

        record.course_of(dataset, YEAR, spots)
        assert made() == (1, 0, 0)
        record.sites_of(dataset, YEAR)
        assert made() == (1, 0, 1)
        for compare in ("year", "previous"):
            record.record_of(dataset, YEAR, spots, compare=compare)
        assert made() == (1, 2, 1)


def exposed(workspace):
    """The same grids with households from 2025 on, and without before."""
    with workspace.change("cells", who="t") as change:
        column = change.before.level("grid").column
        frame = change.before._read("cells", ("level", column)).to_pandas()
        early = frame.assign(valid_from="", valid_to="2025-01-01")
        late = frame.assign(valid_from="2025-01-01", valid_to="", households=[100.0, 300.0, 300.0, 300.0])
        table = pa.Table.from_pandas(pd.concat([early, late]), schema=TABLES["cells"].schema, preserve_index=False)
        change.write("cells", table, where=f"level = '{column}'")
        return change.commit()


def test_an_exposure_that_the_period_before_has_not_leaves_the_rest_of_the_record(tmp_path):
    workspace = with_grids(tmp_path)
    exposed(workspace)
    dataset = put(workspace, history(GREW))
    spots = answers.hot_spots(dataset, YEAR, exposure="households")
    found = record.record_of(dataset, YEAR, spots, exposure="households")
    assert found.compared is None
    assert "no complete figures of households" in found.compared_reason.say(Words("en"))
    assert found.last == "2025-12"
    usual = of(dataset).compared  # measured by households now and by equal shares before
    assert "measured by households, the one before by equal shares" in usual.note.say(Words("en"))
    assert record.record_of(
        dataset, YEAR, answers.hot_spots(dataset, YEAR, exposure="equal"), exposure="equal"
    ).compared


def test_cells_of_another_outline_are_not_compared_and_have_no_trend(tmp_path):
    workspace = with_grids(tmp_path)
    with_editions(workspace, EDITIONS)  # A is drawn anew on New Year's Day of 2025, and D becomes S in July
    found = of(put(workspace, history(GREW)))
    assert found.cells["cell_id"].tolist() == ["A", "B", "C", "S"]
    assert found.cells["trend"].tolist() == ["", "persistent", "persistent", ""]
    assert found.compared.cells["cell_id"].tolist() == ["B", "C"]
    assert (found.compared.new, found.compared.redrawn) == (0, 1)
    own = found.months[found.months["cell_id"] == "A"]["events"]
    assert own.isna().tolist() == [True] * 12 + [False] * 12
    assert found.cells["since"].iloc[0] == pd.Timestamp("2025-01-01")


def test_a_code_that_was_given_to_another_outline_is_another_cell(tmp_path):
    workspace = with_grids(tmp_path)
    same = [(cell, cell, "", "") for cell in "BCD"]
    with_editions(workspace, [("A", "A", "", "2025-01-01"), ("A", "A", "2025-01-01", ""), *same])
    found = of(put(workspace, history(GREW)))
    assert found.cells["trend"].tolist() == ["", *["persistent"] * 3]
    assert (found.compared.cells["cell_id"].tolist(), found.compared.redrawn) == (["B", "C", "D"], 1)


def spot(day, closed, *, lat=33.005, **more):
    return {"hazard": "wall_risk", "lon": 113.005, "lat": lat, "reported_at": day, "closed_at": closed, **more}


def test_a_chronic_site_returns_after_it_was_closed(tmp_path):
    cases = [
        spot("2025-01-01", "2025-01-05"), spot("2025-02-01", "2025-02-03"), spot("2025-03-01", None),
        spot("2025-04-01", "2025-04-02"),  # what was reported in March is still open: no return
        spot("2025-01-01", "2025-01-02", lat=33.007), spot("2025-01-03", "2025-02-10", lat=33.007),  # one event
        spot("2025-02-01", "2025-02-02", lat=33.007),  # while its second call was open
        {"hazard": "wall_risk", "cell": "A", "reported_at": "2025-05-01", "closed_at": "2025-05-02"},  # no place
    ]  # fmt: skip
    dataset = put(with_grids(tmp_path), cases)
    found = of(dataset)
    (site,) = found.sites.to_dict("records")
    assert (site["cell_id"], site["events"], site["returns"], site["open_now"]) == ("A", 4, 2, 1)
    assert site["median_days"] == 26.5  # 27 days from 5 January, 26 from 3 February
    assert (site["first"], site["last"]) == (pd.Timestamp("2025-01-01", tz=ZONE), pd.Timestamp("2025-04-01", tz=ZONE))
    assert (site["lon"], site["lat"]) == (113.005, 33.005)
    assert found.cells["chronic"].tolist() == [1, 0, 0, 0]
    assert (found.sites_events, found.sites_closed, found.sites_reason) == (7, 6, None)
    assert found.rests_on(Words("en")).startswith(
        "6 of 7 events of all cells here up to the end of the period have a closing time (85.7%)"
    )
    assert not len(of(dataset, Scope("grid", end=dt.date(2025, 3, 1))).sites)  # once is not often enough
    dataset = setting(dataset, 1)
    for end, returns in ((dt.date(2025, 3, 1), [1]), (dt.date(2025, 2, 1), [])):
        assert of(dataset, Scope("grid", end=end)).sites["returns"].tolist() == returns
    assert not len(of(dataset, replace(YEAR, hazards=("waterlogging",))).sites)
    # By 2 February nobody knew that the second one would be closed
    early = of(dataset, replace(YEAR, as_of=dt.datetime(2025, 2, 2, tzinfo=dt.UTC)))
    assert early.sites[["returns", "open_now"]].to_numpy().tolist() == [[1, 1]]


def setting(dataset, least):
    """The same version with another number of returns that make a site chronic."""
    other = Workspace(dataset.root).open(dataset.version)
    other.settings["chronic_min_returns"] = least
    return other


def test_how_often_a_site_returned_to_be_chronic_is_a_setting_that_is_told(tmp_path):
    cases = [spot(f"2025-0{n}-01", f"2025-0{n}-05") for n in (1, 2, 3)]
    cases += [spot(f"2025-0{n}-01", f"2025-0{n}-05", lat=33.015) for n in (1, 2)]
    dataset = put(with_grids(tmp_path), cases)
    for least, chronic in ((1, [1, 0, 1, 0]), (2, [1, 0, 0, 0]), (3, [0, 0, 0, 0])):
        found = of(setting(dataset, least))
        assert found.cells["chronic"].tolist() == chronic
        rule = found.sites_rule.say(Words("en"))
        assert f"(returns asked for: {least}), within 100 m" in rule
        assert "and 30 m for other hazards" in rule
    assert of(dataset).cells["chronic"].tolist() == [1, 0, 0, 0]


def test_without_closing_times_no_chronic_site_is_no_good_news(tmp_path):
    open_ones = [spot(f"2025-0{n}-01", None) for n in range(1, 7)]
    open_ones += [spot(f"2025-0{n}-01", f"2025-0{n - 1}-20", lat=33.015) for n in (2, 4)]  # closed before the report
    found = of(put(with_grids(tmp_path / "none"), open_ones))
    assert found.cells["chronic"].tolist() == [pd.NA, 0, pd.NA, 0]  # nothing happened in the others
    assert (found.sites_events, found.sites_closed, len(found.sites)) == (8, 0, 0)
    assert found.sites_reason.say(Words("en")) == ("Chronic sites cannot be told: none of 8 events has a closing time.")
    told = people.record_json(found, Words("en"))
    assert (told["sites"], told["sites_events"], told["sites_closed"]) == ([], 8, 0)
    assert told["sites_reason"].startswith("Chronic sites cannot be told")
    few = [spot(f"2025-0{n}-01", f"2025-0{n}-05" if n < 4 else None, lat=33.015) for n in range(1, 5)]
    found = of(put(with_grids(tmp_path / "few"), [*open_ones[:6], *few]))
    assert found.cells["chronic"].tolist() == [pd.NA, 0, 1, 0]
    assert found.sites_reason.say(Words("en")) == (
        "Whether there are more chronic sites cannot be told: only 3 of 10 events have a closing time."
    )
    elsewhere = [spot(f"2025-{n:02}-01", f"2025-{n:02}-05", lat=33.015) for n in range(1, 13)]
    found = of(put(with_grids(tmp_path / "one"), [*open_ones[:6], *elsewhere]))  # 12 of 18, but none in A
    assert (found.cells["chronic"].tolist(), found.sites_reason) == ([pd.NA, 0, 1, 0], None)
    assert found.rests_on(Words("en")).endswith("is given no 0 but nothing.")
    found = of(put(with_grids(tmp_path / "fewer"), [*open_ones[:6], *few[:2]]))
    assert found.sites_reason.say(Words("en")) == (
        "Chronic sites cannot be told: only 2 of 8 events have a closing time."
    )
    assert "2" in found.sites_reason.say(Words("zh"))


def test_a_site_on_a_border_is_the_same_from_both_sides(tmp_path):
    cases = [
        spot(f"2025-0{n}-01", f"2025-0{n}-02", lat=round(33.01 + step, 6))
        for n, step in ((1, -5e-5), (2, 5e-5), (3, 6e-5))
    ]
    dataset = put(with_grids(tmp_path), cases)
    assert of(dataset).cells["chronic"].tolist() == [1, 0, 0, 0]
    for area, cell in (("W", "A"), ("E", "C")):
        found = of(dataset, replace(YEAR, area=area)).sites
        assert found[["cell_id", "events", "returns", "lat"]].to_numpy().tolist() == [
            [cell, 3, 2, 33.01]
        ]  # told to 10 m


def test_sites_are_joined_once_for_all_periods_and_kept_for_the_next_start(tmp_path):
    dataset = put(with_grids(tmp_path), [spot("2025-01-01", "2025-01-02"), spot("2025-02-01", "2025-02-02")])
    with mock.patch.object(recurrence, "join_sites", wraps=recurrence.join_sites) as joined:
        first = of(dataset)
        assert of(dataset).sites is first.sites
        of(dataset, replace(YEAR, area="W", hazards=("wall_risk",)))
        assert joined.call_count == 1
        again = of(Workspace(tmp_path).open(dataset.version))
        assert joined.call_count == 1
    assert again.sites.equals(first.sites)


def test_a_history_too_long_for_chronic_sites_says_so_unless_one_area_is_short_enough(tmp_path):
    dataset = put(with_grids(tmp_path), history(GREW))
    with mock.patch.object(record, "MOST_SITED", 50):
        found = of(dataset)
        assert "50 events, and here are" in found.sites_reason.say(Words("en"))
        assert found.cells["chronic"].isna().all()
        assert not len(found.sites)
        assert not of(dataset, replace(YEAR, area="E")).sites_reason.template.startswith("Chronic sites are looked")


def test_no_data_and_no_time_are_sentences(tmp_path):
    for name, cases, as_of in (("none", [{"cell": "A"}], ""), ("later", events("A", "2026-01", 3), NEW_YEARS_EVE)):
        found = of(put(with_grids(tmp_path / name), cases, as_of=as_of))
        assert (found.first, found.last, len(found.months)) == (None, None, 0)
        assert "no whole month" in found.trend_reason.say(Words("en"))
        assert found.cells["trend"].tolist() == [""] * 4


def test_progress_is_told_and_reaches_the_end(tmp_path):
    shares = []
    of(put(with_grids(tmp_path), history(GREW)), progress=shares.append)
    assert shares == sorted(shares)
    assert shares[0] == 0.0
    assert shares[-1] <= 1.0


@pytest.mark.parametrize("language", ["zh", "en"])
def test_every_word_is_said_in_both_languages(language):
    words = Words(language)
    names = [*record.TREND_NAMES.values(), *record.CHANGE_NAMES.values()]
    said = [words(name) for name in names if name]
    assert all(said)
    assert len(set(said)) == len(said)
    assert record.since_words("2025-03", "2024-01", words) == words.month("2025-03")
    assert words.month("2024-01") in record.since_words("2024-01", "2024-01", words)
    assert record.since_words("2024-01", "2024-01", words) != words.month("2024-01")
    if language == "zh":
        assert all(not text.isascii() for text in (*said, record.WET_YEAR.say(words)))


def metres(one, other):
    """Between two points of the demo: metres a degree on WGS 84 there, which tests/test_data_demo.py checks."""
    return np.hypot(92_773.0 * (one.lon - other.lon), 110_920.0 * (one.lat - other.lat))


@pytest.fixture(scope="module")
def demo_events():
    """The demo's events and who shares a site, by walking its cases in pairs: another program, from the file itself."""
    cases = demo_cases.cases()
    columns = {"经度": "lon", "纬度": "lat"}
    cases = cases.rename(columns=columns).astype(dict.fromkeys(columns.values(), float))
    cases = cases[cases["lon"].notna() & cases["lat"].notna()].sort_values(["reported_at", "lon", "lat"])
    first, lately = [], []
    for call in cases.itertuples():
        radius, hours = (100, 24) if call.hazard == "waterlogging" else (30, 168)
        lately = [one for one in lately if call.reported_at - one["lead"].reported_at <= pd.Timedelta(hours=168)]
        for event in lately:
            near = event["lead"].hazard == call.hazard and metres(call, event["lead"]) <= radius
            if near and call.reported_at - event["lead"].reported_at <= pd.Timedelta(hours=hours):
                event["calls"].append(call)
                break
        else:
            first.append({"lead": call, "calls": [call]})
            lately.append(first[-1])
    return [event for event in first if isinstance(event["lead"].cell_id, str)]


def test_the_demos_months_and_sites_are_those_of_another_program(demo, demo_events):
    scope = Scope("grid", start=dt.date(2025, 10, 1), end=dt.date(2026, 10, 1))
    found = of(Workspace(demo).newest(), scope)
    assert (found.first, found.last) == ("2022-04", "2026-09")
    table = pd.DataFrame({"cell_id": e["lead"].cell_id, "month": e["lead"].month} for e in demo_events)
    counts = table.groupby(["cell_id", "month"]).size()
    every = table.groupby("month").size()
    for row in found.months.itertuples():
        assert row.events == (every if row.cell_id == "" else counts.get(row.cell_id)).get(row.month, 0)
    assert found.months["cell_id"].nunique() == 3
    before = found.months[(found.months["cell_id"] == "") & found.months["month"].between("2024-10", "2025-09")]
    assert (before["events"].sum(), found.compared.begun_before, found.compared.every.before) == (475, 0, 475)
    sites = []
    for event in demo_events:
        lead, radius = event["lead"], 100 if event["lead"].hazard == "waterlogging" else 30
        closings = [call.closed_at for call in event["calls"]]
        shut = max(closings) if all(pd.notna(one) and one <= demo_cases.demo().as_of for one in closings) else None
        shut = None if shut is not None and shut < lead.reported_at else shut
        for site in sites:
            if site["lead"].hazard == lead.hazard and metres(lead, site["lead"]) <= radius:
                site["returns"] += site["closed"] is not None and lead.reported_at > site["closed"]
                site["closed"] = None if site["closed"] is None or shut is None else max(site["closed"], shut)
                break
        else:
            sites.append({"lead": lead, "returns": 0, "closed": shut})
    chronic = [site for site in sites if site["returns"] >= 2]
    assert len(chronic) == len(found.sites) > 25
    assert sum(site["returns"] == 1 for site in sites) > 25  # which one return alone would have called chronic
    assert sorted(site["returns"] for site in chronic) == sorted(found.sites["returns"])
    by_cell = pd.Series([site["lead"].cell_id for site in chronic]).value_counts()
    assert found.cells.set_index("cell_id")["chronic"].to_dict() == {
        cell: by_cell.get(cell, 0) for cell in found.cells["cell_id"]
    }


def test_the_command_line_gives_what_the_record_says(demo):
    period = ("hotspots", "--method", "scan", "--start", "2025-10-01", "--end", "2026-10-01")
    answer = asked(demo, *period, "--hazard", "waterlogging")
    hot = [cell for cell in answer["cells"] if cell["hot"]]
    truth = demo_cases.demo().truth["hot"]["waterlogging"]
    assert [cell["cell_id"] for cell in hot] == truth
    assert all(cell["ratio_low"] < cell["ratio"] < cell["ratio_high"] for cell in answer["cells"] if cell["observed"])
    assert {cell["trend"] for cell in hot} == {"persistent"}
    assert [cell["since"] for cell in hot] == ["2022-04", "2022-04"]
    assert [cell["since_or_earlier"] for cell in hot] == [True, True]
    compared = answer["compared"]
    assert (compared["start"], compared["end"], compared["gone"]) == ("2024-10-01", "2025-10-01", [])
    assert {cell["cell_id"]: cell["change"] for cell in hot} == {
        cell: name for name in ("new", "stayed", "gone") for cell in compared[name]
    }
    assert answer["record"]["first"] == "2022-04"
    assert {site["cell_id"] for site in answer["sites"]} == set(truth)
    assert sum(cell["chronic"] for cell in hot) == len(answer["sites"])
    plain = asked(demo, *period, "--no-evidence")
    assert not {"record", "compared", "sites"} & set(plain)
    assert "since" not in plain["cells"][0]
    lines = Said(demo, *period).out
    assert "Compared with Oct 2024 – Sep 2025: 0 new, 2 stayed, 0 gone." in lines
    assert "Apr 2022 or earlier" in lines
    every, *own = re.findall(r"^(.*): \d+ → \d+ events, ×\d+\.\d\d \(", lines, re.MULTILINE)
    assert (every, len(own)) == ("All cells compared", 2)
    assert "returns asked for: 2" in lines
    assert "have a closing time (" in lines
