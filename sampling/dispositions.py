"""Dispositions (調査結果の区分): a code of AAPOR for everybody drawn, from answers, events and voids.

Table 3 of the Standard Definitions, mail surveys of specifically named persons. The first that holds counts:
the form that was taken in; why the letter came back; why staff stopped the mailing; nothing came back.
"""

import csv
from collections.abc import Mapping
from functools import cache
from importlib.resources import files
from types import MappingProxyType
from typing import Final, Literal, NamedTuple, get_args

from labels.pieces import Piece
from labels.reasons import NOT_MAILED, aapor_of
from sampling.limits import limits

__all__ = ["GROUPS", "TITLES", "Group", "disposition", "form_code", "group_of", "void_codes"]

Group = Literal["I", "P", "R", "NC", "O", "UH", "UO", "NE"]
GROUPS: Final[tuple[Group, ...]] = get_args(Group)
"""Complete, partial, refusal or break-off, non-contact, other; unknown whether there is a household, unknown
other; not eligible."""

COMPLETE: Final = "1.1"
PARTIAL: Final = "1.2"
BREAK_OFF: Final = "2.12"
BLANK: Final = "2.113"

TITLES: Final[Mapping[str, str]] = MappingProxyType(
    {
        "1.1": "回答(完全)",
        "1.2": "回答(一部)",
        "2.111": "家族などによる辞退",
        "2.112": "本人による辞退",
        "2.113": "白票",
        "2.12": "回答が足りない、または入力できない",
        "2.26": "調査期間を通じて不在・転出",
        "2.27": "締切後に到着",
        "2.31": "死亡",
        "2.32": "回答困難(病気など)",
        "2.33": "回答困難(日本語)",
        "2.36": "その他(支援措置など)",
        "3.11": "発送していない",
        "3.19": "返送なし",
        "3.231": "受取拒絶",
        "3.30": "配達できず(あて所に尋ねあたりません等)",
        "3.40": "転居先が判明",
        "4.10": "対象外と判明",
    }
)
"""Codes in use and what they are called in Japanese."""


class _Rule(NamedTuple):
    """What begins with these digits belongs to the group."""

    start: str
    group: Group


_RULES: Final = (
    _Rule("1.1", "I"),
    _Rule("1.2", "P"),
    _Rule("2.1", "R"),
    _Rule("2.2", "NC"),
    _Rule("2.3", "O"),
    _Rule("3.1", "UH"),
    _Rule("3.", "UO"),
    _Rule("4.", "NE"),
)


def group_of(code: str) -> Group:
    """Return the group of a code, as the formulas of the rates use it.

    Parameters
    ----------
    code : str
        Such as "3.231".

    Returns
    -------
    str
        One of `GROUPS`.

    Raises
    ------
    KeyError
        It is no such code.

    References
    ----------
    AAPOR (2016). Standard Definitions: Final Dispositions of Case Codes and Outcome Rates for Surveys, 9th
    edition. Mail surveys of specifically named persons, and the symbols before the rates.

    Examples
    --------
    >>> group_of("2.113"), group_of("3.19"), group_of("3.231")
    ('R', 'UH', 'UO')
    """
    for rule in _RULES:
        if code.startswith(rule.start):
            return rule.group
    raise KeyError(code)


@cache
def void_codes() -> Mapping[str, str]:
    """Read what a void says of a person.

    Returns
    -------
    mapping of str to str
        Reason of a void (`sampling.reread.REASONS`) → code of AAPOR, from ``data/void_dispositions.csv``.
    """
    text = files("sampling").joinpath("data/void_dispositions.csv").read_text(encoding="utf-8")
    return MappingProxyType({row["reason"]: row["aapor"] for row in csv.DictReader(text.splitlines())})


def form_code(share: float) -> str:
    """Return the code of a form that was taken in.

    Parameters
    ----------
    share : float
        Part of the questions asked that were answered, 0 to 1.

    Returns
    -------
    str
        "1.1" complete, "1.2" partial, "2.12" not enough, "2.113" blank; limits of ``data/limits.toml``.

    Examples
    --------
    >>> [form_code(share) for share in (0.9, 0.6, 0.1, 0.0)]
    ['1.1', '1.2', '2.12', '2.113']
    """
    if share >= limits().min_answered_share:
        return COMPLETE if share >= limits().complete_share else PARTIAL
    return BREAK_OFF if share > 0 else BLANK


def disposition(piece: Piece | None, share: float | None, void: str = "", *, taken_in: bool = True) -> str:
    """Return the code of a person.

    Parameters
    ----------
    piece : Piece or None
        The label that tells what became of the person; None where the contractor knows none.
    share : float or None
        Part of the questions answered; None where no form was taken in.
    void : str
        Why staff stopped the mailing, empty where they did not.
    taken_in : bool
        False while answers are not taken in yet: a questionnaire that came back counts as complete.

    Returns
    -------
    str
        Such as "3.19". A questionnaire that came back, and of which no usable form was taken in, is 2.12.

    Examples
    --------
    >>> disposition(None, None, "died"), disposition(None, 0.95, "died"), disposition(None, None)
    ('2.31', '1.1', '3.11')
    """
    if share is not None:
        return form_code(share)
    state, reason = (piece.state, piece.reason) if piece is not None else ("", "")
    code = aapor_of(state, reason)
    if state == "returned" and code == COMPLETE and taken_in:
        return BREAK_OFF
    if state in ("returned", "undeliverable", "refused"):
        return code
    if void:
        stopped = void_codes()[void]
        return code if stopped == NOT_MAILED else stopped
    return code
