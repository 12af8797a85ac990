"""Coverage of 95 % intervals over redraws, and what nonresponse leaves: ``make simulate``.

An invented ward of 30,000 residents gives a frame of about 4,600 elders whose answers are all known. The
survey's own `draw` takes a stratified sample again and again with another seed; `SurveyDesign` estimates five
variables. First everybody in the sample answers: the intervals must cover the truth in 93.5 to 96.5 % of the
2,000 redraws (three standard errors are 1.5 points). Then only those answer whom the response
model lets answer; it depends on frailty, which the class adjustment cannot see, so bias remains: how much is
printed.
"""

import argparse
import hashlib
import sys
import tempfile
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd

from analysis import SurveyDesign, nonresponse_classes
from analysis.scores import derive_scores
from custody.console import progress, say
from sampling import Frame, StratifiedDesign, build_frame, draw, read_certifications, read_residents
from synthetic_data import make_ward, population_answers, population_scores

RESIDENTS, SAMPLE, REDRAWS = 30_000, 600, 2_000
SEED = "simulate"
BY = ("area", "sex", "age_band")
PASS_LOW, PASS_HIGH = 93.5, 96.5
VARIABLES = {
    "DVS": "mean dietary variety score",
    "KCL_FRAIL8": "share frail (checklist 8 or more)",
    "EATALONE_DAILY": "share eating alone every day",
    "AWARE_YOBO": "share knowing care prevention",
    "INTENT_ANY": "share willing to take part",
}


@dataclass(frozen=True, slots=True)
class Population:
    """The frame, and for each of its persons the five variables and the chance to answer."""

    frame: Frame
    values: pd.DataFrame
    chance: "pd.Series[float]"

    @property
    def truth(self) -> "pd.Series[float]":
        """The five population means."""
        return self.values.mean()


def make_population(residents: int = RESIDENTS, seed: str = SEED) -> Population:
    """Invent a ward, build its frame from the written registers, and know every answer."""
    ward = make_ward(residents, seed=seed)
    with tempfile.TemporaryDirectory() as folder:
        files = ward.write(folder)
        frame = build_frame(
            read_residents(files["residents"]),
            read_certifications(files["certifications"]),
            reference_date=ward.reference_date,
            knowledge_date=ward.extract_date,
            secret=hashlib.sha256(
                seed.encode()
            ).digest(),  # given, so that a second run draws the same people
        )
    answers = population_answers(ward).set_index("resident_no")
    scores = derive_scores(answers).assign(KCL_FRAIL8=lambda table: table["KCL_TOTAL"] >= 8)
    values = scores[list(VARIABLES)].astype("float64")
    return Population(frame, values, population_scores(ward)["return_chance"])


def estimate(design: SurveyDesign) -> pd.DataFrame:
    """Estimates and intervals of the five variables, one row each."""
    return design.mean(list(VARIABLES)).tidy().set_index("term")[["estimate", "ci_low", "ci_high"]]


def one_redraw(
    population: Population, plan: StratifiedDesign, number: int
) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Draw once; estimate with everybody answering, and with respondents only."""
    sample = draw(population.frame, plan, seed=f"{SEED} {number}")
    who = sample.link["resident_no"].to_numpy()
    table = sample.table[["stratum", "fpc", "base_weight"]].reset_index(drop=True)
    table = pd.concat([table, population.values.loc[who].reset_index(drop=True)], axis=1)
    uniform = np.random.default_rng([number, 20091101]).random(len(table))
    table["answered"] = uniform < population.chance.loc[who].to_numpy()
    design = SurveyDesign(table, weights="base_weight", strata="stratum", fpc="fpc")
    return estimate(design), estimate(nonresponse_classes(design, "answered"))


def summary(results: list[pd.DataFrame], truth: "pd.Series[float]") -> pd.DataFrame:
    """Bias in percent of the truth, coverage in percent, mean width of the interval."""
    estimates = np.stack([table["estimate"].to_numpy() for table in results])
    low = np.stack([table["ci_low"].to_numpy() for table in results])
    high = np.stack([table["ci_high"].to_numpy() for table in results])
    target = truth[results[0].index].to_numpy()
    rows: dict[str, Any] = {
        "truth": target,
        "mean": estimates.mean(axis=0),
        "bias_percent": 100 * (estimates.mean(axis=0) / target - 1),
        "coverage": 100 * ((low <= target) & (target <= high)).mean(axis=0),
        "width": (high - low).mean(axis=0),
    }
    return pd.DataFrame(rows, index=[VARIABLES[name] for name in results[0].index])


def simulate(
    redraws: int = REDRAWS, sample: int = SAMPLE, residents: int = RESIDENTS
) -> dict[str, pd.DataFrame]:
    """Run the redraws and summarise both cases."""
    population = make_population(residents)
    plan = StratifiedDesign(n=sample, by=BY)
    both = [one_redraw(population, plan, i) for i in progress(range(redraws), redraws, "redraws")]
    truth = population.truth
    return {
        "everybody answers": summary([full for full, _ in both], truth),
        "respondents only": summary([part for _, part in both], truth),
    }


def main() -> int:
    """Print both tables; fail where an interval of the first case covers too rarely or too often."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--redraws", type=int, default=REDRAWS)
    parser.add_argument("--sample", type=int, default=SAMPLE)
    parser.add_argument("--residents", type=int, default=RESIDENTS)
    options = parser.parse_args()
    tables = simulate(options.redraws, options.sample, options.residents)
    say(
        f"{options.redraws:,} redraws of {options.sample:,} from a ward of {options.residents:,}, strata {BY}"
    )
    for title, table in tables.items():
        say(f"\n{title}\n{table.round(3).to_string()}")
    coverage = tables["everybody answers"]["coverage"]
    return 0 if coverage.between(PASS_LOW, PASS_HIGH).all() else 1


if __name__ == "__main__":
    sys.exit(main())
