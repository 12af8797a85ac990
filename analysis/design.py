"""The sample design: what was drawn how, and the estimates that follow from it."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, get_args

import numpy as np

from analysis.arrays import BoolArray, DesignArrays, FloatArray, LonelyPsu
from analysis.columns import as_frame, as_names, column
from analysis.crosstab_methods import CrosstabMethods
from analysis.describe import DesignDescription, describe_arrays
from analysis.mean_methods import MeanMethods
from analysis.moment_methods import MomentMethods
from analysis.options import option_error
from analysis.quantile_methods import QuantileMethods
from analysis.structure import DesignColumns, build_arrays, restrict
from analysis.test_methods import TestMethods
from analysis.two_phase import second_phase
from analysis.unequal import PairVariance, Pps, check_pps
from custody.errors import AnalysisError
from custody.messages import gettext as _

if TYPE_CHECKING:
    import pandas as pd

    from analysis.weights import WeightStep

__all__ = ["SurveyDesign"]


@dataclass(frozen=True, slots=True, eq=False, repr=False, init=False)
class SurveyDesign(CrosstabMethods, MeanMethods, MomentMethods, QuantileMethods, TestMethods):
    """A sample design over a table of respondents (標本設計).

    Parameters
    ----------
    data : pandas.DataFrame, pyarrow.Table, polars.DataFrame
        One row a respondent. The caller's table is never changed.
    weights : str, optional
        Column of sampling weights. None: taken from `fpc` as N_h / n_h.
    strata : str or sequence of (str or None), optional
        Column of strata; a list is one column a stage. None: one stratum.
    psu : str or sequence of (str or None), optional
        Column of primary sampling units; a list is one column a stage. None: each row is a unit.
    fpc : str or sequence of (str or None), optional
        Column of population sizes (units in the stratum), or of sampled fractions where all values are at
        most 1; a list is one column a stage. None: drawn with replacement, or from a population so large that
        it does not matter; stages after it then count for nothing.
    nest : bool
        PSU labels repeat across strata. Units of later stages are always taken within theirs.
    lonely_psu : {"fail", "remove", "adjust", "average", "certainty"}
        Rule for a stratum with one unit that was not taken with certainty: refuse (default), count it as no
        variance (remove, certainty), take its deviation from the mean of all unit totals (adjust), or give it
        the mean variance of the other strata (average). At a later stage the mean is that of all its units.
    pps : {"brewer", "overton", "hr"} or matrix, optional
        Units were drawn with unequal probabilities, which `fpc` holds: variance after Brewer, by joint
        probabilities approximated after Overton or Hartley and Rao, or by a matrix of joint probabilities of
        the first stage (array in the order in which units first occur; or a table labelled by unit).
    variance : {"HT", "YG"}
        Horvitz and Thompson's or Yates and Grundy's estimator, where there are joint probabilities.

    Raises
    ------
    AnalysisError
        A column is missing, a weight is missing or negative, a PSU lies in two strata, the fpc contradicts
        the sample, or a stratum has one PSU under ``"fail"``.

    Notes
    -----
    Names and defaults follow R ``survey`` (``svydesign``); what differs: a lonely PSU is refused when the
    design is made, intervals use Student's t, and a design without weights and fpc is refused instead of
    given equal weights.

    Examples
    --------
    >>> import pandas as pd
    >>> frame = pd.DataFrame({"y": [3.0, 5.0, 8.0, 12.0], "s": ["a", "a", "b", "b"], "N": [10, 10, 20, 20]})
    >>> d = SurveyDesign(frame, strata="s", fpc="N")
    >>> d.total("y").tidy()[["estimate", "se", "df"]].round(2).to_dict("records")
    [{'estimate': 240.0, 'se': 38.99, 'df': 2}]
    """

    _data: "pd.DataFrame"
    arrays: DesignArrays
    names: DesignColumns
    steps: tuple["WeightStep", ...] = field(default=())

    def __init__(
        self,
        data: Any,
        *,
        weights: str | None = None,
        strata: str | Sequence[str | None] | None = None,
        psu: str | Sequence[str | None] | None = None,
        fpc: str | Sequence[str | None] | None = None,
        nest: bool = False,
        lonely_psu: LonelyPsu = "fail",
        pps: Pps = None,
        variance: PairVariance = "HT",
    ) -> None:
        if lonely_psu not in get_args(LonelyPsu):
            raise option_error("lonely_psu", lonely_psu, get_args(LonelyPsu))
        check_pps(pps, variance)
        frame = as_frame(data)
        units = by_stage("psu", psu, None)
        parts = by_stage("strata", strata, len(units)), units, by_stage("fpc", fpc, len(units))
        names = DesignColumns(weights, *parts, nest, pps, variance)
        arrays = build_arrays(frame, names, lonely_psu)
        self._set(frame, arrays, names, ())

    def _set(
        self,
        frame: "pd.DataFrame",
        arrays: DesignArrays,
        names: DesignColumns,
        steps: tuple["WeightStep", ...],
    ) -> None:
        for name, value in (("_data", frame), ("arrays", arrays), ("names", names), ("steps", steps)):
            object.__setattr__(self, name, value)

    def _with(
        self, frame: "pd.DataFrame", arrays: DesignArrays, step: "WeightStep | None" = None
    ) -> "SurveyDesign":
        other = object.__new__(SurveyDesign)
        other._set(frame, arrays, self.names, (*self.steps, step) if step is not None else self.steps)
        return other

    @property
    def data(self) -> "pd.DataFrame":
        """The rows of the design, as a table of its own."""
        return self._data.copy(deep=False)

    @property
    def weights(self) -> FloatArray:
        """(rows,) the weights in use, as a copy."""
        return self.arrays.weights.copy()

    @property
    def df(self) -> int:
        """Degrees of freedom: PSUs minus strata among the rows (with a weight above zero)."""
        return self.arrays.df

    def subset(self, mask: Any) -> "SurveyDesign":
        """Restrict to a domain; strata and PSUs stay as drawn, so variances stay right.

        Parameters
        ----------
        mask : str or array-like of bool
            Boolean column, or one boolean a row; a pandas Series goes by its index, as pandas does.

        Returns
        -------
        SurveyDesign
            A new design over fewer rows.

        Raises
        ------
        AnalysisError
            The mask is not boolean, has another length, or keeps no row.
        """
        keep = _mask(self._data, mask)
        return self._with(self._data[keep], restrict(self.arrays, keep))

    def second_phase(
        self, selected: Any, *, strata: str | None = None, psu: str | None = None, fpc: str | None = None
    ) -> "SurveyDesign":
        """Take the rows that a second phase drew from this sample (二相抽出).

        Parameters
        ----------
        selected : str or array-like of bool
            Boolean column, or one boolean a row: True for rows of the second phase.
        strata : str, optional
            Strata of the second phase, known for every row of the first. None: one stratum.
        psu : str, optional
            Units of the second phase. None: rows.
        fpc : str, optional
            Fractions or numbers of units that the second phase drew from. None: what the first phase has.

        Returns
        -------
        SurveyDesign
            A design over the rows of the second phase; weights are those of both phases, variances hold both
            (R ``survey``: ``twophase(method="full")``).

        Raises
        ------
        AnalysisError
            The first phase has several stages or unequal probabilities, or a stratum of the second has no
            unit, or one alone.

        Examples
        --------
        >>> import pandas as pd
        >>> frame = pd.DataFrame({"y": [3.0, 5, 8, 12, 2, 7], "N": 60, "told": [True, True, False] * 2})
        >>> SurveyDesign(frame, fpc="N").second_phase("told").total("y")
        <Estimate total: y = 330, SE 131, 4 rows>
        """
        keep = _mask(self._data, selected)
        return self._with(self._data[keep], second_phase(self._data, self.arrays, keep, strata, psu, fpc))

    def assign(self, **columns: Any) -> "SurveyDesign":
        """Add or replace columns of the data, as R's ``update``.

        Parameters
        ----------
        **columns
            New columns: one value a row, or a function of the table. Columns of the design may be replaced
            too, but the design keeps what it was made of.

        Returns
        -------
        SurveyDesign
            A new design over the same rows.
        """
        return self._with(self._data.assign(**columns), self.arrays)

    def describe(self) -> DesignDescription:
        """Summarise strata, PSUs, weights and Kish's design effect.

        Returns
        -------
        DesignDescription
            With ``tidy()`` and an HTML face.
        """
        return describe_arrays(self.arrays)

    def __repr__(self) -> str:
        stage = self.arrays.first
        return (
            f"<SurveyDesign: {self.arrays.rows:,} rows, {stage.units:,} PSUs, {stage.strata:,} strata, "
            f"df {self.df:,}>"
        )

    def _repr_html_(self) -> str:
        return self.describe()._repr_html_()


def reweighted(
    design: SurveyDesign, frame: "pd.DataFrame", arrays: DesignArrays, step: "WeightStep"
) -> SurveyDesign:
    """Make a design with other weights, and note the step that made them.

    Parameters
    ----------
    design : SurveyDesign
        The design before.
    frame : pandas.DataFrame
        Rows of the new design.
    arrays : DesignArrays
        Arrays of the new design.
    step : WeightStep
        What was done.

    Returns
    -------
    SurveyDesign
        A new design.
    """
    return design._with(frame, arrays, step)


def by_stage(
    name: str, given: str | Sequence[str | None] | None, stages: int | None
) -> tuple[str | None, ...]:
    """One entry a stage; what is not said of later stages is None."""
    names = tuple(as_names(given))
    if not names or (stages is not None and len(names) > stages):
        raise AnalysisError(
            "ANA-STAGES",
            _("{name} names {count} stages, psu names {stages}.").format(
                name=name, count=len(names), stages=1 if stages is None else stages
            ),
            hint=_("Name the units of each stage in psu, the first stage first; None stands for the row."),
        )
    return names if stages is None else names + (None,) * (stages - len(names))


def _mask(frame: "pd.DataFrame", mask: Any) -> BoolArray:
    values = column(frame, mask) if isinstance(mask, str) else mask
    if hasattr(values, "index") and hasattr(values, "reindex") and not frame.index.equals(values.index):
        alike = frame.index.is_unique and values.index.is_unique and frame.index.isin(values.index).all()
        values = values.reindex(frame.index) if alike else ()
    keep = np.asarray(values)
    if keep.dtype != np.bool_ or keep.shape != (len(frame),):
        raise AnalysisError(
            "ANA-MASK",
            _(
                "A subset needs one True or False for each of the {count:,} rows, and no missing value."
            ).format(count=len(frame)),
            hint=_("Compare a column, for example data['sex'] == 'F'."),
        )
    if not keep.any():
        raise AnalysisError(
            "ANA-EMPTY", _("The subset has no rows."), hint=_("Check the condition of the subset.")
        )
    return keep
