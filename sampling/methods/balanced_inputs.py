"""Checks at the door of the balanced and spatially spread selection methods."""

import numpy as np
from numpy.typing import ArrayLike, NDArray

from custody.errors import SamplingError
from custody.messages import gettext as _

__all__ = ["as_columns"]


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
