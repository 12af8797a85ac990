"""Goodness of fit: tests that the shares of a variable's levels are the given ones."""

from collections.abc import Hashable, Mapping, Sequence
from typing import TYPE_CHECKING, Any, get_args

import numpy as np

from analysis.arrays import DesignArrays, FloatArray
from analysis.columns import column, encode
from analysis.crosstab_cells import CellTotals, cell_totals
from analysis.crosstab_tests import share_covariance
from analysis.lazy import LazyModule
from analysis.options import option_error
from analysis.table_tests import METHODS, FitStatistic, TableTest, corrected_test, wald_test
from analysis.variables import Missing, refuse_missing_values
from analysis.variance import Domains
from custody.errors import AnalysisError
from custody.messages import gettext as _

if TYPE_CHECKING:
    import pandas as pd
else:
    pd = LazyModule("pandas")

__all__ = ["Probabilities", "fit_test", "read_fit"]

Probabilities = Mapping[Any, float] | Sequence[float]


def read_fit(
    frame: "pd.DataFrame", name: str, probs: Probabilities, na: Missing, arrays: DesignArrays
) -> tuple[CellTotals, "pd.Index[Any]", FloatArray]:
    """Read a variable and the shares it is tested against.

    Parameters
    ----------
    frame : pandas.DataFrame
        The data.
    name : str
        Column name.
    probs : mapping of level to float, or sequence of float
        Shares under the hypothesis, scaled to sum 1. A sequence follows the category order (all declared
        categories), else the ascending levels present. A level of a mapping may be without rows.
    na : Missing
        Rule for missing values.
    arrays : DesignArrays
        The design.

    Returns
    -------
    cells : CellTotals
        Weighted totals of the levels.
    levels : pandas.Index
        Names of the levels.
    probabilities : FloatArray
        (levels,) shares under the hypothesis.

    Raises
    ------
    AnalysisError
        A share is not above 0, or the shares do not fit the levels.
    """
    if na not in get_args(Missing):
        raise option_error("na", na, get_args(Missing))
    series = column(frame, name)
    codes = encode(series)
    if na == "fail":
        refuse_missing_values(name, codes.codes >= 0)
    levels = list(codes.levels)
    declared = series.cat.categories.tolist() if isinstance(series.dtype, pd.CategoricalDtype) else levels
    order = _level_order(declared, levels, probs, name)
    values = probs.values() if isinstance(probs, Mapping) else probs
    shares = np.array([float(p) for p in values], dtype=np.float64)
    if isinstance(probs, Mapping):
        shares = np.array([float(probs[level]) for level in order])
    if not (np.isfinite(shares).all() and (shares > 0).all()) or len(order) < 2:
        raise _probability_error(name)
    place = np.array([order.index(level) for level in levels] + [len(order)])
    domains = Domains(place[codes.codes], len(order), len(frame))
    return cell_totals(domains, (len(order),), arrays), pd.Index(order), shares / shares.sum()


def _level_order(
    declared: list[Hashable], present: list[Hashable], probs: Probabilities, name: str
) -> list[Hashable]:
    if isinstance(probs, Mapping):
        if set(present) - set(probs):
            raise _probability_error(name)
        known = [level for level in declared if level in probs]
        return known + [level for level in probs if level not in known]
    if len(probs) != len(declared):
        raise _probability_error(name)
    return declared


def _probability_error(name: str) -> AnalysisError:
    return AnalysisError(
        "ANA-PROBABILITY",
        _("Every level needs one share above zero, and there must be at least two levels."),
        hint=_("Give a mapping such as {example}.").format(example='{"Yes": 0.6, "No": 0.4}'),
        column=name,
    )


def fit_test(
    cells: CellTotals,
    levels: "pd.Index[Any]",
    probabilities: FloatArray,
    statistic: FitStatistic,
    name: str,
) -> TableTest:
    """Test estimated totals against given shares.

    Parameters
    ----------
    cells : CellTotals
        Totals of one variable's levels.
    levels : pandas.Index
        Names of the levels.
    probabilities : FloatArray
        (levels,) shares under the hypothesis, above 0, with sum 1.
    statistic : {"F", "Chisq", "satterthwaite", "Wald", "adjWald", "lincom", "saddlepoint"}
        See Notes.
    name : str
        The variable.

    Returns
    -------
    TableTest
        Pearson's chi-squared is that of the estimated population table, as R ``svygofchisq``.

    Raises
    ------
    AnalysisError
        The option does not exist, or Wald's test has too few degrees of freedom.

    Notes
    -----
    With estimated totals O, N their sum and E = N p: ``X^2 = sum (O - E)^2 / E``. The eigenvalues d are those
    of the covariance of the Pearson residuals ``(O - E) / sqrt(E)``, linearised in O and N. ``satterthwaite``
    compares ``X^2 / scale`` with chi-squared on ``sum(d)^2 / sum(d^2)`` degrees of freedom, with scale
    ``sum(d^2) / sum(d)``: R's ``svygofchisq``. ``Chisq`` divides by the mean of d; ``F`` is satterthwaite
    with the design's degrees of freedom below; ``lincom`` and ``saddlepoint`` take the whole weighted sum.
    ``Wald`` and ``adjWald`` are quadratic forms in shares minus given shares.

    References
    ----------
    Rao, J.N.K. and Scott, A.J. (1981). The analysis of categorical data from complex sample surveys. Journal
    of the American Statistical Association 76, 221-230.
    """
    if statistic not in get_args(FitStatistic):
        raise option_error("test", statistic, get_args(FitStatistic))
    whole = float(cells.total.sum())
    expected = whole * probabilities
    if statistic in ("Wald", "adjWald"):
        eigenvalues = np.zeros(0)
        covariance = share_covariance(cells)[:-1, :-1]
        difference = (cells.total / whole - probabilities)[:-1]
        numbers = wald_test(difference, covariance, cells.df, statistic == "adjWald")
    else:
        pearson = float(((cells.total - expected) ** 2 / expected).sum())
        eigenvalues = _residual_eigenvalues(cells, expected, probabilities)
        numbers = corrected_test(pearson, eigenvalues, cells.df, statistic)
    tables = [pd.DataFrame({"total": t}, index=levels) for t in (cells.total, expected)]
    return TableTest(statistic, METHODS[statistic], *numbers, eigenvalues, tables[0], tables[1], (name,))


def _residual_eigenvalues(cells: CellTotals, expected: FloatArray, probabilities: FloatArray) -> FloatArray:
    """Eigenvalues of the covariance of Pearson residuals; one of them is always 0 and left out."""
    by_total = probabilities * (cells.total + expected) / (2 * expected**1.5)
    jacobian = np.diag(expected**-0.5) - by_total[:, None]
    values = np.linalg.eigvalsh(jacobian @ cells.covariance @ jacobian.T)
    kept: FloatArray = np.delete(values, int(np.abs(values).argmin()))
    return kept
