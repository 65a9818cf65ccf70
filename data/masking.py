"""Persons in free text as ***: their numbers, addresses of mail, plates, names after a title, and doors of flats."""

import datetime as dt
import re
from collections.abc import Callable, Iterable
from contextlib import suppress
from dataclasses import dataclass, field

import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc

from data.texts import TEXT, cells_of, each_once

MASK = "***"

_PLATE = "京津沪渝冀豫云辽黑湘皖鲁新苏浙赣鄂桂甘晋蒙陕吉闽贵粤青藏川宁琼使领"
_DIGIT = "[0-9０-９]"
_NOT_BEFORE, _NOT_AFTER = rf"(?<!{_DIGIT})", rf"(?!{_DIGIT})"
_HAN = "[\u4e00-\u9fff]"
_NUMERAL = "[0-9０-９一二三四五六七八九十]"

# Surnames of some 95 in 100 persons. The second list leaves out those that also begin a common word after "residents".
_COMMON = (
    "王李张刘陈杨黄赵吴周徐孙马朱胡郭何林罗郑梁谢宋唐许韩邓冯曹彭肖田董潘袁蔡蒋余杜叶程魏苏吕丁任卢姚沈钟姜崔谭陆范汪廖韦贾付邹"
    "熊孟秦邱侯江尹薛闫阎段黎史陶贺郝顾龚邵覃武钱戴莫汤樊葛邢乔庞颜倪聂翟殷詹申耿焦俞祝阮柯纪梅翁裴霍涂苗冉"
)
_DOUBLE = "欧阳|上官|司马|诸葛|皇甫|尉迟|慕容"
_SURNAME = (
    f"(?:[{_COMMON}高夏石金方白雷龙毛万严孔向温康施文牛安齐易伍庄章鲁岳关左柳甘包宁尚符舒童凌毕单曾于]|{_DOUBLE})"
)
_SURE_SURNAME = f"(?:[{_COMMON}]|{_DOUBLE})"
_ROLE = (
    "(?:联系|报告|上报|反映|投诉|举报|诉求|来电|当事|申请|求助|报修|报警|受访|发现|责任|负责)人(?:员)?|户主|业主|租户|房东|住户|居民|市民|"
    "村民|群众|商户|网格[员长]|楼长|巡查员|采集员|监督员|姓名"
)
_NO_NAME = "何|马上|马路|周边|周围|周[一二三四五六日末]|江边|江[上中]|林[地带中]|田[里地间]|程度|任[意何]|胡乱|钱款"
_TITLE = "女士|先生|小姐|同志"
_ELDER = "大爷|大妈|大姐|大哥|阿姨|叔叔|奶奶|爷爷|师傅|老师|婆婆|伯伯|某某"
# What may follow a name that nothing sets apart
_AFTER = (
    "(?:[^\u4e00-\u9fff]|$|反映|来电|致电|打电话|称|表示|说|报告|报修|上报|投诉|举报|要求|希望|求助|咨询|建议|电话|手机|联系|"
    "发现|在|的|家|等|，)"
)
_ACCOUNT = r"(?:微信号?|weixin|wechat|QQ号?|扣扣|[VＶ]信)(?:号码?|账号|ID)?[:：是为 ]{0,3}"
_CARD_WORD = "卡号|银行卡|账号|帐号|账户"
_PAPER = "身份证|证件号|证号"
_PASSPORT = r"(?:护照|通行证|passport)(?:号码|号|no\.?)?[:：是为 #]{0,3}"

_PROVINCES = {
    *range(11, 16),
    *range(21, 24),
    *range(31, 38),
    *range(41, 47),
    *range(50, 55),
    *range(61, 66),
    71,
    81,
    82,
}
_WEIGHTS = (7, 9, 10, 5, 8, 4, 2, 1, 6, 3, 7, 9, 10, 5, 8, 4, 2)  # GB 11643-1999
_WIDTH = str.maketrans("０１２３４５６７８９Ｘｘ", "0123456789Xx")
# Case numbers are county, day and serial number, as identity numbers are. No grid office numbered cases before 2005.
_FIRST_CASE_NUMBERS = 2005


def _plain(text: str) -> str:
    return "".join(sign for sign in text.translate(_WIDTH).upper() if sign.isalnum())


def _is_day(text: str) -> bool:
    with suppress(ValueError):
        dt.date(int(text[:4]), int(text[4:6]), int(text[6:8]))
        return True
    return False


def _identity(match: re.Match[str]) -> str:
    """Mask identity numbers, not case numbers and grid codes: by county, day of birth and check digit."""
    number, called = _plain(match["number"]), match["called"]
    if int(number[:2]) not in _PROVINCES and not called:
        return match[0]
    if len(number) == 15:  # the old kind; in a grid code the year is the head of a street's number, below 20
        person = int(number[6:8]) >= 20 and _is_day("19" + number[6:12])
    else:
        known = "10X98765432"[sum(int(digit) * weight for digit, weight in zip(number, _WEIGHTS, strict=False)) % 11]
        born = int(number[6:10])
        day = 1900 <= born < 2100 and _is_day(number[6:14])
        person = day and (number[17] in (known, "X") or born < _FIRST_CASE_NUMBERS)
    return (match["called"] or "") + (match["between"] or "") + MASK if person or called else match[0]


def _bank_card(match: re.Match[str]) -> str:
    """Mask numbers of bank cards by their check digit (Luhn); a lone number of a county in Gansu begins with 62 too."""
    number, called = _plain(match["number"]), match["called"]
    digits = [int(digit) for digit in reversed(number)]
    luhn = (sum(digits[::2]) + sum(sum(divmod(2 * digit, 10)) for digit in digits[1::2])) % 10 == 0
    grouped = len(number) < len(match["number"])
    lone = len(number) in (16, 19) and "6213" <= number[:4] <= "6299" and number[:4] not in ("6229", "6230")
    return (called or "") + (match["between"] or "") + MASK if luhn and (called or grouped or lone) else match[0]


@dataclass(frozen=True, slots=True)
class _Rule:
    """What is masked: a body in the grammar of RE2, and what has to stand before and after it."""

    body: str
    before: str = ""
    after: str = ""
    by: str | Callable[[re.Match[str]], str] = MASK
    maybe: str = ""  # wider than the body, for RE2, where the body is not in its grammar
    exact: bool = False  # capitals matter
    pattern: re.Pattern[str] = field(init=False)

    def __post_init__(self) -> None:
        flags = re.NOFLAG if self.exact else re.IGNORECASE
        object.__setattr__(self, "pattern", re.compile(f"{self.before}(?:{self.body}){self.after}", flags))

    @property
    def sieve(self) -> str:
        """The rule for RE2, which has no look-around: whatever may meet it.

        Where no digit may stand before and after it, a sign or an end takes the place of the look: the same texts.
        """
        start = rf"(?:^|[^{_DIGIT[1:-1]}])" if self.before.endswith(_NOT_BEFORE) else ""
        end = rf"(?:$|[^{_DIGIT[1:-1]}])" if self.after == _NOT_AFTER and not self.maybe else ""
        return ("" if self.exact else "(?i)") + start + f"(?:{self.maybe or self.body})" + end


_D = _DIGIT
_BETWEEN = r"(?P<between>(?:号码?)?[:：是为 ]{0,3})"
_NUMBERS = (
    # bounded: a long cell must not take for ever
    _Rule(r"[\w.%+-]{1,64}[@＠][\w-]{1,63}(?:\.[\w-]{1,63}){1,8}", maybe="[@＠]"),
    _Rule(
        rf"(?P<number>[1-9１-９]{_D}{{5}}[ -]?{_D}{{8}}[ -]?{_D}{{3}}[0-9０-９XxＸｘ]|[1-9１-９]{_D}{{14}})",
        rf"(?:(?P<called>{_PAPER}){_BETWEEN})?{_NOT_BEFORE}",
        _NOT_AFTER,
        _identity,
    ),
    _Rule(
        rf"(?P<number>{_D}{{4}}(?:[ -]?{_D}{{4}}){{3}}(?:[ -]?{_D}{{1,3}})?)",
        rf"(?:(?P<called>{_CARD_WORD}){_BETWEEN})?{_NOT_BEFORE}",
        _NOT_AFTER,
        _bank_card,
    ),
    _Rule(rf"(?:\+?86[- ]?)?[1１][3-9３-９]{_D}[- ]?{_D}{{4}}[- ]?{_D}{{4}}", _NOT_BEFORE, _NOT_AFTER),
    _Rule(rf"[(（]?[0０]{_D}{{2,3}}[)）]?[-－—– ]?{_D}{{7,8}}", _NOT_BEFORE, _NOT_AFTER),
    _Rule(r"(?:\+?1[-. ]?)?[(（]?[2-9][0-9][0-9][)）]?[-. ]?[2-9][0-9][0-9][-. ][0-9]{4}", _NOT_BEFORE, _NOT_AFTER),
    _Rule(
        rf"[:： 是为]{{0,3}}{_D}{{3,4}}[- ]?{_D}{{4}}",
        "(?:(?<=电话|手机|号码|联系|拨打)|(?<=phone))",
        _NOT_AFTER,
        maybe="电话|手机|号码|联系|拨打|phone",
    ),
    _Rule(rf"[{_PLATE}][A-ZＡ-Ｚ][·•・. ]?[A-Z0-9]{{4,5}}[A-Z0-9学警港澳挂]", after="(?![A-Za-z0-9])"),
    _Rule(rf"({_PASSPORT})[A-Z]{{1,2}}[0-9]{{7,8}}", by=rf"\1{MASK}"),
    _Rule(rf"({_ACCOUNT})[A-Z0-9_-]{{5,30}}", by=rf"\1{MASK}"),
)
_NAMES = (
    _Rule(
        rf"{_SURNAME}(?:{_HAN}{{0,2}}(?:{_TITLE})|{_ELDER}|某(?!处|地|路|街|村|区|小|天|日|时|种|个|些|单|公))",
        maybe=rf"{_SURNAME}(?:{_HAN}{{0,2}}(?:{_TITLE})|{_ELDER}|某)",
    ),
    _Rule(
        rf"((?:{_ROLE})(?:姓名)?[ 　]?[:：][ 　]?){_SURNAME}(?:{_HAN}{{1,2}}?(?={_AFTER})|{_HAN}{{1,2}})",
        by=rf"\1{MASK}",
        maybe=rf"(?:{_ROLE})(?:姓名)?[ 　]?[:：][ 　]?{_SURNAME}{_HAN}",
    ),
    _Rule(
        rf"((?:{_ROLE})(?:姓名)?[是为叫 ]?)(?!{_NO_NAME}){_SURE_SURNAME}{_HAN}{{1,2}}?(?={_AFTER})",
        by=rf"\1{MASK}",
        maybe=rf"(?:{_ROLE})(?:姓名)?[是为叫 ]?{_SURE_SURNAME}{_HAN}",
    ),
    _Rule(r"(\bM(?:rs|r|s)\.? )[A-Z][a-z]+(?: [A-Z][a-z]+)?", by=rf"\1{MASK}", exact=True),
)
# The building stays, for the hazard is there; the flat does not, for a household is.
_DOORS = (
    _Rule(rf"{_D}{{1,5}}[- ]?室", _NOT_BEFORE, f"(?!外|{_NUMERAL}?厅)"),
    _Rule(
        rf"((?:单元|栋|幢|座|号楼)[- ]?){_D}{{3,4}}", after="(?![0-9０-９]|米|号|m|厘|公|余|多|个|平)", by=rf"\1{MASK}"
    ),
)
# Most text holds none of them, and is left alone at once.
_GROUPS = (
    (
        rf"(?i)[@＠]|[0-9０-９]{{7}}|[0-9０-９][-. ][0-9０-９]{{4}}|[{_PLATE}][A-ZＡ-Ｚ][·•・. ]?[A-Z0-9]{{4}}|"
        rf"{_PASSPORT}[A-Z]|{_ACCOUNT}[A-Z0-9]",
        _NUMBERS,
    ),
    ("|".join(rule.sieve for rule in _NAMES).replace("(?i)", ""), _NAMES),
    ("|".join(rule.sieve for rule in _DOORS).replace("(?i)", ""), _DOORS),
)


def mask_text(text: pd.Series, *, doors: bool = True) -> pd.Series:
    """Return free text with what tells a person as ``***``.

    That is: mobile, landline and identity numbers, passports, bank cards, accounts of WeChat and QQ, e-mail addresses,
    number plates, names that a title or a role announces (市民王女士, 联系人张三), and the flat in an address.

    Parameters
    ----------
    text : Series of str
        Empty text stays empty; case numbers must not go through here (they are long numbers too).
    doors : bool
        Whether the number of a flat is masked (the setting mask_doors).

    Returns
    -------
    Series of str
        Same index and name.
    """
    cells = cells_of(text)
    masked = each_once(cells, lambda some: _masked(some, _GROUPS if doors else _GROUPS[:-1]))
    if masked is cells:
        return text.astype(TEXT).fillna("")
    return pd.Series(pd.array(masked, dtype=TEXT), index=text.index, name=text.name)


def _masked(cells: pa.Array, groups: Iterable[tuple[str, tuple[_Rule, ...]]]) -> pa.Array:
    for sieve, rules in groups:
        suspect = pc.match_substring_regex(cells, pattern=sieve)
        if pc.any(suspect).as_py():
            some = cells.filter(suspect)
            masked = _mask_all(some, rules)
            cells = cells if masked is some else pc.replace_with_mask(cells, suspect, masked)
    return cells


def _mask_all(values: pa.Array, rules: Iterable[_Rule]) -> pa.Array:
    for rule in rules:
        suspect = pc.match_substring_regex(values, pattern=rule.sieve)
        if pc.any(suspect).as_py():
            some = values.filter(suspect).to_pylist()
            masked = [rule.pattern.sub(rule.by, value) for value in some]
            if masked != some:
                values = pc.replace_with_mask(values, suspect, pa.array(masked, values.type))
    return values


def mask(value: str, *, doors: bool = True) -> str:
    """Return one text, masked as `mask_text` does."""
    if not value:  # as of the features of a layer without outlines, by the hundred thousand
        return value
    for _, rules in _GROUPS if doors else _GROUPS[:-1]:
        for rule in rules:
            value = rule.pattern.sub(rule.by, value)
    return value
