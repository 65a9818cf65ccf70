"""Which works to build first: small cases reckoned by hand, the best set against all sets, and what holds for any."""

import io
import itertools
import json
import re
import zipfile
from dataclasses import replace

import geopandas as gpd
import numpy as np
import pytest
import works_cases
from hostile_names import HOSTILE
from hypothesis import given
from hypothesis import settings as limits
from hypothesis import strategies as st
from python_calamine import CalamineWorkbook

from analysis import ranking
from base.errors import HazardError
from base.text import Words
from data.schema import Scope
from data.store import Workspace
from reports import priority_map, priority_tables, priority_views, priority_words
from reports.choropleth import publish, simplified
from reports.needs import needs
from reports.priorities import (
    ENTROPY,
    EQUAL,
    FIRM,
    GIVEN,
    PAIRS,
    Asked,
    all_weights,
    known_criteria,
    money,
    priorities,
    usual_budget,
)

GRID = Scope("grid")
EN, ZH = Words("en"), Words("zh")
EFFECT = {"P1": 0.5, "P2": 0.4, "P3": 0.3, "P4": 0.2, "P5": 0.5}
COVER = {"P1": "A", "P2": "AB", "P3": "B", "P4": "C", "P5": "CD"}
COST = {"P1": 300_000, "P2": 500_000, "P3": 100_000, "P4": 50_000, "P5": 400_000}
COMMITTED = {"B": 0.3}  # P10, dredging under construction
ASKED = Asked(600_000)


@pytest.fixture(scope="module")
def dataset():
    return Workspace(works_cases.office()).newest()


@pytest.fixture(scope="module")
def demo_data(demo):
    return Workspace(demo).newest()


def rates_by_hand(years):
    """Marshall's (1991) empirical Bayes rates of four places watched equally long."""
    raw = np.array(list(works_cases.EVENTS.values())) / years
    own = max(0.0, ((raw - raw.mean()) ** 2).mean() - raw.mean() / years)
    return dict(zip("ABCD", raw.mean() + own / (own + raw.mean() / years) * (raw - raw.mean()), strict=True))


def avoided_by(chosen, rates):
    """What a set avoids beyond the works under construction: in each cell the largest share counts, once."""
    total = 0.0
    for cell, rate in rates.items():
        shares = [EFFECT[one] for one in chosen if cell in COVER[one]]
        total += rate * max(0.0, max(shares, default=0.0) - COMMITTED.get(cell, 0.0))
    return total


def numbers(found, positions=None):
    rows = found.rows if positions is None else found.rows.iloc[list(positions)]
    return rows["project_id"].tolist()


# --- by hand ----------------------------------------------------------------------------------------------------------


def test_each_project_avoids_its_shrunk_rate_times_its_effect(dataset):
    found = priorities(dataset, GRID, ASKED)
    years = found.cells["years"].iloc[0]
    assert years == pytest.approx(731 / 365.25)  # 2024-02-01 to 2026-02-01
    assert found.cells.set_index("cell_id")["events"].to_dict() == works_cases.EVENTS
    rates = rates_by_hand(years)
    assert found.cells["rate"].tolist() == pytest.approx(list(rates.values()))
    assert found.rows["avoided"].tolist() == pytest.approx([avoided_by([one], rates) for one in works_cases.OPEN])
    assert found.rows.set_index("project_id").at["P3", "avoided"] == 0  # the same dredging is under construction there
    assert found.yearly_all == pytest.approx(sum(rates.values()))
    assert found.yearly_all == pytest.approx(21 / years)  # drawn in, the rates of places watched equally long add up
    assert found.rows["effect"].tolist() == list(EFFECT.values())


@pytest.mark.parametrize("budget", [50_000, 350_000, 400_000, 600_000, 850_000, 900_000, 1_400_000])
def test_the_best_set_is_the_best_of_all_sets(dataset, budget):
    found = priorities(dataset, GRID, Asked(budget))
    rates = dict(zip("ABCD", found.cells["rate"], strict=True))
    sets = [
        one for n in range(6) for one in itertools.combinations(works_cases.OPEN, n)
        if sum(COST[each] for each in one) <= budget and not {"P4", "P5"} <= set(one)
    ]  # fmt: skip
    best = max(avoided_by(one, rates) for one in sets)
    chosen = numbers(found, found.choice.chosen)
    assert found.choice.benefit == pytest.approx(best)
    assert (found.avoided, avoided_by(chosen, rates)) == pytest.approx((best, best))
    cheapest = min(sum(COST[each] for each in one) for one in sets if avoided_by(one, rates) > best - 1e-9)
    assert found.choice.cost == cheapest
    assert found.choice.optimal
    assert found.choice.gap == 0
    assert found.low < best < found.high
    assert found.cells["avoided"].sum() == pytest.approx(best)


def test_what_cannot_be_chosen_is_told_with_its_reason(dataset):
    found = priorities(dataset, GRID, ASKED)
    assert numbers(found) == works_cases.OPEN
    assert dict(zip(found.left["project_id"], found.left["reason"], strict=True)) == {
        "P6": "done", "P7": "cost-missing", "P8": "cost-zero", "P9": "outside", "P10": "construction",
        "P11": "no-place",
    }  # fmt: skip
    assert len(found.rows) + len(found.left) == len(dataset.projects())
    said = " ".join(one.say(EN) for one in priority_words.not_chosen(found))
    for number in found.left["project_id"]:
        assert number in said
    of_w = priorities(dataset, Scope("grid", area="W"), ASKED)
    assert numbers(of_w) == ["P1", "P2", "P3"]
    assert of_w.left.set_index("project_id")["reason"][["P4", "P5"]].tolist() == ["elsewhere"] * 2


def test_an_alternative_to_what_is_built_cannot_be_chosen():
    table = works_cases.TABLE.replace("计划,C,否,C,", "已完成,C,否,C,")
    found = priorities(Workspace(works_cases.office(table)).newest(), GRID, ASKED)
    assert found.left.set_index("project_id")["reason"][["P4", "P5"]].tolist() == ["done", "alternative-built"]


def test_scores_are_those_of_the_needs_and_bars_add_up_to_them(dataset):
    asked = replace(ASKED, weighing=GIVEN, weights=(("events", 3.0), ("days", 1.0)))
    found = priorities(dataset, GRID, asked)
    # P5 has C and D: 3 + 0 events. The day is that of the worst cell: the same one may count in several
    events, days = np.array([12, 18, 6, 3, 3]), np.array([12, 12, 6, 3, 3])
    assert found.needs.table["events"].tolist() == events.tolist()
    assert found.rows["score"].tolist() == pytest.approx((0.75 * (events - 3) / 15 + 0.25 * (days - 3) / 9).tolist())
    assert found.bars.sum(axis=1) == pytest.approx(found.rows["score"])
    assert found.rows["rank"].tolist() == [2, 1, 3, 4, 4]


def test_weights_come_from_comparisons_and_a_contradiction_is_named_not_refused(dataset):
    codes = ("events", "chronic", "hours")
    steady = (("events", "chronic", 3.0), ("chronic", "hours", 2.0), ("events", "hours", 6.0))
    found = priorities(dataset, GRID, replace(ASKED, weighing=PAIRS, criteria=codes, pairs=steady))
    assert found.weights == pytest.approx([6 / 9, 2 / 9, 1 / 9])
    assert found.compared.consistency_ratio == pytest.approx(0, abs=1e-9)
    assert priority_words.contradicts(found) is None
    turned = (*steady[:2], ("events", "hours", 1 / 5))
    found = priorities(dataset, GRID, replace(ASKED, weighing=PAIRS, criteria=codes, pairs=turned))
    assert found.compared.consistency_ratio > 0.1
    said = priority_words.contradicts(found).say(EN)
    assert "Waterlogging events against Time to resolve should be 6, but 1/5 was given" in said
    assert said in [one.say(EN) for one in priority_words.weighing(found)]
    with pytest.raises(HazardError) as refused:
        priorities(dataset, GRID, replace(ASKED, weighing=PAIRS, criteria=codes, pairs=steady[:2]))
    assert refused.value.code == "comparison-missing"


def test_all_ways_of_weighing_and_ranking_answer(demo_data):
    for weighing, method in itertools.product((EQUAL, ENTROPY), (ranking.WEIGHTED_SUM, ranking.TOPSIS)):
        found = priorities(demo_data, GRID, Asked(2_500_000, weighing=weighing, method=method))
        assert found.weights.sum() == pytest.approx(1)
        assert found.choice.benefit == pytest.approx(priorities(demo_data, GRID, Asked(2_500_000)).choice.benefit)


# --- rules ------------------------------------------------------------------------------------------------------------


def test_what_must_be_built_is_built_and_years_and_areas_keep_their_money(dataset):
    found = priorities(dataset, GRID, replace(ASKED, must=("P3",)))
    assert "P3" in numbers(found, found.choice.chosen)
    found = priorities(dataset, GRID, replace(ASKED, exclusive=(("P1", "P4"),)))
    assert len({"P1", "P4"} & set(numbers(found, found.choice.chosen))) == 1
    found = priorities(dataset, GRID, Asked(900_000, yearly=(300_000, 400_000)))
    spent = found.rows.dropna(subset="year").groupby("year")["cost"].sum()
    assert (spent <= [300_000, 400_000][: len(spent)]).all()
    assert found.rows["year"].notna().tolist() == found.rows["chosen"].tolist()
    found = priorities(dataset, GRID, Asked(800_000, min_share=0.45))
    assert found.rows["area"].tolist() == ["grid W"] * 3 + ["grid E"] * 2
    spent = found.chosen.groupby("area")["cost"].sum()
    assert set(spent.index) == {"grid W", "grid E"}
    assert (spent >= 0.45 * 800_000).all()


@pytest.mark.parametrize(
    ("change", "code"),
    [
        ({"budget": 40_000}, "budget-below-cheapest"),
        ({"budget": 200_000, "must": ("P1",)}, "budget-below-must"),
        ({"must": ("P4", "P5")}, "must-exclusive-named"),
        ({"must": ("P9",)}, "rule-not-choosable"),
        ({"must": ("P99",)}, "project-unknown"),
        ({"effects": (("pump", 1.5),)}, "effect-bad"),
        ({"effects": (("magic", 0.5),)}, "effect-kind"),
        ({"unit": "households"}, "households-unknown"),
        ({"unit": "yuan"}, "benefit-unknown"),
        ({"weighing": "dice"}, "weighing-unknown"),
        ({"method": "dice"}, "ranking-unknown"),
        ({"criteria": ("luck",)}, "criterion-unknown"),
        ({"weighing": "given", "weights": (("events", 0.0),)}, "weights-zero"),
        ({"weighing": "given"}, "criteria-none"),
        ({"months": 0}, "months-bad"),
        ({"min_share": 0.9}, "shares-over-all"),
    ],
)
def test_a_question_that_cannot_be_answered_is_refused_in_a_sentence(dataset, change, code):
    with pytest.raises(HazardError) as refused:
        priorities(dataset, GRID, replace(ASKED, **change))
    assert refused.value.code == code
    for words in (EN, ZH):
        assert not re.search(r"[{}]", words.error(refused.value))


def test_without_a_project_that_can_be_chosen_every_reason_is_counted():
    header, *lines = works_cases.TABLE.splitlines()
    table = "\n".join([header, *lines[5:]])
    with pytest.raises(HazardError) as refused:
        priorities(Workspace(works_cases.office(table)).newest(), GRID, ASKED)
    assert refused.value.code == "projects-none-choosable"
    assert "no cost is known (1)" in EN.error(refused.value)
    with pytest.raises(HazardError) as refused:
        priorities(Workspace(works_cases.office("")).newest(), GRID, ASKED)
    assert refused.value.code == "projects-none-stored"


# --- what stands beside -----------------------------------------------------------------------------------------------


def test_the_three_lists_tie_with_their_projects(demo_data):
    found = priorities(demo_data, GRID, Asked(2_500_000))
    costs = found.rows["cost"].to_numpy()
    assert found.choice.cost == costs[found.rows["chosen"]].sum() <= 2_500_000
    assert found.by_list.cost == costs[found.rows["in_list"]].sum() <= 2_500_000
    assert found.need_cost == costs[found.rows["funded"]].sum() <= 2_500_000
    assert found.choice.benefit >= max(found.by_list.benefit, found.need_avoided) - 1e-9
    shown = priority_tables.lists(found, EN)
    assert shown["n"].tolist() == [found.rows[name].sum() for name in ("chosen", "in_list", "funded")]
    # need cannot tell alternatives apart: one of them stands for both
    assert not (found.rows["aside"] & found.rows["funded"]).any()
    assert found.rows["share_funded"].isna().tolist() == found.rows["aside"].tolist()
    assert found.firm == (found.rows["chosen"] & (found.rows["share_funded"] >= FIRM)).sum()


def test_more_money_never_avoids_less_and_the_next_yuan_are_told(demo_data):
    asked = Asked(2_500_000)
    found, more = priorities(demo_data, GRID, asked), money(demo_data, GRID, asked)
    assert (np.diff(more.curve.benefit) >= -1e-9).all()
    raised = priorities(demo_data, GRID, Asked(2_600_000))
    assert more.next_buy.gain == pytest.approx(raised.choice.benefit - found.choice.benefit)
    said = priority_words.next_buy(found, more).say(EN)
    for at in (*more.next_buy.joins, *more.next_buy.leaves):
        assert found.rows["project_id"][at] in said


def test_all_weights_move_ranks_at_least_as_far(demo_data):
    asked = Asked(2_500_000)
    found, every = priorities(demo_data, GRID, asked), all_weights(demo_data, GRID, asked)
    assert (every.lowest <= found.rows["rank_lowest"]).all()
    assert (every.highest >= found.rows["rank_highest"]).all()
    again = all_weights(demo_data, GRID, asked)
    assert (again.share_funded == every.share_funded).all()  # the same seed, the same answer
    rows, titles = priority_views.robust_rows(found, every, EN)
    assert list(titles) == list(rows)


def test_without_residents_counts_what_others_reported_too():
    found = priorities(Workspace(works_cases.office()).newest(), GRID, replace(ASKED, months=24))
    assert found.yearly_all > 0
    alone = priorities(
        Workspace(works_cases.office(channels=("热线", "巡查"))).newest(), GRID, replace(ASKED, without_residents=True)
    )
    assert alone.cells.set_index("cell_id")["events"].to_dict() == {
        cell: n // 2 for cell, n in works_cases.EVENTS.items()
    }
    full = priorities(Workspace(works_cases.office(channels=("热线", "巡查"))).newest(), GRID, ASKED)
    assert full.rows["rank_beside"].tolist() == alone.rows["rank"].tolist()
    assert alone.rows["rank_beside"].tolist() == full.rows["rank"].tolist()
    rows, _titles = priority_views.residents_rows(alone, full, EN)
    same, _titles = priority_views.residents_rows(full, alone, EN)
    assert rows.equals(same)  # asked from either side


def test_households_count_each_event_as_often_as_there_are_homes(demo_data):
    found = priorities(demo_data, GRID, Asked(2_500_000, unit="households"))
    events = priorities(demo_data, GRID, Asked(2_500_000))
    homes = found.cells["households"].to_numpy()
    assert found.yearly_all == pytest.approx((events.cells["rate"] * homes).sum())
    chosen = found.programme["covers"][list(found.choice.chosen)].max(axis=0).toarray().ravel()
    assert found.avoided == pytest.approx((chosen * events.cells["rate"] * homes).sum())


def test_effects_given_go_before_the_settings_and_scale_what_is_avoided(dataset):
    full = priorities(dataset, GRID, ASKED)
    effects = (("cover_repair", 0.1), ("dredging", 0.15), ("new_drain", 0.25), ("pump", 0.2))
    half = priorities(dataset, GRID, replace(ASKED, effects=effects))
    assert half.rows["avoided"].tolist() == pytest.approx((full.rows["avoided"] / 2).tolist())
    assert numbers(half, half.choice.chosen) == numbers(full, full.choice.chosen)
    assert "New drain 25%" in " ".join(one.say(EN) for one in priority_words.rests_on(half))


@limits(max_examples=12)
@given(
    budget=st.integers(80_000, 4_500_000),
    must=st.sets(st.sampled_from(["XM06", "XM09", "XM12"]), max_size=1),
    effect=st.floats(0, 1),
)
def test_for_any_question_of_the_demo_rules_hold_and_numbers_tie(demo_data, budget, must, effect):
    asked = Asked(budget, must=tuple(must), effects=(("pump", effect),), draws=50)
    try:
        found = priorities(demo_data, GRID, asked)
    except HazardError as refused:
        assert refused.code in ("budget-below-must", "budget-below-cheapest")  # noqa: PT017
        return
    chosen = found.rows[found.rows["chosen"]]
    assert chosen["cost"].sum() == found.choice.cost <= budget
    assert must <= set(chosen["project_id"])
    assert chosen.loc[chosen["alternatives"] != "", "alternatives"].is_unique
    assert found.choice.benefit <= chosen["avoided"].sum() + 1e-9  # what covers one place counts once
    assert found.choice.benefit <= found.yearly_all + 1e-9
    assert found.low <= found.avoided <= found.high or found.avoided == 0
    assert (found.rows["low"] <= found.rows["avoided"] + 1e-12).all()
    assert found.avoided == pytest.approx(found.choice.benefit)
    assert sum(bool(place) for place in priority_tables.ordered(found)["place"]) == len(chosen)
    for words in (EN, ZH):
        assert not re.search(r"[{}]|nan|None", words.joined(one.say(words) for one in priority_words.why(found)))


# --- words, files, map ------------------------------------------------------------------------------------------------


def test_the_finding_and_its_figures_are_those_of_the_answer(dataset):
    found = priorities(dataset, GRID, ASKED)
    said = priority_words.main(found).say(EN)
    assert said == (
        f"{len(found.choice.chosen)} projects for {found.choice.cost:,.0f} yuan would avoid about "
        f"{priority_words.told(found.avoided)} of {priority_words.told(found.yearly_all)} waterlogging events a year "
        f"(95%: {priority_words.told(found.low)} to {priority_words.told(found.high)})"
    )
    values = [one.value.say(EN) for one in priority_words.figures(found)]
    assert values[0] == str(len(found.choice.chosen))
    assert values[3] == f"{round(100 * found.avoided / found.yearly_all)}%"
    whys = dict(zip(found.rows["project_id"], (one.say(EN) for one in priority_words.why(found)), strict=True))
    assert whys["P5"] == "Its alternative is built: P4"
    dear = priorities(dataset, GRID, Asked(300_000))
    whys = dict(zip(dear.rows["project_id"], (one.say(EN) for one in priority_words.why(dear)), strict=True))
    assert whys["P2"] == "Costs more than the whole budget"
    assert whys["P3"] == "Nothing is left there that it could avoid"


def test_json_holds_what_the_contract_names_and_no_number_that_json_does_not_know(dataset):
    found = priorities(dataset, GRID, ASKED)
    answer = priority_tables.as_json(found, money(dataset, GRID, ASKED), EN)
    assert {"chosen", "cost", "benefit", "gap", "optimal", "ranking", "low", "high", "curve", "next_buy"} <= set(answer)
    json.dumps(answer, allow_nan=False, default=str)
    assert sorted(answer["chosen"]) == sorted(numbers(found, found.choice.chosen))
    assert [one["rank"] for one in answer["ranking"]] == sorted(found.rows["rank"])
    for one in answer["ranking"]:
        assert sum(one["bars"].values()) == pytest.approx(one["score"])
    assert {one["project_id"] for one in answer["not_choosable"]} == {f"P{n}" for n in range(6, 12)}


def test_files_hold_the_list_and_formulas_stay_text():
    table = works_cases.TABLE.replace("drain in A", "=1+1").replace("drain in C and D", "@SUM(A1)")
    data = Workspace(works_cases.office(table)).newest()
    found, more = priorities(data, GRID, ASKED), money(data, GRID, ASKED)
    content = priority_tables.file_of(data, found, more, EN, ".xlsx", "o.xlsx")
    book = CalamineWorkbook.from_filelike(io.BytesIO(content))
    rows = book.get_sheet_by_name("Projects").to_python()
    assert len(rows) == 1 + len(found.rows)
    assert {"=1+1", "@SUM(A1)"} <= {cell for row in rows for cell in row}
    with zipfile.ZipFile(io.BytesIO(content)) as parts:
        assert not any(b"<f>" in parts.read(name) for name in parts.namelist())  # text, nowhere a formula
    assert book.sheet_names[0] == "Projects"
    with pytest.raises(HazardError) as refused:
        priority_tables.file_of(data, found, more, EN, ".pdf", "o.pdf")
    assert refused.value.code == "file-kind-unknown"


def test_the_geopackage_is_read_by_another_program(dataset, tmp_path):
    found, more = priorities(dataset, GRID, ASKED), money(dataset, GRID, ASKED)
    file = tmp_path / "o.gpkg"
    file.write_bytes(priority_tables.file_of(dataset, found, more, EN, ".gpkg", "o.gpkg"))
    projects = gpd.read_file(file, layer="projects")  # GDAL through pyogrio
    assert sorted(projects["project_id"]) == works_cases.OPEN
    assert projects.set_index("project_id").loc["P2"].geometry.area == pytest.approx(2 * 0.01**2)
    cells = gpd.read_file(file, layer="cells")
    assert cells["avoided"].sum() == pytest.approx(found.avoided)
    assert len(gpd.read_file(file, layer="not_to_be_chosen")) == len(found.left)


def test_the_map_marks_cells_of_what_is_built_and_of_what_is_not(dataset, tmp_path, monkeypatch):
    found = priorities(dataset, GRID, ASKED)

    def simple(level, finest):
        return simplified(dataset, level, finest, None)

    drawn = publish(dataset, ("grid",), None, None, only=(), simple=simple)
    picture = priority_map.works_map(dataset, drawn, GRID, found, priority_map.need_table(found), words=EN)
    ids = drawn.ids[0]
    chosen = set(numbers(found, found.choice.chosen))
    built = {cell for one in chosen for cell in COVER[one]}
    every = {cell for cells in COVER.values() for cell in cells}
    assert {ids[at] for at in picture.values.hot} == built
    assert {ids[at] for at in picture.values.gather} == every - built
    assert "12 events of waterlogging" in picture.values.tips[ids.index("A")]
    assert picture.legend.hot
    assert "waterlogging" in picture.legend.measure.lower()
    assert "4 cells" in picture.alt


def test_hostile_names_stay_text(tmp_path):
    table = works_cases.TABLE
    for at, name in enumerate(("drain in A", "pump of A and B", "dredging of B")):
        table = table.replace(name, '"' + HOSTILE[at].replace('"', '""').replace("\n", " ") + '"')
    data = Workspace(works_cases.office(table)).newest()
    found = priorities(data, GRID, ASKED)
    json.dumps(priority_tables.as_json(found, money(data, GRID, ASKED), EN), default=str)
    assert priority_tables.for_terminal(found, money(data, GRID, ASKED), EN)


def test_a_project_drawn_as_a_thin_line_is_told(dataset):
    assert priority_words.thin(priorities(dataset, GRID, ASKED)) == ()
    line = 'P12,a thin line,新建雨水管,100000,计划,,否,,"LINESTRING (113.001 33.001, 113.009 33.001)"\n'
    found = priorities(Workspace(works_cases.office(works_cases.TABLE + line)).newest(), GRID, ASKED)
    (said,) = priority_words.thin(found)
    assert "P12 a thin line" in said.say(EN)
    # 746 m long with 50 m on either side and round ends, in a cell of 933 m by 1,109 m: about 0.079 of it
    row = found.rows.set_index("project_id").loc["P12"]
    assert row["covered"] == pytest.approx((746 * 100 + np.pi * 50**2) / (933 * 1109), rel=0.03)
    assert row["avoided"] == pytest.approx(row["covered"] * 0.5 * found.cells["rate"].iloc[0])


def test_a_coarser_level_spreads_events_evenly_and_says_so(dataset):
    found = priorities(dataset, Scope("community"), ASKED)
    assert "the finest level" in " ".join(one.say(EN) for one in priority_words.thin(found))
    # A is a quarter of the square W. Without a point B's calls are of the floods that A reported at the same hours
    row = found.rows.set_index("project_id").loc["P1"]
    assert row["covered"] == pytest.approx(0.25, rel=0.01)
    events = found.cells.set_index("cell_id")["events"]
    assert events.to_dict() == {"E": 3, "W": 12}
    # and of what P1 spares W what the work under construction in it will spare is taken off, wherever in W that lies
    share = row["covered"] * (0.5 - 0.3)
    assert row["avoided"] == pytest.approx(share * found.cells.set_index("cell_id").at["W", "rate"], rel=0.01)


def test_criteria_and_the_usual_budget_are_those_of_the_projects(dataset, demo_data):
    assert {one.code for one in known_criteria(demo_data, GRID)} == {
        one.code for one in needs(demo_data, GRID).criteria if one.ranked
    }
    assert usual_budget(dataset) == 700_000  # half of 1,350,000 and 200 yuan of what has no place, to the next 100,000


def test_weights_from_a_file_are_read_or_refused():
    read = priority_tables.read_weights
    known = ("events", "chronic")
    assert read(b'{"events": 3, "chronic": 1}', "w.json", known) == {
        "weighing": GIVEN, "weights": (("events", 3.0), ("chronic", 1.0)),
    }  # fmt: skip
    assert read(b'{"pairs": [["events", "chronic", 3]]}', "w.json", known)["criteria"] == known
    assert read(b'{"weighing": "entropy"}', "w.json", known) == {"weighing": ENTROPY, "criteria": ()}
    for wrong in (b"[1]", b"{", b'{"events": "x"}', b'{"pairs": [["events"]]}'):
        with pytest.raises(HazardError) as refused:
            read(wrong, "w.json", known)
        assert refused.value.code == "weights-unreadable"
    with pytest.raises(HazardError) as refused:
        read(b'{"luck": 1}', "w.json", known)
    assert refused.value.code == "criterion-unknown"
