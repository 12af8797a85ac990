"""Checks at the door of the balanced and spatially spread selection methods."""

from typing import Final

import numpy as np
from numpy.typing import ArrayLike, NDArray

from custody.errors import SamplingError
from custody.messages import gettext as _

__all__ = ["EDGE", "as_columns", "as_probabilities"]

EDGE: Final = 1e-10
"""A probability this near to 0 or 1 counts as decided: far above rounding, far below any use."""


def as_probabilities(pik: ArrayLike) -> NDArray[np.float64]:
    """Inclusion probabilities as an array of its own, checked.

    Parameters
    ----------
    pik : array_like
        Shape (N,): inclusion probabilities, 0 to 1 (off by rounding, at most `EDGE`).

    Returns
    -------
    ndarray of float64
        Shape (N,): a copy, what lies within `EDGE` of 0 or 1 put there.

    Raises
    ------
    SamplingError
        Not one column of numbers from 0 to 1.

    Examples
    --------
    >>> as_probabilities([0.5, 1.0]).tolist()
    [0.5, 1.0]
    """
    values = np.array(pik, dtype=np.float64)
    if values.ndim != 1 or not np.all((values >= -EDGE) & (values <= 1 + EDGE)):
        raise SamplingError(
            "SAM-METHOD-PIK",
            _("Inclusion probabilities must be one column of numbers from 0 to 1."),
            hint=_("Take certainty units out first, and look for missing values."),
        )
    values[values < EDGE] = 0.0
    values[values > 1 - EDGE] = 1.0
    return values


def as_columns(values: ArrayLike, n: int) -> NDArray[np.float64]:
    """Balancing variables or coordinates as a matrix, checked.

    Parameters
    ----------
    values : array_like
        Shape (N, p), or (N,) for one variable.
    n : int
        Rows there must be: N.

    Returns
    -------
    ndarray of float64
        Shape (N, p).

    Raises
    ------
    SamplingError
        Another number of rows, or a value that is missing or infinite.

    Examples
    --------
    >>> as_columns([1, 2, 3], 3).shape
    (3, 1)
    """
    matrix = np.asarray(values, dtype=np.float64)
    if matrix.ndim == 1:
        matrix = matrix[:, None]
    if matrix.ndim != 2 or len(matrix) != n or not np.all(np.isfinite(matrix)):
        raise SamplingError(
            "SAM-METHOD-COLUMNS",
            _("Balancing variables and coordinates need one row of finite numbers for each unit."),
            hint=_("Give as many rows as inclusion probabilities, and fill missing values."),
        )
    return matrix
