"""Results of estimation: one object from which tables, plots and files are made."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from analysis.arrays import FloatArray
from analysis.estimators import Linear
from analysis.intervals import Distribution, IntervalMethod, check_level, interval
from analysis.lazy import LazyModule
from analysis.options import option_error
from analysis.paper import Presents

if TYPE_CHECKING:
    import pandas as pd

    from analysis.adjustment import Adjustment
    from analysis.contrasts import Contrast
    from analysis.pairwise import Comparisons
else:
    pd = LazyModule("pandas")

__all__ = ["Estimate", "LimitRule"]

LimitRule = Callable[[float, FloatArray], tuple[FloatArray, FloatArray]]
"""From a confidence level and degrees of freedom to lower and upper limits."""


@dataclass(frozen=True, slots=True, eq=False, repr=False)
class Estimate(Presents):
    """Estimates of one call, with their covariance.

    Attributes
    ----------
    kind : str
        ``"mean"``, ``"total"``, ``"ratio"`` or ``"proportion"``.
    by : pandas.DataFrame
        (domains, by columns) the value of each ``by`` column; one row and no column without ``by``.
    terms : tuple of (str, str or None)
        (terms,) variable and level; level is None for a number.
    linear : Linear
        Numbers and covariance.
    method : IntervalMethod
        How intervals are made.
    limits : LimitRule or None
        Intervals of another kind: from the confidence level and the (domains x terms,) degrees of freedom
        (infinite for the normal distribution) to the lower and upper limits. None: by `method`.

    Examples
    --------
    >>> import pandas as pd
    >>> from analysis import SurveyDesign
    >>> d = SurveyDesign(pd.DataFrame({"y": [1.0, 2.0, 3.0, 6.0], "w": [1.0] * 4}), weights="w")
    >>> d.mean("y")
    <Estimate mean: y = 3, SE 1.08, 4 rows>
    """

    kind: str
    by: "pd.DataFrame"
    terms: tuple[tuple[str, str | None], ...]
    linear: Linear
    method: IntervalMethod = "symmetric"
    limits: LimitRule | None = None

    @property
    def estimate(self) -> FloatArray:
        """(domains x terms,) estimates in the order of `tidy`."""
        return self.linear.estimate.reshape(-1)

    @property
    def se(self) -> FloatArray:
        """(domains x terms,) standard errors in the order of `tidy`; NaN for a negative variance."""
        variance = np.diag(self.linear.covariance)
        return np.sqrt(np.where(variance < 0, np.nan, variance))

    @property
    def covariance(self) -> "pd.DataFrame":
        """Covariance over domains and terms, labelled on both sides by the ``by`` columns, term and level."""
        index = pd.MultiIndex.from_frame(self._keys().fillna({"level": ""}))
        return pd.DataFrame(self.linear.covariance, index=index, columns=index)

    def tidy(self, *, cv: bool = False) -> "pd.DataFrame":
        """One row a domain, term and level.

        Parameters
        ----------
        cv : bool
            Add the coefficient of variation se / |estimate|.

        Returns
        -------
        pandas.DataFrame
            Columns: the ``by`` columns, term, level, estimate, se, ci_low, ci_high (95 %, t with the row's
            df), df, n, and deff, cv where asked for.
        """
        low, high = self._limits(0.95, "t")
        columns: dict[str, NDArray[Any]] = {
            "estimate": self.estimate,
            "se": self.se,
            "ci_low": low,
            "ci_high": high,
        }
        columns |= {"df": self.linear.df.reshape(-1), "n": self.linear.n.reshape(-1)}
        if self.linear.deff is not None:
            columns["deff"] = self.linear.deff.reshape(-1)
        if cv:
            with np.errstate(divide="ignore", invalid="ignore"):
                columns["cv"] = self.se / np.abs(self.estimate)
        return self._keys().assign(**columns)

    def confint(self, level: float = 0.95, dist: Distribution = "t") -> "pd.DataFrame":
        """Confidence intervals.

        Parameters
        ----------
        level : float
            Confidence level.
        dist : {"t", "normal"}
            Student's t with the row's degrees of freedom, or the normal distribution (R's ``confint`` takes
            the normal).

        Returns
        -------
        pandas.DataFrame
            Columns: the ``by`` columns, term, level, ci_low, ci_high.

        Raises
        ------
        AnalysisError
            The level is not between 0 and 1, or the distribution is another.
        """
        if dist not in ("t", "normal"):
            raise option_error("dist", dist, ("t", "normal"))
        frame = self._keys()
        frame["ci_low"], frame["ci_high"] = self._limits(level, dist)
        return frame

    def contrast(self, what: "Contrast", *, df: float | None = None) -> "Estimate":
        """Linear combinations and smooth functions of these estimates, by the delta method.

        Parameters
        ----------
        what : str, mapping, sequence or array
            An expression (``"api00 / api99"``, ``"log(E) - log(H)"``), weights by name
            (``{"E": 1, "H": -1}``), a mapping from names to either, several expressions, or a matrix with a
            column for each row of `tidy`. A name is a term, a level, or the values of the ``by`` columns; all
            parts joined by colons (``"E:api00"``) where one is not enough, in backticks in an expression.
        df : float, optional
            Degrees of freedom. None: the smallest of the estimates used.

        Returns
        -------
        Estimate
            One term a contrast. Where every name is a term (or level), the contrast is made in each domain;
            otherwise across domains, with their covariance.

        Raises
        ------
        AnalysisError
            A name is unknown or means several estimates, or an expression cannot be read.

        Notes
        -----
        Derivatives are analytic. As R's ``svycontrast``, which leaves the degrees of freedom open.

        Examples
        --------
        >>> import pandas as pd
        >>> from analysis import SurveyDesign
        >>> frame = pd.DataFrame({"y": [1.0, 2.0, 3.0, 6.0], "g": list("abab"), "w": [1.0] * 4})
        >>> SurveyDesign(frame, weights="w").mean("y", by="g").contrast("b / a").estimate.tolist()
        [2.0]
        """
        from analysis.contrasts import contrast_of

        return contrast_of(self, what, df)

    def pairwise(self, adjust: "Adjustment" = "holm", *, df: float | None = None) -> "Comparisons":
        """Compare each pair of domains, with p-values corrected for their number.

        Parameters
        ----------
        adjust : {"holm", "bonferroni", "none"}
            Correction, over the pairs of one term.
        df : float, optional
            Degrees of freedom. None: the smaller of the two domains' own.

        Returns
        -------
        Comparisons
            Second minus first domain, with standard error, t and p.

        Raises
        ------
        AnalysisError
            There are fewer than two domains.
        """
        from analysis.pairwise import compare_pairs

        return compare_pairs(self, adjust, df)

    def _limits(self, level: float, dist: Distribution) -> tuple[FloatArray, FloatArray]:
        df = self.linear.df.reshape(-1).astype(np.float64)
        df = np.full_like(df, np.inf) if dist == "normal" else df
        if self.limits is not None:
            check_level(level)
            return self.limits(level, df)
        variance = np.diag(self.linear.covariance)
        return interval(self.method, self.estimate, variance, df, self.linear.n.reshape(-1), level)

    def _keys(self) -> "pd.DataFrame":
        domains, terms = len(self.by), len(self.terms)
        keys = self.by.loc[np.repeat(self.by.index, terms)].reset_index(drop=True)
        keys["term"] = [name for name, _level in self.terms] * domains
        keys["level"] = pd.Series([level for _name, level in self.terms] * domains, dtype="str")
        return keys

    def __repr__(self) -> str:
        name, level = self.terms[0]
        label = name if level is None else f"{name}[{level}]"
        first = f"{label} = {self.estimate[0]:.4g}, SE {self.se[0]:.3g}, {self.linear.n.flat[0]:,} rows"
        more = f" and {self.estimate.size - 1} more" if self.estimate.size > 1 else ""
        return f"<Estimate {self.kind}: {first}{more}>"

    def _repr_html_(self) -> str:
        from analysis.html import table_html

        return table_html(self.tidy(), table_id=f"hyohon-{self.kind}")
