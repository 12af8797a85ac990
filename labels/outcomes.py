"""What became of a person who has labels of several waves, and what may still be mailed to the person."""

from collections.abc import Iterable

from labels.pieces import FINAL_STATES, REACHED, Piece, Pieces
from labels.reasons import reasons

__all__ = ["may_get", "outcome", "to_stay"]


def outcome(pieces: Iterable[Piece]) -> Piece | None:
    """Say which label of a person tells what became of the person.

    Parameters
    ----------
    pieces : iterable of Piece
        All labels of one token.

    Returns
    -------
    Piece or None
        Of the labels that came back, the one with the lowest code of AAPOR (answers before refusals before
        letters that found nobody), of equal ones the earliest; else the one mailed last, else the newest.
        None for no label.

    Notes
    -----
    Where reminders go on (an address was learned, a letter was not fetched) and a later wave was mailed, the
    later wave counts. The rule looks at the labels only, so the order of the scans does not matter.
    """
    given = sorted(pieces, key=lambda piece: piece.wave)
    final = [one for one in given if one.state in FINAL_STATES]
    left = [one for one in given if one.state in REACHED]
    last = left[-1].wave if left else 0
    counts = [one for one in final if one.wave == last or _reminders(one) != "on"]
    if counts:
        return min(counts, key=lambda one: (one.aapor, one.date, one.wave))
    rest = left or given
    return rest[-1] if rest else None


def may_get(piece: Piece | None, kind: str) -> bool:
    """Say whether a person may get a later wave.

    Parameters
    ----------
    piece : Piece or None
        The outcome of the person's labels; None: no label yet.
    kind : str
        Kind of the wave; the thank-you card (``thanks``) also goes to those who answered.

    Returns
    -------
    bool
        False for who answered (but the card), refused, died, cannot be reached or was voided.
    """
    if piece is None or piece.state not in (*FINAL_STATES, "voided"):
        return True
    return piece.state != "voided" and (
        _reminders(piece) == "on" or (kind, _reminders(piece)) == ("thanks",) * 2
    )


def to_stay(pieces: Pieces) -> list[Piece]:
    """List the labels of later waves in hand whose person answered, refused or was lost since the printing.

    Parameters
    ----------
    pieces : Pieces
        The labels of a job.

    Returns
    -------
    list of Piece
        Labels that must not be mailed, in the order of printing.
    """
    return [
        piece
        for piece in pieces.in_state("printed")
        if piece.wave > 1 and not may_get(outcome(pieces.of(piece.token)), pieces.kinds.get(piece.wave, ""))
    ]


def _reminders(piece: Piece) -> str:
    known = reasons().get(piece.reason)
    if known is not None:
        return known.reminders
    return "thanks" if piece.state == "returned" else "off"
