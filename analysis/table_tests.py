"""Tests on weighted tables: their results, and the distributions that a sample design calls for."""

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final, Literal, get_args

import numpy as np

from analysis.arrays import FloatArray
from analysis.lazy import LazyModule
from analysis.options import option_error
from analysis.quadratic_forms import TailMethod, quadratic_form_tail
from custody.errors import AnalysisError
from custody.messages import gettext as _

if TYPE_CHECKING:
    import pandas as pd
    from scipy import special
else:
    pd = LazyModule("pandas")
    special = LazyModule("scipy.special")

__all__ = [
    "METHODS",
    "FitStatistic",
    "LayerTests",
    "TableStatistic",
    "TableTest",
    "check_statistic",
    "corrected_test",
    "wald_test",
]

TableStatistic = Literal["F", "Chisq", "Wald", "adjWald", "lincom", "saddlepoint"]
FitStatistic = Literal["F", "Chisq", "satterthwaite", "Wald", "adjWald", "lincom", "saddlepoint"]
METHODS: Final[dict[str, str]] = {
    "F": "Rao-Scott second-order corrected F",
    "satterthwaite": "Rao-Scott second-order corrected chi-squared",
    "Chisq": "Rao-Scott first-order corrected chi-squared",
    "Wald": "Wald F",
    "adjWald": "Adjusted Wald F",
    "lincom": "Pearson chi-squared, exact asymptotic distribution",
    "saddlepoint": "Pearson chi-squared, saddlepoint approximation",
}
NO_VARIANCE: Final = 1e-12
"""Design effects below this are rounding noise of a variance that is 0, as in a census."""
SINGULAR: Final = 1e-12
"""Smallest eigenvalue of a correlation matrix that still counts as full rank."""


@dataclass(frozen=True, slots=True, eq=False, repr=False)
class TableTest:
    """A test on a table.

    Attributes
    ----------
    name : str
        One of `FitStatistic`.
    method : str
        The same in words.
    statistic : float
        As R prints it: an F value for F, Wald and adjWald; the uncorrected Pearson chi-squared for Chisq,
        satterthwaite, lincom and saddlepoint, whose p-value takes the correction into account.
    df : float
        Numerator degrees of freedom.
    df_residual : float
        Denominator degrees of freedom; infinite for Chisq and satterthwaite.
    p_value : float
        NaN where the variance is 0 (a census) or there are no degrees of freedom.
    eigenvalues : FloatArray
        Generalised design effects of Rao and Scott; empty for Wald's tests.
    observed, expected : pandas.DataFrame
        The table, and what it would be under the hypothesis.
    variables : tuple of str
        What was tested.
    """

    name: str
    method: str
    statistic: float
    df: float
    df_residual: float
    p_value: float
    eigenvalues: FloatArray
    observed: "pd.DataFrame"
    expected: "pd.DataFrame"
    variables: tuple[str, ...]

    @property
    def design_effect(self) -> float:
        """Mean generalised design effect; Chisq compares statistic / design_effect with chi-squared."""
        return float(self.eigenvalues.mean()) if self.eigenvalues.size else np.nan

    @property
    def scale(self) -> float:
        """Satterthwaite's scale sum(d^2) / sum(d) of the eigenvalues d."""
        total = self.eigenvalues.sum()
        return float((self.eigenvalues**2).sum() / total) if total > 0 else np.nan

    @property
    def residuals(self) -> "pd.DataFrame":
        """Pearson residuals (observed - expected) / sqrt(expected)."""
        apart: pd.DataFrame = (self.observed - self.expected) / self.expected**0.5
        return apart

    def tidy(self) -> "pd.DataFrame":
        """One row with the result.

        Returns
        -------
        pandas.DataFrame
            Columns: variables, name, statistic, df, df_residual, p_value, method.
        """
        return pd.DataFrame(
            {
                "variables": [" x ".join(self.variables)],
                "name": [self.name],
                "statistic": [self.statistic],
                "df": [self.df],
                "df_residual": [self.df_residual],
                "p_value": [self.p_value],
                "method": [self.method],
            }
        )

    def __repr__(self) -> str:
        df = f"{self.df:.4g} and {self.df_residual:.4g}"
        what = " x ".join(self.variables)
        return f"<TableTest {self.name} {what}: {self.statistic:.4g}, df {df}, p {self.p_value:.4g}>"

    def _repr_html_(self) -> str:
        from analysis.html import table_html

        return table_html(self.tidy(), table_id="hyohon-table-test")


@dataclass(frozen=True, slots=True, eq=False, repr=False)
class LayerTests:
    """One test a layer.

    Attributes
    ----------
    layers : pandas.DataFrame
        (layers, layer variables) names of the layers.
    tests : tuple of (TableTest or None)
        (layers,) None where a layer has one row or one column only.
    """

    layers: "pd.DataFrame"
    tests: tuple[TableTest | None, ...]

    def tidy(self) -> "pd.DataFrame":
        """One row a layer.

        Returns
        -------
        pandas.DataFrame
            Columns: the layer variables, statistic, df, df_residual, p_value; NaN where there is no test.
        """
        rows = [
            [np.nan] * 4 if t is None else [t.statistic, t.df, t.df_residual, t.p_value] for t in self.tests
        ]
        numbers = pd.DataFrame(rows, columns=["statistic", "df", "df_residual", "p_value"])
        return pd.concat([self.layers.reset_index(drop=True), numbers], axis=1)

    def __repr__(self) -> str:
        return f"<LayerTests: {len(self.tests)} layers>"

    def _repr_html_(self) -> str:
        from analysis.html import table_html

        return table_html(self.tidy(), table_id="hyohon-layer-tests")


def check_statistic(statistic: str) -> None:
    """Refuse a test that does not exist.

    Parameters
    ----------
    statistic : str
        Name of the test.

    Raises
    ------
    AnalysisError
        It is none of `TableStatistic`.
    """
    if statistic not in get_args(TableStatistic):
        raise option_error("statistic", statistic, get_args(TableStatistic))


def corrected_test(
    pearson: float, eigenvalues: FloatArray, df: int, statistic: FitStatistic
) -> tuple[float, float, float, float]:
    """Refer a Pearson chi-squared to its distribution under a sample design.

    Parameters
    ----------
    pearson : float
        Uncorrected chi-squared.
    eigenvalues : FloatArray
        (k,) generalised design effects.
    df : int
        Degrees of freedom of the design.
    statistic : {"F", "Chisq", "satterthwaite", "lincom", "saddlepoint"}
        See `analysis.crosstab_tests.independence_test`; ``satterthwaite`` is ``F`` with infinitely many
        denominator degrees of freedom.

    Returns
    -------
    statistic, df, df_residual, p_value : float
        As in `TableTest`; NaN where every design effect is 0.
    """
    total, squares = float(eigenvalues.sum()), float((eigenvalues**2).sum())
    count = float(eigenvalues.size)
    if total < NO_VARIANCE:
        return np.nan, count, float(df), np.nan
    if statistic == "F":
        first = total**2 / squares
        value = pearson / total
        return value, first, first * df, _f_tail(value, first, first * df)
    if statistic == "satterthwaite":
        first = total**2 / squares
        return pearson, first, np.inf, float(special.gammaincc(first / 2, pearson / total * first / 2))
    if statistic == "Chisq":
        return pearson, count, np.inf, float(special.gammaincc(count / 2, pearson / total * count / 2))
    second = total**2 / squares * df
    return pearson, count, second, _sum_tail(pearson, eigenvalues, second, statistic)


def _sum_tail(pearson: float, eigenvalues: FloatArray, second: float, statistic: FitStatistic) -> float:
    """Tail of Q over chi2_m / second with m the whole part of second, which is how R fills in fractions."""
    whole = float(np.floor(second * (1 + 1e-12)))
    if whole < 1:
        return np.nan
    method: TailMethod = "exact" if statistic == "lincom" else "saddlepoint"
    return quadratic_form_tail(pearson * whole / second, eigenvalues, whole, method)


def wald_test(
    difference: FloatArray, covariance: FloatArray, df: int, adjusted: bool
) -> tuple[float, float, float, float]:
    """Wald test that differences are 0, referred to F.

    Parameters
    ----------
    difference : FloatArray
        (k,) linearly independent differences.
    covariance : FloatArray
        (k, k) their covariance.
    df : int
        Degrees of freedom v of the design.
    adjusted : bool
        Multiply by (v - k + 1) / v and take v - k + 1 denominator degrees of freedom.

    Returns
    -------
    statistic, df, df_residual, p_value : float
        W / k (adjusted or not), k, denominator degrees of freedom, p.

    Raises
    ------
    AnalysisError
        The covariance is singular, or v - k + 1 is below 1.
    """
    count = difference.size
    residual = df - count + 1 if adjusted else df
    spread = np.sqrt(np.maximum(np.diag(covariance), 0.0))
    correlation = covariance / np.outer(spread, spread) if (spread > 0).all() else np.zeros_like(covariance)
    if residual < 1 or np.linalg.eigvalsh(correlation)[0] < SINGULAR:
        raise AnalysisError(
            "ANA-SINGULAR",
            _(
                "The design has {df} degrees of freedom, too few for {count} differences by Wald's test."
            ).format(df=df, count=count),
            hint=_('Use the test "F", or join levels.'),
        )
    scaled = difference / spread
    value = float(scaled @ np.linalg.solve(correlation, scaled)) / count
    value = value * residual / df if adjusted else value
    return value, float(count), float(residual), _f_tail(value, count, residual)


def _f_tail(value: float, first: float, second: float) -> float:
    return float(special.fdtrc(first, second, value)) if second > 0 else np.nan
