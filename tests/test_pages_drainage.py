"""The drainage page: its first screen, each part, what the address and the fields do, and its words without data."""

import re

import pytest
import works_cases
from hostile_names import HOSTILE
from stored import rows, store, with_grids
from test_pages import (  # noqa: F401  fixtures among them
    EN,
    WORDS,
    check,
    figures,
    refusals,
    texts,
    title,
    visit,
    workspaces,
)

from data.projects import load_projects
from data.schema import Scope
from data.store import Workspace
from pages.common import works_parts
from reports import priority_tables, priority_words
from reports.priorities import Asked, known_criteria, priorities, usual_budget

GRID = Scope("grid")


@pytest.fixture(scope="module")
def folder(workspaces):  # noqa: F811
    return workspaces["demo"]


@pytest.fixture(scope="module")
def dataset(folder):
    return Workspace(folder).newest()


def tables(seen, column):
    return [one.value for one in seen.dataframe if column in one.value]


def field(kind, label):
    return next(one for one in kind if one.label == label)


@pytest.mark.parametrize("lang", ["zh", "en"])
def test_the_first_screen_says_the_finding_the_five_figures_and_the_list(visit, folder, dataset, lang):  # noqa: F811
    words = WORDS[lang]
    seen = visit("drainage", folder, lang=lang)
    check(seen, "drainage", "demo", lang)
    found = priorities(dataset, GRID, Asked(usual_budget(dataset)))
    assert title(seen) == priority_words.main(found).say(words)
    assert figures(seen) == [one.value.say(words) for one in priority_words.figures(found)]
    assert len(figures(seen)) == 5
    said = " ".join(texts(seen))
    for sentence in (priority_words.optimum(found), *priority_words.beside(found), *priority_words.not_chosen(found)):
        assert sentence.say(words) in said
    (shown,) = tables(seen, "share_funded")
    assert len(shown) == len(found.rows)
    assert (shown["place"] != "–").sum() == len(found.choice.chosen)
    assert shown["cost"].tolist() == priority_tables.ordered(found)["cost"].tolist()


@pytest.mark.parametrize("lang", ["zh", "en"])
def test_each_part_opens_by_its_address(visit, folder, lang):  # noqa: F811
    words = WORDS[lang]
    for part in works_parts.PARTS:
        seen = visit("drainage", folder, lang=lang, works=part)
        check(seen, "drainage", "demo", lang)
        assert len(seen.subheader) >= 2  # of the list and of the part
        for table in (one.value for one in seen.dataframe):
            cells = [one for one in table.to_numpy().ravel() if isinstance(one, str)]
            assert [one for one in cells if re.search(r"^(nan|None|NaT|<NA>)$|new_drain|cover_repair", one)] == []
        names = [one.proto.label for one in seen.get("download_button")]
        for name in ("Drainage priorities (XLSX)", "Drainage priorities (GeoPackage)"):
            assert words("Download: {name}", name=words(name)) in names


def test_the_budget_is_a_field_and_a_part_of_the_address(visit, folder, dataset):  # noqa: F811
    seen = visit("drainage", folder, budget="1500000")
    found = priorities(dataset, GRID, Asked(1_500_000))
    assert title(seen) == priority_words.main(found).say(EN)
    field(seen.number_input, "Budget (yuan)").set_value(900_000).run()
    assert seen.query_params["budget"] == ["900000"] or seen.query_params["budget"] == "900000"
    assert title(seen) == priority_words.main(priorities(dataset, GRID, Asked(900_000))).say(EN)
    usual = title(visit("drainage", folder))
    for nonsense in ("-1", "1e9", "<b>", "99999999999999"):
        assert title(visit("drainage", folder, budget=nonsense)) == usual


def test_a_budget_that_buys_nothing_is_told_and_can_be_raised(visit, folder):  # noqa: F811
    seen = visit("drainage", folder, budget="50000")
    assert not seen.exception
    assert title(seen) == EN("No list of works by these rules")
    (refused,) = refusals(seen)
    assert "must be built" in refused
    field(seen.number_input, "Budget (yuan)").set_value(900_000).run()
    assert refusals(seen) == []
    assert re.search(r"\d", title(seen))


def test_weights_change_the_ranking_and_not_what_is_built(visit, folder, dataset):  # noqa: F811
    usual = visit("drainage", folder)
    codes = [one.code for one in known_criteria(dataset, GRID)]
    text = ".".join(f"{code}:{10 if code == 'households' else 0}" for code in codes)
    seen = visit("drainage", folder, weighing="given", weights=text)
    assert refusals(seen) == []
    assert title(seen) == title(usual)
    (before,), (after,) = tables(usual, "share_funded"), tables(seen, "share_funded")
    assert before["place"].tolist() == after["place"].tolist()
    assert before["ranks"].tolist() != after["ranks"].tolist()
    homes = next(one for one in seen.slider if one.label == EN("Households there"))
    assert homes.value == 10
    homes.set_value(0).run()
    (refused,) = refusals(seen)
    assert "weights are zero" in refused


def test_comparisons_that_contradict_each_other_are_named(visit, folder):  # noqa: F811
    turned = "events-chronic:3.chronic-hours:3.events-hours:1/5"
    seen = visit("drainage", folder, weighing="pairs", criteria="events.chronic.hours", pairs=turned)
    assert refusals(seen) == []
    assert any("contradict each other" in one.value for one in seen.warning)
    steady = visit("drainage", folder, weighing="pairs", criteria="events.chronic.hours")
    assert not steady.warning
    assert any("hold together" in text for text in texts(steady))


def test_effects_are_fields_and_change_what_is_avoided(visit, folder, dataset):  # noqa: F811
    seen = visit("drainage", folder)
    field(seen.number_input, EN("Pump")).set_value(80).run()
    asked = Asked(usual_budget(dataset), effects=(("pump", 0.8),))
    assert title(seen) == priority_words.main(priorities(dataset, GRID, asked)).say(EN)


def test_money_can_be_split_over_years(visit, folder, dataset):  # noqa: F811
    seen = visit("drainage", folder, budget="2400000", years="2")
    half = [one.value for one in seen.number_input if one.label.startswith("Year ")]
    assert half == [1_200_000, 1_200_000]
    field(seen.number_input, "Year 1 (yuan)").set_value(500_000).run()
    asked = Asked(2_400_000, yearly=(500_000.0, 1_200_000.0))
    found = priorities(dataset, GRID, asked)
    assert title(seen) == priority_words.main(found).say(EN)
    (shown,) = tables(seen, "share_funded")
    assert shown["year"].dropna().isin([1, 2]).all()
    assert shown.loc[shown["year"] == 1, "cost"].sum() <= 500_000


def test_residents_area_and_a_chosen_cell_narrow_the_page(visit, folder, dataset):  # noqa: F811
    official = visit("drainage", folder, official="on")
    asked = Asked(usual_budget(dataset), without_residents=True)
    assert title(official) == priority_words.main(priorities(dataset, GRID, asked)).say(EN)
    cell = dataset.projects().set_index("project_id").at["XM04", "cells"][0]
    (shown,) = tables(visit("drainage", folder, cell=cell), "share_funded")
    assert len(shown) == 2  # two alternatives stand there
    area = dataset.cells("community")["cell_id"].iloc[0]
    of_area = visit("drainage", folder, area=area)
    found = priorities(dataset, Scope("grid", area=area), Asked(usual_budget(dataset)))
    assert title(of_area) == priority_words.main(found).say(EN)


@pytest.mark.parametrize("lang", ["zh", "en"])
def test_without_projects_boundaries_reports_or_floods_the_page_says_what_to_do(visit, tmp_path, lang):  # noqa: F811
    words = WORDS[lang]
    for workspace in ("empty", "boundaries", "incidents"):
        check(visit("drainage", workspace, lang=lang), "overview", workspace, lang)
    seen = visit("drainage", works_cases.office(""), lang=lang)
    assert title(seen) == words("No drainage project is stored yet")
    assert not seen.exception
    dry = tmp_path / "dry"
    workspace = with_grids(dry)
    cases = [{"incident_id": f"{n}", "cell": "A", "reported_at": f"2025-{n:02d}-03 08:00"} for n in range(1, 13)]
    store(workspace, rows(cases))
    load_projects(workspace, works_cases.TABLE.encode(), "p.csv", who="t")
    seen = visit("drainage", dry, lang=lang)
    assert not seen.exception
    assert refusals(seen) == []
    assert words("No waterlogging is known of these places: there is nothing that a project could avoid") == title(seen)


def test_hostile_names_stay_text(visit):  # noqa: F811
    table = works_cases.TABLE
    for at, name in enumerate(("drain in A", "pump of A and B", "dredging of B")):
        table = table.replace(name, '"' + HOSTILE[at].replace('"', '""').replace("\n", " ") + '"')
    for part in works_parts.PARTS:
        seen = visit("drainage", works_cases.office(table), works=part)
        assert not seen.exception
        assert refusals(seen) == []
