"""What cannot be told about times, through the whole door: a sentence each, and the case stays on the map.

A small office of 示例 cases: of a year that no calendar knows, with a limit nobody can read, with a step before its
predecessor, and two sound ones; looked at also from before the first of them.
"""

import json
import shutil
from pathlib import Path

import pytest
from test_cli import Said, asked

CELL = [[113.0, 33.0], [113.1, 33.0], [113.1, 33.1], [113.0, 33.1], [113.0, 33.0]]
STANDARD = """\
小类代码,小类名称,立案条件,处置时限
0103,井盖下沉,示例,5工作日
0595,围墙倾斜,示例,视情况而定
0506,道路积水,示例,4紧急工作时
"""
CASES = """\
案卷号,上报时间,派遣时间,处置完成时间,结案时间,小类名称,小类编码,经度,纬度
year,2002-03-04 09:00,2002-03-04 10:00,2002-03-05 11:00,2002-03-06 09:00,井盖下沉,0103,113.05,33.05
limit,2025-03-05 09:00,2025-03-05 10:00,2025-03-05 11:00,2025-03-06 09:00,围墙倾斜,0595,113.05,33.05
steps,2025-03-05 09:00,2025-03-05 10:00,2025-03-05 09:30,2025-03-05 11:00,道路积水,0506,113.05,33.05
sound,2025-03-05 09:00,2025-03-05 10:00,2025-03-05 11:00,2025-03-05 12:00,道路积水,0506,113.05,33.05
"""


@pytest.fixture(scope="module")
def files(tmp_path_factory):
    folder = tmp_path_factory.mktemp("files")
    cell = {"type": "Feature", "properties": {"code": "A"}, "geometry": {"type": "Polygon", "coordinates": [CELL]}}
    (folder / "cells.geojson").write_text(json.dumps({"type": "FeatureCollection", "features": [cell]}))
    (folder / "standard.csv").write_text(STANDARD, encoding="utf-8")
    (folder / "cases.csv").write_text(CASES, encoding="utf-8")
    (folder / "workdays.csv").write_text("日期,是否工作日\n2002,\n2002-03-06,否\n", encoding="utf-8")
    return folder


@pytest.fixture(scope="module")
def office(files):
    """The workspace of the office, and what was said when its standard and its cases came in."""
    workspace = files / "workspace"
    asked(workspace, "cells", files / "cells.geojson", "--level", "grid", "--id", "code", "--crs", "wgs84")
    standard = Said(workspace, "standard", files / "standard.csv", "--scheme", "gbt30428", "--kind", "event")
    cases = Said(workspace, "import", files / "cases.csv", "--crs", "wgs84")
    assert (standard.code, cases.code) == (0, 0)
    return workspace, standard.out, cases.out


def test_a_limit_that_cannot_be_read_is_told_when_the_standard_comes_in_and_beside_the_figures(office):
    workspace, standard, _ = office
    assert "Row 3, 围墙倾斜: the limit “视情况而定” was not understood; it is kept as text." in standard
    said = Said(workspace, "resolution").out
    assert "The limit “视情况而定” in row 3 of the table of deadlines (gbt30428) cannot be read" in said
    assert "1 (the limit in the table of deadlines cannot be read)" in said


def test_a_year_that_no_calendar_knows_is_told_and_a_table_of_its_workdays_settles_it(office, files, tmp_path):
    workspace, covers = Path(shutil.copytree(office[0], tmp_path / "own")), ("resolution", "--hazard", "sunken_cover")
    said = Said(workspace, "resolution").out
    assert "The working calendar knows the days from 1 Jan 2004 to " in said
    assert "over days of which the working calendar does not know whether they are workdays)" in said
    before = asked(workspace, *covers)[0]
    assert (before["due"], before["undecided"]) == (0, 1)

    loaded = asked(workspace, "workdays", files / "workdays.csv")
    assert loaded["changed"] == 1
    # Dispatched on Monday at ten, Wednesday off: 6 hours, 8, -, 8, 8, -, -, 8, and at ten the last 2 of 40
    after = asked(workspace, *covers)[0]
    assert (after["due"], after["in_time"], after["undecided"]) == (1, 1, 0)
    for minute, due in (("09:59", 0), ("10:00", 1)):
        assert asked(workspace, *covers, "--as-of", f"2002-03-12 {minute}")[0]["due"] == due


def test_a_step_before_its_predecessor_is_remarked_and_counted_at_its_stage(office):
    workspace, _, cases = office
    assert "1 row: a step of handling lies before the one that comes before it: on the map" in cases
    assert "It is row 4." in cases
    items = {one["code"]: one["n"] for one in asked(workspace, "quality") if one["source"] is None}
    assert items["stages-out-of-order"] == 1
    stages = asked(workspace, "resolution", "--hazard", "waterlogging", "--summary")["stages"]
    wrong = {(row["stage_from"], row["stage_to"]): row["out_of_order"] for row in stages["rows"] if row["out_of_order"]}
    assert wrong == {("dispatched", "handled"): 1}
    assert any("lies before" in sentence for sentence in stages["sentences"])


def test_before_the_first_report_there_is_nothing_and_that_is_said(office):
    said = Said(office[0], "resolution", "--as-of", "2001-01-01")
    assert (said.code, said.err) == (0, "")
    assert "Nothing had been reported by 1 Jan 2001, 00:00: the first report is of 4 Mar 2002, 09:00." in said.out
    assert asked(office[0], "resolution", "--as-of", "2001-01-01") == []


def test_all_of_them_stay_on_the_map(office):
    assert asked(office[0], "count", "--by", "cell") == [{"cell_id": "A", "count": 4}]
