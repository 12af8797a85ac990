"""The design of a file in words and numbers."""

from typing import TYPE_CHECKING

import numpy as np

from analysis.arrays import sum_by
from analysis.describe import DesignDescription
from analysis.file_door import Drawn, Facts
from analysis.lazy import LazyModule

if TYPE_CHECKING:
    import pandas as pd
else:
    pd = LazyModule("pandas")

__all__ = ["describe_facts"]


def describe_facts(drawn: Drawn, facts: Facts, df: int) -> DesignDescription:
    """Summarise the design of a file.

    Parameters
    ----------
    drawn : Drawn
        The design.
    facts : Facts
        Counts and weights of the rows in use.
    df : int
        Degrees of freedom.

    Returns
    -------
    DesignDescription
        As of the table.
    """
    stage, population = drawn.stages[0], float(facts.sums.sum())
    return DesignDescription(
        rows=facts.total,
        psus=int(stage.sampled.sum()),
        strata=stage.strata,
        df=df,
        single_psu_strata=int(stage.lonely.sum()),
        population=population,
        with_fpc=bool(np.isfinite(stage.population).any()),
        weight_min=float(facts.least.min()),
        weight_max=float(facts.most.max()),
        deff_kish=float(facts.positive.sum() * facts.squares.sum() / population**2),
        later_units=tuple(int(later.sampled.sum()) for later in drawn.stages[1:]),
        strata_table=_strata_table(drawn, facts),
    )


def _strata_table(drawn: Drawn, facts: Facts) -> "pd.DataFrame":
    stage, stratum = drawn.stages[0], drawn.stages[0].row_stratum()
    low, high = np.full(stage.strata, np.inf), np.full(stage.strata, -np.inf)
    np.minimum.at(low, stratum, facts.least)
    np.maximum.at(high, stratum, facts.most)
    rows = sum_by(stratum, facts.rows.astype(np.float64), stage.strata).astype(np.int64)
    columns = {
        "stratum": [str(label) for label in stage.labels],
        "psus": stage.sampled.astype(np.int64),
        "population": np.where(np.isfinite(stage.population), stage.population, np.nan),
        "rows": rows,
        "weight_sum": sum_by(stratum, facts.sums, stage.strata),
        "weight_min": np.where(rows > 0, low, np.nan),
        "weight_max": np.where(rows > 0, high, np.nan),
    }
    return pd.DataFrame(columns)
