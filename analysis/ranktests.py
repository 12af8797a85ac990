"""Design-based rank tests: group means of scores of estimated population ranks."""

from collections.abc import Callable
from dataclasses import replace
from typing import TYPE_CHECKING, Final, Literal, get_args

import numpy as np

from analysis.arrays import DesignArrays, FloatArray, IntArray
from analysis.lazy import LazyModule
from analysis.options import option_error
from analysis.tested import SurveyTest
from analysis.ttests import Grouped, compare_groups
from custody.errors import AnalysisError
from custody.messages import gettext as _

if TYPE_CHECKING:
    from scipy import special
else:
    special = LazyModule("scipy.special")

__all__ = ["RankTest", "Scores", "Ties", "population_ranks", "rank_test_of"]

RankTest = Literal["wilcoxon", "vanderwaerden", "median", "kruskal", "vanderWaerden", "KruskalWallis"]
Ties = Literal["average", "weighted"]
Scores = Callable[[FloatArray, float], FloatArray]
"""From (rows,) estimated population ranks and the estimated population size to (rows,) scores."""

_SCORES: Final[dict[str, Scores]] = {
    "wilcoxon": lambda r, n: r / n,
    "kruskal": lambda r, n: r / n,
    "vanderwaerden": lambda r, n: special.ndtri(r / n),
    "median": lambda r, n: np.where(r - n / 2 > 1e-12 * n, 1.0, 0.0),
}
_SYNONYMS: Final = {"vanderWaerden": "vanderwaerden", "KruskalWallis": "kruskal"}


def population_ranks(values: FloatArray, weights: FloatArray, ties: Ties = "average") -> FloatArray:
    """Estimated ranks in the population.

    Parameters
    ----------
    values : FloatArray
        (rows,) responses, without missing values.
    weights : FloatArray
        (rows,) weights, not negative.
    ties : {"average", "weighted"}
        Rule for equal values, see Notes.

    Returns
    -------
    FloatArray
        (rows,) ranks between 0 and the sum of the weights.

    Notes
    -----
    In sorted order row i has the rank ``w_1 + ... + w_(i-1) + w_i / 2``. Equal values share one rank. Under
    ``"average"`` it is the plain mean of theirs (as R ``survey``), which for unequal weights depends on the
    order of the rows, and counts rows of weight 0. Under ``"weighted"`` it is their weighted mean, the middle
    of the weight of the tied rows, which does neither. With equal weights both are the usual mid-ranks minus
    one half.

    Examples
    --------
    >>> population_ranks(np.array([5.0, 1.0, 5.0]), np.array([1.0, 2.0, 3.0]), "weighted").tolist()
    [4.0, 1.0, 4.0]
    """
    order, first = _sorted(values, in_file_order=ties == "average")
    sorted_weights = weights[order]
    upper = np.cumsum(sorted_weights)
    sizes = np.diff(np.append(first, values.size))
    if ties == "average":
        shared = np.add.reduceat(upper - sorted_weights / 2, first) / sizes
    else:
        ends = upper[first + sizes - 1]
        shared = (np.append(0.0, ends[:-1]) + ends) / 2
    ranks = np.empty_like(upper)
    ranks[order] = np.repeat(shared, sizes)
    return ranks


def _sorted(values: FloatArray, in_file_order: bool) -> tuple[IntArray, IntArray]:
    """Sort rows: their order, and the place of the first of each run of equal values.

    The fast sort of numpy is not stable. Where equal values must stay in file order, the runs are sorted once
    more by number, which numpy does by digits for 16 bits.
    """
    order = np.argsort(values)
    ordered = values[order]
    starts = np.append(True, ordered[1:] != ordered[:-1])
    first = np.flatnonzero(starts)
    if in_file_order and first.size < values.size:
        run = np.empty(values.size, dtype=np.uint16 if first.size < 2**16 else np.int64)
        run[order] = np.cumsum(starts) - 1
        order = np.argsort(run, kind="stable")
    return order, first


def rank_test_of(data: Grouped, arrays: DesignArrays, test: RankTest | Scores, ties: Ties) -> SurveyTest:
    """Test whether a response has the same distribution in all groups.

    Parameters
    ----------
    data : Grouped
        Response and groups.
    arrays : DesignArrays
        The design.
    test : str or function
        Scores of the ranks.
    ties : {"average", "weighted"}
        Ranks of equal values, see `population_ranks`.

    Returns
    -------
    SurveyTest
        As `compare_groups` of the scores.

    Raises
    ------
    AnalysisError
        There is no such test, one group, or a score is not finite.
    """
    if not callable(test) and test not in get_args(RankTest):
        raise option_error("test", test, ("wilcoxon", "vanderwaerden", "median", "kruskal"))
    if ties not in get_args(Ties):
        raise option_error("ties", ties, get_args(Ties))
    used = np.flatnonzero(np.ones(arrays.rows, np.bool_) if data.used is None else data.used)
    weights = arrays.weights[used]
    ranks = population_ranks(data.values[used], weights, ties)
    chosen = test if callable(test) else _SCORES[_SYNONYMS.get(test, test)]
    found = np.asarray(chosen(ranks, float(weights.sum())), dtype=np.float64)
    if found.shape == ranks.shape:
        found = np.where(weights > 0, found, 0.0)
    if found.shape != ranks.shape or not np.isfinite(found).all():
        raise AnalysisError(
            "ANA-SCORES",
            _("The score function must give one finite number for each rank."),
            hint=_("It takes the ranks and the population size, for example lambda r, n: r / n."),
        )
    scores = np.zeros(arrays.rows)
    scores[used] = found
    return compare_groups(replace(data, values=scores), arrays, _name(test))


def _name(test: RankTest | Scores) -> str:
    if callable(test):
        return _("rank test with own scores")
    names = {
        "wilcoxon": _("Wilcoxon rank test"),
        "kruskal": _("Kruskal-Wallis rank test"),
        "vanderwaerden": _("van der Waerden rank test"),
        "median": _("median test"),
    }
    return names[_SYNONYMS.get(test, test)]
