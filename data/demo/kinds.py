"""How each kind of hazard behaves in the demo: how often and where it happens, who reports it, how long it takes."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Kind:
    """How one kind of hazard behaves: how often, where, who reports it, how long it takes."""

    hazard: str
    exposure: str  # what its rate is proportional to
    per_month: float  # events; unused for waterlogging, which follows the rain
    further_calls: float  # mean of the Poisson number of calls after the first
    call_gap_hours: float  # mean, before the next call
    window_hours: float  # no call comes later after the first
    spread_m: float  # standard deviation of a further call's place, per axis
    apart_m: float  # events of this kind lie farther apart than this ...
    apart_hours: float  # ... or are farther apart in time
    channels: tuple[float, float, float]  # shares of patrol, hotline, video
    median_hours: float  # from dispatch to handled, natural time
    sigma: float  # of its logarithm
    stuck: float  # share that waits for money or an owner, for months
    limit: tuple[int, str]  # the time limit: (4, "hours") or (5, "workdays")
    size: tuple[int, int]  # of the {n} in a description: centimetres of water or of a step, millimetres of a crack
    unit: str
    types: tuple[tuple[str, str, tuple[str, ...]], ...]  # 小类名称, 小类编码, descriptions


# Code -> conditions of filing (立案条件) as the office's standard has them, the usual one first
CONDITIONS = {
    "0506": ("路面积水，影响通行",),
    "0103": ("井盖低于路面三厘米以上", "井周路面下沉"),
    "0595": ("倾斜或鼓起，暂无倒塌危险", "有倒塌危险，须先围挡"),
    "0183": ("外墙开裂或墙皮松动",),
    "0188": ("墙体开裂或渗水",),
}
_EVER = 1e6
KINDS = (
    Kind(
        hazard="waterlogging",
        exposure="households",
        per_month=0,
        further_calls=0.42,
        call_gap_hours=0.8,
        window_hours=5,
        spread_m=9,
        apart_m=130,
        apart_hours=30,
        channels=(0.2, 0.62, 0.18),
        median_hours=2,
        sigma=0.5,
        stuck=0,
        limit=(4, "hours"),
        size=(10, 35),
        unit="示例·排水管护站",
        types=(
            (
                "道路积水",
                "0506",
                ("雨后积水约{n}厘米，行人绕行", "路口积水，非机动车无法通行", "积水漫过路沿，水深约{n}厘米"),
            ),
        ),
    ),
    Kind(
        hazard="sunken_cover",
        exposure="covers",
        per_month=3,
        further_calls=0.2,
        call_gap_hours=30,
        window_hours=120,
        spread_m=3,
        apart_m=45,
        apart_hours=_EVER,
        channels=(0.62, 0.33, 0.05),
        median_hours=80,
        sigma=0.6,
        stuck=0.06,
        limit=(5, "workdays"),
        size=(3, 9),
        unit="示例·市政养护所",
        types=(
            (
                "井盖下沉",
                "0103",
                ("井盖下沉约{n}厘米，车辆颠簸", "井盖沉陷，与路面高差明显", "井周下沉，夜间骑车有危险"),
            ),
        ),
    ),
    Kind(
        hazard="wall_risk",
        exposure="households",
        per_month=3,
        further_calls=0.2,
        call_gap_hours=40,
        window_hours=120,
        spread_m=6,
        apart_m=60,
        apart_hours=_EVER,
        channels=(0.55, 0.43, 0.02),
        median_hours=300,
        sigma=0.45,
        stuck=0.12,
        limit=(15, "workdays"),
        size=(2, 9),
        unit="示例·房屋安全站",
        types=(
            ("围墙倾斜", "0595", ("院落围墙向外倾斜，墙根有裂缝", "围墙鼓起，行人贴墙经过")),
            ("外立面裂缝", "0183", ("楼体外墙裂缝约{n}毫米，墙皮松动", "外墙墙皮空鼓，有脱落可能")),
            ("挡土墙开裂", "0188", ("挡土墙开裂，雨后渗水",)),
        ),
    ),
    Kind(
        hazard="other",
        exposure="households",
        per_month=3.6,
        further_calls=0,
        call_gap_hours=1,
        window_hours=1,
        spread_m=0,
        apart_m=45,
        apart_hours=240,
        channels=(0.58, 0.3, 0.12),
        median_hours=13,
        sigma=0.8,
        stuck=0.02,
        limit=(2, "workdays"),
        size=(1, 2),
        unit="示例·城管中队",
        types=(
            ("暴露垃圾", "0101", ("路边堆放生活垃圾", "垃圾未及时清运")),
            ("占道经营", "0406", ("流动摊位占用人行道",)),  # these digits are waterlogging in the older list
            ("路灯不亮", "0216", ("路灯不亮，已有数日", "巷口路灯时亮时灭")),
            ("非机动车乱停放", "0407", ("电动车停满人行道",)),
        ),
    ),
)
