"""Joint inclusion probabilities of the units of one sample, stratum by stratum."""

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

import numpy as np
from numpy.typing import NDArray

from custody.errors import SamplingError
from custody.messages import gettext as _
from sampling.method_design.chances import expected_hits
from sampling.methods.joint import joint_inclusion

if TYPE_CHECKING:
    from sampling.method_design.units import Plan
    from sampling.method_design.walking import Walked

__all__ = ["LARGEST", "JointStratum", "joint_pairs"]

LARGEST: Final = 6_000
"""Units of a stratum up to which all pairs are computed (300 MB)."""


@dataclass(frozen=True, slots=True, eq=False)
class JointStratum:
    """Joint inclusion probabilities in one stratum.

    Parameters
    ----------
    stratum : str or other label
        Its value.
    rows : ndarray of int64
        Shape (n,): first row of each unit drawn, in the sample's table from 0.
    joint : ndarray of float64
        Shape (n, n): probability that both are drawn; on the diagonal that the one is.
    """

    stratum: Any
    rows: NDArray[np.int64]
    joint: NDArray[np.float64]


def joint_pairs(plan: "Plan", first: NDArray[np.float64], walked: "Walked") -> tuple[JointStratum, ...]:
    """Joint inclusion probabilities of the units drawn.

    Parameters
    ----------
    plan : Plan
        The frame as a design of one stage sees it.
    first : ndarray of float64
        Shape (strata,): units that each stratum gives.
    walked : Walked
        The sample.

    Returns
    -------
    tuple of JointStratum
        One a stratum with units drawn.

    Raises
    ------
    SamplingError
        The method has no known joint probabilities, or a stratum is too large.
    """
    units, hits = plan.units[0], walked.stages[0]
    method = units.stage.method
    if units.counts.max() > LARGEST:
        raise SamplingError(
            "SAM-MDESIGN-JOINT",
            _("A stratum has {count:,} units: too many pairs.").format(count=int(units.counts.max())),
            hint=_("Joint probabilities are computed up to {most:,} units.").format(most=LARGEST),
        )
    name: Any = "randomised_systematic" if units.stage.randomised else method
    given = (
        units.size
        if method == "murthy"
        else expected_hits(units.stage, units.group, first, units.counts, units.size)
    )
    assert given is not None
    found = []
    for stratum, label in enumerate(plan.labels):
        members = np.flatnonzero(units.group == stratum)
        if units.rank is not None:
            members = members[np.argsort(units.rank[members])]
        drawn, rows = np.unique(hits.unit, return_index=True)
        inside = units.group[drawn] == stratum
        if inside.any():
            place = np.empty(len(units.group), dtype=np.int64)
            place[members] = np.arange(len(members))
            chosen = place[drawn[inside]]
            joint = joint_inclusion(name, given[members])
            found.append(JointStratum(label, rows[inside], joint[np.ix_(chosen, chosen)]))
    return tuple(found)
