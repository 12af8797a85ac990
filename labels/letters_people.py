"""Whose letters are printed: the order of the labels in hand, and names that are sure to print."""

import math
import unicodedata
from collections.abc import Iterator
from typing import TYPE_CHECKING

from custody.errors import LabelError
from custody.fonts import FontChain
from custody.messages import gettext as _
from labels.fit import Fitted, Measure, wrap
from labels.letters_data import letter_data
from labels.letters_draw import ReadyLetter
from labels.letters_layout import LetterPage, name_style
from labels.prepare import INVISIBLE, HeldBack
from labels.tokens import format_token, valid_tokens
from labels.tracking import ScanLedger

if TYPE_CHECKING:
    import pandas as pd

__all__ = ["in_order", "prepare_letters"]


def prepare_letters(
    people: "pd.DataFrame", page: LetterPage, chain: FontChain
) -> tuple[list[ReadyLetter], list[HeldBack]]:
    """Check and fit every name.

    Parameters
    ----------
    people : DataFrame
        Columns ``name, token``; the index is the row of the package, from 0.
    page : LetterPage
        Where the names stand.
    chain : FontChain
        The fonts.

    Returns
    -------
    tuple of list of ReadyLetter and list of HeldBack
        In the order given; held back by row.
    """
    ready: list[ReadyLetter] = []
    held: list[HeldBack] = []
    measure = Measure(chain)
    good = valid_tokens(people["token"]).tolist()
    rows = zip(people.index.tolist(), people["name"], people["token"], good, strict=True)
    for row, name, token, valid in rows:
        problem = next(_problems(name, chain, valid=valid), None)
        fitted = None if problem else _fit_name(name, page.paper.room, measure)
        if fitted is None:
            held.append(HeldBack(row + 1, problem or "name_too_long"))
        else:
            ready.append(ReadyLetter(row + 1, fitted, format_token(token)))
    return ready, sorted(held, key=lambda one: one.row)


def _problems(name: str, chain: FontChain, *, valid: bool) -> Iterator[str]:
    if not valid:
        yield "token"
    if not name.strip():
        yield "blank"
    if any(unicodedata.category(character) in INVISIBLE for character in name):
        yield "control"
    if chain.missing(name):
        yield "glyph"


def _fit_name(name: str, room: float, measure: Measure) -> Fitted | None:
    """Set a name in one line, smaller where it must be, else in two lines at the floor."""
    style, text = name_style(), f"{name.strip()}　{letter_data()['style']['honorific']}"
    size = min(style.size, room / measure.width(text))
    if size >= style.floor:
        return Fitted((text,), max(math.floor(size * 10) / 10, style.floor), size < style.size)
    lines = wrap(text, room / style.floor, measure)
    return Fitted(tuple(lines), style.floor, True) if lines and len(lines) == 2 else None


def in_order(data: "pd.DataFrame", tracking: ScanLedger, wave: int) -> "pd.DataFrame":
    """Take the people whose labels are in hand, in the order of the labels.

    Parameters
    ----------
    data : DataFrame
        Rows of the package.
    tracking : ScanLedger
        The labels of the job.
    wave : int
        Number of the mailing.

    Returns
    -------
    DataFrame
        Chosen rows; before any label is printed, all but the voided, in the order that labels will have.

    Raises
    ------
    LabelError
        ``LET-LABELS`` where no label of a later mailing is printed yet.
    """
    known = tracking.known(wave)
    in_hand = {token: piece for token, piece in known.items() if piece.state == "printed"}
    if any(piece.copy for piece in known.values()):
        chosen = data[data["token"].isin(in_hand)]
        order = {token: (piece.run, piece.place) for token, piece in in_hand.items()}
        return chosen.loc[sorted(chosen.index, key=lambda row: order[str(chosen["token"][row])])]
    if wave > 1:
        raise LabelError(
            "LET-LABELS",
            _("The labels of this mailing are not printed yet."),
            hint=_("Print them first: letters come in the order of the labels."),
        )
    return data[~data["token"].isin(tracking.voided())].sort_values("postal_code", kind="stable")
