"""Selection in stages: clusters (towns, 丁目, households) first, units inside them after."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

import numpy as np
from numpy.typing import ArrayLike, NDArray

from custody.errors import SamplingError
from custody.messages import gettext as _
from sampling.methods.inclusion import inclusion_probabilities
from sampling.methods.inputs import check_n, isna
from sampling.methods.pivotal import pivotal

if TYPE_CHECKING:
    import pandas as pd

__all__ = ["ClusterMethod", "ClusterSample", "multistage", "one_per_cluster", "two_stage"]

ClusterMethod = Literal["srs", "pps"]


@dataclass(frozen=True, slots=True)
class ClusterSample:
    """A sample drawn in stages.

    Parameters
    ----------
    positions : ndarray of int64
        Shape (n,): positions of the units drawn, rising.
    clusters : ndarray of int64
        Shape (n, stages): number of the unit's cluster at each stage (0 on, in the order of the
        labels, within all of the stages above); at the last stage its position.
    stage_probabilities : ndarray of float64
        Shape (n, stages): probability of each stage's cluster, given those above; 0 to 1.
    fpc : ndarray of float64
        Shape (n, stages): clusters there are at each stage within the one above; units at the last.
    """

    positions: NDArray[np.int64]
    clusters: NDArray[np.int64]
    stage_probabilities: NDArray[np.float64]
    fpc: NDArray[np.float64]

    @property
    def probability(self) -> NDArray[np.float64]:
        """Shape (n,): first-order inclusion probability, the product over the stages."""
        product: NDArray[np.float64] = self.stage_probabilities.prod(axis=1)
        return product

    def tidy(self) -> "pd.DataFrame":
        """One row a unit drawn.

        Returns
        -------
        pandas.DataFrame
            Columns position, then psu_1, probability_1, fpc_1 and so on for each stage, probability,
            base_weight (its reciprocal).
        """
        import pandas as pd

        columns: dict[str, NDArray[np.int64] | NDArray[np.float64]] = {"position": self.positions}
        for stage in range(self.fpc.shape[1]):
            columns[f"psu_{stage + 1}"] = self.clusters[:, stage]
            columns[f"probability_{stage + 1}"] = self.stage_probabilities[:, stage]
            columns[f"fpc_{stage + 1}"] = self.fpc[:, stage]
        return pd.DataFrame(columns | {"probability": self.probability, "base_weight": 1 / self.probability})


def multistage(
    stages: Sequence[ArrayLike],
    takes: Sequence[int | None],
    rng: np.random.Generator,
    *,
    method: ClusterMethod = "srs",
    size: ArrayLike | None = None,
) -> ClusterSample:
    """Draw clusters, clusters within them, and at last units by simple random sampling.

    Parameters
    ----------
    stages : sequence of array_like
        Labels of each unit's cluster, one array of shape (N,) a stage, the largest clusters first. A label
        used within two clusters of the stage above names two clusters.
    takes : sequence of int or None
        Clusters drawn at each stage within each one above, and units at the last: one more number than
        `stages`, each 1 or more. All are taken where there are fewer, and for None (so a first stage with
        None is a stratification).
    rng : numpy.random.Generator
        Source of chance.
    method : {"srs", "pps"}
        Clusters with equal probabilities, or with probabilities proportional to size (randomised pivotal
        method; certainty clusters taken out). Units of the last stage always by simple random sampling.
    size : array_like, optional
        Shape (N,): size of each unit for "pps", above 0; its sum is the cluster's size. None: 1 each.

    Returns
    -------
    ClusterSample

    Raises
    ------
    SamplingError
        Arrays that do not fit each other, a number below 1, or a method that is not known.

    Notes
    -----
    π = Π_t π_t. By SRS π_t = min(n_t, N_t) / N_t; by PPS π_t = n_t M_i / Σ M over the clusters that are not
    certain. PPS of clusters by their number of units with the same number of units inside gives each unit
    n m / M (self-weighting).

    References
    ----------
    Särndal, C.-E., Swensson, B. and Wretman, J. (1992). Model Assisted Survey Sampling, chapter 4. Springer.

    Examples
    --------
    >>> import numpy as np
    >>> town = np.repeat([0, 1, 2, 3], 25)
    >>> block = np.tile(np.repeat(np.arange(5), 5), 4)
    >>> drawn = multistage([town, block], [2, 3, 1], np.random.default_rng(1))
    >>> len(drawn.positions), round(float(drawn.probability[0]), 6)
    (6, 0.06)
    """
    labels, weights = _checked(stages, takes, method, size)
    parents, parent_count = np.zeros(len(weights), dtype=np.int64), 1
    kept = np.ones(len(weights), dtype=bool)
    codes, chances, counts = [], [], []
    for stage, take in enumerate(takes):
        last = stage == len(labels)
        groups = np.arange(len(weights)) if last else _nested(parents, labels[stage])
        first = np.unique(groups, return_index=True)[1]
        sizes = None if last or method == "srs" else np.bincount(groups, weights).astype(np.float64)
        chosen, chance, count = _choose(parents[first], kept[first], parent_count, take, sizes, rng)
        kept &= chosen[groups]
        codes.append(groups)
        chances.append(chance[groups])
        counts.append(count[groups])
        parents, parent_count = groups, len(first)
    drawn = np.flatnonzero(kept).astype(np.int64)
    return ClusterSample(
        drawn,
        np.column_stack([column[drawn] for column in codes]),
        np.column_stack([column[drawn] for column in chances]),
        np.column_stack([column[drawn] for column in counts]).astype(np.float64),
    )


def two_stage(
    clusters: ArrayLike,
    n_clusters: int,
    n_inside: int | None,
    rng: np.random.Generator,
    *,
    method: ClusterMethod = "srs",
    size: ArrayLike | None = None,
) -> ClusterSample:
    """Draw clusters, and units in each of them by simple random sampling.

    Parameters
    ----------
    clusters : array_like
        Shape (N,): label of each unit's cluster.
    n_clusters : int
        Clusters drawn, 1 or more; all where there are fewer.
    n_inside : int or None
        Units drawn in each cluster, 1 or more; all where there are fewer, and for None.
    rng : numpy.random.Generator
        Source of chance.
    method : {"srs", "pps"}
        Clusters with equal probabilities, or proportional to size.
    size : array_like, optional
        Shape (N,): size of each unit for "pps"; None: 1 each.

    Returns
    -------
    ClusterSample

    Raises
    ------
    SamplingError
        As `multistage`.

    Notes
    -----
    See `multistage`.

    References
    ----------
    Särndal, C.-E., Swensson, B. and Wretman, J. (1992). Model Assisted Survey Sampling, chapter 4. Springer.

    Examples
    --------
    >>> import numpy as np
    >>> town = np.repeat([0, 1, 2], [10, 20, 70])
    >>> drawn = two_stage(town, 1, 5, np.random.default_rng(1), method="pps")
    >>> drawn.probability.round(6).tolist()
    [0.05, 0.05, 0.05, 0.05, 0.05]
    """
    return multistage([clusters], [n_clusters, n_inside], rng, method=method, size=size)


def one_per_cluster(clusters: ArrayLike, rng: np.random.Generator) -> ClusterSample:
    """Draw one unit of each cluster, such as one person a household.

    Parameters
    ----------
    clusters : array_like
        Shape (N,): label of each unit's cluster.
    rng : numpy.random.Generator
        Source of chance.

    Returns
    -------
    ClusterSample
        One unit a cluster, with probability 1 over the cluster's size.

    Raises
    ------
    SamplingError
        Labels that are not one column.

    Examples
    --------
    >>> import numpy as np
    >>> drawn = one_per_cluster(["a", "b", "b"], np.random.default_rng(1))
    >>> drawn.probability.tolist()
    [1.0, 0.5]
    """
    return multistage([clusters], [None, 1], rng)


def _checked(
    stages: Sequence[ArrayLike], takes: Sequence[int | None], method: str, size: ArrayLike | None
) -> tuple[list[NDArray[np.int64]], NDArray[np.float64]]:
    """Codes of the labels at each stage, and sizes of units, checked against each other."""
    columns = [np.asarray(stage) for stage in stages]
    shape = columns[0].shape if columns else ()
    weights = np.ones(shape) if size is None else np.asarray(size, dtype=np.float64)
    fits = len(shape) == 1 and all(column.shape == shape for column in [*columns, weights])
    numbers = all(take is None or check_n(take) >= 1 for take in takes) and len(takes) == len(columns) + 1
    fits = fits and not any(isna(column).any() for column in columns)
    if not fits or not numbers or not np.all((weights > 0) & np.isfinite(weights)):
        raise SamplingError(
            "SAM-CLUSTER-STAGES",
            _("Labels, sizes and numbers to draw do not fit each other."),
            hint=_("Give a label and a size above 0 for each unit, and one number to draw more than stages."),
        )
    if method not in ("srs", "pps"):
        text = _("The method {method!r} is not known.")
        raise SamplingError(
            "SAM-CLUSTER-METHOD", text.format(method=method), hint=_("Choose 'srs' or 'pps'.")
        )
    return [np.unique(column, return_inverse=True)[1].astype(np.int64) for column in columns], weights


def _nested(parents: NDArray[np.int64], labels: NDArray[np.int64]) -> NDArray[np.int64]:
    """Number of each unit's cluster, counted over pairs of parent and label."""
    pairs = parents * (int(labels.max(initial=0)) + 1) + labels
    return np.asarray(np.unique(pairs, return_inverse=True)[1], dtype=np.int64)


def _choose(
    parents: NDArray[np.int64],
    open_: NDArray[np.bool_],
    parent_count: int,
    take: int | None,
    sizes: NDArray[np.float64] | None,
    rng: np.random.Generator,
) -> tuple[NDArray[np.bool_], NDArray[np.float64], NDArray[np.int64]]:
    """Choose among clusters of open parents: each one's being chosen, probability and number of siblings."""
    counts = np.bincount(parents, minlength=parent_count)[parents].astype(np.int64)
    wanted = counts if take is None else np.minimum(take, counts)
    order = np.lexsort((rng.random(len(parents)), parents))
    if sizes is None:
        starts = np.searchsorted(parents[order], np.arange(parent_count))
        rank = np.empty(len(parents), dtype=np.int64)
        rank[order] = np.arange(len(parents)) - starts[parents[order]]
        return open_ & (rank < wanted), wanted / counts, counts
    chosen, chances = np.zeros(len(parents), dtype=bool), np.ones(len(parents))
    for members in np.split(order, np.flatnonzero(np.diff(parents[order])) + 1):
        if len(members) and open_[members[0]]:
            chances[members] = inclusion_probabilities(sizes[members], int(wanted[members[0]]))
            chosen[members[pivotal(chances[members], rng, order="given")]] = True
    return chosen, chances, counts
