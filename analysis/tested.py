"""The result of a test of a hypothesis."""

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from analysis.arrays import FloatArray
from analysis.intervals import check_level, t_quantile
from analysis.lazy import LazyModule
from custody.errors import AnalysisError
from custody.messages import gettext as _

if TYPE_CHECKING:
    import pandas as pd
    from scipy import special
else:
    pd = LazyModule("pandas")
    special = LazyModule("scipy.special")

__all__ = ["DomainTests", "SurveyTest", "f_test", "t_test"]

_ZERO = 1e-12
"""A standard error below this share of the values' size is rounding."""


@dataclass(frozen=True, slots=True, eq=False, repr=False)
class SurveyTest:
    """A test with its numbers.

    Attributes
    ----------
    name : str
        What was done, such as ``"t test"``.
    formula : str
        As given.
    statistic_name : {"t", "Chisq"}
        Kind of `statistic`.
    statistic : float
        Value of the test statistic.
    df : float
        Degrees of freedom: of t, or of the numerator.
    df_residual : float or None
        Degrees of freedom of the denominator, for ``"Chisq"``, whose p-value is that of F = statistic / df.
    p_value : float
        Two-sided for t.
    estimate, se : float or None
        What is tested against `null`, and its standard error; None for more than two groups.
    null : float
        Value of the estimate under the hypothesis.
    groups : tuple of str
        Levels of the groups, in order; the estimate is second minus first. Empty for one sample.
    n : int
        Rows used.

    Examples
    --------
    >>> import pandas as pd
    >>> from analysis import SurveyDesign
    >>> frame = pd.DataFrame({"y": [1.0, 2.0, 4.0, 6.0, 5.0], "g": list("aabbb"), "w": [1.0] * 5})
    >>> SurveyDesign(frame, weights="w").ttest("y ~ g")
    <SurveyTest t test, y ~ g: b - a = 3.5, SE 0.659, t = 5.313, df 3, p = 0.01302, 5 rows>
    """

    name: str
    formula: str
    statistic_name: str
    statistic: float
    df: float
    df_residual: float | None
    p_value: float
    estimate: float | None
    se: float | None
    null: float
    groups: tuple[str, ...]
    n: int

    def confint(self, level: float = 0.95) -> tuple[float, float]:
        """Confidence interval of the estimate, by t with `df`.

        Parameters
        ----------
        level : float
            Confidence level.

        Returns
        -------
        low, high : float
            Limits; NaN where nothing is estimated.
        """
        check_level(level)
        if self.estimate is None or self.se is None:
            return np.nan, np.nan
        half = float(t_quantile(level, np.array([self.df]))[0]) * self.se
        return self.estimate - half, self.estimate + half

    def tidy(self) -> "pd.DataFrame":
        """One row.

        Returns
        -------
        pandas.DataFrame
            Columns test, formula, estimate, se, ci_low, ci_high (95 %), statistic, df, df_residual,
            p_value, n.
        """
        low, high = self.confint()
        missing = np.nan
        row = {
            "test": self.name,
            "formula": self.formula,
            "estimate": missing if self.estimate is None else self.estimate,
            "se": missing if self.se is None else self.se,
            "ci_low": low,
            "ci_high": high,
            "statistic": self.statistic,
            "df": self.df,
            "df_residual": missing if self.df_residual is None else self.df_residual,
            "p_value": self.p_value,
            "n": self.n,
        }
        return pd.DataFrame([row])

    def __repr__(self) -> str:
        what = ""
        if self.estimate is not None:
            label = " - ".join(reversed(self.groups)) or "mean"
            what = f"{label} = {self.estimate:.4g}, SE {self.se:.3g}, "
        df = f"{self.df:g}" if self.df_residual is None else f"{self.df:g} and {self.df_residual:g}"
        return (
            f"<SurveyTest {self.name}, {self.formula}: {what}{self.statistic_name} = {self.statistic:.4g}, "
            f"df {df}, p = {self.p_value:.4g}, {self.n:,} rows>"
        )

    def _repr_html_(self) -> str:
        from analysis.html import table_html

        return table_html(self.tidy(), table_id="hyohon-test")


@dataclass(frozen=True, slots=True, eq=False, repr=False)
class DomainTests:
    """The same test in each domain.

    Attributes
    ----------
    by : pandas.DataFrame
        (domains, by columns) names of the domains.
    tests : tuple of (SurveyTest or None)
        (domains,) None where a domain cannot be tested: a group is not there, nothing varies, or no degree of
        freedom is left.
    """

    by: "pd.DataFrame"
    tests: tuple[SurveyTest | None, ...]

    def tidy(self) -> "pd.DataFrame":
        """One row a domain.

        Returns
        -------
        pandas.DataFrame
            The ``by`` columns, then those of `SurveyTest.tidy`; without numbers where there is no test.
        """
        rows = [pd.DataFrame([{}]) if test is None else test.tidy() for test in self.tests]
        columns = pd.concat(rows, ignore_index=True)
        return pd.concat([self.by, columns], axis=1)

    def __repr__(self) -> str:
        done = sum(test is not None for test in self.tests)
        return f"<DomainTests: {done} tests in {len(self.tests)} domains>"

    def _repr_html_(self) -> str:
        from analysis.html import table_html

        return table_html(self.tidy(), table_id="hyohon-tests")


def t_test(
    estimate: float, variance: float, df: float, null: float, size: float
) -> tuple[float, float, float]:
    """Test one estimate by t.

    Parameters
    ----------
    estimate, variance : float
        The estimate and its variance.
    df : float
        Degrees of freedom.
    null : float
        Value under the hypothesis.
    size : float
        Size of the values behind the estimate; a standard error below 1e-12 of it counts as 0.

    Returns
    -------
    statistic, se, p_value : float
        t, the standard error, and the two-sided p-value.

    Raises
    ------
    AnalysisError
        No degree of freedom is left, or the standard error is 0.
    """
    _check_df(df)
    se = float(np.sqrt(max(variance, 0.0)))
    if not se > _ZERO * max(size, abs(estimate)):
        raise AnalysisError(
            "ANA-NO-VARIANCE",
            _("The standard error is zero, so there is nothing to test against."),
            hint=_("The variable is constant in each group, or everybody was asked; compare the numbers."),
        )
    statistic = (estimate - null) / se
    return statistic, se, float(2 * special.stdtr(df, -abs(statistic)))


def f_test(
    difference: FloatArray, covariance: FloatArray, df_residual: float, size: float = 0.0
) -> tuple[float, float]:
    """Test that several estimates are all 0 (Wald), with p from the F distribution.

    Parameters
    ----------
    difference : FloatArray
        (k,) estimates.
    covariance : FloatArray
        (k, k) their covariance.
    df_residual : float
        Degrees of freedom of the denominator.
    size : float
        Size of the values behind the estimates; a standard error below 1e-12 of it counts as 0.

    Returns
    -------
    statistic, p_value : float
        d' V^-1 d, and the upper tail of F(k, df_residual) at statistic / k.

    Raises
    ------
    AnalysisError
        No degree of freedom is left, or the covariance is singular.
    """
    _check_df(df_residual)
    k = difference.size
    scale = np.sqrt(np.maximum(np.diag(covariance), 0.0))
    varies = bool((scale > _ZERO * max(size, float(np.abs(difference).max()))).all())
    alike = covariance / np.outer(scale, scale) if varies else covariance
    if not varies or np.linalg.matrix_rank(alike, tol=1e-10, hermitian=True) < k:
        raise AnalysisError(
            "ANA-SINGULAR",
            _("The covariance of the {count} groups is singular, so they cannot be tested together.").format(
                count=k + 1
            ),
            hint=_("A group is constant, or there are more groups than PSUs allow; join groups."),
        )
    statistic = float(difference @ np.linalg.solve(covariance, difference))
    return statistic, float(special.fdtrc(k, df_residual, statistic / k))


def _check_df(df: float) -> None:
    if not df >= 1:
        raise AnalysisError(
            "ANA-DF",
            _("No degree of freedom is left for the test."),
            hint=_("The rows used lie in too few PSUs; take fewer groups, or join strata."),
        )
