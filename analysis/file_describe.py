"""The design of a file in words and numbers."""

from typing import TYPE_CHECKING

import numpy as np

from analysis.arrays import FloatArray, IntArray, sum_by
from analysis.describe import DesignDescription
from analysis.file_door import Drawn, Facts
from analysis.file_source import FileSource
from analysis.lazy import LazyModule

if TYPE_CHECKING:
    import pandas as pd
else:
    pd = LazyModule("pandas")

__all__ = ["describe_file"]


def describe_file(source: FileSource, drawn: Drawn, facts: Facts, df: int) -> DesignDescription:
    """Summarise the design of a file.

    Parameters
    ----------
    source : FileSource
        Rows, read once more for their weights.
    drawn : Drawn
        The design.
    facts : Facts
        Counts of the rows in use.
    df : int
        Degrees of freedom.

    Returns
    -------
    DesignDescription
        As of the table.
    """
    stage = drawn.stages[0]
    at, weights = _weights(source, drawn)
    population = float(weights["sums"].sum())
    return DesignDescription(
        rows=facts.total,
        psus=int(stage.sampled.sum()),
        strata=stage.strata,
        df=df,
        single_psu_strata=int(stage.lonely.sum()),
        population=population,
        with_fpc=bool(np.isfinite(stage.population).any()),
        weight_min=float(weights["least"].min()),
        weight_max=float(weights["most"].max()),
        deff_kish=float(facts.positive.sum() * weights["squares"].sum() / population**2),
        later_units=tuple(int(later.sampled.sum()) for later in drawn.stages[1:]),
        strata_table=_strata_table(drawn, facts, at, weights),
    )


def _weights(source: FileSource, drawn: Drawn) -> tuple[IntArray, dict[str, FloatArray]]:
    """Group of each group with rows; sums, squares and range of its weights."""
    name = drawn.names.weights
    columns = {f"k{j}": source.label(key) for j, key in enumerate(drawn.keys)}
    columns["w"] = "1.0::DOUBLE" if name is None else source.number(name)
    measures = ["sum(w) AS sums", "sum(w * w) AS squares", "min(w) AS least", "max(w) AS most"]
    keys = [f"k{j}" for j in range(len(drawn.keys))]
    frame = source.summed(columns, keys, measures)
    at = drawn.find([frame[key] for key in keys], len(frame))
    scale = np.ones(at.size) if drawn.scale is None else drawn.scale[at]
    powers = {"sums": 1, "squares": 2, "least": 1, "most": 1}
    return at, {one: frame[one].to_numpy(dtype=np.float64) * scale**power for one, power in powers.items()}


def _strata_table(drawn: Drawn, facts: Facts, at: IntArray, weights: dict[str, FloatArray]) -> "pd.DataFrame":
    stage, stratum = drawn.stages[0], drawn.stages[0].row_stratum()
    low, high = np.full(stage.strata, np.inf), np.full(stage.strata, -np.inf)
    np.minimum.at(low, stratum[at], weights["least"])
    np.maximum.at(high, stratum[at], weights["most"])
    rows = sum_by(stratum, facts.rows.astype(np.float64), stage.strata).astype(np.int64)
    columns = {
        "stratum": [str(label) for label in stage.labels],
        "psus": stage.sampled.astype(np.int64),
        "population": np.where(np.isfinite(stage.population), stage.population, np.nan),
        "rows": rows,
        "weight_sum": sum_by(stratum[at], weights["sums"], stage.strata),
        "weight_min": np.where(rows > 0, low, np.nan),
        "weight_max": np.where(rows > 0, high, np.nan),
    }
    return pd.DataFrame(columns)
