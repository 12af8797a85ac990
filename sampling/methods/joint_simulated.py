"""Joint inclusion probabilities of any method from many draws, with their errors."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

import numpy as np
from numpy.typing import NDArray

from sampling.views import html_table

from .inputs import check_repeats, check_units

if TYPE_CHECKING:
    import pandas as pd

__all__ = ["SimulatedJoint", "simulate_joint"]

SHOWN: Final = 50
"""Pairs shown in a notebook."""


@dataclass(frozen=True, slots=True, repr=False)
class SimulatedJoint:
    """Frequencies of pairs of units over many draws.

    Attributes
    ----------
    joint : ndarray of float64
        Shape (N, N), symmetric: share of the draws that held both; on the diagonal the unit.
    error : ndarray of float64
        Shape (N, N): standard error of `joint`; where no draw or every draw held the pair, the probability
        that is as likely as not to show that (log(2) / draws).
    draws : int
        Draws made.
    """

    joint: NDArray[np.float64]
    error: NDArray[np.float64]
    draws: int

    def tidy(self) -> "pd.DataFrame":
        """One row a pair, the unit with itself among them.

        Returns
        -------
        pandas.DataFrame
            Columns first, second (positions, first <= second), joint, error.
        """
        import pandas as pd

        first, second = np.triu_indices(len(self.joint))
        return pd.DataFrame(
            {
                "first": first,
                "second": second,
                "joint": self.joint[first, second],
                "error": self.error[first, second],
            }
        )

    def __repr__(self) -> str:
        return f"SimulatedJoint({len(self.joint)} units, {self.draws} draws)"

    def _repr_html_(self) -> str:
        return html_table(self.tidy().head(SHOWN), name="hyohon-simulated-joint", caption=repr(self))


def simulate_joint(
    draw: Callable[[np.random.Generator], NDArray[np.int64]],
    units: int,
    draws: int,
    *,
    rng: np.random.Generator,
) -> SimulatedJoint:
    """Estimate the joint inclusion probabilities of a method by drawing again and again.

    Parameters
    ----------
    draw : callable
        Takes a generator and returns the positions of the units drawn.
    units : int
        Population size N.
    draws : int
        Draws to make, 1 or more.
    rng : numpy.random.Generator
        Source of randomness.

    Returns
    -------
    SimulatedJoint

    Raises
    ------
    SamplingError
        Numbers that are no counts.

    Notes
    -----
    Standard error sqrt(p (1 - p) / draws). A relative error of 5 % for a pair with probability p takes
    400 (1 - p) / p draws.

    Examples
    --------
    >>> from sampling.methods.simple import srs
    >>> found = simulate_joint(lambda rng: srs(4, 2, rng=rng), 4, 1000, rng=np.random.default_rng(1))
    >>> bool(abs(found.joint[0, 1] - 1 / 6) < 3 * found.error[0, 1])
    True
    """
    counts, times = np.zeros((check_units(units), int(units))), check_repeats(draws)
    for _turn in range(times):
        drawn = np.unique(draw(rng))
        counts[np.ix_(drawn, drawn)] += 1
    joint = counts / times
    error = np.sqrt(joint * (1 - joint) / times)
    error[error == 0] = np.log(2) / times
    return SimulatedJoint(joint, error, times)
