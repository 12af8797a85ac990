"""From rows of data to labels that are sure to print: every text checked and fitted, the rest held back."""

import re
import unicodedata
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final, NamedTuple

from custody.errors import InputError
from custody.fonts import FontChain
from custody.messages import gettext as _
from custody.messages import mark
from labels.fit import Fitted, Measure, fit_block
from labels.layout import Box, LabelPlan
from labels.tokens import format_token, valid_tokens

if TYPE_CHECKING:
    import pandas as pd

__all__ = ["HOLD_REASONS", "LABEL_COLUMNS", "HeldBack", "ReadyLabel", "prepare_labels"]

LABEL_COLUMNS: Final = ("postal_code", "address", "name", "token", "copy")
HOLD_REASONS: Final = {
    "address_too_long": mark("the address does not fit on the label"),
    "blank": mark("the name or the address is empty"),
    "control": mark("a character that cannot be seen stands in the name or the address"),
    "copy": mark("the copy number is not a whole number from 1"),
    "glyph": mark("no font here has one of the characters (外字)"),
    "name_too_long": mark("the name does not fit on the label"),
    "postal_code": mark("the postal code is not written like 176-0001"),
    "token": mark("the token is not valid"),
}
"""Why a label is held back: code and what it means."""

POSTAL_CODE: Final = re.compile(r"[0-9]{3}-[0-9]{4}")
COPY: Final = re.compile(r"[1-9][0-9]{0,2}")
INVISIBLE: Final = frozenset({"Cc", "Cf", "Cs", "Zl", "Zp"})
BUILDING: Final = "\u3000"
"""What stands between the address and the building (方書)."""


@dataclass(frozen=True, slots=True)
class HeldBack:
    """A label that was not printed.

    Parameters
    ----------
    row : int
        Row in the data, 1 = first.
    code : str
        One of `HOLD_REASONS`.
    """

    row: int
    code: str


@dataclass(frozen=True, slots=True)
class ReadyLabel:
    """A label whose every text fits and can be drawn.

    Parameters
    ----------
    row : int
        Row in the data, 1 = first.
    postal : str
        Line of the postal code.
    address, name : Fitted
        Lines and size.
    token : str
        In groups, for people.
    content : str
        What the QR code holds: ``token.wave.copy``.
    copy : str
        Number of the copy.
    """

    row: int
    postal: str
    address: Fitted
    name: Fitted
    token: str
    content: str
    copy: str

    @property
    def shrunk(self) -> bool:
        """True where the name or the address is smaller than wanted."""
        return self.address.shrunk or self.name.shrunk


class _Row(NamedTuple):
    """One row of the data, all text."""

    postal_code: str
    address: str
    name: str
    token: str
    copy: str


def prepare_labels(
    labels: "pd.DataFrame",
    plan: LabelPlan,
    chain: FontChain,
    wave: int,
    numbers: Sequence[int] | None = None,
) -> tuple[list[ReadyLabel], list[HeldBack]]:
    """Check and fit every label.

    Parameters
    ----------
    labels : DataFrame
        Columns `LABEL_COLUMNS`.
    plan : LabelPlan
        Where the parts of a label stand.
    chain : FontChain
        The fonts.
    wave : int
        Number of the mailing.
    numbers : sequence of int, optional
        Row numbers of the labels; default 1, 2, 3, ...

    Returns
    -------
    tuple of list of ReadyLabel and list of HeldBack
        The labels to print, in the order of postal codes and as given within one; those held back, by row.

    Raises
    ------
    InputError
        ``LAB-COLUMNS`` where a column is missing, ``LAB-TWICE`` where a token stands twice.
    """
    rows = _rows(labels)
    good_tokens = valid_tokens(row.token for row in rows).tolist()
    fit = _Fitter(plan, chain)
    ready: list[ReadyLabel] = []
    held: list[HeldBack] = []
    numbers = range(1, len(rows) + 1) if numbers is None else numbers
    for number, row, good in zip(numbers, rows, good_tokens, strict=True):
        found = fit.label(number, row, wave) if good else "token"
        if isinstance(found, str):
            held.append(HeldBack(number, found))
        else:
            ready.append(found)
    return sorted(ready, key=lambda label: label.postal), held


def _rows(labels: "pd.DataFrame") -> list[_Row]:
    for column in LABEL_COLUMNS:
        if column not in labels.columns:
            raise InputError(
                "LAB-COLUMNS",
                _("The data for labels lack a column."),
                hint=_("Columns are: {columns}.").format(columns=", ".join(LABEL_COLUMNS)),
                column=column,
            )
    if labels["token"].duplicated().any():
        raise InputError(
            "LAB-TWICE",
            _("A token stands twice in the data for labels."),
            hint=_("Ask the sender for a new package."),
            row=int(labels["token"].duplicated().to_numpy().argmax()) + 1,
            column="token",
        )
    columns = (labels[column].fillna("").astype(str) for column in LABEL_COLUMNS)
    return [_Row(*values) for values in zip(*columns, strict=True)]


class _Fitter:
    """Checks and fits one label after the other with the same plan and fonts."""

    def __init__(self, plan: LabelPlan, chain: FontChain) -> None:
        self._plan = plan
        self._chain = chain
        self._measure = Measure(chain)

    def label(self, number: int, row: _Row, wave: int) -> ReadyLabel | str:
        """Return the label, or the code of why it is held back."""
        problem = self._problem(row)
        if problem is not None:
            return problem
        address = self._fitted(self._plan.address, "address", row.address.strip().split(BUILDING, maxsplit=1))
        if address is None:
            return "address_too_long"
        name = self._fitted((self._plan.name,), "name", [f"{row.name.strip()} {self._plan.honorific}"])
        if name is None:
            return "name_too_long"
        return ReadyLabel(
            row=number,
            postal=f"〒{row.postal_code}",
            address=address,
            name=name,
            token=format_token(row.token),
            content=f"{row.token}.{wave}.{row.copy}",
            copy=row.copy,
        )

    def _problem(self, row: _Row) -> str | None:
        text = row.address + row.name
        tests: Iterator[tuple[str, bool]] = iter(
            (
                ("copy", COPY.fullmatch(row.copy) is None),
                ("postal_code", POSTAL_CODE.fullmatch(row.postal_code) is None),
                ("blank", not row.address.strip() or not row.name.strip()),
                ("control", any(unicodedata.category(character) in INVISIBLE for character in text)),
                ("glyph", bool(self._chain.missing(text))),
            )
        )
        return next((code for code, fails in tests if fails), None)

    def _fitted(self, boxes: tuple[Box, ...], key: str, parts: list[str]) -> Fitted | None:
        kept, style = [part.strip() for part in parts if part.strip()], self._plan.styles[key]
        tries = (fit_block(kept, box.width, box.height, style, self._measure) for box in boxes)
        return next((fitted for fitted in tries if fitted is not None), None)
