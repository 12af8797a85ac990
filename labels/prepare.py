"""From rows of data to labels that are sure to print: every text checked and fitted, the rest held back."""

import re
import unicodedata
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Final, Literal, NamedTuple

import numpy as np

from custody.console import progress
from custody.errors import InputError
from custody.fonts import FontChain
from custody.messages import gettext as _
from custody.messages import mark
from custody.pdf import MM
from labels.boxes import Box, LabelPlan
from labels.columns import ColumnMeasure
from labels.customer_barcode_make import CustomerBarcode, customer_barcode
from labels.fit import WRAP_GAIN, Fitted, Measure, fit_block
from labels.layout_vertical import GAP_MM
from labels.look import Look
from labels.tokens import format_token, valid_tokens

if TYPE_CHECKING:
    import pandas as pd
    from numpy.typing import NDArray

__all__ = ["HOLD_REASONS", "LABEL_COLUMNS", "CheckedLabels", "HeldBack", "ReadyLabel", "prepare_labels"]

LABEL_COLUMNS: Final = ("postal_code", "address", "name", "token", "copy")
FURIGANA: Final = "furigana"
"""Column that is needed only where furigana are printed."""
HOLD_REASONS: Final = {
    "address_too_long": mark("the address does not fit on the label"),
    "blank": mark("the name or the address is empty"),
    "control": mark("a character that cannot be seen stands in the name or the address"),
    "copy": mark("the copy number is not a whole number from 1"),
    "glyph": mark("no font here has one of the characters (外字)"),
    "name_too_long": mark("the name does not fit on the label"),
    "postal_code": mark("the postal code is not written like 176-0001"),
    "seals": mark("the package has no seal for one more copy; ask staff for a new package"),
    "token": mark("the token is not valid"),
}
"""Why a label is held back: code and what it means."""

POSTAL_CODE: Final = re.compile(r"[0-9]{3}-[0-9]{4}")
COPY: Final = re.compile(r"[1-9][0-9]{0,2}")
INVISIBLE: Final = frozenset({"Cc", "Cf", "Cs", "Zl", "Zp"})
SEAL: Final = "seal"
CHUNK: Final = 1_000
"""Rows that are texts of Python at a time."""
MARKS: Final = ("shrunk", "condensed", "based")
"""What a run says of rows."""
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
        What the QR code holds: ``token.wave.copy``, then the seal where there is one.
    copy : str
        Number of the copy.
    furigana : Fitted or None
        Line above the name.
    barcode : CustomerBarcode or None
        The customer barcode or why there is none; None where none was asked for.
    based : bool
        True where a base character stands in for a variant that no font has.
    """

    row: int
    postal: str
    address: Fitted
    name: Fitted
    token: str
    content: str
    copy: str
    furigana: Fitted | None = None
    barcode: CustomerBarcode | None = None
    based: bool = False

    @property
    def shrunk(self) -> bool:
        """True where the name or the address is smaller than wanted."""
        return self.address.shrunk or self.name.shrunk

    @property
    def condensed(self) -> bool:
        """True where the name or the address is narrower than the font has it (長体)."""
        return self.address.condensed or self.name.condensed


class CheckedLabels:
    """Labels that were found sure to print, in the order of printing.

    A label is fitted again each time one goes through them: what is kept of it are numbers.

    Attributes
    ----------
    held : list of HeldBack
        Labels not to be printed, by row.
    rows : dict of str to list of int
        Rows that are ``shrunk``, ``condensed`` or ``based`` (see `ReadyLabel`).
    barcodes : int
        Labels with a customer barcode.
    without_barcode : list of (int, str)
        Rows that have none, with the code of the reason.
    """

    def __init__(self, data: "pd.DataFrame", numbers: Sequence[int], fitter: "_Fitter", wave: int) -> None:
        self.held: list[HeldBack] = []
        self.rows: dict[str, list[int]] = {what: [] for what in MARKS}
        self.barcodes = 0
        self.without_barcode: list[tuple[int, str]] = []
        self._data = data
        self._numbers = numbers
        self._fitter = fitter
        self._wave = wave

    def __len__(self) -> int:
        return len(self._data)

    def __iter__(self) -> Iterator[ReadyLabel]:
        for number, row in zip(self._numbers, self._fitter.rows(self._data), strict=True):
            label = self._fitter.label(number, row, self._wave)
            if isinstance(label, ReadyLabel):
                yield label

    def postal_codes(self) -> Iterable[str]:
        """Give the postal codes, sorted.

        Returns
        -------
        iterable of str
            As in the data.
        """
        codes: Iterable[str] = self._data["postal_code"]
        return codes

    def check(self, good_tokens: Iterable[bool]) -> None:
        """Fit every label once, and keep those that can be printed, in the order of printing.

        Parameters
        ----------
        good_tokens : iterable of bool
            Whether the token of each row is valid.
        """
        ready = np.zeros(len(self._data), dtype=np.bool_)
        rows = zip(self._numbers, self._fitter.rows(self._data), good_tokens, strict=True)
        counted = progress(rows, len(self._data), _("labels"), show=self._fitter.show)
        for place, (number, row, good) in enumerate(counted):
            missing = "seals" if row.seal == "" else "" if good else "token"
            label = missing or self._fitter.label(number, row, self._wave)
            if isinstance(label, str):
                self.held.append(HeldBack(number, label))
            else:
                ready[place] = True
                self._note(label)
        self._keep(np.flatnonzero(ready))

    def _note(self, label: ReadyLabel) -> None:
        for what in MARKS:
            if getattr(label, what):
                self.rows[what].append(label.row)
        if label.barcode is not None:
            self.barcodes += label.barcode.reason is None
            if label.barcode.reason is not None:
                self.without_barcode.append((label.row, label.barcode.reason.code))

    def _keep(self, places: "NDArray[np.intp]") -> None:
        postal = self._data["postal_code"].iloc[places].to_numpy(dtype=np.str_)
        places = places[np.argsort(postal, kind="stable")]
        self._numbers = np.asarray(self._numbers)[places].tolist()
        self._data = self._data.iloc[places]


class _Row(NamedTuple):
    """One row of the data, all text."""

    postal_code: str
    address: str
    name: str
    token: str
    copy: str
    furigana: str = ""
    seal: str | None = None


def prepare_labels(
    labels: "pd.DataFrame",
    plan: LabelPlan,
    chain: FontChain,
    wave: int,
    numbers: Sequence[int] | None = None,
    look: Look | None = None,
    *,
    show: bool | None = None,
) -> CheckedLabels:
    """Check and fit every label.

    Parameters
    ----------
    labels : DataFrame
        Columns `LABEL_COLUMNS`, and ``furigana`` where it is printed; ``seal`` where there are seals.
    plan : LabelPlan
        Where the parts of a label stand.
    chain : FontChain
        The fonts.
    wave : int
        Number of the mailing.
    numbers : sequence of int, optional
        Row numbers of the labels; default 1, 2, 3, ...
    look : Look, optional
        How the labels look.
    show : bool, optional
        Whether to show on standard error how far it is; None: only at a terminal.

    Returns
    -------
    CheckedLabels
        The labels to print, in the order of postal codes and as given within one; those held back, by row.

    Raises
    ------
    InputError
        ``LAB-COLUMNS`` where a column is missing, ``LAB-FURIGANA`` where it is that of readings to be
        printed, ``LAB-TWICE`` where a token stands twice.
    """
    look = Look() if look is None else look
    wanted = LABEL_COLUMNS + ((FURIGANA,) if look.furigana else ())
    _check_columns(labels, wanted)
    wanted += (SEAL,) if SEAL in labels.columns else ()
    numbers = range(1, len(labels) + 1) if numbers is None else numbers
    checked = CheckedLabels(labels[list(wanted)], numbers, _Fitter(plan, chain, look, show), wave)
    checked.check(valid_tokens(labels["token"].fillna("").astype(str)))
    return checked


def _check_columns(labels: "pd.DataFrame", wanted: tuple[str, ...]) -> None:
    if FURIGANA in wanted and FURIGANA not in labels.columns:
        raise InputError(
            "LAB-FURIGANA",
            _("The data for labels hold no readings of names (振り仮名)."),
            hint=_("Print without --furigana, or ask staff for a package with them."),
            column=FURIGANA,
        )
    for column in wanted:
        if column not in labels.columns:
            raise InputError(
                "LAB-COLUMNS",
                _("The data for labels lack a column."),
                hint=_("Columns are: {columns}.").format(columns=", ".join(wanted)),
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


class _Fitter:
    """Checks and fits one label after the other with the same plan and fonts."""

    def __init__(self, plan: LabelPlan, chain: FontChain, look: Look, show: bool | None) -> None:
        self.show = show
        self._plan = plan
        self._chain = chain
        self._look = look
        self._measure = ColumnMeasure(chain) if plan.vertical else Measure(chain)

    def rows(self, data: "pd.DataFrame") -> Iterator[_Row]:
        """Yield rows as texts, a chunk at a time."""
        names = list(data.columns)
        for start in range(0, len(data), CHUNK):
            part = data.iloc[start : start + CHUNK]
            columns = [part[name].fillna("").astype(str) for name in names]
            for values in zip(*columns, strict=True):
                yield _Row(**dict(zip(names, values, strict=True)))

    def label(self, number: int, row: _Row, wave: int) -> ReadyLabel | str:
        """Return the label, or the code of why it is held back."""
        given, row = row, self._drawable(row)
        problem = self._problem(row)
        if problem is not None:
            return problem
        address = self._fitted(self._plan.address, "address", row.address.strip().split(BUILDING, maxsplit=1))
        if address is None:
            return "address_too_long"
        name = self._name(f"{row.name.strip()} {self._look.honorific}")
        furigana = self._furigana(row.furigana)
        if name is None or isinstance(furigana, str):
            return "name_too_long"
        return ReadyLabel(
            row=number,
            postal=f"〒{row.postal_code}",
            address=address,
            name=name,
            token=format_token(row.token),
            content=f"{row.token}.{wave}.{row.copy}" + (f".{row.seal}" if row.seal else ""),
            copy=row.copy,
            furigana=furigana,
            barcode=customer_barcode(row.postal_code, row.address) if self._plan.barcode else None,
            based=row != given,
        )

    def _drawable(self, row: _Row) -> _Row:
        """Put base characters in the place of variants that no font has, where the run asks for it."""
        if self._look.variants != "base":
            return row
        base = self._chain.with_base_characters
        return row._replace(address=base(row.address), name=base(row.name), furigana=base(row.furigana))

    def _name(self, text: str) -> Fitted | None:
        """Fit a name; in columns, into one, else into more, at last with the white on both sides."""
        box, style = self._plan.name, self._plan.styles["name"]
        widths = (style.size, box.width, box.width + 2 * GAP_MM * MM) if self._plan.vertical else (box.width,)
        tries = (self._fitted((replace(box, width=width),), "name", [text]) for width in widths)
        return next((fitted for fitted in tries if fitted is not None), None)

    def _furigana(self, text: str) -> Fitted | Literal["too long"] | None:
        box = self._plan.furigana
        if box is None or not text.strip():
            return None
        return self._fitted((box,), "furigana", [text]) or "too long"

    def _problem(self, row: _Row) -> str | None:
        text = row.address + row.name + row.furigana
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
        best: Fitted | None = None
        for box in boxes:
            along, across = (box.height, box.width) if self._plan.vertical else (box.width, box.height)
            fitted = fit_block(kept, along, across, style, self._measure)
            if fitted is not None and (best is None or _legible(fitted) > _legible(best)):
                best = fitted
            if best is not None and _legible(best) == style.size:
                break
        return best


def _legible(text: Fitted) -> float:
    """Rate a text: its size, less where it is much condensed."""
    return text.size * min(1.0, WRAP_GAIN * text.stretch)
