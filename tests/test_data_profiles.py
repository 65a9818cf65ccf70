"""Saved choices: applied by themselves to the next file with the same headers, and what is said goes before them."""

import pytest
from stored import with_grids

from base.errors import HazardError
from data import profiles
from data.loading import import_incidents
from data.profiles import choose, delete_profile, find_profile, merged, save_profile
from data.readers import read_table
from data.store import Workspace

HEADERS = ["号", "何时", "什么", "东", "北"]
MAPPING = {"incident_id": "号", "reported_at": "何时", "type_name": "什么", "lon": "东", "lat": "北"}


def csv(*lines: str, headers=HEADERS) -> bytes:
    return "\n".join([",".join(headers), *lines, ""]).encode()


MARCH = csv("1,05/03/2025 10:00,道路积水,113.005,33.005")
APRIL = csv("2,05/04/2025 10:00,道路积水,113.005,33.005")


def load(workspace, content, **options):
    return import_incidents(workspace, content, "a.csv", who="t", **options)


@pytest.fixture
def workspace(tmp_path):
    return with_grids(tmp_path / "w")


@pytest.fixture
def taught(workspace):
    """A workspace in which the choices for such a file are saved under the name 月报."""
    answer = load(workspace, MARCH, mapping=MAPPING, day_first=True, source="热线", crs="wgs84")
    save_profile(workspace, "月报", **answer["choices"], who="t")
    return workspace


def test_the_next_file_with_the_same_headers_needs_no_choice(taught):
    without = load(taught, APRIL, profile=None, dry_run=True)
    assert without["mapping"] == {"lon": "东", "lat": "北"}  # what the values alone tell
    answer = load(taught, APRIL)
    assert (answer["profile"], answer["accepted"]) == ("月报", 1)
    assert any("月报" in str(note) for note in answer["notes"])
    record = taught.newest().imports[-1]
    assert (record.source, record.options["day_first"], record.options["mapping"]) == ("热线", True, MAPPING)
    assert any("月报" in note for note in record.notes)


def test_blanks_around_headers_and_untitled_columns_at_the_end_do_not_matter_but_their_order_does(taught):
    dataset = taught.newest()
    found = find_profile(dataset, [f" {header} " for header in HEADERS] + ["", ""])
    assert found is not None
    assert found.name == "月报"
    assert find_profile(dataset, HEADERS[::-1]) is None
    assert find_profile(dataset, HEADERS[:-1]) is None


def test_what_is_said_goes_before_the_profile_and_the_rest_of_it_stays(taught):
    answer = load(taught, APRIL, source="巡查", mapping={"type_name": ""})
    record = taught.newest().imports[-1]
    assert (record.source, record.options["day_first"]) == ("巡查", True)
    assert "type_name" not in answer["mapping"]


def test_a_field_that_was_taken_out_stays_out(workspace):
    content = b"id,reported_at,type,lon,lat\n1,2025-03-05,flooding,113.005,33.005\n"
    answer = load(workspace, content, mapping={"type_name": ""})
    save_profile(workspace, "p", **answer["choices"], who="t")
    again = load(workspace, content.replace(b"1,2025", b"2,2025"))
    assert again["profile"] == "p"
    assert "type_name" not in again["mapping"]


def test_a_profile_is_one_version_and_the_versions_before_it_do_not_know_it(taught):
    with_it = taught.newest()
    assert with_it.history[-1].kind == "profiles"
    assert profiles.profiles(taught.open(with_it.version - 1)) == []
    second = save_profile(taught, " 月报 ", HEADERS, {"mapping": MAPPING, "crs": "gcj02"}, who="u")
    assert second == {"name": "月报", "replaced": True, "version": with_it.version + 1}
    (one,) = profiles.profiles(taught.newest())
    assert (one.options["crs"], one.who, one.headers) == ("gcj02", "u", tuple(HEADERS))
    delete_profile(taught, "月报", who="t")
    assert profiles.profiles(taught.newest()) == []
    assert [one.name for one in profiles.profiles(with_it)] == ["月报"]


def test_a_profile_by_name_is_used_for_other_headers_too_and_an_unknown_name_is_refused(taught):
    longer = csv("3,05/04/2025 10:00,道路积水,113.005,33.005,x", headers=[*HEADERS, "更多"])
    assert load(taught, longer, profile="月报")["profile"] == "月报"
    with pytest.raises(HazardError, match=r"no profile 周报\. Saved are: 月报"):
        load(taught, longer, profile="周报")


def test_of_two_profiles_for_the_same_headers_the_one_saved_last_is_applied(taught):
    with taught.change("profiles", who="t") as change:  # the same second would be settled by the name
        rows = change.before.rows("profiles").to_pylist()
        later = {**rows[0], "name": "新", "when": "2099-01-01T00:00:00+00:00"}
        change.write("profiles", type(change.before.rows("profiles")).from_pylist([*rows, later]))
        change.commit()
    assert load(taught, APRIL)["profile"] == "新"


@pytest.mark.parametrize("name", ["", "  ", "auto", "x" * 61])
def test_a_name_that_cannot_be_is_refused(workspace, name):
    with pytest.raises(HazardError, match="needs a name"):
        save_profile(workspace, name, HEADERS, {}, who="t")
    assert not profiles.profiles(workspace.newest())


@pytest.mark.parametrize("where", [{"备注": "13812345678"}, {"联系人": "王"}])
def test_a_profile_keeps_no_person_to_choose_rows_by(workspace, where):
    with pytest.raises(HazardError, match="personal data in column"):
        save_profile(workspace, "p", HEADERS, {"where": where}, who="t")


def test_a_row_filter_of_a_profile_is_applied(workspace):
    answer = load(workspace, MARCH, mapping=MAPPING, day_first=True, where={"什么": "道路积水"})
    save_profile(workspace, "p", **answer["choices"], who="t")
    answer = load(workspace, csv("2,05/04/2025,道路积水,113.005,33.005", "3,05/04/2025,其他,113.005,33.005"))
    assert (answer["accepted"], answer["rejected"]) == (1, 1)


def test_layers_of_choices_win_in_their_order_and_a_header_serves_one_field():
    guess = {"crs": "wgs84", "mapping": {"type_name": "类型", "address": "地址"}, "zone": None}
    saved = {"crs": "gcj02", "mapping": {"description": "类型"}}
    said = {"crs": None, "mapping": {"address": ""}, "day_first": False}
    assert merged(guess, saved, said) == {
        "crs": "gcj02",
        "mapping": {"address": "", "description": "类型"},
        "day_first": False,
    }
    assert guess["mapping"] == {"type_name": "类型", "address": "地址"}


def test_a_profile_whose_reading_the_guess_does_not_find_is_found_by_reading_so(taught):
    """A reader that sees the headers only if it is told where: as with a title above them."""
    save_profile(taught, "题", ["a", "b"], {"mapping": {}, "header_row": 3}, who="t")
    asked = []

    def read(**reading):
        asked.append(reading)
        if reading.get("header_row") == 3:
            return read_table(b"a,b\n1,2\n", "f.csv")
        if len(asked) == 1:
            raise HazardError("header-not-first", "no header")
        return read_table(b"x,y\n1,2\n", "f.csv")

    found = choose(taught.newest(), read, {})
    assert found.profile is not None
    assert (found.profile.name, found.table.headers) == ("题", ["a", "b"])
    assert choose(taught.newest(), read, {}).profile.name == "题"  # now the guess reads something else
    assert choose(taught.newest(), read, {}, profile=None).profile is None


def test_what_the_file_cannot_be_read_for_is_said_when_no_profile_helps(taught):
    def read(**_):
        raise HazardError("empty-file", "nothing in it")

    with pytest.raises(HazardError, match="nothing in it"):
        choose(taught.newest(), read, {})


def test_no_workspace_is_made_to_remove_a_profile_from(tmp_path):
    with pytest.raises(HazardError, match="There is no profile p"):
        delete_profile(Workspace(tmp_path / "none"), "p", who="t")
    assert not (tmp_path / "none").exists()


def test_a_dry_run_says_months_cells_and_points_and_stores_nothing(taught):
    before = taught.newest_version()
    content = csv(
        "2,05/04/2025,道路积水,113.005,33.005",
        "3,06/05/2025,道路积水,113.015,33.005",
        "4,07/05/2025,道路积水,114,33.005",
        "5,,道路积水,,",
    )
    answer = load(taught, content, dry_run=True)
    assert taught.newest_version() == before
    assert answer["by_month"] == {"2025-04": 1, "2025-05": 2, "none": 1}
    seen = answer["preview"]
    assert (seen["level"], seen["cells"], seen["located"]) == ("grid", {"A": 1, "B": 1}, 3)
    points = seen["points"]
    assert points[["lon", "cell_id"]].astype(object).to_numpy().tolist() == [
        [113.005, "A"],
        [113.015, "B"],
        [114, None],
    ]
    assert load(taught, content)["by_month"] == answer["by_month"]
