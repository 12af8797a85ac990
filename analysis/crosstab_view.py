"""How a cross table is shown: rows with their n and shares, and a row of totals under each layer."""

from typing import TYPE_CHECKING

import numpy as np

from analysis.arrays import FloatArray
from analysis.lazy import LazyModule
from custody.messages import gettext as _

if TYPE_CHECKING:
    import pandas as pd

    from analysis.crosstab import Crosstab
else:
    pd = LazyModule("pandas")

__all__ = ["crosstab_view"]


def crosstab_view(table: "Crosstab") -> "pd.DataFrame":
    """Set out a cross table for reading.

    Parameters
    ----------
    table : Crosstab
        The table.

    Returns
    -------
    pandas.DataFrame
        Layer variables, row variable, n (rows of data), total (weighted, whole persons), then the share of
        each column level in its row. The last row of each layer holds its totals.
    """
    layers, rows, columns = table.shape
    totals = _with_sum(table.cells.total.reshape(table.shape))
    counts = _with_sum(table.cells.n.reshape(table.shape).astype(np.float64))
    whole, n = totals.sum(axis=2).reshape(-1), counts.sum(axis=2).reshape(-1)
    shares = np.full((layers * (rows + 1), columns), np.nan)
    np.divide(totals.reshape(-1, columns), whole[:, None], out=shares, where=whole[:, None] > 0)
    keys = table.margin("row").tidy()
    names = [name for name in keys.columns if name in table.variables]
    frame = pd.DataFrame(
        {
            name: keys[name].astype(str).to_numpy().reshape(layers, rows)[:, :1].repeat(rows + 1)
            for name in names
        }
    )
    frame[table.variables[0]] = [*table.levels[0].astype(str), _("Total")] * layers
    frame["n"], frame["total"] = n.astype(np.int64), np.rint(whole).astype(np.int64)
    for j, level in enumerate(table.levels[1]):
        frame[f"{table.variables[1]}: {level}"] = shares[:, j]
    return frame


def _with_sum(cells: FloatArray) -> FloatArray:
    """Put the sum over rows under the rows of each layer."""
    return np.concatenate([cells, cells.sum(axis=1, keepdims=True)], axis=1)
