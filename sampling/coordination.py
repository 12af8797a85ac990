"""Coordination of samples (標本の協調): permanent random numbers on a circle, walked from a starting point.

Each person keeps one number for good. A draw goes round the circle of numbers of a stratum from a starting
point, leaves out some persons, and takes the next n_h: samples of several surveys avoid each other, keep the
same persons, or replace a part of them, and each is a simple random sample of its own.
"""

import hashlib
from bisect import bisect_right
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any, Final, Literal, get_args

import numpy as np
from numpy.typing import NDArray

from custody.errors import SamplingError
from custody.messages import gettext as _
from sampling.selection import Ranking

__all__ = ["START_RULE", "Arc", "Coordination", "Starts", "find_starts", "start_point"]

START_RULE: Final = "hyohon start v1"
DIGITS: Final = 13
"""Hex digits of the hash that choose among the windows left: 52 bits, which every language holds exactly."""

Kind = Literal["independent", "negative", "positive", "rotate"]


@dataclass(frozen=True, slots=True)
class Arc:
    """The part of a stratum's circle that an earlier draw took.

    Parameters
    ----------
    stratum : str
        Its name.
    after, to : str
        64 hex digits: the numbers greater than `after` up to `to`, going round where `to` is not greater; ""
        as `after` is the zero of the circle. Equal ones are the whole circle.
    """

    stratum: str
    after: str
    to: str


@dataclass(frozen=True, slots=True)
class Coordination:
    """How a draw stands to the one before.

    Parameters
    ----------
    kind : {"independent", "negative", "positive", "rotate"}
        A starting point of its own; avoid the persons drawn before; keep them; replace one panel of them.
    arcs : tuple of Arc
        What the draw before took; a stratum that it did not have starts where the seed says.
    panels : int
        Rotation: a person stays for so many surveys, 2 or more; else 0.
    previous_sha256 : str
        Digest of the certificate the arcs come from, 64 hex digits; "" for an independent draw.

    Raises
    ------
    SamplingError
        A kind that is not known, arcs missing where they are needed, or fewer than 2 panels.

    Examples
    --------
    >>> Coordination("rotate", (Arc("F", "", "7f"),), panels=4).panels
    4
    """

    kind: Kind
    arcs: tuple[Arc, ...] = field(default=(), repr=False)
    panels: int = 0
    previous_sha256: str = ""

    def __post_init__(self) -> None:
        object.__setattr__(self, "arcs", tuple(self.arcs))
        fits = self.kind in get_args(Kind) and (self.kind == "independent") == (not self.arcs)
        if not fits or (self.panels >= 2) != (self.kind == "rotate"):
            raise SamplingError(
                "SAM-COORDINATION",
                _("Coordination is independent, negative, positive, or rotate with 2 panels or more."),
                hint=_("All but independent need the certificate of the draw before."),
            )

    def facts(self) -> dict[str, Any]:
        """Return the coordination as the certificate holds it.

        Returns
        -------
        dict
            kind, panels, previous_sha256, arcs (list of stratum, after, to).
        """
        arcs = [{"stratum": arc.stratum, "after": arc.after, "to": arc.to} for arc in self.arcs]
        return {
            "kind": self.kind,
            "panels": self.panels,
            "previous_sha256": self.previous_sha256,
            "arcs": arcs,
        }

    @classmethod
    def from_facts(cls, facts: Mapping[str, Any]) -> "Coordination":
        """Read what `facts` wrote.

        Parameters
        ----------
        facts : mapping
            Keys kind, panels, previous_sha256, arcs.

        Returns
        -------
        Coordination
            The same.
        """
        arcs = tuple(Arc(one["stratum"], one["after"], one["to"]) for one in facts["arcs"])
        return cls(facts["kind"], arcs, facts["panels"], facts["previous_sha256"])


@dataclass(frozen=True, slots=True)
class Starts:
    """Where a draw starts in every stratum.

    Parameters
    ----------
    ranks : ndarray of int64
        Shape (H,): persons of the stratum that come before the first one drawn, from the zero of the circle.
    after : tuple of str
        Shape (H,): the number after which it starts, 64 hex digits ("": zero).
    """

    ranks: NDArray[np.int64]
    after: tuple[str, ...]


def start_point(seed: str) -> str:
    """Turn a seed into the starting point of strata that no earlier draw had.

    Parameters
    ----------
    seed : str
        The seed of the draw.

    Returns
    -------
    str
        SHA-256 of ``"hyohon start v1|" + seed``, 64 hex digits.

    Examples
    --------
    >>> start_point("1")[:16]
    '9af23c8bb204f1c4'
    """
    return hashlib.sha256(f"{START_RULE}|{seed}".encode()).hexdigest()


def find_starts(
    ranking: Ranking, names: Iterable[str], sizes: NDArray[np.int64], coordination: Coordination, seed: str
) -> Starts:
    """Find where the draw starts in every stratum.

    Parameters
    ----------
    ranking : Ranking
        Persons by stratum and number.
    names : iterable of str
        Names of the H strata.
    sizes : ndarray of int64
        Shape (H,): persons to draw, reserves too.
    coordination : Coordination
        How the draw stands to the one before.
    seed : str
        The seed of the draw.

    Returns
    -------
    Starts
        Ranks and numbers.

    Notes
    -----
    Of the N_h persons, m lie on the arc of the draw before. positive: none is left out, from the arc's
    beginning. rotate: the first ceil(m / panels) of the arc are left out. negative: all m, and then
    x mod (f + 1) of the f = max(0, N_h - m - n_h) whom neither needs, with x the first 13 hex digits of
    SHA-256("hyohon start v1|" + seed + "|" + stratum). A stratum without an arc starts after
    SHA-256("hyohon start v1|" + seed).

    The order of independent uniform numbers on a circle is a uniform random order whatever the starting
    point, so each draw is a simple random sample. Two draws of n_h of the same N_h persons have no one in
    common under negative coordination while 2 n_h <= N_h, all in common under positive, and
    n_h - ceil(n_h / panels) under rotation.

    References
    ----------
    Ohlsson, E. (1995). Coordination of samples using permanent random numbers. In: Cox et al. (eds.),
    Business Survey Methods, Wiley, 153-169.
    """
    arcs = {arc.stratum: arc for arc in coordination.arcs}
    fresh = start_point(seed)
    starts = [
        _start(ranking, place, name, int(sizes[place]), arcs.get(name), coordination, fresh, seed)
        for place, name in enumerate(names)
    ]
    ranks = np.array([rank for rank, _after in starts], dtype=np.int64)
    return Starts(ranks, tuple(after for _rank, after in starts))


def _start(
    ranking: Ranking,
    place: int,
    name: str,
    size: int,
    arc: Arc | None,
    coordination: Coordination,
    fresh: str,
    seed: str,
) -> tuple[int, str]:
    """Return rank and number after which one stratum starts."""
    count = int(ranking.counts[place])
    if arc is None or count == 0:
        return _up_to(ranking, place, fresh), fresh
    first = _up_to(ranking, place, arc.after)
    around = _up_to(ranking, place, arc.to) - first
    taken = around if arc.after < arc.to else count + around
    left_out = {"positive": 0, "rotate": -(-taken // max(coordination.panels, 1)), "negative": taken}[
        coordination.kind
    ]
    if coordination.kind == "negative":
        chance = int(hashlib.sha256(f"{START_RULE}|{seed}|{name}".encode()).hexdigest()[:DIGITS], 16)
        left_out += chance % (max(0, count - taken - size) + 1)
    if left_out == 0:
        return first, arc.after
    return (first + left_out) % count, ranking.number(place, (first + left_out - 1) % count)


def _up_to(ranking: Ranking, place: int, text: str) -> int:
    """Count the persons of a stratum whose number is not greater than a text."""
    ranks = range(int(ranking.counts[place]))
    return bisect_right(ranks, text, key=lambda rank: ranking.number(place, rank))
