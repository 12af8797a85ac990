"""Reconciliation (照合): every label printed is mailed, spoiled, void, voided or in hand; none is missing."""

from dataclasses import dataclass, fields
from typing import TYPE_CHECKING, Final

from custody.messages import gettext as _
from custody.messages import mark
from labels.pieces import FINAL_STATES, Pieces

if TYPE_CHECKING:
    import pandas as pd

__all__ = ["Reconciliation", "reconcile"]

MEANINGS: Final = {
    "tokens": mark("persons to write to"),
    "held_back": mark("labels not printed"),
    "left_out": mark("persons voided, no label printed"),
    "printed": mark("labels printed, all copies"),
    "mailed": mark("labels mailed"),
    "spoiled": mark("labels spoiled"),
    "void": mark("labels void, a newer copy was printed"),
    "voided": mark("labels voided, to be destroyed"),
    "in_hand": mark("labels still in hand"),
    "difference": mark("labels not accounted for"),
    "returned": mark("questionnaires returned"),
    "undeliverable": mark("letters undeliverable"),
    "refused": mark("letters refused"),
    "outstanding": mark("mailed, nothing heard yet"),
}


@dataclass(frozen=True, slots=True)
class Reconciliation:
    """Counts of a job.

    Parameters
    ----------
    tokens : int
        Persons to write to.
    held_back : int
        Persons whose label could not be printed yet.
    left_out : int
        Persons whom staff voided before a label was printed.
    printed : int
        Labels printed, all copies, counted event by event.
    mailed, spoiled, void, voided, in_hand : int
        Where the printed labels are: void where a newer copy was printed, voided where staff said after the
        hand-over that nothing may be mailed.
    difference : int
        ``printed - (mailed + spoiled + void + voided + in_hand)``; anything but 0 must be explained.
    returned, undeliverable, refused, outstanding : int
        What became of the mailed labels.
    """

    tokens: int
    held_back: int
    left_out: int
    printed: int
    mailed: int
    spoiled: int
    void: int
    voided: int
    in_hand: int
    difference: int
    returned: int
    undeliverable: int
    refused: int
    outstanding: int

    @property
    def closed(self) -> bool:
        """True where nothing is in hand and nothing is missing."""
        return self.in_hand == 0 and self.difference == 0

    def tidy(self) -> "pd.DataFrame":
        """Give the counts as a table.

        Returns
        -------
        DataFrame
            Columns ``quantity, value, meaning``.
        """
        import pandas as pd

        rows = [(field.name, getattr(self, field.name), _(MEANINGS[field.name])) for field in fields(self)]
        return pd.DataFrame(rows, columns=["quantity", "value", "meaning"])


def reconcile(pieces: Pieces) -> Reconciliation:
    """Account for every label.

    Parameters
    ----------
    pieces : Pieces
        The labels of a job.

    Returns
    -------
    Reconciliation
        The counts.
    """
    states = [piece.state for piece in pieces.now.values()]
    final = {state: states.count(state) for state in FINAL_STATES}
    outstanding, in_hand = states.count("mailed"), states.count("printed")
    mailed = outstanding + sum(final.values())
    spoiled = states.count("spoiled") + pieces.spoiled_before
    voided = sum(1 for piece in pieces.in_state("voided") if piece.copy)
    unseen = len(pieces.voided - pieces.now.keys())
    return Reconciliation(
        tokens=len(states) + unseen,
        held_back=states.count("held_back"),
        left_out=unseen + states.count("voided") - voided,
        printed=pieces.printed,
        mailed=mailed,
        spoiled=spoiled,
        void=pieces.void,
        voided=voided,
        in_hand=in_hand,
        difference=pieces.printed - (mailed + spoiled + pieces.void + voided + in_hand),
        outstanding=outstanding,
        **final,
    )
