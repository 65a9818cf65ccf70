"""Boundaries, exposures and standards on the command line: the documented keys, and sentences on standard error."""

from stored import boundary
from test_cli import Said, asked


def _file(folder, name, content):
    path = folder / name
    path.write_bytes(content if isinstance(content, bytes) else content.encode())
    return path


def test_a_boundary_with_its_first_day_is_loaded_and_taken_back(tmp_path):
    office = tmp_path / "office"
    first = _file(tmp_path, "2025.geojson", boundary("AB"))
    answer = asked(office, "cells", first, "--level", "grid")
    documented = {key: answer[key] for key in ("level", "cells", "repaired", "rejected", "overlaps", "gaps")}
    assert documented == {"level": "grid", "cells": 2, "repaired": 0, "rejected": 0, "overlaps": 0, "gaps": 0}
    second = _file(tmp_path, "2026.geojson", boundary("ABB", columns=3))
    said = Said(
        office, "cells", second, "--level", "grid", "--same-id", "merge", "--valid-from", "2026-01-01", "--json"
    )
    assert (said.json["editions"], said.json["merged"]) == (["", "2026-01-01"], 1)
    assert "the beginning, 2026-01-01" in said.err
    assert asked(office, "undo", "--cells")["file"] == "2026.geojson"
    assert asked(office, "undo", "--cells")["cells"] == 0
    refused = Said(office, "undo", "--cells")
    assert (refused.code, refused.err.strip()) == (2, "There is no such change to take back.")
    refused = Said(office, "cells", second, "--level", "grid", "--same-id", "any")
    assert (refused.code, "reject or merge" in refused.err) == (2, True)


def test_exposures_come_by_a_named_key_and_column(tmp_path):
    office = tmp_path / "office"
    asked(office, "cells", _file(tmp_path, "g.geojson", boundary("AB")), "--level", "grid")
    table = _file(tmp_path, "h.csv", "which,flats\nA,12\nZ,3\n")
    said = Said(office, "exposures", table, "--level", "grid", "--key", "which", "--map", "households=flats", "--json")
    assert {key: said.json[key] for key in ("read", "matched", "unmatched_keys", "unmatched_cells")} == {
        "read": 2, "matched": 1, "unmatched_keys": ["Z"], "unmatched_cells": ["B"],
    }  # fmt: skip
    assert "Without a cell: Z." in said.err


def test_a_standard_is_loaded_with_what_was_not_understood(tmp_path):
    text = "大类代码,大类名称,小类代码,小类名称,立案条件,处置时限\n01,示例,01,示例甲,脏,4小时\n,,,,很脏,尽快\n"
    table = _file(tmp_path, "events.csv", text)
    said = Said(tmp_path / "office", "standard", table, "--scheme", "gbt30428", "--kind", "event", "--json")
    assert (said.json["rows"], said.json["types"], len(said.json["unparsed"])) == (2, 1, 1)
    assert "Row 3, 示例甲: the limit “尽快” was not understood; it is kept as text." in said.err
