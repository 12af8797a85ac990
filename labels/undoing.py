"""Taking a label's last state back: which label a code means, and whether its state may still change."""

from custody.errors import LabelError
from custody.ledger import Act
from custody.messages import gettext as _
from labels.pieces import FINAL_STATES, UNDONE, Piece, Pieces
from labels.scans import ScannedCode
from labels.seals import fits_check

__all__ = ["undo_act"]


def undo_act(pieces: Pieces, code: ScannedCode, reason: str) -> Act:
    """Return the event that takes a label's last state back.

    Parameters
    ----------
    pieces : Pieces
        The labels of a job.
    code : ScannedCode
        Of a label; a bare token means the label whose state was recorded last.
    reason : str
        A short code.

    Returns
    -------
    tuple of str and dict
        Kind and facts; its name may happen only once.

    Raises
    ------
    LabelError
        ``LAB-UNDO`` where the code is of no label of this job, of an older copy or not genuine, or nothing
        was recorded of the label; ``LAB-RUN-CLOSED`` where its print run is closed and it has not come back.
    """
    piece = pieces.last_step(code.token) if code.wave is None else pieces.every.get((code.token, code.wave))
    if piece is None or not _means(code, piece) or piece.state in ("printed", "held_back", "voided"):
        hint = _("Check the token; `hyohon labels report` shows what was recorded.")
        raise LabelError("LAB-UNDO", _("There is nothing to undo for this label."), hint=hint)
    if piece.run in pieces.closed and piece.state not in FINAL_STATES:
        hint = _("`hyohon labels close JOB` lists the runs.")
        raise LabelError("LAB-RUN-CLOSED", _("Run {run} is closed already.").format(run=piece.run), hint=hint)
    facts = {**piece.facts, "state": piece.state, "reason": reason}
    return UNDONE, {**facts, "once": f"{piece.name}.undo.{piece.undone}"}


def _means(code: ScannedCode, piece: Piece) -> bool:
    """Say whether a code is that of a label's newest copy."""
    return code.copy in (None, piece.copy) and fits_check(code.seal, piece.check, piece.code)
