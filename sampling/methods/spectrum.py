"""The size of a Poisson sample in the frequency domain: sums over all samples of one size, unlisted.

For independent units with probabilities p, the generating function of the size is the product of
(1 - p + p z). Its coefficient of z^n is the mean over the unit circle of the function times z^-n: a sum of as
many points as the size has values of weight. Nothing cancels, so it holds where recursions lose their digits.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from math import ceil
from typing import Final

import numpy as np
from numpy.typing import NDArray

__all__ = ["Spectrum", "blocks", "spectrum"]

SPREAD: Final = 12.0
"""Points kept, in standard deviations of the size: what folds over lies beyond all of float64's digits."""

SPARE: Final = 20
"""Points on top, for small expected sizes with a long tail."""

CELLS: Final = 1 << 21
"""Complex numbers held at once (32 MB)."""


@dataclass(frozen=True, slots=True)
class Spectrum:
    """Points on the upper half of the unit circle and the generating function there.

    Attributes
    ----------
    z : ndarray of complex128
        Shape (L,): points, the first is 1.
    phi : ndarray of complex128
        Shape (L,): generating function of the sample size at each point.
    weight : ndarray of float64
        Shape (L,): weight of each point in the mean over the circle (both halves).
    """

    z: NDArray[np.complex128]
    phi: NDArray[np.complex128]
    weight: NDArray[np.float64]

    def at(self, n: int) -> NDArray[np.complex128]:
        """Terms whose real parts sum to the probability of size `n`.

        Parameters
        ----------
        n : int
            Sample size.

        Returns
        -------
        ndarray of complex128
            Shape (L,).

        Examples
        --------
        >>> float(spectrum(np.array([0.5, 0.5])).at(1).real.sum().round(12))
        0.5
        """
        return self.weight * self.phi * self.z ** (-n)


def blocks(
    p: NDArray[np.float64], z: NDArray[np.complex128]
) -> Iterator[tuple[slice, NDArray[np.complex128]]]:
    """Walk over the units in blocks, with the factor 1 - p + p z of each unit at each point.

    Parameters
    ----------
    p : ndarray
        Shape (N,): probabilities.
    z : ndarray of complex128
        Shape (L,): points.

    Yields
    ------
    tuple of slice and ndarray
        The units of a block and their factors, shape (units, L).

    Examples
    --------
    >>> [factor.shape for _units, factor in blocks(np.array([0.5, 0.5]), np.array([1 + 0j]))]
    [(2, 1)]
    """
    rows = max(1, CELLS // len(z))
    for start in range(0, len(p), rows):
        units = slice(start, start + rows)
        yield units, 1.0 + p[units, None] * (z - 1.0)


def spectrum(p: NDArray[np.float64]) -> Spectrum:
    """Generating function of the size of a Poisson sample.

    Parameters
    ----------
    p : ndarray
        Shape (N,): probabilities strictly between 0 and 1.

    Returns
    -------
    Spectrum
        For sizes near the expected one, sum(p).

    Notes
    -----
    The number of points is odd, so that z = -1, where a unit of probability 1/2 has the factor 0, is none.

    References
    ----------
    Fernandez and Williams (2010), IEEE Transactions on Aerospace and Electronic Systems 46.

    Examples
    --------
    >>> len(spectrum(np.array([0.5, 0.5])).z)
    2
    """
    points = min(len(p) + 1, ceil(SPREAD * float(np.sqrt(np.sum(p * (1 - p))))) + SPARE)
    points += 1 - points % 2
    z = np.exp(2j * np.pi * np.arange(points // 2 + 1) / points)
    phi = np.ones(len(z), dtype=np.complex128)
    for _units, factor in blocks(p, z):
        phi *= factor.prod(axis=0)
    weight = np.full(len(z), 2.0 / points)
    weight[0] = 1.0 / points
    return Spectrum(z, phi, weight)
