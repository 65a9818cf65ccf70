"""Personal data stop at the door: which columns are about persons, and what becomes of them."""

import re
import unicodedata
from collections.abc import Iterable, Mapping
from typing import Any

from data.masking import MASK, mask, mask_text
from data.texts import TEXT

__all__ = ["MASK", "TEXT", "column_policy", "mask", "mask_text", "personal_headers"]

# Chinese headers carry no spaces: parts of words. 街道名称 or 类型名称 hold no person, so 名称 is not among them.
_PARTS = {
    "group": "困境儿童 留守儿童 残疾 重点人员 重点人群 退役军人 刑满 社区矫正 吸毒 精神障碍 信访人 低保 五保 "
    "特困 孤寡 空巢",
    "id_number": "身份证 证件号 社保卡 护照",
    "phone": "电话 手机 联系方式 来电号码 主叫号码",
    "address": "门牌 房号 室号 住址",
    "plate": "车牌 号牌 车号",
    "email": "邮箱 电子邮件",
    "name": "姓名 上报人 报告人 反映人 联系人 投诉人 举报人 诉求人 来电人 当事人 申请人 受访人 回访人 求助人 受理人 "
    "承办人 处置人 处理人 经办人 核查人 责任人 负责人 户主 业主 住户 居民 租户 房东 坐席 楼长 网格长 网格员 联络员 "
    "采集员 监督员 巡查员 微信",
}
# Counts, offices and places that are named after persons
_NO_PERSON = re.compile(
    "人次|人数|户数|[人员](?:的?所属|所在)?(?:单位|部门|类型|类别|角色)|电话量|居民[区点委]|居委|业主委"
)
# What ends so is a person, whatever that person does
_PERSON_END = re.compile("[人员](?:名称|名字|名|编号|工号|账号)?$")
# English headers are taken apart at signs and capitals: whole words.
_WORDS = {
    "id_number": {"ssn", "passport", "idcard", "idnumber"},
    "phone": {"phone", "mobile", "telephone", "tel", "cellphone", "phonenumber", "mobilephone"},
    "plate": {"plate", "licenceplate", "licenseplate", "numberplate"},
    "email": {"email", "mail", "emailaddress"},
    "name": {
        "reporter", "reportername", "complainant", "caller", "requester", "requestor", "applicant", "submitter",
        "firstname", "lastname", "fullname", "surname", "contactname", "contact", "username", "customername",
        "citizenname", "wechat", "qq", "owner",
    },
}  # fmt: skip
# reported_by, createdBy; "assigned to" is an office as often as a person
_DOERS = {
    "reported", "created", "submitted", "entered", "recorded", "updated", "modified", "handled", "closed", "opened",
    "found", "inspected", "requested", "assigned", "uploaded", "filed", "raised", "logged",
}  # fmt: skip
_OFFICES = {"department", "departments", "dept", "agency", "unit", "division", "office", "bureau", "organization"}
_PERSONS = {"first", "last", "full", "contact", "user", "customer", "citizen", "resident", "person", "owner", "staff"}


def personal_headers(headers: Iterable[str]) -> dict[str, str]:
    """Return which headers are about persons, and the kind of each.

    Parameters
    ----------
    headers : iterable of str
        As the file has them.

    Returns
    -------
    dict
        header -> ``name``, ``phone``, ``id_number``, ``plate``, ``email``, ``address`` (a door) or ``group`` (special
        groups of residents, which no hazard record may list). Headers about places, types and counts are not in it.
    """
    found = {}
    for header in headers:
        kind = _kind(header)
        if kind:
            found[header] = kind
    return found


def _kind(header: str) -> str | None:
    plain = unicodedata.normalize("NFKC", header)
    last = plain.split()[-1:]  # under a heading over several columns the last part is the column's own title
    return _kind_of(plain) or (_kind_of(last[0]) if last and not last[0].isascii() else None)


def _kind_of(plain: str) -> str | None:
    chinese = re.sub(r"[(\[【].*?[)\]】]|\s", "", plain)
    if not _NO_PERSON.search(chinese):
        for kind, parts in _PARTS.items():
            if any(part in plain for part in parts.split()):
                return kind
        if _PERSON_END.search(chinese):
            return "name"
    words = re.sub(r"(?<=[a-z])(?=[A-Z])", " ", plain)
    tokens = re.findall(r"[a-z]+", words.lower())
    whole = "".join(tokens)
    office = bool(_OFFICES & set(tokens))  # owner_department, contact_agency_name
    if whole == "name" or ("name" in tokens and _PERSONS & set(tokens) and not office) or {"id", "card"} <= set(tokens):
        return "id_number" if "card" in tokens else "name"
    if tokens[-1:] == ["by"] and _DOERS & set(tokens):
        return "name"
    for kind, names in _WORDS.items():
        if (whole in names or names & set(tokens)) and not (kind == "name" and office):
            return kind
    return None


def column_policy(headers: Iterable[str], settings: Mapping[str, Any]) -> dict[str, str]:
    """Return what becomes of each column about persons: ``drop``, or ``mask``: kept as an attribute, every value ***.

    Columns about special groups of residents are always dropped: that a list of them was kept is itself too much.

    Parameters
    ----------
    headers : iterable of str
        As the file has them.
    settings : mapping
        All settings of the workspace; ``personal_columns`` decides.
    """
    wanted = "mask" if settings["personal_columns"] == "mask" else "drop"
    return {header: "drop" if kind == "group" else wanted for header, kind in personal_headers(headers).items()}
