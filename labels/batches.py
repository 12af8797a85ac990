"""Deciding a batch of scans: what each would change, and which are set aside."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, get_args

from custody.errors import LabelError
from custody.ledger import Act
from custody.messages import gettext as _
from labels.pieces import EXCEPTION_CODES, SET_ASIDE, Piece, ScanState, changed
from labels.scans import Scan, parse_code, parse_day

if TYPE_CHECKING:
    import pandas as pd

__all__ = ["ScanBatch", "ScanException", "ScanResult"]


@dataclass(frozen=True, slots=True)
class ScanException:
    """A scan that was set aside: its row and one of `labels.pieces.EXCEPTION_CODES`."""

    row: int
    code: str


@dataclass(frozen=True, slots=True)
class ScanResult:
    """What became of a batch of scans.

    Parameters
    ----------
    accepted : mapping of str to int
        Scans recorded, by state.
    exceptions : tuple of ScanException
        Scans set aside, by row.
    """

    accepted: Mapping[str, int]
    exceptions: tuple[ScanException, ...]

    def tidy(self) -> "pd.DataFrame":
        """List the scans set aside.

        Returns
        -------
        DataFrame
            Columns ``row, code, reason``; by row number only.
        """
        import pandas as pd

        rows = [(found.row, found.code, _(EXCEPTION_CODES[found.code])) for found in self.exceptions]
        return pd.DataFrame(rows, columns=["row", "code", "reason"])


class ScanBatch:
    """Decides scans one after the other, each knowing of those before it.

    Parameters
    ----------
    known : mapping of str to Piece
        The labels as they are stored; never changed here.
    state, today : str
        For scans that give no state or day.
    """

    def __init__(self, known: Mapping[str, Piece], state: str, today: str) -> None:
        self.accepted: dict[str, int] = {}
        self.exceptions: list[ScanException] = []
        self._known = known
        self._pending: dict[str, Piece] = {}
        self._state = state
        self._today = today

    def act(self, scan: Scan) -> Act:
        """Decide one scan.

        Parameters
        ----------
        scan : Scan
            The scan.

        Returns
        -------
        tuple of str and dict
            The event of its new state, or of its being set aside.
        """
        try:
            code = parse_code(scan.text)
        except LabelError:
            return self._set_aside(scan, "invalid_token", "")
        piece = self._pending.get(code.token) or self._known.get(code.token)
        if piece is None:
            return self._set_aside(scan, "unknown_token", code.token)
        if piece.copy and code.copy not in (None, piece.copy):
            older = code.copy is not None and code.copy < piece.copy
            return self._set_aside(scan, "old_copy" if older else "unknown_copy", code.token)
        return self._change(scan, piece)

    def _change(self, scan: Scan, piece: Piece) -> Act:
        wanted, day = scan.state or self._state, parse_day(scan.date or self._today)
        state: ScanState | None = next((name for name in get_args(ScanState) if name == wanted), None)
        if state is None:
            return self._set_aside(scan, "bad_state", piece.token)
        if day is None:
            return self._set_aside(scan, "bad_date", piece.token)
        problem = piece.may_become(state)
        if problem is not None:
            return self._set_aside(scan, problem, piece.token)
        self._pending[piece.token] = changed(piece, state, day)
        self.accepted[state] = self.accepted.get(state, 0) + 1
        return piece.act(state, day)

    def _set_aside(self, scan: Scan, code: str, token: str) -> Act:
        self.exceptions.append(ScanException(scan.row, code))
        return SET_ASIDE, {"row": scan.row, "code": code, "token": token}
