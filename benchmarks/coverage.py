"""Do 95 % intervals cover? 4,000 samples by each of six designs of the invented ward: ``make coverage``.

An invented ward of 100,000 residents gives a frame of about 15,000 elders whose answers are all known.
Samples of about 600 elders, then of 120, are drawn by six designs; everybody answers, and `SurveyDesign`
estimates a mean, a ratio, the mean of a small domain, a median, a share and a rare share; since neighbours
in the invented ward are hardly alike, also a mean with a made-up effect of the block added. Printed for
each: how many percent of the intervals hold the truth, how often they lie wholly above or below it, and the
mean standard error over the spread of the estimates. With 4,000 samples a true 95 % shows as 94.0 to 96.0
(three standard errors). docs/coverage.md reads the table.
"""

import argparse
import itertools
import sys
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Final

import numpy as np
import pandas as pd
from simulate import make_population

from analysis import Estimate, SurveyDesign
from analysis.intervals import interval
from analysis.scores import derive_scores
from custody.console import progress, say
from custody.errors import AnalysisError
from sampling.methods import inclusion_probabilities, sampford
from synthetic_data import make_ward, population_answers

RESIDENTS: Final = 100_000
DRAWS: Final = 4_000
SEED: Final = "coverage"
SIZES: Final = (600, 120)
"""Persons of a sample; and of a small one, to show where intervals stop to cover."""
A_BLOCK: Final = 15
"""Persons of each town block (丁目) in the designs of two stages."""
RARE: Final = "Q50_11"
"""A mark that 1.3 % of the elders set."""
LOW, HIGH = 93.5, 96.5
Rows = np.ndarray[Any, np.dtype[np.int64]]
Estimator = Callable[[SurveyDesign], Estimate]
ESTIMATES: Final[dict[str, Estimator]] = {
    "mean": lambda d: d.mean("score"),
    "mean, alike blocks": lambda d: d.mean("local"),
    "ratio": lambda d: d.ratio("kg", "cm"),
    "domain mean": lambda d: d.subset("small").mean("score"),
    "median": lambda d: d.quantile("bmi", 0.5),
    "share": lambda d: d.proportion("alone"),
    "rare share": lambda d: d.proportion("rare"),
}


METHODS: Final = ("logit", "xlogit", "wilson", "korn-graubard", "beta", "likelihood", "asin", "mean")
"""Intervals of a share, compared on the rare one."""


def by_method(method: Any) -> Estimator:
    """The rare share with one kind of interval."""
    return lambda design: design.proportion("rare", method=method)


RARE_SHARE: Final[dict[str, Estimator]] = {method: by_method(method) for method in METHODS}


@dataclass(frozen=True, slots=True)
class Draw:
    """One way to draw: which rows of the population with which design columns, and the design's arguments."""

    sample: Callable[["Population", np.random.Generator], pd.DataFrame]
    options: dict[str, Any]


@dataclass(frozen=True, slots=True)
class Population:
    """All elders of the frame with their answers; rows of each stratum, block, household; persons to draw."""

    table: pd.DataFrame
    strata: list[Rows]
    blocks: list[Rows]
    households: list[Rows]
    size: int

    @property
    def truth(self) -> dict[str, float]:
        """The population's values of `ESTIMATES`; the median is the smallest with half at or below it."""
        t = self.table
        return {
            "mean": t["score"].mean(),
            "mean, alike blocks": t["local"].mean(),
            "ratio": t["kg"].sum() / t["cm"].sum(),
            "domain mean": t.loc[t["small"], "score"].mean(),
            "median": float(np.sort(t["bmi"].to_numpy())[(len(t) - 1) // 2]),
            "share": t["alone"].mean(),
            "rare share": t["rare"].mean(),
        }


def make_coverage_population(
    residents: int = RESIDENTS, size: int = SIZES[0], seed: str = SEED
) -> Population:
    """Invent the ward, build the frame from its registers, and know every answer."""
    frame = make_population(residents, seed).frame.table
    answers = population_answers(make_ward(residents, seed=seed)).set_index("resident_no")
    answers = answers.loc[frame["resident_no"].to_numpy()]
    scores = derive_scores(answers)
    table = pd.DataFrame(
        {
            "stratum": frame["area"] + frame["age_band"],
            "block": frame["address"].str.extract("区(.*?丁目)")[0],
            "household": frame["household_no"],
            "small": (frame["sex"] == "M") & (frame["age"] >= 80),
            "score": scores["DVS"].to_numpy(float),
            "kg": answers["Q12"].to_numpy(float),
            "cm": answers["Q11"].to_numpy(float),
            "alone": scores["EATALONE_DAILY"].to_numpy() == 1,
            "rare": answers[RARE].to_numpy() == 1,
        }
    )
    table["bmi"] = table["kg"] / (table["cm"] / 100) ** 2
    table = table.sort_values(["block", "household"]).reset_index(drop=True)
    number = pd.factorize(table["block"])[0]
    table["local"] = table["score"] + np.random.default_rng(1).normal(0, 1, number.max() + 1)[number]
    strata, blocks, households = (groups(table[name]) for name in ("stratum", "block", "household"))
    return Population(table, strata, blocks, households, size)


def groups(labels: "pd.Series[str]") -> list[Rows]:
    """Rows of each label."""
    return [np.asarray(rows) for rows in labels.groupby(labels).indices.values()]


def simple(p: Population, rng: np.random.Generator) -> pd.DataFrame:
    """A simple random sample."""
    rows = rng.choice(len(p.table), p.size, replace=False)
    return p.table.iloc[rows].assign(N1=len(p.table))


def stratified(p: Population, rng: np.random.Generator, sizes: list[int]) -> pd.DataFrame:
    """Simple random samples of given sizes within strata of area and age."""
    rows = [rng.choice(group, n, replace=False) for group, n in zip(p.strata, sizes, strict=True)]
    total = np.repeat([len(group) for group in p.strata], sizes)
    return p.table.iloc[np.concatenate(rows)].assign(N1=total)


def proportional(p: Population, rng: np.random.Generator) -> pd.DataFrame:
    """Sizes in proportion to the strata, at least 2."""
    share = p.size / len(p.table)
    return stratified(p, rng, [max(2, round(share * len(group))) for group in p.strata])


def equal(p: Population, rng: np.random.Generator) -> pd.DataFrame:
    """The same size in every stratum, however many people it has."""
    return stratified(p, rng, [min(p.size // len(p.strata), len(group)) for group in p.strata])


def clusters(p: Population, rng: np.random.Generator) -> pd.DataFrame:
    """Households, everybody in them."""
    chosen = rng.choice(len(p.households), p.size * len(p.households) // len(p.table), replace=False)
    rows = np.concatenate([p.households[c] for c in chosen])
    return p.table.iloc[rows].assign(N1=len(p.households))


def within(p: Population, chosen: Any, rng: np.random.Generator) -> pd.DataFrame:
    """The same number of persons of each chosen block."""
    rows = [rng.choice(p.blocks[c], min(A_BLOCK, len(p.blocks[c])), replace=False) for c in chosen]
    sizes, counts = [len(p.blocks[c]) for c in chosen], [len(part) for part in rows]
    return p.table.iloc[np.concatenate(rows)].assign(N2=np.repeat(sizes, counts))


def two_stage(p: Population, rng: np.random.Generator) -> pd.DataFrame:
    """Blocks with equal probabilities, then persons."""
    chosen = rng.choice(len(p.blocks), p.size // A_BLOCK, replace=False)
    return within(p, chosen, rng).assign(N1=len(p.blocks))


def by_size(p: Population, rng: np.random.Generator) -> pd.DataFrame:
    """Blocks with probability proportional to their number of elders (Sampford), then persons."""
    chance = inclusion_probabilities([len(block) for block in p.blocks], p.size // A_BLOCK)
    chosen = sampford(chance, rng=rng)
    sample = within(p, chosen, rng)
    return sample.assign(N1=sample["N2"] * (p.size // A_BLOCK) / len(p.table))


STAGES: Final[dict[str, Any]] = {"psu": ["block", None], "fpc": ["N1", "N2"]}
DESIGNS: Final[dict[str, Draw]] = {
    "simple random": Draw(simple, {"fpc": "N1"}),
    "stratified, proportional": Draw(proportional, {"strata": "stratum", "fpc": "N1"}),
    "stratified, equal sizes": Draw(equal, {"strata": "stratum", "fpc": "N1"}),
    "clusters (households)": Draw(clusters, {"psu": "household", "fpc": "N1"}),
    "two stages (blocks, persons)": Draw(two_stage, STAGES),
    "blocks by size, persons": Draw(by_size, STAGES | {"pps": "brewer"}),
}


def limits(estimate: Estimate) -> tuple[float, float]:
    """The 95 % interval of the first row, as `Estimate.confint` has it, without making a table."""
    df = estimate.linear.df.reshape(-1).astype(np.float64)
    if estimate.limits is not None:
        low, high = estimate.limits(0.95, df)
    else:
        n = estimate.linear.n.reshape(-1)
        low, high = interval(estimate.method, estimate.estimate, estimate.se**2, df, n)
    return low[0], high[0]


def estimates(
    design: SurveyDesign, estimators: Mapping[str, Estimator]
) -> Iterator[tuple[float, float, float, float]]:
    """Estimate, standard error and limits of each estimator; NaN where nobody of the domain is drawn."""
    for estimator in estimators.values():
        try:
            estimate = estimator(design)
        except AnalysisError as error:
            if error.code != "ANA-EMPTY":
                raise
            yield np.nan, np.nan, np.nan, np.nan
            continue
        yield estimate.estimate[0], estimate.se[0], *limits(estimate)


def cover(p: Population, name: str, draws: int, seed: int, rare: bool = False) -> pd.DataFrame:
    """Draw again and again by one design; one row an estimate, or an interval of the rare share."""
    rng, way = np.random.default_rng([seed, list(DESIGNS).index(name)]), DESIGNS[name]
    estimators = RARE_SHARE if rare else ESTIMATES
    results = np.empty((draws, len(estimators), 4))
    for i in progress(range(draws), draws, name):
        results[i] = list(estimates(SurveyDesign(way.sample(p, rng), **way.options), estimators))
    value, se, low, high = np.moveaxis(results, 2, 0)
    truth = np.array([p.truth["rare share" if rare else key] for key in estimators])
    rows = {
        "truth": truth,
        "bias_percent": 100 * (np.nanmean(value, axis=0) / truth - 1),
        "se_over_sd": np.nanmean(se, axis=0) / np.nanstd(value, axis=0, ddof=1),
        "coverage": 100 * ((low <= truth) & (truth <= high)).mean(axis=0),
        "above": 100 * (low > truth).mean(axis=0),
        "below": 100 * (high < truth).mean(axis=0),
        "no_interval": 100 * np.isnan(low).mean(axis=0),
    }
    index = pd.MultiIndex.from_product([[name], estimators], names=["design", "estimate"])
    return pd.DataFrame(rows, index=index)


def coverage(
    draws: int = DRAWS,
    residents: int = RESIDENTS,
    size: int = SIZES[0],
    seed: int = 20091101,
    rare: bool = False,
) -> pd.DataFrame:
    """The whole table, with Monte Carlo bounds (three standard errors) of the coverage found."""
    p = make_coverage_population(residents, size)
    table = pd.concat([cover(p, name, draws, seed, rare) for name in DESIGNS])
    share = table["coverage"] / 100
    margin = 300 * np.sqrt((share * (1 - share)).clip(lower=1 / draws) / draws)
    return table.assign(least=table["coverage"] - margin, most=table["coverage"] + margin)


def main() -> int:
    """Print the tables and what lies outside 93.5 to 96.5 %; it is for reading, so it never fails."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--draws", type=int, default=DRAWS)
    parser.add_argument("--residents", type=int, default=RESIDENTS)
    options = parser.parse_args()
    for rare, size in itertools.product((False, True), SIZES):
        table = coverage(options.draws, options.residents, size, rare=rare)
        outside = table[~table["coverage"].between(LOW, HIGH)]
        title = "intervals of the rare share" if rare else "estimates"
        say(f"\n{options.draws:,} samples of about {size} elders: {title}\n{table.round(3).to_string()}")
        say(f"\n{len(outside)} of {len(table)} outside {LOW} to {HIGH} %\n{outside.round(2).to_string()}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
