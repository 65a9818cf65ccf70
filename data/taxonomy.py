"""From a city's types to the hazards of this program: a table that the user can see and edit.

A row is a rule: `scheme` (whose list), `kind` (component 部件 or event 事件), `code`, `pattern`, `hazard`, `note`. The
first rule that matches wins. A rule with a code counts only when the file's scheme is known: two lists in use give the
same digits to different things (0506 is waterlogging in one and bicycles in the other), and components and events share
the number space. The names beside the codes tell which list it is. A rule with a pattern looks for plain words, several
separated by ``|``, in the type name, or in the description where the type is empty. A pattern rule with an empty hazard
says: this type names a thing, not what is wrong with it; the description decides.
"""

import re
from typing import Any

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from base.errors import HazardError
from base.text import N_
from data.schema import HAZARDS, Hazard

RULE_COLUMNS = ("scheme", "kind", "code", "pattern", "hazard", "note")
KINDS = ("", "component", "event")
CJT214 = "cjt214"  # the older list, in the style of CJ/T 214
GBT30428 = "gbt30428"  # the newer list, in the style of GB/T 30428.2, with local additions that count down from 99
_WATER, _COVER, _WALL, _OTHER = Hazard.WATERLOGGING, Hazard.SUNKEN_COVER, Hazard.WALL_RISK, Hazard.OTHER
_LOOK = ""  # the description decides


def _code(scheme: str, kind: str, code: str, hazard: str, note: str) -> tuple[str, ...]:
    return scheme, kind, code, "", hazard, note


def _words(pattern: str, hazard: str, note: str, *, scheme: str = "") -> tuple[str, ...]:
    return scheme, "", "", pattern, hazard, note


_RULES = (
    _code(CJT214, "event", "0406", _WATER, N_("road waterlogging in the older list")),
    _code(CJT214, "event", "0404", _OTHER, N_("blocked sewer: a class of its own, a cause and not the water itself")),
    _code(CJT214, "event", "0401", _OTHER, N_("road collapse")),
    _code(CJT214, "event", "0110", _OTHER, N_("road damage")),
    _code(CJT214, "event", "0104", _OTHER, N_("dirty road, also mud after rain")),
    _code(CJT214, "event", "0506", _OTHER, N_("parked bicycles: these digits are waterlogging in the newer list")),
    _code(GBT30428, "event", "0506", _WATER, N_("road waterlogging in the newer list")),
    _code(GBT30428, "component", "0506", _OTHER, N_("fittings of water bodies: a component with the same digits")),
    _code(GBT30428, "event", "0503", _OTHER, N_("blocked or broken drain: a cause and not the water itself")),
    _code(GBT30428, "event", "0505", _OTHER, N_("road collapse")),
    _code(GBT30428, "event", "0113", _OTHER, N_("road damage")),
    _code(GBT30428, "event", "0112", _OTHER, N_("dirty road, also mud after rain")),
    _code(GBT30428, "event", "0406", _OTHER, N_("trade on the road: these digits are waterlogging in the older list")),
    _code(GBT30428, "event", "0183", _WALL, N_("crack in a facade, a local addition")),
    _code(GBT30428, "event", "0596", _OTHER, N_("things falling from a height, a local addition")),
    # Covers (components 0101 to 0126), retaining walls (component 0188) and flood walls (component 0508) have no row:
    # such a code names the thing and not its defect, so the words decide.
    _words("无积水|没有积水|未积水|未见积水|积水已退|积水已排", _OTHER, N_("says that there is no water")),
    _words("no flooding|not flooded|no standing water|floodlight|flood light", _OTHER, N_("no water")),
    _words(
        "井盖下沉|井盖沉降|井盖沉陷|井盖塌陷|井盖凹陷|井盖下陷|井盖高差|窨井下沉|窨井沉降|窨井沉陷|检查井下沉|检查井沉降"
        "|检查井沉陷|井周下沉|井周沉陷|井圈下沉",
        _COVER,
        N_("a cover below the road: both 沉陷 and 高差 of lists that tell them apart"),
    ),
    _words(
        "sunken manhole|sunken cover|sunk manhole|manhole sunk|manhole sinking|cover sunk|depressed manhole"
        "|manhole depress|manhole settle|settled manhole",
        _COVER,
        N_("a cover below the road"),
    ),
    _words(
        "积水|渍水|内涝|水浸|淹水|受淹|倒灌",
        _WATER,
        N_("road, underpass and bridge deck have different deadlines and are one hazard"),
    ),
    _words("waterlog|flooding|flooded|standing water|ponding|puddle|inundat", _WATER, N_("water on the road")),
    _words(
        "围墙倾斜|围墙倾倒|围墙倒塌|围墙坍塌|围墙垮塌|围墙开裂|围墙裂缝|围墙鼓|墙体倾斜|墙体开裂|墙体裂缝|墙体裂纹|墙体鼓"
        "|墙体倒塌|墙体坍塌|墙体垮塌|墙体脱落|墙体隐患|墙面开裂|墙面裂缝|墙倾斜|墙开裂|墙裂缝|墙倒塌|墙坍塌|危墙"
        "|外立面裂缝|外墙脱落|墙皮脱落|墙砖脱落",
        _WALL,
        N_("no list has a class for leaning walls, offices use local additions: so the words decide"),
    ),
    _words(
        "leaning wall|wall leaning|tilted wall|tilting wall|wall tilt|cracked wall|wall crack|crack in wall"
        "|bulging wall|wall collaps|collapsed wall|unstable wall|wall risk",
        _WALL,
        N_("a wall that leans, cracks or falls"),
    ),
    _words(
        "井盖缺失|井盖丢失|井盖被盗|井盖破损|井盖损坏|井盖移位|井盖异响|井盖震响|井盖松动|无井盖",
        _OTHER,
        N_("cover missing, broken, shifted or rattling: urgent, but not sunken, and its deadline differs"),
    ),
    _words(
        "missing manhole|manhole missing|manhole cover missing|missing cover|stolen manhole|broken manhole",
        _OTHER,
        N_("cover missing or broken: urgent, but not sunken"),
    ),
    _words(
        "下水道堵|管道堵|管网堵|箅子堵|雨水口堵|污水外溢|污水冒溢|管道破裂|爆管",
        _OTHER,
        N_("blocked or broken drain: a class of its own; change this row if your office counts it as waterlogging"),
    ),
    _words(
        "墙体不洁|墙面不洁|墙体广告|墙面广告|墙体渗水|墙面渗水|墙面污",
        _OTHER,
        N_("dirt, posters or damp on a wall"),
    ),
    _words("井盖|窨井|检查井|雨水箅|雨箅|manhole", _LOOK, N_("names the thing: the description decides")),
    _words("墙体|围墙|挡土墙|挡墙|防汛墙|外立面|外墙|墙面|边坡", _LOOK, N_("names the thing: the description decides")),
    _words("retaining wall|flood wall|floodwall", _LOOK, N_("names the thing: the description decides")),
    _words("Catchbasin|Catch basin", _WATER, N_("Boston: drains of the road"), scheme="boston311"),
    _words(
        "Utility Casting Repair",
        _COVER,
        N_("Boston: covers and castings with every defect; there is no type for sunken ones alone"),
        scheme="boston311",
    ),
    _words(
        "Unsafe Dangerous Conditions",
        _WALL,
        N_("Boston: unsafe buildings of all kinds, walls among them; there is no type for walls alone"),
        scheme="boston311",
    ),
)
DEFAULT_RULES = pd.DataFrame([tuple(str(value) for value in rule) for rule in _RULES], columns=list(RULE_COLUMNS))


def check_rules(rules: pd.DataFrame) -> pd.DataFrame:
    """Return an edited table of rules with trimmed text and a fresh index; rows with nothing in them are left out.

    Raises
    ------
    HazardError
        ``rules-column-missing``; ``rule-invalid`` with the line (first line = 1) for an unknown hazard or kind, a rule
        without code and pattern, with both, a code without scheme, an empty alternative in a pattern, or a code without
        a hazard.
    """
    missing = [column for column in RULE_COLUMNS if column not in rules.columns]
    if missing:
        raise HazardError(
            "rules-column-missing",
            "The table of types lacks the column {column}. It needs {columns}.",
            column=missing[0], columns=", ".join(RULE_COLUMNS),
        )  # fmt: skip
    clean = rules.loc[:, list(RULE_COLUMNS)].fillna("").astype(str).apply(lambda column: column.str.strip())
    clean = clean[(clean != "").any(axis=1)].reset_index(drop=True)
    for line, rule in enumerate(clean.itertuples(index=False), start=1):
        if rule.hazard not in (*HAZARDS, _LOOK) or (rule.code and not rule.hazard):
            raise HazardError(
                "rule-invalid",
                "Line {line} of the types: “{value}” is no hazard. Choose one of {choices}.",
                line=line, value=rule.hazard, choices=", ".join(HAZARDS),
            )  # fmt: skip
        if rule.kind not in KINDS:
            raise HazardError(
                "rule-invalid",
                "Line {line} of the types: “{value}” is no kind. Leave it empty or write component or event.",
                line=line, value=rule.kind,
            )  # fmt: skip
        if bool(rule.code) == bool(rule.pattern):
            raise HazardError(
                "rule-invalid",
                "Line {line} of the types needs either a code or a pattern, not both and not neither.",
                line=line,
            )
        if rule.code and not rule.scheme:
            raise HazardError(
                "rule-invalid",
                "Line {line} of the types: a code needs the scheme it belongs to, for lists differ.",
                line=line,
            )
        if rule.pattern and not all(part.strip() for part in rule.pattern.split("|")):
            raise HazardError(
                "rule-invalid",
                "Line {line} of the types: between two | signs stands nothing, which would match all.",
                line=line,
            )
    return clean


def classify(
    type_name: pd.Series,
    code: pd.Series,
    description: pd.Series,
    rules: pd.DataFrame,
    *,
    scheme: str | None = None,
    kind: str | pd.Series | None = None,
    untyped: str | None = None,
) -> pd.Series:
    """Return the hazard code of each record; ``other`` where no rule matches.

    Parameters
    ----------
    type_name, code, description : Series of str
        One row a record; '' where unknown.
    rules : DataFrame
        As `check_rules` returns it; the first match wins.
    scheme : str, optional
        The list that the file's codes belong to. None: codes are not looked at.
    kind : {"component", "event"} or Series of str, optional
        Of the whole file, or of each record as the file says it (部件, 事件). Where it is not known, a code that means
        different things as component and as event decides nothing where there is a type name, and is read as an event
        where there is none.
    untyped : str, optional
        The hazard of a record without type, code and description: a list of flooded places says it in its name alone.

    Returns
    -------
    Series of str
        Under the index of `type_name`.
    """
    kinds = kind.array if isinstance(kind, pd.Series) else kind or ""
    columns = {"type": type_name, "code": code, "kind": pd.Series(kinds, type_name.index)}
    group, unique = _each_once({name: pd.Series(column).fillna("") for name, column in columns.items()})
    types = pa.array(unique["type"].str.strip(), type=pa.large_string())
    codes = unique["code"].str.strip().map(padded).to_numpy(dtype=object)
    named = unique["type"].str.strip().to_numpy(dtype=object) != ""
    told = unique["kind"].map(read_kind).to_numpy(dtype=object)

    hazard = np.full(len(unique), None, dtype=object)
    rule: Any
    for rule in rules.itertuples(index=False):
        hit = _code_hits(rule, rules, codes, named, told, scheme) if rule.code else _contains(types, rule.pattern)
        hazard[hit & (hazard == None)] = rule.hazard  # noqa: E711  elementwise
    undecided = (hazard == _LOOK) | ((hazard == None) & ~named)  # noqa: E711
    result = np.where(hazard == None, _OTHER.value, hazard)[group]  # noqa: E711

    rows = np.flatnonzero(undecided[group])
    if len(rows):
        result[rows] = _by_description(description.iloc[rows], rules)
    if untyped:
        says_nothing = (~named & (codes == ""))[group] & (description.fillna("") == "").to_numpy(dtype=bool)
        result[says_nothing] = untyped
    return pd.Series(result, index=type_name.index, name="hazard").astype(str)


def read_kind(text: str) -> str:
    """Return which of KINDS a file's word means: 部件 or component, 事件 or event, '' for any other."""
    word = text.strip().lower()
    for kind, words in (("component", ("部件", "component", "part")), ("event", ("事件", "event"))):
        if word.startswith(words):
            return kind
    return ""


def _each_once(columns: dict[str, pd.Series]) -> tuple[NDArray[np.intp], pd.DataFrame]:
    """Return which combination of texts each row holds, and the combinations: few types, many records."""
    group = np.zeros(len(next(iter(columns.values()))), dtype=np.intp)
    for column in columns.values():
        codes, texts = pd.factorize(column)
        group = pd.factorize(group * max(len(texts), 1) + codes)[0]
    first = np.unique(group, return_index=True)[1]
    return group, pd.DataFrame({name: column.iloc[first].to_numpy(dtype=object) for name, column in columns.items()})


def _by_description(description: pd.Series, rules: pd.DataFrame) -> np.ndarray:
    texts = pa.array(description.fillna(""), type=pa.large_string())
    words = [rule for rule in rules.itertuples(index=False) if rule.pattern and rule.hazard != _LOOK]
    result = np.full(len(description), _OTHER.value, dtype=object)
    if not words:
        return result
    some = np.flatnonzero(_contains(texts, "|".join(str(rule.pattern) for rule in words)))  # most texts hold none
    texts, left = texts.take(pa.array(some)), np.ones(len(some), dtype=bool)
    for rule in words:
        hit = left & _contains(texts, str(rule.pattern))
        result[some[hit]] = rule.hazard
        left &= ~hit
    return result


def _contains(texts: pa.Array, pattern: str) -> np.ndarray:
    # Alternatives are quoted, so that a pattern is words and never a program; RE2 cannot run away either.
    quoted = "|".join(re.escape(part.strip()) for part in pattern.split("|"))
    found = pc.match_substring_regex(texts, pattern=quoted, ignore_case=True)
    return np.asarray(found.to_numpy(zero_copy_only=False)).astype(bool)


def _code_hits(rule: Any, rules: pd.DataFrame, codes: Any, named: Any, told: Any, scheme: str | None) -> Any:
    if not scheme or rule.scheme != scheme:
        return np.zeros(len(codes), dtype=bool)
    hit = codes == padded(rule.code)
    if rule.kind:
        hit = hit & ((told == "") | (told == rule.kind))
    twins = rules[(rules["scheme"] == scheme) & (rules["code"].map(padded) == padded(rule.code))]
    if twins["hazard"].nunique() > 1:  # component or event? the name tells; a bare code is an event
        hit = hit & ((told != "") | (~named & (rule.kind == "event")))
    return hit


def padded(code: str) -> str:
    """Return a code with the zero that a spreadsheet ate: 506 is 0506."""
    return code.zfill(4) if code.isdecimal() and len(code) == 3 else code


# Names of classes that the two lists number differently, as words of which one is in the name: domain facts, section 2.
_NAMES = {
    CJT214: {
        "0406": "积水", "0404": "下水道|管道", "0401": "塌陷", "0110": "道路破损|路面破损", "0104": "道路不洁",
        "0506": "非机动车",
    },
    GBT30428: {
        "0506": "积水|水域附属", "0503": "下水道|管道", "0505": "塌陷", "0113": "道路破损|路面破损",
        "0112": "道路不洁", "0406": "占道经营", "0508": "线缆|防汛墙", "0183": "外立面", "0596": "高空坠物",
        "0188": "边坡|挡土墙", "0101": "上水", "0102": "污水", "0103": "雨水井|雨水检查井", "0104": "雨水箅|雨箅",
        "0111": "燃气", "0118": "化粪池",
    },
}  # fmt: skip
_MIN_ROWS = 3  # that agree, and ten times as many as contradict, for a guess to be sure


def guess_scheme(type_name: pd.Series, code: pd.Series, rules: pd.DataFrame) -> tuple[str | None, int, int]:
    """Return the list whose names suit the codes best, and how many rows agree with it and contradict it.

    A row agrees if its code has its name in that list, or if the rules give code and name the same hazard (not
    "other"); it contradicts if the list has the code for something else. Rows whose code no list knows tell nothing.

    Parameters
    ----------
    type_name, code : Series of str
        Codes as `data.codes.restore_zeros` gives them.
    rules : DataFrame
        The office's rules: their schemes are guessed too.

    Returns
    -------
    scheme, agreeing, contradicting
        scheme is None where nothing agrees, more contradicts than agrees, or two lists suit equally well.
    """
    group, pairs = _each_once({"name": type_name, "code": code})
    pairs = pairs.assign(n=np.bincount(group, minlength=len(pairs)))
    pairs = pairs[(pairs["name"] != "") & (pairs["code"] != "")].sort_values("n", ascending=False, ignore_index=True)
    if pairs.empty:
        return None, 0, 0
    empty = pd.Series("", pairs.index)
    words = rules[rules["pattern"] != ""]
    by_name = classify(pairs["name"], empty, empty, words)
    scores = []
    for scheme in dict.fromkeys([*_NAMES, *rules.loc[rules["code"] != "", "scheme"]]):
        coded = rules[(rules["scheme"] == scheme) & (rules["code"] != "")]
        by_code = {str(one): set(part["hazard"]) for one, part in coded.groupby("code")}
        names = _NAMES.get(scheme, {})
        agreeing = contradicting = 0
        for name, digits, n, hazard in zip(pairs["name"], pairs["code"], pairs["n"], by_name, strict=True):
            hazards = by_code.get(digits, set())
            if not hazards and digits not in names:
                continue
            same_name = any(word in name for word in names[digits].split("|")) if digits in names else False
            if same_name or (hazard in hazards and hazard != _OTHER):
                agreeing += int(n)
            elif digits in names or hazard not in hazards:
                contradicting += int(n)
        scores.append((agreeing - contradicting, agreeing, contradicting, scheme))
    scores.sort(key=lambda score: score[0], reverse=True)
    margin, agreeing, contradicting, scheme = scores[0]
    if margin <= 0 or (len(scores) > 1 and scores[1][0] == margin):
        return None, agreeing, contradicting
    return scheme, agreeing, contradicting


def is_sure(agreeing: int, contradicting: int) -> bool:
    """Return whether a guess is good enough to be taken without being asked for."""
    return agreeing >= _MIN_ROWS and agreeing >= 10 * contradicting
