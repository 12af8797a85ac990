"""Arrays of many terms that are made when they are asked for, so that they are never held all at once."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import overload

from analysis.arrays import FloatArray

__all__ = ["OnDemand"]


@dataclass(frozen=True, slots=True, eq=False)
class OnDemand(Sequence[FloatArray]):
    """A sequence of arrays, each made at every access.

    Attributes
    ----------
    size : int
        Number of arrays.
    make : callable
        From a place, 0 to size - 1, to its array.

    Examples
    --------
    >>> import numpy as np
    >>> [float(row.sum()) for row in OnDemand(3, lambda j: np.full(2, float(j)))]
    [0.0, 2.0, 4.0]
    """

    size: int
    make: Callable[[int], FloatArray]

    def __len__(self) -> int:
        return self.size

    @overload
    def __getitem__(self, j: int) -> FloatArray: ...
    @overload
    def __getitem__(self, j: slice) -> list[FloatArray]: ...
    def __getitem__(self, j: int | slice) -> FloatArray | list[FloatArray]:
        if isinstance(j, slice):
            return [self.make(i) for i in range(*j.indices(self.size))]
        if not -self.size <= j < self.size:
            raise IndexError(j)
        return self.make(j % self.size)
