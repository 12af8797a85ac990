"""Nearest neighbours among units that leave one after the other."""

from typing import Final

import numpy as np
from numpy.typing import NDArray
from scipy.spatial import cKDTree

__all__ = ["SAME", "Neighbours"]

SAME: Final = 1 + 1e-12
"""Distances that differ by less than this factor are the same."""


class Neighbours:
    """Units still undecided, and the nearest of them to each.

    Lists of neighbours are taken for all units at once from a k-d tree, and again when half the units have
    left: each unit is listed about twice in all.

    Parameters
    ----------
    points : ndarray of float64
        Shape (N, d): coordinates.
    units : ndarray of int64
        Units that are undecided.
    depth : int
        Neighbours listed for each unit.
    """

    __slots__ = ("_depth", "_distances", "_lists", "_place", "_points", "_row", "_tree", "_units", "alive")

    def __init__(self, points: NDArray[np.float64], units: NDArray[np.int64], depth: int) -> None:
        self._points, self._depth = points, depth
        self.alive: list[int] = units.tolist()
        self._place = {unit: place for place, unit in enumerate(self.alive)}
        self._build()

    def _build(self) -> None:
        self._units = np.array(self.alive, dtype=np.int64)
        self._row = {unit: row for row, unit in enumerate(self.alive)}
        if not self.alive:
            return
        self._tree = cKDTree(self._points[self._units])
        self._distances, self._lists = self._ask(self._points[self._units], self._depth + 1)

    def _ask(self, points: NDArray[np.float64], count: int) -> tuple[list[list[float]], list[list[int]]]:
        """Distances and units of the `count` nearest to each point, itself among them."""
        among = np.arange(1, min(count, len(self._units)) + 1)
        distances, rows = self._tree.query(points, k=among)
        return np.asarray(distances).tolist(), self._units[rows].tolist()

    def leave(self, unit: int) -> None:
        """Take a unit out.

        Parameters
        ----------
        unit : int
            A unit still undecided.
        """
        place, last = self._place.pop(unit), self.alive.pop()
        if last != unit:
            self.alive[place], self._place[last] = last, place
        if 2 * len(self.alive) < len(self._units):
            self._build()

    def around(self, unit: int, depth: int | None = None) -> tuple[list[int], list[float], bool]:
        """Undecided units near one, itself left out, from the nearest on.

        Parameters
        ----------
        unit : int
            A unit that was undecided when the lists were made.
        depth : int, optional
            Neighbours to ask the tree for; None: the list made before.

        Returns
        -------
        list of int, list of float, bool
            Units, their distances, and whether these are all there are.
        """
        if depth is None:
            depth = self._depth
            distances, units = self._distances[self._row[unit]], self._lists[self._row[unit]]
        else:
            (distances,), (units,) = self._ask(self._points[[unit]], depth + 1)
        place = self._place
        pairs = [(u, d) for u, d in zip(units, distances, strict=True) if u in place and u != unit]
        return [u for u, _ in pairs], [d for _, d in pairs], depth + 1 >= len(self._units)

    def nearest(self, unit: int) -> tuple[list[int], float]:
        """The nearest undecided units: more than one where distances are the same.

        Parameters
        ----------
        unit : int
            A unit still undecided, not the only one.

        Returns
        -------
        list of int, float
            Units, rising, and their distance.
        """
        depth = self._depth
        units, distances, complete = self.around(unit)
        while not complete and (not units or distances[-1] <= distances[0] * SAME):
            depth *= 4
            units, distances, complete = self.around(unit, depth)
        limit = distances[0] * SAME
        near = [u for u, d in zip(units, distances, strict=True) if d <= limit]
        return (sorted(near) if len(near) > 1 else near), distances[0]
