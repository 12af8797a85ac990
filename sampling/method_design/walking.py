"""One draw through all stages of a plan."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from sampling.method_design.chances import later_sizes
from sampling.method_design.selecting import Request, select
from sampling.method_design.units import Plan, StageUnits

__all__ = ["Nest", "StageHits", "Walked", "nests", "walk_stages"]

Ints = NDArray[np.int64]
Floats = NDArray[np.float64]


@dataclass(frozen=True, slots=True, eq=False)
class Nest:
    """Members of each group, found without a search.

    Parameters
    ----------
    order : ndarray of int64
        Shape (members,): members, by group.
    starts, counts : ndarray of int64
        Shape (groups,): where each group begins, and how many it has.
    """

    order: Ints
    starts: Ints
    counts: Ints

    @staticmethod
    def of(group: Ints, groups: int) -> "Nest":
        """Sort members by group.

        Parameters
        ----------
        group : ndarray of int64
            Shape (members,): group of each.
        groups : int
            Groups there are.

        Returns
        -------
        Nest
        """
        counts = np.bincount(group, minlength=groups).astype(np.int64)
        return Nest(np.argsort(group, kind="stable"), np.cumsum(counts) - counts, counts)

    def inside(self, groups: Ints) -> tuple[Ints, Ints, Ints]:
        """Members of some groups, a group as often as it is named.

        Parameters
        ----------
        groups : ndarray of int64
            Shape (slots,): groups.

        Returns
        -------
        members, slot : ndarray of int64
            Shape (members,): members of each slot, and the slot.
        counts : ndarray of int64
            Shape (slots,): members of each slot.

        Examples
        --------
        >>> Nest.of(np.array([0, 1, 0]), 2).inside(np.array([1, 0]))[0].tolist()
        [1, 0, 2]
        """
        counts = self.counts[groups]
        slot = np.repeat(np.arange(len(groups)), counts)
        shift = self.starts[groups] - (np.cumsum(counts) - counts)
        return self.order[np.arange(len(slot)) + shift[slot]], slot, counts


@dataclass(frozen=True, slots=True, eq=False)
class StageHits:
    """What one stage gave to each row drawn.

    Parameters
    ----------
    unit : ndarray of int64
        Shape (n,): unit of the frame at this stage.
    number : ndarray of int64
        Shape (n,): the same, from 1; with replacement the number of the hit, from 1.
    expected : ndarray of float64
        Shape (n,): expected hits given the unit above.
    siblings : ndarray of int64
        Shape (n,): units there are within the unit above.
    """

    unit: Ints
    number: Ints
    expected: Floats
    siblings: Ints

    def at(self, places: Ints) -> "StageHits":
        """The same for other rows.

        Parameters
        ----------
        places : ndarray of int64
            Shape (m,): places among the rows.

        Returns
        -------
        StageHits
            Of shape (m,).
        """
        return StageHits(self.unit[places], self.number[places], self.expected[places], self.siblings[places])


@dataclass(frozen=True, slots=True, eq=False)
class Walked:
    """Rows drawn.

    Parameters
    ----------
    places : ndarray of int64
        Shape (n,): rising places in the walk through the frame; with replacement with repeats.
    stages : tuple of StageHits
        One a stage.
    """

    places: Ints
    stages: tuple[StageHits, ...]


def nests(plan: Plan) -> tuple[Nest | None, ...]:
    """Members of each stage's groups, and last the rows of units that are taken whole.

    Parameters
    ----------
    plan : Plan
        The frame as the design sees it.

    Returns
    -------
    tuple of Nest or None
        One more than stages; None for the first, and for the last where the rows are drawn themselves.
    """
    inner = [Nest.of(units.group, len(units.counts)) for units in plan.units[1:]]
    last = plan.units[-1]
    whole = None if last.of_row is None else Nest.of(last.of_row, len(last.group))
    return None, *inner, whole


def walk_stages(
    plan: Plan, first: Floats, inner: tuple[Nest | None, ...], rng: np.random.Generator
) -> Walked:
    """Draw once: units of the first stage, units within them, and so on.

    Parameters
    ----------
    plan : Plan
        The frame as the design sees it.
    first : ndarray of float64
        Shape (strata,): units of the first stage that each stratum gives.
    inner : tuple of Nest or None
        From `nests`.
    rng : numpy.random.Generator
        Source of randomness.

    Returns
    -------
    Walked
    """
    history: list[StageHits] = []
    parents = np.zeros(0, dtype=np.int64)
    for units, nest in zip(plan.units, inner, strict=False):
        if nest is None:
            request, members = _request(units, units.group, units.counts, first), None
        else:
            members, slot, counts = nest.inside(parents)
            request = _request(units, slot, counts, later_sizes(units.stage, counts), members)
        picked, expected = select(request, rng)
        above = request.slot[picked]
        parents = picked if members is None else members[picked]
        number = np.arange(len(parents)) if units.stage.rule.replacement else parents
        history = [hits.at(above) for hits in history] if members is not None else []
        history.append(StageHits(parents, number + 1, expected, request.counts[above]))
    places, whole = parents, inner[-1]
    if whole is not None:
        places, slot, _counts = whole.inside(parents)
        history = [hits.at(slot) for hits in history]
    if len(plan.units) == 1 and whole is None:
        return Walked(places, tuple(history))
    order = np.argsort(places, kind="stable")
    return Walked(places[order], tuple(hits.at(order) for hits in history))


def _request(units: StageUnits, slot: Ints, counts: Ints, n: Floats, members: Ints | None = None) -> Request:
    of = units
    several = (of.size, of.rank, of.balance, of.points, of.prn)
    if members is not None:
        inside = (None if values is None else values[members] for values in several)
        return Request(of.stage, slot, counts, n, *inside)  # type: ignore[arg-type]
    return Request(of.stage, slot, counts, n, *several)
