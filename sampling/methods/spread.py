"""How evenly a sample is spread: the Voronoi measure of spatial balance."""

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy.spatial import cKDTree

from custody.errors import SamplingError
from custody.messages import gettext as _
from sampling.methods.balanced_inputs import as_columns
from sampling.methods.inclusion import as_pik
from sampling.methods.neighbours import SAME

if TYPE_CHECKING:
    import pandas as pd

__all__ = ["VoronoiBalance", "voronoi_balance"]

TIES = 8
"""Nearest sampled units looked at first; more where all of them are equally near."""


@dataclass(frozen=True, slots=True)
class VoronoiBalance:
    """Spatial balance of a sample.

    Parameters
    ----------
    value : float
        B, 0 or more; the smaller, the better spread.
    sample : ndarray of int64
        Shape (n,): positions of the sampled units.
    sums : ndarray of float64
        Shape (n,): v_i, inclusion probabilities of the units nearest to each sampled unit; 1 on average
        where the probabilities sum to n.
    """

    value: float
    sample: NDArray[np.int64]
    sums: NDArray[np.float64]

    def tidy(self) -> "pd.DataFrame":
        """One row a sampled unit.

        Returns
        -------
        pandas.DataFrame
            Columns position, voronoi_sum.
        """
        import pandas as pd

        return pd.DataFrame({"position": self.sample, "voronoi_sum": self.sums})


def voronoi_balance(points: ArrayLike, pik: ArrayLike, sample: ArrayLike) -> VoronoiBalance:
    """Measure how evenly a sample is spread over its population.

    Parameters
    ----------
    points : array_like
        Shape (N, d): coordinates.
    pik : array_like
        Shape (N,): inclusion probabilities, 0 to 1.
    sample : array_like of int
        Shape (n,): positions of the units drawn, 1 or more of them.

    Returns
    -------
    VoronoiBalance

    Raises
    ------
    SamplingError
        No unit drawn, or coordinates and probabilities that do not fit each other.

    Notes
    -----
    B = (1/n) Σ_i (v_i - 1)², v_i the sum of π over the units to which sampled unit i is the nearest. A unit
    equally near to several gives each an equal part. Random samples have B near 0.3 in two dimensions, well
    spread ones near 0.1.

    References
    ----------
    Stevens, D. L. and Olsen, A. R. (2004). Spatially balanced sampling of natural resources. Journal of the
    American Statistical Association 99, 262-278.
    Grafström, A., Lundström, N. L. P. and Schelin, L. (2012). Spatially balanced sampling through the pivotal
    method. Biometrics 68, 514-520.

    Examples
    --------
    >>> voronoi_balance([0.0, 1.0, 2.0, 3.0], [0.5] * 4, [0, 3]).value
    0.0
    >>> voronoi_balance([0.0, 1.0, 2.0, 3.0], [0.5] * 4, [0, 1]).value
    0.25
    """
    probabilities = as_pik(pik)
    matrix = as_columns(points, len(probabilities))
    drawn = np.asarray(sample, dtype=np.int64)
    if not drawn.size:
        raise SamplingError(
            "SAM-SPREAD-EMPTY", _("No unit is drawn."), hint=_("Measure the spread of a sample with units.")
        )
    rows, nearest = _nearest(matrix, matrix[drawn])
    parts = probabilities / np.bincount(rows, minlength=len(matrix))
    sums = np.bincount(nearest, weights=parts[rows], minlength=len(drawn)).astype(np.float64)
    return VoronoiBalance(float(np.mean((sums - 1.0) ** 2)), drawn, sums)


def _nearest(
    points: NDArray[np.float64], sites: NDArray[np.float64]
) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Pairs of a point and a site that is nearest to it, ties all of them."""
    tree, count = cKDTree(sites), min(TIES, len(sites))
    while True:
        answer = tree.query(points, k=np.arange(1, count + 1))
        distances, found = np.asarray(answer[0]), np.asarray(answer[1])
        tied = distances <= distances[:, :1] * SAME
        if count == len(sites) or not tied[:, -1].any():
            break
        count = min(4 * count, len(sites))
    rows, columns = np.nonzero(tied)
    return rows.astype(np.int64), found[rows, columns].astype(np.int64)
