"""How often the interval of an effect covers the true one, where the work stands in the cell that was worst.

Invented offices whose truth is known: cells of unequal level; rain that differs between the years, with a wet season;
reports that trend; months and years of a cell's own that are better or worse than chance (overdispersed). The cell with
the most reports in the year of the choice gets a work, which takes half a year to build; then it halves its reports
(effect 0.5) or does nothing (1.0), and a year later somebody asks. For each setting, one row an effect:

- covers: the share of offices whose 95% interval holds the true effect (aim 0.935 to 0.965); helped, worse: verdicts;
- middle: the median of the rate ratios; shows: the share where a halving would have shown (else too early to say);
- naive: the year after against the year of the choice, per wet day, with its exact Poisson interval: median, coverage;
- regression: quasi-Poisson of the same cells and times (`analysis.step_change`), coverage by its normal interval; on so
  many offices only as `--regressions` asks.

Settings: plain; chance (Poisson alone); rough (more of the cell's own); many (54 cells); full (2.5 times the reports);
few (half of them); short (the first four wet months after the work only); alike (cells of one level, Poisson: what
regression to the mean alone does); no_before (the year of the choice is all there is before: the level is shrunk);
drift (cells have trends of their own, standard deviation 15% a year, which no method here knows of).

`python run.py bench evaluation`, or `python -m bench.evaluation [--setting NAME]... [--runs N] [--regressions N]
[--seed N]`.
"""

from typing import NamedTuple

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from analysis import evaluation as asked_of
from analysis.evaluation import AFTER, BEFORE, CHOICE, WORKS
from analysis.matching import matched
from analysis.rates import rate_ratio
from analysis.step_change import step_change
from base.errors import HazardError
from bench.measuring import Lines, parser

RUNS, REGRESSIONS, SEED = 2_000, 200, 20_261_201
EFFECTS = (0.5, 1.0)
SEASON = np.array([0.2, 0.3, 0.6, 1, 1.6, 2.4, 3, 2.6, 1.4, 0.8, 0.4, 0.2])
WET_DAYS = 6  # in a month such as April
FIGURES = (
    *("covers", "helped", "worse", "middle", "shows", "spread"),
    *("naive", "naive_covers", "naive_helped", "regression_covers"),
)

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]


class Setting(NamedTuple):
    """An office: its cells, reports a cell and year, what cells have of their own, and what is known of the times."""

    cells: int = 23
    a_year: float = 6.0
    shape: float = 2.0  # of the gamma distribution of levels
    of_month: float = 0.3  # variance of a factor of each cell and month
    of_year: float = 0.05
    drift: float = 0.0
    years_before: int = 2
    months_after: int = 12


SETTINGS = {
    "plain": Setting(),
    "chance": Setting(of_month=0, of_year=0),
    "rough": Setting(of_month=1, of_year=0.1),
    "many": Setting(cells=54),
    "full": Setting(a_year=15),
    "few": Setting(a_year=3),
    "short": Setting(months_after=4),
    "alike": Setting(shape=1e6, of_month=0, of_year=0),
    "no_before": Setting(years_before=0),
    "drift": Setting(drift=0.15),
}


class Office(NamedTuple):
    """Reports by cell and month, wet days by month, the phase of each month, and the cell of the work."""

    counts: Ints
    wet: Floats
    phase: NDArray[np.str_]
    place: int


def invent(setting: Setting, effect: float, chance: np.random.Generator) -> Office:
    """Return one office; the same generator gives the same one but for the effect."""
    years = setting.years_before + 3  # of the choice; works and the rest; what comes after
    months = 12 * years
    rain = np.repeat(chance.gamma(8, 1 / 8, years), 12) * np.tile(SEASON, years) * WET_DAYS
    wet = chance.poisson(rain).astype(float)
    level = chance.gamma(setting.shape, setting.a_year / (setting.shape * SEASON.sum() * WET_DAYS), setting.cells)
    year = np.arange(months) / 12
    mean = level[:, None] * wet * (1 + 0.3 * np.tile(SEASON > 1.5, years))
    mean = mean * np.exp(chance.normal(0.15, 0.15) * year)
    if setting.of_month:
        mean = mean * chance.gamma(1 / setting.of_month, setting.of_month, mean.shape)
    if setting.of_year:
        own = chance.gamma(1 / setting.of_year, setting.of_year, (setting.cells, years))
        mean = mean * np.repeat(own, 12, axis=1)
    if setting.drift:
        mean = mean * np.exp(chance.normal(0, setting.drift, (setting.cells, 1)) * (year - setting.years_before))
    counts = chance.poisson(mean)
    month, chosen = np.arange(months), 12 * setting.years_before
    finished = chosen + 18
    ends = finished + setting.months_after
    phase = np.select([month < chosen, month < chosen + 12, month < finished], [BEFORE, CHOICE, WORKS], AFTER)
    place = int(counts[:, phase == CHOICE].sum(axis=1).argmax())
    after = phase == AFTER
    counts[place, after] = chance.binomial(counts[place, after], effect)
    return Office(counts[:, :ends], wet[:ends], phase[:ends], place)


def evaluate(office: Office, effect: float, *, regression: bool) -> dict[str, float] | None:
    """Return what the methods say of one office; None where the program refuses."""
    counts, wet, phase, place = office
    treated = np.arange(len(counts)) == place
    choice, after = phase == CHOICE, phase == AFTER
    try:
        match = matched(counts[:, choice].sum(axis=1), np.full(len(counts), wet[choice].sum()), treated)
        year = np.arange(len(wet)) // 12
        found = asked_of.estimate_effect(
            counts, wet, treated, phase, controls=match.controls, others=match.others, year=year
        )
        word = asked_of.verdict(found)
    except HazardError:
        return None
    days = {"exposure_now": wet[after].sum(), "exposure_before": wet[choice].sum()}
    naive = rate_ratio(counts[place, after].sum(), counts[place, choice].sum(), **days)
    said = {
        "ratio": found.rate_ratio, "covers": found.low <= effect <= found.high, "helped": word == asked_of.HELPED,
        "worse": word == asked_of.WORSE, "shows": asked_of.detectable(found) >= asked_of.HALVED,
        "spread": found.spread,
        "naive": float(naive.ratio), "naive_covers": bool(naive.low <= effect <= naive.high),
        "naive_helped": bool(naive.high < 1),
    }  # fmt: skip
    if regression:
        said["regression_covers"] = np.nan
        used = (phase == AFTER) | (phase == (BEFORE if (phase == BEFORE).any() else CHOICE))
        cells = np.flatnonzero(treated | match.controls)
        cell, month = (part.ravel() for part in np.meshgrid(cells, np.flatnonzero(used), indexing="ij"))
        rows = pd.DataFrame(
            {
                "cell": cell, "count": counts[cell, month], "exposure": wet[month], "time": month / 12,
                "season": month % 12 // 3, "after": (phase[month] == AFTER).astype(int),
            }
        )  # fmt: skip
        rows["step"] = rows["after"] * (rows["cell"] == place)
        try:
            step = step_change(rows[rows["exposure"] > 0])
            said["regression_covers"] = step.low <= effect <= step.high
        except HazardError:
            pass
    return said


def study(setting: Setting, effect: float, runs: int, regressions: int, seed: int = SEED) -> dict[str, float]:
    """Return the shares and medians over many offices."""
    rows = []
    for at in range(runs):
        office = invent(setting, effect, np.random.default_rng([seed, at]))
        rows.append(evaluate(office, effect, regression=at < regressions))
    said = pd.DataFrame([row for row in rows if row])
    found = {name: float(said[name].astype(float).mean()) for name in said if name not in ("ratio", "naive")}
    return found | {
        "middle": float(said["ratio"].median()), "naive": float(said["naive"].median()), "runs": len(said),
        "refused": runs - len(said),
    }  # fmt: skip


def main() -> None:
    """Study all settings, or those named."""
    options = parser(__doc__)
    options.add_argument("--setting", action="append", choices=SETTINGS)
    options.add_argument("--runs", type=int, default=RUNS)
    options.add_argument("--regressions", type=int, default=REGRESSIONS)
    options.add_argument("--seed", type=int, default=SEED)
    asked = options.parse_args()
    lines = Lines("evaluation", asked.json)
    heads = "".join(f" {name.replace('_', ' '):>17}" for name in FIGURES)
    print(f"  {'setting':10} {'effect':>6} {'runs':>5}{heads}", flush=True)
    for name in asked.setting or SETTINGS:
        for effect in EFFECTS:
            found = study(SETTINGS[name], effect, asked.runs, asked.regressions, asked.seed)
            figures = "".join(f" {found.get(figure, np.nan):17.3f}" for figure in FIGURES)
            print(f"  {name:10} {effect:6} {found['runs']:5}{figures}", flush=True)
            lines.add(setting=name, effect=effect, found=found)


if __name__ == "__main__":
    main()
