"""Variances, standard deviations and correlations as methods of a design."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal, get_args

import numpy as np

from analysis.arrays import FloatArray
from analysis.design_base import DesignBase
from analysis.estimators import Deff, Linear
from analysis.intervals import t_quantile
from analysis.moments import Pair, correlations, covariances, deviations
from analysis.options import option_error
from analysis.results import Estimate
from analysis.variables import Missing, Variables, read_numbers, read_variables
from custody.errors import AnalysisError
from custody.messages import gettext as _

__all__ = ["CorrelationInterval", "MomentMethods"]

CorrelationInterval = Literal["symmetric", "fisher"]
Labels = tuple[tuple[str, str | None], ...]


class MomentMethods(DesignBase):
    """Variance, standard deviation and correlation; `SurveyDesign` has them."""

    __slots__ = ()

    def var(
        self,
        variables: str | Sequence[str],
        by: str | Sequence[str] | None = None,
        *,
        covariance: bool = False,
        deff: Deff = False,
        na: Missing = "fail",
    ) -> Estimate:
        """Estimate the variance of numbers in the population (母分散).

        Parameters
        ----------
        variables : str or sequence of str
            Numeric or boolean columns (one row each), text or categorical columns (the variance of the
            indicator of each level).
        by : str or sequence of str, optional
            Columns whose combinations are the domains.
        covariance : bool
            Add the covariance of every two variables, which then must be numbers.
        deff : bool or {"replace"}
            Add the design effect, as in `SurveyDesign.mean`, of the mean of squared deviations.
        na : {"fail", "domain", "listwise"}
            Missing values, as in `SurveyDesign.mean`; under ``"domain"`` a covariance takes the rows where
            both variables have a value.

        Returns
        -------
        Estimate
            Rows by domain, then variable. With `covariance`, rows of the upper triangle: ``term`` and
            ``level`` name the two variables, a variance repeats its own.

        Raises
        ------
        AnalysisError
            A column is unknown or has missing values under ``na="fail"``; or with `covariance` holds text.

        Notes
        -----
        As R ``svyvar``; formula at `analysis.moments.covariances`.

        Examples
        --------
        >>> import pandas as pd
        >>> from analysis import SurveyDesign
        >>> d = SurveyDesign(pd.DataFrame({"y": [1.0, 2.0, 3.0, 6.0], "w": [1.0] * 4}), weights="w")
        >>> d.var("y")
        <Estimate var: y = 4.667, SE 2.69, 4 rows>
        """
        reader = read_numbers if covariance else read_variables
        read = reader(self._data, variables, by, na)
        pairs, labels = _upper(read) if covariance else _squares(read)
        return Estimate("var", read.by, labels, covariances(pairs, read.domains, self.arrays, deff))

    def std(
        self,
        variables: str | Sequence[str],
        by: str | Sequence[str] | None = None,
        *,
        na: Missing = "fail",
    ) -> Estimate:
        """Estimate the standard deviation of numbers in the population (標準偏差).

        Parameters
        ----------
        variables, by, na
            As in `var`.

        Returns
        -------
        Estimate
            Rows by domain, then variable; standard errors by the delta method.
        """
        read = read_variables(self._data, variables, by, na)
        pairs, labels = _squares(read)
        linear = deviations(covariances(pairs, read.domains, self.arrays))
        return Estimate("std", read.by, labels, linear)

    def correlation(
        self,
        variables: Sequence[str],
        by: str | Sequence[str] | None = None,
        *,
        interval: CorrelationInterval = "symmetric",
        na: Missing = "fail",
    ) -> Estimate:
        """Estimate Pearson's correlation of every two variables (相関係数).

        Parameters
        ----------
        variables : sequence of str
            Two or more numeric columns.
        by : str or sequence of str, optional
            Columns whose combinations are the domains.
        interval : {"symmetric", "fisher"}
            ``r -/+ t se``, or ``tanh(atanh(r) -/+ t se / (1 - r^2))``, which stays between -1 and 1.
        na : {"fail", "domain", "listwise"}
            Missing values, as in `var`.

        Returns
        -------
        Estimate
            Rows by domain, then pair: ``term`` and ``level`` name the two variables.

        Raises
        ------
        AnalysisError
            Fewer than two variables, or as `var`.

        Examples
        --------
        >>> import pandas as pd
        >>> from analysis import SurveyDesign
        >>> frame = pd.DataFrame({"x": [1.0, 2.0, 3.0, 6.0], "y": [2.0, 1.0, 4.0, 5.0], "w": [1.0] * 4})
        >>> SurveyDesign(frame, weights="w").correlation(["x", "y"])
        <Estimate correlation: x[y] = 0.8452, SE 0.0976, 4 rows>
        """
        if interval not in get_args(CorrelationInterval):
            raise option_error("interval", interval, get_args(CorrelationInterval))
        if isinstance(variables, str) or len(variables) < 2:
            raise AnalysisError(
                "ANA-OPTION",
                _("A correlation needs at least two variables."),
                hint=_("Name them as a list."),
            )
        read = read_numbers(self._data, variables, by, na)
        pairs, labels = _upper(read, diagonal=False)
        linear = correlations(pairs, read.domains, self.arrays)
        limits = _Fisher(linear) if interval == "fisher" else None
        return Estimate("correlation", read.by, labels, linear, limits=limits)


@dataclass(frozen=True, slots=True, eq=False)
class _Fisher:
    """Limits on the scale of Fisher's z."""

    linear: Linear

    def __call__(self, level: float, df: FloatArray) -> tuple[FloatArray, FloatArray]:
        r, variance = self.linear.estimate.reshape(-1), np.diag(self.linear.covariance)
        with np.errstate(divide="ignore", invalid="ignore"):
            half = t_quantile(level, df) * np.sqrt(variance) / (1 - r * r)
            centre = np.where(np.abs(r) < 1, np.arctanh(r), np.nan)
        return np.tanh(centre - half), np.tanh(centre + half)


def _squares(read: Variables) -> tuple[list[Pair], Labels]:
    return [Pair(term, term) for term in read.terms], read.labels


def _upper(read: Variables, *, diagonal: bool = True) -> tuple[list[Pair], Labels]:
    """Pairs of the upper triangle, row by row."""
    places = range(len(read.terms))
    pairs = [(i, j) for i in places for j in places if i < j or (diagonal and i == j)]
    names = [name for name, _level in read.labels]
    found = [Pair(read.terms[i], read.terms[j]) for i, j in pairs]
    return found, tuple((names[i], names[j]) for i, j in pairs)
