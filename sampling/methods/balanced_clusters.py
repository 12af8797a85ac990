"""Balanced samples of clusters, with all their units or with balanced samples within them."""

import numpy as np
from numpy.typing import ArrayLike, NDArray

from custody.errors import SamplingError
from custody.messages import gettext as _
from sampling.methods.balanced_inputs import as_columns
from sampling.methods.clusters import ClusterMethod, ClusterSample
from sampling.methods.cube import cube
from sampling.methods.inclusion import inclusion_probabilities
from sampling.methods.inputs import as_numbers, check_n, isna

__all__ = ["balanced_clusters", "balanced_two_stage"]


def balanced_clusters(
    X: ArrayLike,
    clusters: ArrayLike,
    n_clusters: int,
    rng: np.random.Generator,
    *,
    method: ClusterMethod = "srs",
    size: ArrayLike | None = None,
) -> ClusterSample:
    """Draw whole clusters, balanced on totals of known variables.

    Parameters
    ----------
    X : array_like
        Shape (N, p): balancing variables of the units, the most important first.
    clusters : array_like
        Shape (N,): label of each unit's cluster.
    n_clusters : int
        Clusters drawn, 0 to the number of clusters.
    rng : numpy.random.Generator
        Source of chance.
    method : {"srs", "pps"}
        Clusters with equal probabilities, or proportional to size (certainty clusters taken out).
    size : array_like, optional
        Shape (N,): size of each unit for "pps"; its sum is the cluster's size. None: 1 each.

    Returns
    -------
    ClusterSample
        One stage: all units of the clusters drawn.

    Raises
    ------
    SamplingError
        Arrays that do not fit each other, more clusters than there are, or a method that is not known.

    Notes
    -----
    The cube method on the totals of the clusters and on their probabilities, so the number of clusters is
    fixed. pi of a unit is that of its cluster.

    References
    ----------
    Tillé (2006), Sampling Algorithms, chapter 8; Chauvet and Tillé (2006), Computational Statistics 21,
    53-62. `balancedcluster` of R sampling.

    Examples
    --------
    >>> import numpy as np
    >>> town = np.repeat(np.arange(6), 10)
    >>> drawn = balanced_clusters(np.arange(60.0), town, 2, np.random.default_rng(1))
    >>> len(drawn.positions), drawn.probability[0].round(6).item()
    (20, 0.333333)
    """
    codes, totals, pik = _clusters(X, clusters, n_clusters, method, size)
    chosen = np.isin(codes, cube(np.column_stack([pik, totals]), pik, rng))
    positions = np.flatnonzero(chosen).astype(np.int64)
    return ClusterSample(
        positions,
        codes[positions, None],
        pik[codes[positions], None],
        np.full((len(positions), 1), float(len(pik))),
    )


def balanced_two_stage(
    X: ArrayLike,
    clusters: ArrayLike,
    n_clusters: int,
    n_inside: int,
    rng: np.random.Generator,
    *,
    method: ClusterMethod = "srs",
    size: ArrayLike | None = None,
) -> ClusterSample:
    """Draw clusters and units within them, both stages balanced on known variables.

    Parameters
    ----------
    X : array_like
        Shape (N, p): balancing variables of the units, the most important first.
    clusters : array_like
        Shape (N,): label of each unit's cluster.
    n_clusters : int
        Clusters drawn, 0 to the number of clusters.
    n_inside : int
        Units drawn in each cluster with equal probabilities, 1 or more; all where there are fewer.
    rng : numpy.random.Generator
        Source of chance.
    method : {"srs", "pps"}
        Clusters with equal probabilities, or proportional to size.
    size : array_like, optional
        Shape (N,): size of each unit for "pps"; None: 1 each.

    Returns
    -------
    ClusterSample
        Two stages.

    Raises
    ------
    SamplingError
        As `balanced_clusters`, or `n_inside` below 1.

    Notes
    -----
    First `balanced_clusters`; then the cube method over the units of all clusters drawn, stratified by
    cluster, so that each gives its number exactly and X over pi is balanced within clusters as far as may be
    and over all of them. pi = pi_cluster min(m, M) / M.

    References
    ----------
    Chauvet (2009), Stratified balanced sampling, Survey Methodology 35, 115-119. `balancedtwostage` of R
    sampling.

    Examples
    --------
    >>> import numpy as np
    >>> town = np.repeat(np.arange(6), 10)
    >>> drawn = balanced_two_stage(np.arange(60.0), town, 3, 4, np.random.default_rng(1))
    >>> len(drawn.positions), drawn.probability[0].round(6).item()
    (12, 0.2)
    """
    first = balanced_clusters(X, clusters, n_clusters, rng, method=method, size=size)
    rows, codes = as_columns(X, np.size(clusters))[first.positions], first.clusters[:, 0]
    counts = np.bincount(codes, minlength=1).astype(np.float64)[codes]
    inside = np.minimum(_at_least_one(n_inside), counts) / counts
    drawn = cube(rows / first.probability[:, None], inside, rng, strata=codes)
    positions = first.positions[drawn]
    return ClusterSample(
        positions,
        np.column_stack([codes[drawn], positions]),
        np.column_stack([first.probability[drawn], inside[drawn]]),
        np.column_stack([first.fpc[drawn, 0], counts[drawn]]),
    )


def _at_least_one(number: int) -> int:
    """Units within a cluster, 1 or more."""
    if check_n(number) == 0:
        raise SamplingError(
            "SAM-CLUSTER-STAGES",
            _("Labels, sizes and numbers to draw do not fit each other."),
            hint=_("Draw 1 unit or more in each cluster."),
        )
    return int(number)


def _clusters(
    X: ArrayLike, clusters: ArrayLike, n_clusters: int, method: str, size: ArrayLike | None
) -> tuple[NDArray[np.int64], NDArray[np.float64], NDArray[np.float64]]:
    """Code of each unit's cluster; totals, shape (M, p), and probability of each cluster."""
    labels = np.asarray(clusters)
    weights = np.ones(labels.shape) if size is None else as_numbers(size)
    if (
        labels.ndim != 1
        or isna(labels).any()
        or weights.shape != labels.shape
        or method not in ("srs", "pps")
    ):
        raise SamplingError(
            "SAM-CLUSTER-STAGES",
            _("Labels, sizes and numbers to draw do not fit each other."),
            hint=_("Give each unit a label and a size, and the method 'srs' or 'pps'."),
        )
    rows = as_columns(X, len(labels))
    names, codes = np.unique(labels, return_inverse=True)
    totals = np.zeros((len(names), rows.shape[1]))
    np.add.at(totals, codes, rows)
    sizes = np.ones(len(names)) if method == "srs" else np.bincount(codes, weights, minlength=len(names))
    return codes.astype(np.int64), totals, inclusion_probabilities(sizes, n_clusters)
