"""Words in both languages: every sentence has its Chinese one, numbers and dates are as each language writes them."""

import ast
import datetime as dt
import re
import string
from collections import Counter
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from base.errors import HazardError
from base.settings import SETTINGS
from base.text import Sentence, Words, duration, markdown_plain
from data.schema import FIELD_TITLES, HAZARD_NAMES, REASONS, REMARKS
from locales.update import extract, read
from reports import intake

ROOT = Path(__file__).resolve().parent.parent
FOLDERS = ("base", "geo", "data", "analysis", "reports", "pages", "commands")
CODE = [path for folder in FOLDERS for path in sorted((ROOT / folder).rglob("*.py"))] + [
    ROOT / "app.py",
    ROOT / "cli.py",
]
EN, ZH = Words("en"), Words("zh")
SHANGHAI = "Asia/Shanghai"


def fields(sentence):
    """The named fields of a sentence with how often each stands there, conversions and format specs included."""
    return Counter(
        (name, conversion, spec)
        for _text, name, spec, conversion in string.Formatter().parse(sentence)
        if name is not None
    )


def texts(entry):
    return (entry,) if isinstance(entry, str) else tuple(entry or ())


def translated():
    return {texts(message.id)[0]: texts(message.string) for message in read() if message.id}


# --- the catalog ------------------------------------------------------------------------------------------------------


def test_every_sentence_in_the_code_has_a_chinese_one():
    known = translated()
    missing = [message.id for message in extract() if message.id and not all(known.get(texts(message.id)[0], ("",)))]
    assert not missing, "python locales/update.py lists them"


def test_a_chinese_sentence_has_the_fields_of_the_english_one_and_no_format_of_its_own():
    wrong = []
    for message in read():
        for english in texts(message.id):
            for chinese in texts(message.string):
                # A singular may leave out its {n}: "One cell ...". Chinese has one form, and it says the plural's.
                if english == texts(message.id)[-1] and fields(english) != fields(chinese):
                    wrong.append((english, chinese))
                wrong += [(english, chinese) for _name, conversion, spec in fields(chinese) if conversion or spec]
    assert not wrong


def test_a_plural_sentence_has_one_chinese_form():
    plural = [message for message in read() if not isinstance(message.id, str)]
    assert plural
    assert [message.id for message in plural if len(texts(message.string)) != 1] == []


def test_chinese_sentences_use_full_width_marks_beside_chinese_signs():
    half = re.compile(r"[\u4e00-\u9fff}][,;:?!](?!//)|[\u4e00-\u9fff][()]|[()][\u4e00-\u9fff]|[\u4e00-\u9fff]\.(?!\w)")
    wrong = [text for chinese in translated().values() for text in chinese if half.search(text)]
    assert not wrong


@pytest.mark.parametrize(
    "group",
    [HAZARD_NAMES, FIELD_TITLES, REASONS, REMARKS, {setting.name: setting.help for setting in SETTINGS}],
    ids=["hazards", "fields", "reasons", "remarks", "settings"],
)
def test_every_entry_of_a_table_of_sentences_has_a_chinese_one(group):
    known = translated()
    assert [sentence for sentence in group.values() if not all(known.get(sentence, ("",)))] == []


@pytest.mark.parametrize("words", [EN, ZH], ids=["en", "zh"])
@pytest.mark.parametrize(
    "titles",
    [FIELD_TITLES, intake.IMPORT_TITLES, intake.REJECTED_TITLES, intake.FINDING_TITLES, HAZARD_NAMES],
    ids=["fields", "imports", "rejected", "findings", "hazards"],
)
def test_no_two_columns_of_a_table_bear_the_same_title(titles, words):
    said = Counter(words(title) for title in titles.values())
    assert [title for title, n in said.items() if n > 1] == []


# --- refusals ---------------------------------------------------------------------------------------------------------


def refusals():
    """(file:line, the call's arguments, the module's tree) of every HazardError that the code raises."""
    for path in CODE:
        tree = ast.parse(path.read_text(encoding="utf-8"))
        for node in ast.walk(tree):
            if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id == "HazardError":
                where = f"{path.relative_to(ROOT).as_posix()}:{node.lineno}"
                if where.startswith("base/errors.py"):  # how an error comes back from another process
                    continue
                if [getattr(argument, "attr", "") for argument in node.args] == ["code", "template"]:
                    continue  # the same refusal again, with better facts
                yield where, node, tree


def marked(expression, tree):
    """Whether every name in an expression is a constant of its module that holds sentences inside N_(...) alone."""
    constants = {
        target.id: node.value
        for node in tree.body
        if isinstance(node, ast.Assign)
        for target in node.targets
        if isinstance(target, ast.Name)
    }
    used = [constants[node.id] for node in ast.walk(expression) if getattr(node, "id", None) in constants]
    values = [value for held in used for value in (held.values if isinstance(held, ast.Dict) else [held])]
    return bool(values) and all(
        isinstance(value, ast.Call) and isinstance(value.func, ast.Name) and value.func.id == "N_" for value in values
    )


def test_every_refusal_has_a_literal_code_and_a_literal_sentence():
    found = list(refusals())
    wrong = []
    for where, call, tree in found:
        code, template = call.args
        good_code = isinstance(code, ast.Constant) and re.fullmatch(r"[a-z0-9]+(-[a-z0-9]+)+", str(code.value))
        good_template = (isinstance(template, ast.Constant) and isinstance(template.value, str)) or marked(
            template, tree
        )
        if not (good_code and good_template):
            wrong.append(where)
    assert len(found) > 50
    assert not wrong


def test_every_refusal_is_given_the_facts_that_its_sentence_names():
    wrong = []
    for where, call, _tree in refusals():
        given = {keyword.arg for keyword in call.keywords}
        template = call.args[1]
        if isinstance(template, ast.Constant) and None not in given:  # **facts cannot be read off the code
            wrong += [(where, name) for name, _, _ in fields(template.value) if name not in given]
    assert not wrong


def test_a_refusal_says_itself_in_both_languages_and_keeps_its_code():
    error = HazardError(
        "file-empty", "{file} is empty. A table with a header row was expected.", file="{0} a.csv", more=1
    )
    assert error.code == "file-empty"
    assert str(error) == "{0} a.csv is empty. A table with a header row was expected."
    assert EN.error(error) == str(error)
    assert ZH.error(error) == "{0} a.csv 是空文件，应为带表头的表格。"


def test_an_unknown_language_is_refused():
    with pytest.raises(HazardError, match=r"There is no language named fr\.") as refused:
        Words("fr")
    assert refused.value.code == "language-unknown"


# --- sentences, numbers, dates ----------------------------------------------------------------------------------------


def test_a_sentence_is_said_in_the_language_asked():
    assert EN("as of {time}", time="noon") == "as of noon"
    assert ZH("as of {time}", time="noon") == "截至 noon"


def test_a_sentence_inside_a_sentence_is_said_in_the_language_asked():
    reason = Sentence("has no number of the cell in column {column}", {"column": "{x}"})
    outer = Sentence("{file}, feature {row}: {reason}.", {"file": "a.geojson", "row": 1200, "reason": reason})
    assert outer.say(EN) == "a.geojson, feature 1,200: has no number of the cell in column {x}."
    assert outer.say(ZH) == "a.geojson 第 1,200 个要素：“{x}”列中没有网格编码。"
    assert outer.say(EN, row="?") == "a.geojson, feature ?: has no number of the cell in column {x}."


def test_a_sentence_for_one_and_for_many_goes_by_its_field_n():
    pair = ("{n} report", "{n} reports")
    assert [str(Sentence(pair, {"n": n})) for n in (0, 1, 2)] == ["0 reports", "1 report", "2 reports"]
    assert [Sentence(pair, {"n": n}).say(EN) for n in (1, 2000)] == ["1 report", "2,000 reports"]
    assert Sentence(pair, {"n": 1}).say(ZH) == ZH.plural(*pair, 1) != "1 report"
    outer = Sentence("as of {time}", {"time": Sentence(pair, {"n": 1})})
    assert outer.say(EN) == "as of 1 report"


def test_a_sentence_without_a_translation_stays_english():
    assert ZH("No such sentence, {n} times", n=2000) == "No such sentence, 2,000 times"


@pytest.mark.parametrize("hours", [2.55, 30.25, 7.65, 24 * 4.35])
def test_a_duration_has_one_text_whatever_kind_of_number_holds_it(hours):
    # round(2.55, 1) is 2.5 of a Python float, 2.6 of a numpy one
    assert duration(np.float64(hours)) == duration(hours)
    assert EN.duration(np.float64(2.55)) == f"{EN.number(2.55, 1)} h" == "2.5 h"


def test_the_empty_sentence_is_empty():  # gettext answers the empty message with the catalog's header
    assert (EN(""), ZH("")) == ("", "")


@pytest.mark.parametrize(
    ("n", "english", "chinese"),
    [
        (0, "0 reports", "报告 0 件"),
        (1, "1 report", "报告 1 件"),
        (2, "2 reports", "报告 2 件"),
        (1234, "1,234 reports", "报告 1,234 件"),
    ],
)
def test_english_has_two_forms_of_a_count_and_chinese_one(n, english, chinese):
    assert EN.plural("{n} report", "{n} reports", n) == english
    assert ZH.plural("{n} report", "{n} reports", n) == chinese


@pytest.mark.parametrize("words", [EN, ZH], ids=["en", "zh"])
@pytest.mark.parametrize(
    ("value", "text"),
    [
        (0, "0"),
        (1234567, "1,234,567"),
        (-1234, "-1,234"),
        (2.5, "2.5"),
        (3.0, "3"),
        (1234.5678, "1,234.57"),
        (np.int64(4321), "4,321"),
        (np.float64(0.256), "0.26"),
        ("1234567", "1234567"),
        (True, "True"),
        (None, "None"),
    ],
)
def test_a_field_is_a_number_with_thousands_marks_or_stands_as_it_is(words, value, text):
    assert words.value(value) == text
    assert words("<{x}>", x=value) == f"<{text}>"


@pytest.mark.parametrize("words", [EN, ZH], ids=["en", "zh"])
def test_numbers_percents_and_chances_are_rounded_and_no_more(words):
    assert [words.number(1234.56, digits) for digits in (0, 1, 2, 3)] == ["1,235", "1,234.6", "1,234.56", "1,234.56"]
    assert [words.percent(share) for share in (0.0, 0.884, 1.0, 12.0)] == ["0%", "88%", "100%", "1,200%"]
    assert words.percent(0.884, 1) == "88.4%"


def test_100_percent_is_all_and_0_percent_none():
    words = Words("en")
    assert [words.percent(share) for share in (0.997, 0.002, 0.993, 0.013)] == ["99%", "1%", "99%", "1%"]
    assert [words.percent(share, 1) for share in (0.9997, 0.0002, 0.0567)] == ["99.9%", "0.1%", "5.7%"]
    assert [words.number(-0.2), words.number(-0.2, 1), words.number(-0.0), words.number(0)] == ["0", "-0.2", "0", "0"]
    assert [words.chance(p) for p in (0.00004, 0.0032, 0.0456, 0.153)] == ["<0.0001", "0.0032", "0.0456", "0.15"]


@pytest.mark.parametrize(
    ("method", "arguments", "english", "chinese"),
    [
        ("date", (dt.date(2025, 3, 5),), "5 Mar 2025", "2025年3月5日"),
        ("month", ("2025-03",), "Mar 2025", "2025年3月"),
        ("month", (dt.date(2025, 12, 31),), "Dec 2025", "2025年12月"),
        ("time", (dt.datetime(2025, 3, 5, 14, 7),), "5 Mar 2025, 14:07", "2025年3月5日 14:07"),
        ("time", (pd.Timestamp("2025-09-30 18:00:59", tz=SHANGHAI),), "30 Sep 2025, 18:00", "2025年9月30日 18:00"),
        ("value", (pd.Timestamp("2025-09-30 00:00", tz="UTC"),), "30 Sep 2025, 00:00", "2025年9月30日 00:00"),
        ("value", (dt.date(2025, 9, 30),), "30 Sep 2025", "2025年9月30日"),
        # half-open, said by the first and the last day
        ("period", (dt.date(2026, 4, 1), dt.date(2026, 10, 1)), "Apr 2026 – Sep 2026", "2026年4月 – 2026年9月"),
        ("period", (dt.date(2025, 12, 1), dt.date(2026, 1, 1)), "Dec 2025", "2025年12月"),
        (
            "period",
            (dt.date(2025, 3, 1), dt.date(2025, 3, 6)),
            "1 Mar 2025 – 5 Mar 2025",
            "2025年3月1日 – 2025年3月5日",
        ),
        ("period", (dt.date(2025, 3, 5), dt.date(2025, 3, 6)), "5 Mar 2025", "2025年3月5日"),
        ("duration", (0.5,), "30 min", "30 分钟"),
        ("duration", (1.0,), "1 h", "1 小时"),
        ("duration", (6.2,), "6.2 h", "6.2 小时"),
        ("duration", (71.94,), "71.9 h", "71.9 小时"),
        ("duration", (72.0,), "3 days", "3 天"),
        ("duration", (100.0,), "4.2 days", "4.2 天"),
        ("duration", (24 * 1500.4,), "1,500 days", "1,500 天"),
        ("listed", (["a", "b", "c"],), "a, b, c", "a、b、c"),
        ("listed", ([],), "", ""),
    ],
)
def test_dates_periods_and_durations_are_as_each_language_writes_them(method, arguments, english, chinese):
    assert getattr(EN, method)(*arguments) == english
    assert getattr(ZH, method)(*arguments) == chinese


@pytest.mark.parametrize("words", [EN, ZH], ids=["en", "zh"])
@pytest.mark.parametrize("name", ["{", "}", "{file}", "{0}", "{file.__class__}", "{{", "100%s %(n)d"])
def test_braces_in_a_fields_value_stand_as_they_are(words, name):
    said = words("{file} was taken back.", file=name)
    assert said == (f"{name} was taken back." if words is EN else f"{name} 已撤销。")


# --- hostile Markdown -------------------------------------------------------------------------------------------------

# What CommonMark, GFM and Streamlit's own additions (:red[..], :smile:, $..$, ~~..~~, @ and / in addresses) react to.
SPECIAL = set("\\`*_{}[]<>()#+-.!|~$:&@/")


@pytest.mark.parametrize(
    ("text", "escaped"),
    [
        ("南湖6", "南湖6"),
        ("**b** _i_", r"\*\*b\*\* \_i\_"),
        ("[x](javascript:1)", r"\[x\]\(javascript\:1\)"),
        ("<img src=x>", r"\<img src=x\>"),
        (":red[x] :smile:", r"\:red\[x\] \:smile\:"),
        ("$x^2$", r"\$x^2\$"),
        ("&lt;", r"\&lt;"),
        ("\\*", r"\\\*"),
        ("a\n# b\r\n- c\u2028d", r"a \# b \- c d"),
        ("    code", "code"),
        (" \n ", ""),
    ],
)
def test_markdown_signs_are_escaped_one_by_one(text, escaped):
    assert markdown_plain(text).replace("\N{WORD JOINER}", "") == escaped


@given(st.text(alphabet=st.one_of(st.sampled_from(sorted(SPECIAL) + list("\n\r\t ab1")), st.characters())))
def test_every_special_sign_of_any_text_is_escaped_and_no_newline_survives(text):
    plain = markdown_plain(text).replace("\N{WORD JOINER}", "")  # may stand between two signs, and shows nothing
    shown, at = "", 0
    while at < len(plain):
        if plain[at] == "\\":
            at += 1
            assert plain[at] in SPECIAL
        else:
            assert plain[at] not in SPECIAL
        shown += plain[at]
        at += 1
    assert shown == " ".join(text.replace("\N{WORD JOINER}", "").split())
    assert len(plain.splitlines()) <= 1


# --- the settings' table ----------------------------------------------------------------------------------------------


def settings_table():
    """The README's table of settings, made from base/settings.py."""
    rows = ["| setting | default | allowed | unit | what it does |", "| --- | --- | --- | --- | --- |"]
    for setting in SETTINGS:
        default = f"`{setting.default}`" if setting.default != "" else ""
        rows.append(f"| `{setting.name}` | {default} | {setting.allowed} | {setting.unit} | {setting.help} |")
    return "\n".join(rows)


def test_the_readme_lists_every_setting_as_the_table_in_the_code_has_it():
    readme = (ROOT / "README.md").read_text(encoding="utf-8")
    below = readme.partition("<!-- settings -->\n")[2]
    written = below.lstrip("\n").partition("\n\n")[0]
    assert written == settings_table(), "write it under <!-- settings -->"
