"""The demo as files that an office would hand over: GeoJSON of its cells, CSV and XLSX of cases, rain, projects.

The same input gives the same bytes on every machine: fixed dates, fixed order, no compression (its result depends on
the machine's own library).
"""

import csv
import datetime as dt
import io
import itertools
import json
import zipfile
from collections.abc import Collection, Iterable, Mapping

import xlsxwriter

from data.demo import plan
from data.demo.cases import Case
from data.demo.projects import HEADERS as PROJECT_HEADERS
from data.demo.projects import Project

STATION = "示例雨量站"
_GAUGE_HEADERS = ("雨量站", "日期", "日降雨量(mm)")
_UNREAD = "缺测"
# Header -> field of a case. 上报人 is there to be dropped at the door.
HEADERS = {
    "案卷号": "incident_id",
    "上报时间": "reported_at",
    "立案时间": "filed_at",
    "派遣时间": "dispatched_at",
    "处置完成时间": "handled_at",
    "核查时间": "checked_at",
    "结案时间": "closed_at",
    "处置截止时间": "due_at",
    "挂账时间": "paused_at",
    "挂账结束时间": "resumed_at",
    "勘察评估时间": "surveyed_at",
    "方案设计时间": "designed_at",
    "施工监管时间": "built_at",
    "后续排查时间": "followed_up_at",
    "小类名称": "type_name",
    "小类编码": "code",
    "立案条件": "condition",
    "问题描述": "description",
    "地址": "address",
    "经度": "lon",
    "纬度": "lat",
    "问题来源": "channel",
    "处置部门": "unit",
    "是否自处置": "on_spot",
    "返工次数": "reworked",
    "上报人": "reporter",
}
Row = Mapping[str, str | float | dt.datetime | None]  # by header


def case_row(number: str, case: Case, as_of: dt.datetime) -> dict[str, str | float | dt.datetime | None]:
    """Return a case as one row by header, with only those times that had come by `as_of`."""
    row: dict[str, str | float | dt.datetime | None] = {}
    for header, name in HEADERS.items():
        value = number if name == "incident_id" else getattr(case, name)
        later = name != "due_at" and isinstance(value, dt.datetime) and value > as_of
        unchecked = name == "reworked" and case.closed_at > as_of  # how often is known in the end
        row[header] = None if later or unchecked else value
    return row


def csv_bytes(rows: Iterable[Row]) -> bytes:
    """Return the rows as a CSV file: UTF-8 with byte order mark, as a spreadsheet in China writes it."""
    return _csv(HEADERS, ([_text(row.get(header)) for header in HEADERS] for row in rows))


def gauge_csv(rain: Mapping[dt.date, float], unread: Collection[dt.date], start: dt.date, end: dt.date) -> bytes:
    """Return the office's rain gauge as a CSV file: each day of [start, end), a dry one 0.0, one of `unread` 缺测."""
    days = [start + dt.timedelta(days=n) for n in range((end - start).days)]
    rows = [(STATION, day.isoformat(), _UNREAD if day in unread else f"{rain.get(day, 0):.1f}") for day in days]
    return _csv(_GAUGE_HEADERS, rows)


def projects_csv(projects: Iterable[Project]) -> bytes:
    """Return the list of drainage projects as a CSV file; several grids of one are parted by 、."""
    rows = [[_plain(getattr(project, name)) for name in PROJECT_HEADERS.values()] for project in projects]
    return _csv(PROJECT_HEADERS, rows)


def xlsx_bytes(rows: Iterable[Row], *, created: dt.datetime) -> bytes:
    """Return the rows as an XLSX file with real dates and numbers; case numbers and codes stay text."""
    file = io.BytesIO()
    with xlsxwriter.Workbook(file, {"in_memory": True, "strings_to_formulas": False}) as book:
        book.set_properties({"title": f"{plan.STREET_OFFICE}案卷（示例）", "created": created})
        sheet, when = book.add_worksheet("案卷（示例）"), book.add_format({"num_format": "yyyy-mm-dd hh:mm"})
        sheet.write_row(0, 0, list(HEADERS))
        sheet.set_column(0, len(HEADERS) - 1, 17)
        for number, row in enumerate(rows, start=1):
            for column, header in enumerate(HEADERS):
                value = row.get(header)
                if isinstance(value, dt.datetime):
                    sheet.write_datetime(number, column, value, when)
                elif isinstance(value, float):
                    sheet.write_number(number, column, value)
                elif value is not None:
                    sheet.write_string(number, column, value)
    return _stored(file.getvalue())


def communities_geojson() -> bytes:
    """Return the 4 communities: 区域编码, 区域名称, 户数, 人口."""
    features = []
    for code, name in plan.COMMUNITIES.items():
        inside = [grid for grid in plan.grids() if grid.parent == code]
        properties = {
            "区域编码": code,
            "区域名称": name,
            "户数": sum(grid.households for grid in inside),
            "人口": sum(grid.population for grid in inside),
        }
        features.append(_feature(properties, plan.community_ring(code)))
    return _collection(features)


def grids_geojson() -> bytes:
    """Return the 23 grids: 网格编码, 网格名称, 所属社区 (the community's code), 户数, 人口, 道路长度 (km), 井盖数."""
    return _collection(
        [
            _feature(
                {
                    "网格编码": grid.cell_id,
                    "网格名称": grid.name,
                    "所属社区": grid.parent,
                    "户数": grid.households,
                    "人口": grid.population,
                    "道路长度": grid.road_km,
                    "井盖数": grid.covers,
                },
                grid.ring,
            )
            for grid in plan.grids()
        ]
    )


def _csv(headers: Iterable[str], rows: Iterable[Iterable[str]]) -> bytes:
    text = io.StringIO(newline="")
    writer = csv.writer(text, lineterminator="\r\n")
    writer.writerow(headers)
    writer.writerows(rows)
    return text.getvalue().encode("utf-8-sig")


def _plain(value: str | float | dt.date | tuple[str, ...] | None) -> str:
    if isinstance(value, tuple):
        return "、".join(value)
    return "" if value is None else f"{value:g}" if isinstance(value, float) else str(value)


def _text(value: str | float | dt.datetime | None) -> str:
    if isinstance(value, dt.datetime):
        return value.strftime("%Y-%m-%d %H:%M")
    return "" if value is None else f"{value:.6f}" if isinstance(value, float) else value


def _feature(properties: Mapping[str, object], ring: tuple[plan.Point, ...]) -> dict[str, object]:
    clockwise = sum((x1 - x0) * (y1 + y0) for (x0, y0), (x1, y1) in itertools.pairwise(ring)) > 0
    outward = ring[::-1] if clockwise else ring  # RFC 7946: outer rings run counter-clockwise
    coordinates = [[list(plan.to_degrees(x_m, y_m)) for x_m, y_m in outward]]
    return {
        "type": "Feature",
        "properties": properties,
        "geometry": {"type": "Polygon", "coordinates": coordinates},
    }


def _collection(features: list[dict[str, object]]) -> bytes:
    text = json.dumps({"type": "FeatureCollection", "features": features}, ensure_ascii=False, indent=1)
    return text.encode("utf-8")


def _stored(archive: bytes) -> bytes:
    """Return the archive with its entries stored as they are, dated 1980."""
    file = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(archive)) as packed, zipfile.ZipFile(file, "w", zipfile.ZIP_STORED) as stored:
        for name in packed.namelist():
            entry = zipfile.ZipInfo(name)
            entry.create_system = 3  # else the entry says on which system it was made
            stored.writestr(entry, packed.read(name))
    return file.getvalue()
