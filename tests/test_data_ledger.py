"""A street office's ledger as it comes: title, merged header, GCJ-02, totals and a note, from the file to the map."""

import demo_cases
import pytest
from ledger_file import PHONE, make_ledger

from data.levels import load_cells
from data.loading import import_incidents
from data.store import Workspace

NAME = "示例甲"  # of the person in each row


@pytest.fixture(scope="module")
def loaded(tmp_path_factory):
    """The ledger, the workspace it went into with nothing chosen but the system, and the answer."""
    ledger = make_ledger()
    workspace = Workspace(tmp_path_factory.mktemp("w"))
    load_cells(workspace, demo_cases.demo().grids, "grids.geojson", level="grid", crs="wgs84", who="t")
    with workspace.change("settings", who="t") as change:
        change.settings["read_apart"] = 1
        change.settings["keep_originals_days"] = 0
        change.commit()
    return ledger, workspace, import_incidents(workspace, ledger.content, ledger.name, crs="gcj02", who="t")


def test_every_row_below_the_header_is_a_case_or_is_named_with_its_reason(loaded):
    ledger, workspace, answer = loaded
    # by hand: 120 cases, a line of totals, an empty row and a note
    assert [answer[key] for key in ("read", "accepted", "rejected", "repeats")] == [123, 120, 3, 0]
    rejected = workspace.newest().rejected()
    assert dict(zip(rejected["row"], rejected["reason"], strict=True)) == ledger.not_taken
    assert list(ledger.not_taken) == [124, 125, 126]


def test_titles_under_a_heading_are_understood_and_the_rest_is_kept(loaded):
    _, _, answer = loaded
    assert answer["mapping"] == {
        "incident_id": "案卷号", "reported_at": "上报信息 上报时间", "closed_at": "处置 结案时间",
        "main_type": "问题 大类", "type_name": "问题 小类", "description": "问题 问题描述", "address": "位置 详细地址",
        "lon": "位置 经度", "lat": "位置 纬度", "community": "位置 所属社区", "unit": "处置 处置部门",
    }  # fmt: skip
    notes = " ".join(str(note) for note in answer["notes"])
    assert "Not loaded, personal data: 上报信息 上报人, 上报信息 联系电话." in notes
    assert "as attributes: 序号, 天气." in notes


def test_the_cases_say_what_the_demo_says_of_them_and_lie_in_its_grids(loaded):
    ledger, workspace, answer = loaded
    dataset = workspace.newest()
    stored = dataset.query("SELECT * FROM incidents ORDER BY row").to_pandas()
    cases = ledger.cases
    for name in ("incident_id", "hazard"):
        assert stored[name].tolist() == cases[name].tolist()
    for name in ("reported_at", "closed_at"):
        local = stored[name].dt.tz_convert(dataset.zone).dt.tz_localize(None).dt.floor("min")
        assert local.equals(cases[name].astype(local.dtype).rename(name))
    # there and back through GCJ-02 and 6 decimals: a point on an edge may lie in the cell beside
    assert (stored["cell_1"].fillna("") == cases["cell_id"].fillna("").to_numpy()).mean() > 0.98
    assert sum(answer["levels"]["grid"].values()) == 120


def test_nothing_of_the_persons_is_kept_anywhere(loaded):
    _, workspace, _ = loaded
    everything = str(workspace.newest().query("SELECT * FROM incidents").to_pylist())
    everything += workspace.newest().rejected().to_csv()
    for path in workspace.path.rglob("*"):
        everything += path.read_text(encoding="utf-8", errors="replace") if path.is_file() else ""
    assert "示例大类" in everything
    assert PHONE not in everything
    assert NAME not in everything
