"""How often the intervals of the rain at which reports begin cover the truth, for cells whose curve is known.

Invented rains of three sizes of record, their depth and their largest hour spread as logarithms; cells that flood with
a chance of one half at 10 to 80 mm, some steeply, some not. A line for each threshold:

- told: the share of cells of which something is told (else too few rains with, or without, a report);
- covers: of those, the share whose 95% interval of the depth at half a chance holds the true one; open: whose interval
  has no upper end; middle: the median of the depths told;
- chance: the same coverage for the chance of a rain of 40 mm with the usual peak, and the mean error of that chance.

`python run.py bench rain_onset`, or `python -m bench.rain_onset [--setting NAME]... [--runs N]`.
"""

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray
from scipy.special import expit

from analysis.onset_rain import NO_RELATION, responses
from bench.measuring import Lines, parser

RUNS, SEED = 2_000, 20_261_201
THRESHOLDS = (10.0, 20.0, 40.0, 80.0)
FORECAST = 40.0
_TOGETHER = 100  # cells that share their rains; the rains of each hundred are new
FIGURES = ("told", "covers", "open", "middle", "chance_covers", "chance_error")


class Setting(NamedTuple):
    """Rains, their middle and spread (of logarithms), the steepness of the curve, and what the largest hour adds."""

    rains: int = 150
    middle_mm: float = 12.0
    spread: float = 1.0
    steep: float = 3.0
    peak: float = 0.0
    hourly: bool = False


SETTINGS = {
    "plain": Setting(),
    "short": Setting(rains=60),
    "long": Setting(rains=400),
    "soft": Setting(steep=1.5),
    "steep": Setting(steep=10.0),
    "hourly": Setting(peak=2.0, hourly=True),
    "hourly_short": Setting(rains=60, peak=2.0, hourly=True),
}


def simulate(setting: Setting, threshold: float, runs: int, chance: np.random.Generator) -> dict[str, float]:
    """Return the figures of cells that flood with a chance of one half at a depth."""
    rows: list[NDArray[np.float64]] = []
    for _ in range(0, runs, _TOGETHER):
        logs = np.log(setting.middle_mm) + setting.spread * chance.standard_normal(setting.rains)
        own = chance.standard_normal(setting.rains)
        hour = np.exp(0.8 * logs - 0.7 + 0.4 * (own - own.mean()))
        line = setting.steep * (logs - np.log(threshold))
        if setting.hourly:
            design = np.column_stack([np.ones_like(logs), logs])
            usual = design @ np.linalg.lstsq(design, np.log(hour), rcond=None)[0]
            line = line + setting.peak * (np.log(hour) - usual)
        reported = chance.random((_TOGETHER, setting.rains)) < expit(line)
        found = responses(np.exp(logs), hour if setting.hourly else None, reported)
        at, likely = found.at(), found.chance(FORECAST)
        told = found.reason == ""
        rows.append(np.column_stack([told | (found.reason == NO_RELATION), told, *at, *likely]))
    told, depth_told, at, low, high, likely, least, most = np.concatenate(rows).T
    depth, some = depth_told > 0, told > 0
    truth = float(expit(setting.steep * np.log(FORECAST / threshold)))
    return {
        "told": float(told.mean()),
        "covers": float(((low <= threshold) & (threshold <= high))[depth].mean()) if depth.any() else np.nan,
        "open": float(np.isinf(high[depth]).mean()) if depth.any() else np.nan,
        "middle": float(np.median(at[depth])) if depth.any() else np.nan,
        "chance_covers": float(((least <= truth) & (truth <= most))[some].mean()) if some.any() else np.nan,
        "chance_error": float((likely[some] - truth).mean()) if some.any() else np.nan,
    }


def main() -> None:
    """Study all settings, or those named."""
    options = parser(__doc__)
    options.add_argument("--setting", action="append", choices=SETTINGS)
    options.add_argument("--runs", type=int, default=RUNS)
    asked = options.parse_args()
    lines = Lines("rain_onset", asked.json)
    print(f"  {'setting':13} {'mm':>4}" + "".join(f" {name.replace('_', ' '):>13}" for name in FIGURES), flush=True)
    for name in asked.setting or SETTINGS:
        for place, threshold in enumerate(THRESHOLDS):
            found = simulate(SETTINGS[name], threshold, asked.runs, np.random.default_rng([SEED, place]))
            figures = "".join(f" {found[figure]:13.3f}" for figure in FIGURES)
            print(f"  {name:13} {threshold:4.0f}{figures}", flush=True)
            lines.add(setting=name, threshold=threshold, found=found)


if __name__ == "__main__":
    main()
