"""Reconciliation (照合): every label printed is mailed, spoiled, void, voided or in hand; none is missing."""

from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, fields
from typing import TYPE_CHECKING, Final

from custody.messages import gettext as _
from custody.messages import mark
from labels.outcomes import outcome
from labels.pieces import REACHED, Pieces

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
    "destroyed": mark("labels destroyed"),
    "returned_unused": mark("labels given back to staff unused"),
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
    mailed, spoiled, void, voided, destroyed, returned_unused, in_hand : int
        Where the printed labels are: void where a newer copy was printed, voided where staff said after the
        hand-over that nothing may be mailed, returned_unused where they were given back to staff.
    difference : int
        ``printed`` less all of these; anything but 0 must be explained.
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
    destroyed: int
    returned_unused: int
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


def reconcile(pieces: Pieces, wave: int | None = None) -> Reconciliation:
    """Account for every label.

    Parameters
    ----------
    pieces : Pieces
        The labels of a job.
    wave : int, optional
        Only labels of this wave. Default: the labels of all waves, and what became of the persons.

    Returns
    -------
    Reconciliation
        The counts. Persons in ``tokens``, ``left_out``, ``returned``, ``undeliverable``, ``refused`` and
        ``outstanding``: a person whose questionnaires of two waves came back is counted once. Else labels.
    """
    chosen = [piece for piece in pieces.every.values() if wave in (None, piece.wave)]
    states = Counter(piece.state for piece in chosen)
    tokens = {piece.token for piece in chosen}
    on_paper = {piece.token for piece in chosen if piece.copy}
    ends = Counter(_ends(pieces, tokens, wave))
    printed, void, before, destroyed = (
        counts.total() if wave is None else counts[wave]
        for counts in (pieces.printed, pieces.void, pieces.spoiled_before, pieces.destroyed_before)
    )
    mailed = sum(states[state] for state in REACHED)
    spoiled, in_hand = states["spoiled"] + before, states["printed"]
    destroyed, unused = states["destroyed"] + destroyed, states["returned_unused"]
    voided = sum(1 for piece in chosen if piece.state == "voided" and piece.copy)
    unseen = pieces.voided - tokens if wave is None else set()
    return Reconciliation(
        tokens=len(tokens) + len(unseen),
        held_back=states["held_back"],
        left_out=len((pieces.voided & (tokens | unseen)) - on_paper),
        printed=printed,
        mailed=mailed,
        spoiled=spoiled,
        void=void,
        voided=voided,
        destroyed=destroyed,
        returned_unused=unused,
        in_hand=in_hand,
        difference=printed - (mailed + spoiled + void + voided + destroyed + unused + in_hand),
        outstanding=ends["mailed"],
        returned=ends["returned"],
        undeliverable=ends["undeliverable"],
        refused=ends["refused"],
    )


def _ends(pieces: Pieces, tokens: Iterable[str], wave: int | None) -> Iterator[str]:
    """Yield the state of each person, or of each label of a wave."""
    for token in tokens:
        piece = outcome(pieces.of(token)) if wave is None else pieces.every[token, wave]
        if piece is not None:
            yield piece.state
