"""Which reports come from residents: told from the name of the channel, or of the import where a case has none.

Streets where many people ring look worse than streets where nobody does, whatever lies under water. So a list of needs
is also shown without what residents reported; there an event counts if anybody but a resident reported it too.

A name that speaks of people on duty or of their devices (巡查, 网格员, 视频, patrol, camera ...) is the office's; else
one that speaks of residents or of how they report (热线, 12345, 居民, 微信, hotline, app ...) is the residents'; of any
other nobody knows, and that is said. Who knows better names the residents' channels.
"""

import re
import unicodedata
from collections.abc import Iterable

import numpy as np
import pandas as pd
from numpy.typing import NDArray

RESIDENT, OFFICE, UNKNOWN = "resident", "office", "unknown"
_OFFICE = re.compile(
    "巡查|巡逻|巡检|巡视|采集员|网格员|监督员|信息员|协管|城管队员|执法|视频|监控|摄像|探头|无人机|传感|物联|监测|自动上报"
    "|自查|自行发现|普查|专项|网格上报|社区上报|街道上报|部门上报|领导|督办|督查|交办"
    r"|\b(?:patrol\w*|inspect\w*|employee\w*|staff|worker\w*|crew\w*|officer\w*|camera\w*|video\w*|cctv|sensor\w*"
    r"|monitor\w*|survey\w*|internal\w*|interdepartmental|department\w*|public works)\b"
)
_RESIDENT = re.compile(
    "热线|12345|12319|110|市民|居民|群众|公众|百姓|业主|网民|网友|来电|来信|来访|电话|投诉|诉求|举报|信访|微信|微博|小程序"
    "|随手拍|互联网|网上|网站|邮箱|短信|志愿者"
    r"|\b(?:311|hotline\w*|phone\w*|call\w*|citizen\w*|resident\w*|constituent\w*|public|customer\w*|self[ -]service"
    r"|online|web\w*|internet|app|apps|mobile\w*|e-?mail\w*|mail|letter\w*|sms|text|twitter|social media|walk[ -]?in"
    r"|complain\w*|open311)\b"
)


def who_reports(name: str, residents: Iterable[str] | None = None) -> str:
    """Return whether a channel or an import is the residents' ("resident"), the office's ("office") or "unknown".

    Parameters
    ----------
    residents : names, optional
        Those that are the residents': then every other that is filled in is the office's.
    """
    if not name:
        return UNKNOWN
    if residents is not None:
        return RESIDENT if name in set(residents) else OFFICE
    plain = unicodedata.normalize("NFKC", name).casefold().replace("_", " ")
    return OFFICE if _OFFICE.search(plain) else RESIDENT if _RESIDENT.search(plain) else UNKNOWN


def reporters(calls: pd.DataFrame, residents: Iterable[str] | None = None) -> tuple[NDArray[np.object_], pd.DataFrame]:
    """Return who made each call, and the names by which that is told.

    Parameters
    ----------
    calls : DataFrame
        channel and source as `data.queries.points` gives them, as categories.

    Returns
    -------
    ndarray of str, shape (n,)
        A word of `who_reports` for each call.
    DataFrame
        name, who, reports; the most reports first, then by name.
    """
    known = None if residents is None else frozenset(residents)
    channel, source = calls["channel"].cat, calls["source"].cat
    names = np.array([*channel.categories, *source.categories, ""], dtype=object)
    filled = np.append(channel.categories != "", False)[channel.codes]
    by_source = np.where(source.codes < 0, len(names) - 1, len(channel.categories) + source.codes.astype(np.int64))
    at = np.where(filled, channel.codes.astype(np.int64), by_source)
    who = np.array([who_reports(str(name), known) for name in names], dtype=object)
    found = pd.DataFrame({"name": names, "who": who, "reports": np.bincount(at, minlength=len(names))})
    found = found[found["reports"] > 0].groupby(["name", "who"], sort=False)["reports"].sum().reset_index()
    return who[at], found.sort_values(["reports", "name"], ascending=[False, True], ignore_index=True)
