"""A spread sample divided into parts that are spread themselves."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import ArrayLike, NDArray

from custody.errors import SamplingError
from custody.messages import gettext as _
from sampling.methods.balanced_inputs import as_columns
from sampling.methods.inclusion import as_pik
from sampling.methods.inputs import check_n
from sampling.methods.pivotal import local_pivotal_2
from sampling.views import html_table

if TYPE_CHECKING:
    import pandas as pd

__all__ = ["SplitSample", "hierarchical_local_pivotal"]


@dataclass(frozen=True, slots=True, repr=False)
class SplitSample:
    """A sample and the part to which each of its units belongs.

    Attributes
    ----------
    positions : ndarray of int64
        Shape (n,): rising positions of the units drawn.
    parts : ndarray of int64
        Shape (n,): part of each unit, 0 on, in the order of the sizes that were asked for.
    """

    positions: NDArray[np.int64]
    parts: NDArray[np.int64]

    def tidy(self) -> "pd.DataFrame":
        """One row a unit drawn.

        Returns
        -------
        pandas.DataFrame
            Columns position, part.
        """
        import pandas as pd

        return pd.DataFrame({"position": self.positions, "part": self.parts})

    def __repr__(self) -> str:
        return f"SplitSample({len(self.positions)} units, parts of {np.bincount(self.parts).tolist()})"

    def _repr_html_(self) -> str:
        sizes = self.tidy().groupby("part").size().rename("units").reset_index()
        return html_table(sizes, name="hyohon-split-sample", caption=repr(self))


def hierarchical_local_pivotal(
    points: ArrayLike, pik: ArrayLike, sizes: Sequence[int], rng: np.random.Generator
) -> SplitSample:
    """Draw a spread sample, and divide it into spread parts of given sizes.

    Parameters
    ----------
    points : array_like
        Shape (N, d): coordinates; distances are Euclidean, so give all columns one scale.
    pik : array_like
        Shape (N,): inclusion probabilities that sum to a whole number n.
    sizes : sequence of int
        Sizes of the parts, which sum to n: a pilot and the rest, or replicates for a staged release.
    rng : numpy.random.Generator
        Source of chance.

    Returns
    -------
    SplitSample

    Raises
    ------
    SamplingError
        Probabilities or coordinates that do not fit each other, or sizes that do not sum to n.

    Notes
    -----
    The whole sample by the local pivotal method 2; then from it the first part with equal probabilities by
    the same method, from what is left the second, and so on. A unit is in part k with probability
    pi_i n_k / n, so each part is a sample of its own with these probabilities.

    References
    ----------
    Grafström, A., Lundström, N. L. P. and Schelin, L. (2012). Spatially balanced sampling through the pivotal
    method. Biometrics 68, 514-520. The division is `hlpm2` of R BalancedSampling.

    Examples
    --------
    >>> import numpy as np
    >>> place, pik = np.arange(12.0), np.full(12, 0.5)
    >>> drawn = hierarchical_local_pivotal(place, pik, [2, 4], np.random.default_rng(1))
    >>> np.bincount(drawn.parts).tolist()
    [2, 4]
    """
    values = as_pik(pik)
    places, wanted = as_columns(points, len(values)), [check_n(size) for size in sizes]
    positions = local_pivotal_2(places, values, rng)
    if abs(float(values.sum()) - sum(wanted)) > 1e-6 or len(positions) != sum(wanted):
        raise SamplingError(
            "SAM-METHOD-PARTS",
            _("Sizes of the parts must sum to the sample size, and so must the inclusion probabilities."),
            hint=_("Give sizes that sum to n, and compute the probabilities with inclusion_probabilities."),
        )
    parts, left = np.empty(len(positions), dtype=np.int64), np.arange(len(positions))
    for part, size in enumerate(wanted):
        chosen = left
        if size < len(left):
            chosen = left[local_pivotal_2(places[positions[left]], np.full(len(left), size / len(left)), rng)]
        parts[chosen] = part
        left = np.setdiff1d(left, chosen, assume_unique=True)
    return SplitSample(positions, parts)
