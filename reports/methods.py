"""Definitions and references, as the Methods page and later documents show them."""

from dataclasses import dataclass

from analysis.neighborhoods import PERMUTATIONS
from base.text import N_
from data.project_words import KIND_NAMES
from reports.candidates import OTHER
from reports.rates import MOST_FEW


@dataclass(frozen=True, slots=True)
class Method:
    """One entry: what it is called, what it means in plain words, how it is computed, and where it comes from."""

    title: str
    meaning: str
    rule: str
    sources: tuple[str, ...] = ()


METHODS = (
    Method(
        N_("Calls and events"),
        N_("A call is one report. An event is one thing that happened: several calls about it count once."),
        N_(
            "Calls of one hazard within {radius_waterlogging} m and {hours_waterlogging} h of the first call "
            "are one waterlogging event; for the other hazards it is {radius} m and {hours} h. The distance is "
            "always measured from the first call, so a chain of calls along a street does not become one event."
            " Every test is made on events; the calls stand beside them. Were calls tested instead, two calls "
            "an event on average would put a false hot spot on about half of all maps without any pattern. Calls "
            "can be counted in place of events, then without any claim. "
            "A case that was voided (作废) was no hazard: it is in no figure, test or ranking, and stated apart."
        ),
    ),
    Method(
        N_("Every report in one cell"),
        N_(
            "A report counts in the one cell that covers it. On a shared edge the cell with the smallest code takes it."
        ),
        N_(
            "Covered by, lowest position wins, cells sorted by their code as text. Reports outside all cells "
            "and reports without usable coordinates are counted as such: read = accepted + rejected + repeats, "
            "and accepted = in a cell + near a cell + outside + without location."
        ),
    ),
    Method(
        N_("Hot spot"),
        N_("A cell with more events than chance would give it, after allowing for the number of cells looked at."),
        N_(
            "Two tests share one chance of a false claim. Each cell: given the total, its events are binomial with its "
            "share of the exposure; the p-value is the upper tail, and Benjamini–Hochberg names cells. Each circle of "
            "whole neighbouring cells: the circular scan, by its log-likelihood ratio. Both are set against the same "
            "random maps with the same total, so that at most {fdr} of maps without a pattern carry any claim. Of a "
            "hot place those cells are outlined that hold more than expected. Under {min_events} events no claim is "
            "made. The chance of so strong a map is the share of random maps with evidence as rare by either test."
        ),
        (
            "Benjamini, Y. & Hochberg, Y. (1995). Controlling the false discovery rate. JRSS B 57(1), 289–300.",
            "Kulldorff, M. (1997). A spatial scan statistic. Commun. Stat. Theory Methods 26(6), 1481–1496.",
            "Westfall, P. & Young, S. (1993). Resampling-Based Multiple Testing. Wiley (chapter 2).",
        ),
    ),
    Method(
        N_("Exposure, and the word “reports gather here”"),
        N_("What it could have happened to: households, people, km of road, covers, or area."),
        N_(
            "If the boundary file brings households, people, road length or covers, the expected share is that "
            "exposure's. Without one cells are compared by equal shares, and the words are “reports gather here”, "
            "because more people may simply live there."
        ),
    ),
    Method(
        N_("Gi* and local Moran's I, if chosen"),
        N_("Cells judged together with their neighbours. They stand in place of the usual tests, never beside them."),
        N_(
            "The value of a cell is how far its rate lies from that of all cells, in its own standard deviations (of "
            "counts where there is no exposure); cells that touch are neighbours. Gi* sums a cell and its neighbours, "
            "local Moran's I sets a cell against its neighbours; the chance is that of values dealt out at random, up "
            "and down, with at least {permutations} deals and more where a cell could not pass else, and "
            "Benjamini–Hochberg at {fdr}. Claimed is what is high with its neighbours (HH) and holds more than "
            "expected itself; low ones (LL) and those unlike their neighbours (HL, LH) are told without a claim. Both "
            "find less than the usual tests, and hardly ever one cell alone."
        ),
        (
            "Ord, J. K. & Getis, A. (1995). Local spatial autocorrelation statistics. Geogr. Anal. 27(4), 286–306.",
            "Anselin, L. (1995). Local indicators of spatial association. Geogr. Anal. 27(2), 93–115.",
            "Assunção, R. M. & Reis, E. A. (1999). A new proposal to adjust Moran's I for population density. Stat. "
            "Med. 18(16), 2147–2162.",
        ),
    ),
    Method(
        N_("Rates, raw and smoothed"),
        N_("Events by households, people, km of road, covers or km². A list of rates makes no claim."),
        N_(
            "The raw rate has the exact interval of a Poisson count. The smoothed rate draws each cell towards that of "
            "all cells, the more, the less it stands on (empirical Bayes by moments): small cells no longer lead the "
            "list by chance. A rate on {few_events} events or fewer is marked: chance alone puts it off by a fifth or "
            "more."
        ),
        (
            "Garwood, F. (1936). Fiducial limits for the Poisson distribution. Biometrika 28, 437–442.",
            "Marshall, R. J. (1991). Mapping disease and mortality rates. Appl. Stat. 40(2), 283–294.",
        ),
    ),
    Method(
        N_("Point cluster"),
        N_("A dense group of events, in metres and days. It makes no claim: they also arise where many people live."),
        N_(
            "ST-DBSCAN on events in a local metric projection: a group begins where {cluster_events} events lie within "
            "{cluster_radius} m and {cluster_days} days of one of them (0: whatever the time), and grows by those "
            "within reach; so it may be wider and longer than that. Shown with members, outline, first and last report."
        ),
        (
            "Ester, M., Kriegel, H.-P., Sander, J. & Xu, X. (1996). A density-based algorithm (DBSCAN). KDD-96, "
            "226–231.",
            "Birant, D. & Kut, A. (2007). ST-DBSCAN. Data & Knowledge Engineering 60, 208–221.",
        ),
    ),
    Method(
        N_("Many reports on one spot"),
        N_("Reports with different addresses that carry one and the same point are probably not located."),
        N_(
            "A point with at least {spot_reports} reports, at least {spot_share} of all located reports of the "
            "source, and at least five different addresses is marked. These reports stay in all counts and are "
            "said beside them; hot-spot tests and point clusters leave them out."
        ),
    ),
    Method(
        N_("Time to resolve"),
        N_(
            "From the report to the closing. A case still open counts as “longer than until now”, it is never left out."
        ),
        N_(
            "Kaplan–Meier with open cases censored at the as-of time; the median is the time at which the curve"
            " passes one half (the midpoint where it equals one half exactly, as R does), with a log-log 95% "
            "interval, or “not reached”. Averages over closed cases alone would reward whoever leaves cases "
            "open. Cases closed before they were reported are left out here and counted beside it."
        ),
        (
            "Kaplan, E. L. & Meier, P. (1958). Nonparametric estimation. JASA 53(282), 457–481.",
            "Brookmeyer, R. & Crowley, J. (1982). A confidence interval for the median. Biometrics 38(1), 29–41.",
        ),
    ),
    Method(
        N_("Share in time"),
        N_("Of the cases whose deadline has passed, the share that was closed by it, open cases included."),
        N_(
            "Closed by the deadline divided by all cases whose deadline lies at or before the as-of time; 95% "
            "interval by Wilson. A case closed early but not yet due is in neither number, or the share would "
            "be too high."
        ),
        ("Wilson, E. B. (1927). Probable inference. JASA 22(158), 209–212.",),
    ),
    Method(
        N_("Change and its interval"),
        N_("This period against the same months of the year before, because rain has seasons."),
        N_(
            "The ratio of the two counts with an exact 95% interval, conditional on their sum "
            "(Clopper–Pearson). “Within chance” means that the interval holds 1. Both sides have the same days: a "
            "period still under way is cut at the as-of day, and the one before at the same day."
        ),
    ),
    Method(
        N_("Which drainage works to build first"),
        N_("The set of projects that avoids most waterlogging for the money, with a bound that none can exceed."),
        N_(
            "What a project avoids a year is the yearly rate of its place, drawn towards the mean of all places "
            "(empirical Bayes), times the share of the place it covers, times the effect of its kind of work, which is "
            "assumed: new drain {effect_new_drain}, dredging {effect_dredging}, pump {effect_pump}, cover repair "
            "{effect_cover_repair}, any other {effect_other}. Where projects cover one place the largest share counts, "
            "once. The set is sought by integer programming (HiGHS) under the budget, with what must be built, "
            "alternatives, yearly budgets and least shares of areas."
        ),
        (
            "Marshall, R. J. (1991). Mapping disease and mortality rates. Appl. Stat. 40(2), 283–294.",
            "Huangfu, Q. & Hall, J. A. J. (2018). Parallelizing the dual revised simplex method. Math. Program. "
            "Comput. 10, 119–142.",
        ),
    ),
    Method(
        N_("Ranking of drainage projects by need"),
        N_("An order of places by several criteria. Its score is no benefit and is never added up."),
        N_(
            "Criteria run from the least (0) to the greatest need (1) and are added with weights; or TOPSIS: how near "
            "a place comes to the greatest need in all of them. Weights are alike, set, compared two by two (AHP; "
            "above a consistency ratio of 0.1 the comparisons that contradict each other are named), or by entropy. In "
            "10,000 seeded draws of the weights it is counted how often a project is funded, and between which ranks "
            "it lies. What is not known stands at the median."
        ),
        (
            "Hwang, C.-L. & Yoon, K. (1981). Multiple Attribute Decision Making. Springer.",
            "Saaty, T. L. (1980). The Analytic Hierarchy Process. McGraw-Hill.",
        ),
    ),
    Method(
        N_("Before and after a project"),
        N_(
            "Waterlogging events per wet day in the project's cells, after it over before, beyond what similar cells "
            "had: below 1 is better than without it."
        ),
        N_(
            "The 12 months before the survey are left out, for works go where last year was worst, and the worst gets "
            "better by itself. Given the reports of a cell, how they part into before and after is binomial against "
            "the parting in the similar cells, which have the same rain, season and habit of reporting; good and bad "
            "years of a cell's own, learnt from cells where nothing was built, widen the interval. “Helped”: the 95% "
            "interval lies below 1. “Got worse”: above 1. Else “no sign yet” if a halving would have shown four times "
            "out of five, and “too early to say” if not. Cells next to the project and cells with other works take no "
            "part."
        ),
        (
            "Hauer, E. (1997). Observational Before–After Studies in Road Safety. Pergamon (chapters 11–12).",
            "Conley, T. G. & Taber, C. R. (2011). Inference with “difference in differences” with a small number of "
            "policy changes. Rev. Econ. Stat. 93(1), 113–125.",
        ),
    ),
    Method(
        N_("The map's colours"),
        N_(
            "An unbroken outline is a hot spot, a broken one says that reports gather there; the thin line of either "
            "kind is of a cell that is only part of a claimed place. All lie inside their cell. Hatching is a silent "
            "cell: no report is not the same as safe."
        ),
        N_(
            "Classes by Fisher–Jenks (natural breaks), edges and n in the legend. Pale with a dotted edge: fewer "
            "than {few_reports} reports, too few to carry a rate or a median. No data has its own colour and is"
            " never zero. Rates are per km² in the period, or per 1,000 households."
        ),
        ("Fisher, W. D. (1958). On grouping for maximum homogeneity. JASA 53(284), 789–798.",),
    ),
    Method(
        N_("Time and place"),
        N_("Naive times take the workspace's zone; months are months there. Places are WGS 84."),
        N_(
            "GCJ-02 and BD-09 are offsets without an EPSG code: a file must say so. Areas and distances are "
            "measured in an equal-area projection centred on the boundary. The as-of time is the latest time a "
            "source's files hold, unless it is given at import; it is never the clock."
        ),
    ),
)


def method_fields(settings: dict[str, object]) -> dict[str, object]:
    """Return the values that the rules name, from a workspace's settings."""
    return {
        "radius_waterlogging": settings["event_radius_waterlogging_m"],
        "hours_waterlogging": settings["event_hours_waterlogging"],
        "radius": settings["event_radius_m"],
        "hours": settings["event_hours"],
        "fdr": f"{settings['fdr']:.0%}",
        "min_events": settings["min_events"],
        "cluster_events": settings["cluster_min_events"],
        "cluster_radius": settings["cluster_radius_m"],
        "cluster_days": settings["cluster_days"],
        "spot_reports": settings["spot_min_reports"],
        "spot_share": f"{settings['spot_min_share']:.0%}",
        "few_reports": settings["few_reports"],
        "permutations": f"{PERMUTATIONS:,}",
        "few_events": MOST_FEW,
        **{f"effect_{kind}": f"{settings[f'effect_{kind}']:.0%}" for kind in (*KIND_NAMES, OTHER)},
    }
