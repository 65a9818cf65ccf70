"""Exposures joined by key: every row is accounted for, lost zeros come back, what does not fit is named both ways."""

import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st
from stored import boundary, with_grids

from base.errors import HazardError
from base.text import Words
from data.exposures import _once_each, find_cells, join_exposures
from data.levels import load_cells, take_back_cells
from data.store import Workspace
from reports.intake import exposure_sentences


def _join(workspace, text: str, level="grid", **options):
    return join_exposures(workspace, text.encode(), "h.csv", level=level, who="t", **options)


def _cells(**names) -> pd.DataFrame:
    return pd.DataFrame({"cell_id": list(names), "name": list(names.values())})


def test_every_row_is_joined_or_named_and_the_cells_without_a_row_too(tmp_path):
    workspace = with_grids(tmp_path)
    text = '网格编码,总户数,常住人口\nA,"1,200",3000\nB,８００,\nX,5,5\nA,1200,3000\nC,1,2\nC,2,2\n,7,7\n'
    answer = _join(workspace, text)
    assert {key: answer[key] for key in ("read", "matched", "unmatched", "rejected", "repeats")} == {
        "read": 7, "matched": 2, "unmatched": 1, "rejected": 3, "repeats": 1,
    }  # fmt: skip
    assert (answer["unmatched_keys"], answer["unmatched_cells"]) == (["X"], ["D"])
    assert list(zip(answer["rejected_rows"]["row"], answer["rejected_rows"]["reason"], strict=True)) == [
        (6, "key-repeated"), (7, "key-repeated"), (8, "cell-id-empty"),
    ]  # fmt: skip
    dataset = workspace.newest()
    assert dataset.cells("grid").set_index("cell_id")["households"].dropna().to_dict() == {"A": 1200, "B": 800}
    assert dataset.level("grid").exposures == ("households", "population")
    assert dataset.level("community").exposures == ()
    sentences = exposure_sentences(answer, "h.csv", Words("en"))
    assert "Without a cell: X." in sentences
    assert "Row 6: cell C stands in several rows with different numbers: keep the right one." in sentences
    assert Words("zh")("Households") + "取自“总户数”列。" in exposure_sentences(answer, "h.csv", Words("zh"))


def test_a_second_table_leaves_what_it_does_not_name_and_is_taken_back(tmp_path):
    workspace = with_grids(tmp_path)
    _join(workspace, "code,households\nA,10\nB,20\n")
    _join(workspace, "name,households\ngrid B,21\ngrid C,30\n")  # by name
    assert workspace.newest().cells("grid")["households"].fillna(-1).tolist() == [10, 21, 30, -1]
    answer = take_back_cells(workspace, who="t")
    assert (answer["level"], answer["file"]) == ("grid", "h.csv")
    assert workspace.newest().cells("grid")["households"].fillna(-1).tolist() == [10, 20, -1, -1]


def test_codes_that_a_spreadsheet_made_numbers_of_are_restored_and_reported(tmp_path):
    workspace = Workspace(tmp_path)
    load_cells(workspace, boundary(["02122", "02210", "0221"]), "z.geojson", level="zip", who="t")
    answer = _join(workspace, "zip,hh\n2122.0,1\n2210,2\n0221,3\n", level="zip")
    assert answer["restored"] == {"2122.0": "02122", "2210": "02210"}
    assert answer["matched"] == 3
    assert any("2122.0 → 02122" in sentence for sentence in exposure_sentences(answer, "h.csv", Words("en")))


def test_a_code_without_its_zeros_that_could_be_two_cells_is_none():
    found = find_cells(pd.Series(["21", "021", "7", "East"]), _cells(**{"021": "North", "0021": "South", "07": "EAST"}))
    assert found["cell_id"].fillna("").tolist() == ["", "021", "07", "07"]
    assert found["how"].tolist() == ["", "code", "restored", "name"]


@given(st.lists(st.tuples(st.sampled_from("ABCDXY "), st.integers(0, 2)), min_size=1, max_size=12))
def test_rows_are_never_lost_or_doubled(rows):
    cells = find_cells(
        pd.Series([key for key, _ in rows], index=range(2, len(rows) + 2)), _cells(A="", B="", C="", D="")
    )
    marked, rejected = _once_each(cells.assign(households=[float(n) for _, n in rows]), "code")
    left = marked[~marked["repeats"] & ~marked.index.isin(rejected["row"])]
    assert len(left) + len(rejected) + marked["repeats"].sum() == len(rows)
    assert left["cell_id"].dropna().is_unique
    assert not marked.loc[rejected["row"], "repeats"].any()


@pytest.mark.parametrize(
    ("text", "options", "code", "words"),
    [
        ("code,households\nA,-5\n", {}, "exposure-unreadable", "row 2 has “-5”"),
        ("code,households\nA,约300\n", {}, "exposure-unreadable", "约300"),
        ("code,income\nA,5\n", {}, "no-exposure-columns", "code, income"),
        ("code,households\nX,5\n", {}, "key-unknown", "A, B, C"),
        ("code,households\nA,5\n", {"key": "zip"}, "column-missing", "zip"),
        ("code,households\nA,5\n", {"mapping": {"houses": "households"}}, "field-unknown", "houses"),
        ("code,姓名,households\nA,张三,5\n", {"key": "姓名"}, "personal-column", "姓名"),
        ("code,code,households\nA,B,5\n", {"key": "code"}, "header-repeated", "code"),
        ("code,households\nA,5\n", {"level": "nowhere"}, "level-unknown", "nowhere"),
    ],
)
def test_a_table_that_cannot_be_joined_is_refused_with_its_reason(tmp_path, text, options, code, words):
    workspace = with_grids(tmp_path)
    version = workspace.newest().version
    with pytest.raises(HazardError, match=words) as caught:
        _join(workspace, text, **options)
    assert caught.value.code == code
    assert workspace.newest().version == version


def test_57_of_59_zip_codes_of_the_flood_claims_have_a_polygon(tmp_path, shared_data):
    # as the README says; two ZIP codes of the polygons occur twice and are merged here
    folder = shared_data / "chicago_flood_zip"
    workspace = Workspace(tmp_path)
    polygons = (folder / "chicago_zipcodes.geojson").read_bytes()
    load_cells(workspace, polygons, "zip.geojson", level="zip", same_id="merge", who="t")
    table = (folder / "flood_claims_by_zip.csv").read_bytes()
    answer = join_exposures(workspace, table, "claims.csv", level="zip", key="Zip code", who="t")
    assert (answer["read"], answer["matched"], answer["unmatched_keys"]) == (59, 57, ["60018", "60176"])
    assert answer["columns"] == {"households": "Total households"}
    cells = workspace.newest().cells("zip").set_index("cell_id")
    assert cells.loc["60601", "households"] == 8248
    # the sum of the column Total households without the two ZIP codes, by awk
    assert cells["households"].sum() == 1_074_289


def test_a_new_boundary_without_the_numbers_of_the_former_one_says_that_they_are_gone(tmp_path):
    workspace = with_grids(tmp_path)
    _join(workspace, "网格编码,总户数\nA,1\nB,2\nC,3\nD,4\n")
    came = load_cells(workspace, boundary("ABCD"), "g.geojson", level="grid", valid_from="2025-01-01", who="t")
    assert any("Load their table again" in str(note) for note in came["notes"])
    assert workspace.newest().level("grid").exposures == ()
    again = load_cells(workspace, boundary("ABCD"), "g.geojson", level="grid", who="t")  # nothing left to lose
    assert not any("Load their table again" in str(note) for note in again["notes"])
