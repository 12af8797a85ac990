"""Design-based rank tests: group means of scores of estimated population ranks."""

from collections.abc import Callable
from dataclasses import replace
from typing import TYPE_CHECKING, Any, Final, Literal, get_args

import numpy as np
from numpy.typing import NDArray

from analysis.arrays import DesignArrays, FloatArray, IntArray
from analysis.lazy import LazyModule
from analysis.options import option_error
from analysis.tested import DomainTests, SurveyTest
from analysis.ttests import Grouped, compare_groups
from analysis.variance import Domains
from custody.errors import AnalysisError
from custody.messages import gettext as _

if TYPE_CHECKING:
    from scipy import special
else:
    special = LazyModule("scipy.special")

__all__ = ["RankTest", "Scores", "Ties", "population_ranks", "rank_test_of"]

RankTest = Literal["wilcoxon", "vanderwaerden", "median", "kruskal", "vanderWaerden", "KruskalWallis"]
Ties = Literal["average", "weighted"]
Scores = Callable[[FloatArray, Any], Any]
"""From (rows,) estimated population ranks and the estimated population size (in domains: that of each row's
domain) to (rows,) scores."""

_SCORES: Final[dict[str, Scores]] = {
    "wilcoxon": lambda r, n: r / n,
    "kruskal": lambda r, n: r / n,
    "vanderwaerden": lambda r, n: special.ndtri(r / n),
    "median": lambda r, n: np.where(r - n / 2 > 1e-12 * n, 1.0, 0.0),
}
_SYNONYMS: Final = {"vanderWaerden": "vanderwaerden", "KruskalWallis": "kruskal"}


def population_ranks(
    values: FloatArray, weights: FloatArray, ties: Ties = "average", domains: Domains | None = None
) -> FloatArray:
    """Estimated ranks in the population, or in the domain of each row.

    Parameters
    ----------
    values : FloatArray
        (rows,) responses, without missing values.
    weights : FloatArray
        (rows,) weights, not negative.
    ties : {"average", "weighted"}
        Rule for equal values, see Notes.
    domains : Domains, optional
        Groups of rows that are ranked apart. None: all together.

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
    domains = domains or Domains(None, 1, values.size)
    order, first = _sorted(values, domains, in_file_order=ties == "average")
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
    if domains.codes is None:
        return ranks
    size = domains.sums(weights)
    return ranks - domains.spread(np.cumsum(size) - size)


def _sorted(values: FloatArray, domains: Domains, in_file_order: bool) -> tuple[IntArray, IntArray]:
    """Sort rows by domain and value: their order, and the place of the first of each run of equal values.

    The fast sort of numpy is not stable. Where equal values must stay in file order, the runs are sorted once
    more by number, which numpy does by digits for 16 bits.
    """
    order = np.argsort(values)
    if domains.codes is not None:
        order = order[np.argsort(_short(domains.codes[order], domains.count), kind="stable")]
    ordered = values[order]
    starts = np.append(True, ordered[1:] != ordered[:-1])
    if domains.codes is not None:
        starts[1:] |= np.diff(domains.codes[order]) != 0
    first = np.flatnonzero(starts)
    if in_file_order and first.size < values.size:
        run = np.empty(values.size, dtype=np.int64)
        run[order] = np.cumsum(starts) - 1
        order = np.argsort(_short(run, first.size), kind="stable")
    return order, first


def _short(codes: IntArray, most: int) -> NDArray[Any]:
    """Write codes in 16 bits where these are enough: numpy sorts them by digits."""
    return codes.astype(np.uint16) if most < 2**16 else codes


def rank_test_of(
    data: Grouped, arrays: DesignArrays, test: RankTest | Scores, ties: Ties
) -> SurveyTest | DomainTests:
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
    SurveyTest or DomainTests
        As `compare_groups` of the scores, which are those of the ranks within each domain.

    Raises
    ------
    AnalysisError
        There is no such test, one group, or a score is not finite.
    """
    if data.groups is None:
        raise AnalysisError(
            "ANA-GROUPS",
            _("A rank test compares groups, and the formula names none."),
            hint=_("Write response ~ group."),
        )
    if not callable(test) and test not in get_args(RankTest):
        raise option_error("test", test, ("wilcoxon", "vanderwaerden", "median", "kruskal"))
    if ties not in get_args(Ties):
        raise option_error("ties", ties, get_args(Ties))
    used = np.flatnonzero(np.ones(arrays.rows, np.bool_) if data.used is None else data.used)
    weights, codes = arrays.weights[used], data.domains.codes
    domains = Domains(None if codes is None else codes[used], data.domains.count, used.size)
    ranks = population_ranks(data.values[used], weights, ties, domains)
    size = domains.sums(weights)
    chosen = test if callable(test) else _SCORES[_SYNONYMS.get(test, test)]
    with np.errstate(divide="ignore", invalid="ignore"):
        found = chosen(ranks, float(size[0]) if codes is None else domains.spread(size))
    scores = np.zeros(arrays.rows)
    scores[used] = _checked(found, weights)
    return compare_groups(replace(data, values=scores), arrays, _name(test))


def _checked(found: object, weights: FloatArray) -> FloatArray:
    """Take the scores of rows with a weight; refuse what is no number."""
    scores = np.asarray(found, dtype=np.float64)
    if scores.shape == weights.shape:
        scores = np.where(weights > 0, scores, 0.0)
    if scores.shape != weights.shape or not np.isfinite(scores).all():
        raise AnalysisError(
            "ANA-SCORES",
            _("The score function must give one finite number for each rank."),
            hint=_("It takes the ranks and the population size, for example lambda r, n: r / n."),
        )
    return scores


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
