"""Weights after nonresponse: respondents stand for those of their class who did not answer."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from analysis.arrays import BoolArray, FloatArray, IntArray, Stage, count_by, sum_by
from analysis.columns import column, combine, encode
from analysis.design import SurveyDesign, reweighted
from analysis.lazy import LazyModule
from analysis.structure import assemble, restrict, reweight
from custody.errors import AnalysisError
from custody.messages import gettext as _

if TYPE_CHECKING:
    import pandas as pd
else:
    pd = LazyModule("pandas")

__all__ = ["ClassFactors", "WeightStep", "class_factors", "join_small", "nonresponse_classes"]


@dataclass(frozen=True, slots=True, eq=False)
class ClassFactors:
    """Adjustment factors by class.

    Attributes
    ----------
    sampled, answered : IntArray
        (classes,) rows in the sample and among the respondents.
    factor : FloatArray
        (classes,) multiplier of respondents' weights, at least 1.
    """

    sampled: IntArray
    answered: IntArray
    factor: FloatArray


@dataclass(frozen=True, slots=True, eq=False)
class WeightStep:
    """One step by which weights were changed, for the record.

    Attributes
    ----------
    rule : str
        What was done, in words.
    classes : tuple of str
        (classes,) names; joined classes read ``"A + B"``.
    factors : ClassFactors
        Counts and factors.
    joined : int
        Classes that had too few answers and were joined to a neighbour.
    """

    rule: str
    classes: tuple[str, ...]
    factors: ClassFactors
    joined: int

    def tidy(self) -> "pd.DataFrame":
        """One row a class.

        Returns
        -------
        pandas.DataFrame
            Columns class, sampled, answered, rate, factor.
        """
        counts = self.factors
        rate = counts.answered / counts.sampled
        columns = {"class": self.classes, "sampled": counts.sampled, "answered": counts.answered}
        return pd.DataFrame(columns | {"rate": rate, "factor": counts.factor})

    def __repr__(self) -> str:
        return f"<WeightStep: {self.rule}, {len(self.classes)} classes, {self.joined} joined>"


def class_factors(
    classes: IntArray, count: int, answered: BoolArray, weights: FloatArray | None = None
) -> ClassFactors:
    """Compute sampled / answered by class.

    Parameters
    ----------
    classes : IntArray
        (rows,) class of each sampled row.
    count : int
        Number of classes.
    answered : BoolArray
        (rows,) True for respondents.
    weights : FloatArray or None
        (rows,) None: factors from counts; otherwise from sums of these weights.

    Returns
    -------
    ClassFactors
        Counts and factors; a class without an answer has an infinite factor.

    Examples
    --------
    >>> class_factors(np.array([0, 0, 0, 1, 1]), 2, np.array([True, False, True, True, True])).factor.tolist()
    [1.5, 1.0]
    """
    sampled, replied = count_by(classes, count), count_by(classes[answered], count)
    above, below = sampled.astype(np.float64), replied.astype(np.float64)
    if weights is not None:
        above = sum_by(classes, weights, count)
        below = sum_by(classes[answered], weights[answered], count)
    factor = np.full(count, np.inf)
    np.divide(above, below, out=factor, where=below > 0)
    return ClassFactors(sampled, replied, factor)


def join_small(answered: IntArray, members: IntArray, minimum: int) -> IntArray:
    """Join classes with few answers to a neighbour.

    Parameters
    ----------
    answered : IntArray
        (classes,) respondents of each class; classes stand in their natural order.
    members : IntArray
        (classes, parts) level numbers; classes that share more leading parts are nearer.
    minimum : int
        Fewest answers a class may have.

    Returns
    -------
    IntArray
        (classes,) number of the joined class of each class, 0-based and without gaps, order kept.

    Notes
    -----
    The first class below the minimum joins the adjacent class that shares more leading parts; in a tie the
    one with fewer answers; then the earlier. This repeats until none is below, or one class is left.

    Examples
    --------
    >>> join_small(np.array([9, 1, 5]), np.array([[0, 0], [0, 1], [1, 0]]), 2).tolist()
    [0, 0, 1]
    """
    groups = [[i] for i in range(answered.size)]
    replies = answered.tolist()
    while len(groups) > 1 and min(replies) < minimum:
        i = next(k for k, value in enumerate(replies) if value < minimum)
        beside = [k for k in (i - 1, i + 1) if 0 <= k < len(groups)]
        near = {k: _shared(members, groups[min(i, k)][-1], groups[max(i, k)][0]) for k in beside}
        other = min(beside, key=lambda k: (-near[k], replies[k], k))
        first, second = min(i, other), max(i, other)
        groups[first] += groups.pop(second)
        replies[first] += replies.pop(second)
    target = np.empty(answered.size, dtype=np.int64)
    for number, group in enumerate(groups):
        target[group] = number
    return target


def _shared(members: IntArray, one: int, other: int) -> int:
    """Count the leading parts that two classes share."""
    return int(np.cumprod(members[one] == members[other]).sum())


def nonresponse_classes(
    design: SurveyDesign,
    status: str,
    *,
    answered: str | Collection[str] = "answered",
    classes: str | Sequence[str] | None = None,
    weighted: bool = False,
    min_answered: int = 2,
) -> SurveyDesign:
    """Adjust weights for nonresponse within classes (無回答の調整): sampled / answered.

    Parameters
    ----------
    design : SurveyDesign
        The design of everyone sampled, respondents and others.
    status : str
        Column that tells who answered: text, or a boolean.
    answered : str or collection of str
        The values of `status` that mean a valid answer. Not used for a boolean column.
    classes : str or sequence of str, optional
        Columns whose combinations are the classes. None: the strata of the design.
    weighted : bool
        Factors from sums of weights instead of counts. The same where weights are equal within classes;
        otherwise it keeps the sum of weights, at the price of a noisier response rate.
    min_answered : int
        Fewest respondents of a class (and of a stratum); smaller ones join a neighbour, see `join_small`.

    Returns
    -------
    SurveyDesign
        The respondents, with weights ``w_i * sampled_c / answered_c``. ``.steps[-1]`` tells the classes and
        factors.

    Raises
    ------
    AnalysisError
        The status is missing for a row, or nobody answered.

    Notes
    -----
    Everyone in a class is taken to answer with the same probability (response homogeneity groups). Then,
    given the number m_h that answered in stratum h, respondents are a simple random sample of m_h of the
    stratum's N_h, so in element sampling they become the sample of their stratum: n_h is m_h, N_h stays, and
    the variance is that of stratified sampling. That is exact where classes are strata; where classes are
    wider, the factors are taken as fixed, and where they cut across strata the gain from them is not counted
    (intervals are a little too wide). In cluster sampling the first stage is not touched by nonresponse:
    strata and PSUs stay as drawn and respondents are a domain. What classes cannot repair: differences
    between respondents and others within a class.

    References
    ----------
    Särndal, C.-E., Swensson, B. and Wretman, J. (1992). Model Assisted Survey Sampling. Springer, chapter 15.
    Särndal, C.-E. and Lundström, S. (2005). Estimation in Surveys with Nonresponse. Wiley.

    Examples
    --------
    >>> import pandas as pd
    >>> frame = pd.DataFrame({"y": [1.0, 2, 9, 4, 6, 9], "s": list("aaabbb"), "N": [30] * 3 + [60] * 3})
    >>> frame["status"] = ["answered", "answered", "no_return"] * 2
    >>> d = nonresponse_classes(SurveyDesign(frame, strata="s", fpc="N"), "status")
    >>> d.weights.tolist(), d.df
    ([15.0, 15.0, 30.0, 30.0], 2)
    """
    frame = design.data
    replied = _replied(frame, status, answered)
    stage = design.arrays.first
    groups, members, labels = _class_groups(frame, classes, stage)
    strata, stratum_target = _joined_strata(stage, groups, members, replied, min_answered)
    if classes is None:
        target = stratum_target
    else:
        target = join_small(count_by(groups[replied], len(labels)), members, min_answered)
    joined, weights = target[groups], design.arrays.weights
    factors = class_factors(joined, int(target.max()) + 1, replied, weights if weighted else None)
    adjusted = (weights * factors.factor[joined])[replied]
    old = design.arrays
    elements = stage.single_row and stage.probability is None and len(old.stages) == 1 and not old.phases
    if elements and old.joint is None:
        arrays = assemble(adjusted, (strata,), old.lonely_psu)
    else:
        arrays = reweight(restrict(old, replied), adjusted)
    rule = (
        _("nonresponse: sampled / answered by class, by sums of weights")
        if weighted
        else _("nonresponse: sampled / answered by class")
    )
    step = WeightStep(rule, _joined_names(labels, target), factors, len(labels) - factors.factor.size)
    return reweighted(design, frame[replied], arrays, step)


def _replied(frame: "pd.DataFrame", status: str, answered: str | Collection[str]) -> BoolArray:
    series = column(frame, status)
    missing = int(series.isna().sum())
    if missing:
        raise AnalysisError(
            "ANA-MISSING",
            _("{count:,} values are missing.").format(count=missing),
            hint=_("Every sampled person needs a status, those who did not answer too."),
            column=status,
        )
    if pd.api.types.is_bool_dtype(series.dtype):
        replied = series.to_numpy(dtype=bool)
    else:
        replied = series.isin([answered] if isinstance(answered, str) else list(answered)).to_numpy(
            dtype=bool
        )
    if not replied.any():
        raise AnalysisError(
            "ANA-EMPTY",
            _("Nobody answered by this status."),
            hint=_("Check the values that mean a valid answer."),
            column=status,
        )
    return replied


def _class_groups(
    frame: "pd.DataFrame", classes: str | Sequence[str] | None, stage: Stage
) -> tuple[IntArray, IntArray, list[str]]:
    """Number the classes: group of each row, (classes, parts) level numbers, names."""
    if classes is None:
        labels = [str(label) for label in stage.labels]
        return stage.row_stratum(), np.arange(stage.strata)[:, None], labels
    names = [classes] if isinstance(classes, str) else list(classes)
    parts = [encode(column(frame, name)) for name in names]
    groups, members = combine(parts)
    if (groups < 0).any():
        raise AnalysisError(
            "ANA-MISSING",
            _("{count:,} values are missing.").format(count=int((groups < 0).sum())),
            hint=_("Classes need a value for every sampled person; use columns of the sampling frame."),
            column=" x ".join(names),
        )
    return (
        groups,
        members,
        ["/".join(str(p.levels[j]) for p, j in zip(parts, row, strict=True)) for row in members],
    )


def _joined_strata(
    stage: Stage, groups: IntArray, members: IntArray, replied: BoolArray, minimum: int
) -> tuple[Stage, IntArray]:
    """Make the respondents' strata; those with too few join a neighbour in the order of the classes."""
    row_stratum = stage.row_stratum()
    first_row = np.full(stage.strata, row_stratum.size, dtype=np.int64)
    np.minimum.at(first_row, row_stratum, np.arange(row_stratum.size))
    parts = np.column_stack([members[groups[first_row]], np.arange(stage.strata)])
    order = np.lexsort(parts.T[::-1])
    target = np.empty(stage.strata, dtype=np.int64)
    target[order] = join_small(count_by(row_stratum[replied], stage.strata)[order], parts[order], minimum)
    count = int(target.max()) + 1
    stratum = target[row_stratum[replied]]
    names = _joined_names([str(label) for label in stage.labels], target)
    sampled = count_by(stratum, count).astype(np.float64)
    population = sum_by(target, stage.population, count)
    return Stage(None, stratum, sampled, population, True, names), target


def _joined_names(labels: Sequence[str], target: IntArray) -> tuple[str, ...]:
    members: list[list[str]] = [[] for _number in range(int(target.max()) + 1)]
    for label, number in zip(labels, target.tolist(), strict=True):
        members[number].append(label)
    return tuple(" + ".join(names) for names in members)
