"""Taken back in the reverse order, imports, corrected rows and boundaries leave what stood before them."""

import tempfile
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from stored import boundary, with_grids
from test_data_corrections import correct, csv, row, saved, sheet

from data.changes import set_location, undo
from data.exposures import join_exposures
from data.levels import load_cells, take_back_cells
from data.loading import import_incidents
from data.tables import TABLES

NOWHERE = ("示例路9号", "", "", "")


def tables_of(workspace):
    """The rows of every table, in an order of their own; placements stay when an import goes, for it may come again."""
    dataset = workspace.newest()
    found = {name: sorted(map(str, dataset.rows(name).to_pylist())) for name in TABLES if name != "placements"}
    return found | {"imports": dataset.imports, "levels": dataset.levels, "settings": dataset.settings}


def line(number: int, kind: str) -> tuple:
    if kind == "bad":
        return row(number, "昨天")
    if kind == "nowhere":
        return row(number, place=NOWHERE)
    return row(number, text=kind)


FILES = st.lists(
    st.tuples(st.integers(1, 6), st.sampled_from(["甲", "乙", "bad", "nowhere"])), min_size=1, max_size=5,
    unique_by=lambda pair: pair[0],
)  # fmt: skip


@settings(max_examples=4)
@given(st.lists(st.one_of(FILES, st.sampled_from(["correct", "place"])), min_size=2, max_size=4))
def test_what_was_imported_corrected_and_placed_is_taken_back_step_by_step(steps):
    with tempfile.TemporaryDirectory() as folder:
        workspace = with_grids(Path(folder) / "w")
        stands, by_hand = [], 0
        for step in steps:
            before, content = (by_hand, tables_of(workspace)), None
            if step == "place":
                lost = (
                    workspace.newest().query("SELECT source, incident_id FROM incidents WHERE lon IS NULL").to_pylist()
                )
                for one in lost[:1]:
                    set_location(workspace, **one, cell="A", who="t")
                    by_hand += 1
            elif step == "correct":
                open_rows = sheet(workspace)
                if len(open_rows) > 1 and "上报时间" in open_rows[0]:
                    content = saved(correct(open_rows[:2], 1, "上报时间", "2025-03-07"))
            else:
                content = csv(*(line(*pair) for pair in step))
            if content and not import_incidents(workspace, content, "a.csv", who="t")["unchanged"]:
                stands.append(before)
        while stands:
            placed, expected = stands.pop()
            undo(workspace, who="t")
            if placed == by_hand:  # else a case that was there before lies elsewhere since
                assert tables_of(workspace) == expected
        left = tables_of(workspace)
        assert not any(left[name] for name in ("incidents", "rejected", "corrections", "imports"))


def test_boundary_changes_are_taken_back_one_by_one_with_cells_findings_and_incidents(tmp_path):
    workspace = with_grids(tmp_path / "w")
    import_incidents(workspace, csv(row(1), row(2, place=("x", "113.015", "33.015", ""))), "a.csv", who="t")
    other = boundary("ABCDEF", parents="WWEEWW", step=0.008)
    steps = [
        lambda: load_cells(workspace, other, "b.json", level="grid", who="t"),
        lambda: join_exposures(workspace, "网格编码,户数\nA,100\nB,50\n".encode(), "h.csv", level="grid", who="t"),
        lambda: load_cells(workspace, boundary("XY", step=0.02), "c.json", level="district", who="t"),
        lambda: load_cells(
            workspace, boundary("AB"), "d.json", level="grid", valid_from="2025-03-01", who="t"
        ),
    ]  # fmt: skip
    stands = []
    for step in steps:
        stands.append(tables_of(workspace))
        step()
        assert tables_of(workspace) != stands[-1]
    while stands:
        take_back_cells(workspace, who="t")
        now, expected = tables_of(workspace), stands.pop()
        for name in expected:
            assert now[name] == expected[name], name


@pytest.mark.parametrize("action", ["import", "boundary"])
def test_what_was_taken_back_may_come_again(tmp_path, action):
    workspace = with_grids(tmp_path / "w")
    content = csv(row(1), row(2, "昨天"))

    def act():
        if action == "import":
            import_incidents(workspace, content, "a.csv", who="t")
        else:
            load_cells(workspace, boundary("AB"), "b.json", level="grid", who="t")

    def shown():
        found = tables_of(workspace)
        return {name: found[name] for name in ("cells", "findings", "levels")}, [
            (one.file, one.accepted, one.rejected) for one in found["imports"]
        ]

    act()
    once = shown()
    (undo if action == "import" else take_back_cells)(workspace, who="t")
    act()
    assert shown() == once
