"""Forms of data entry: one a person, told apart by token; what cannot be used is set aside by row."""

import csv
import io
from collections.abc import Mapping, Set
from dataclasses import dataclass
from pathlib import Path
from types import MappingProxyType
from typing import Final

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from custody.codebook import Codebook, Item
from custody.errors import InputError, LabelError
from custody.messages import gettext as _
from custody.messages import mark
from labels.tokens import parse_token
from sampling.decoding import read_header
from sampling.limits import limits

__all__ = ["SET_ASIDE", "TOKEN", "Forms", "answered_share", "usable_forms"]

SET_ASIDE: Final[Mapping[str, str]] = MappingProxyType(
    {
        "column-count": mark("The row has more or fewer cells than the header; set aside."),
        "token-invalid": mark("The token is misspelt; set aside."),
        "token-unknown": mark("The token belongs to nobody drawn in this survey; set aside."),
        "duplicate": mark(
            "A second form of the same token; the earlier complete one was kept, this one set aside."
        ),
    }
)
"""Codes of rows that are not used, beside those of `custody.codebook.ANSWER_RULES`."""

TOKEN: Final = "token"
"""The column of data entry that names the form."""


@dataclass(frozen=True, slots=True)
class Forms:
    """Forms that can be used, and what was set aside.

    Parameters
    ----------
    rows : list of int
        Row numbers in the file (1 = first data row) of the rows of `table`.
    table : pandas.DataFrame
        Cells as text; the token in its canonical spelling.
    read : int
        Data rows of the file.
    log : list of (int, str, str)
        Row, column, code of what was set aside.
    """

    rows: list[int]
    table: pd.DataFrame
    read: int
    log: list[tuple[int, str, str]]


def usable_forms(path: Path, tokens: Set[str], book: Codebook) -> Forms:
    """Read the forms of persons drawn, one for each.

    Parameters
    ----------
    path : pathlib.Path
        CSV of data entry, UTF-8.
    tokens : set of str
        Tokens of everybody drawn.
    book : Codebook
        Tells which of two forms of one token is complete.

    Returns
    -------
    Forms
        The forms to use; read = used + set aside.

    Raises
    ------
    InputError
        The file is not CSV in UTF-8, or has no column of tokens.
    """
    return _unique(_known(_read_forms(path), tokens), book)


def answered_share(table: pd.DataFrame, items: tuple[Item, ...]) -> NDArray[np.float64]:
    """Return the share of the questions asked of each form that were answered.

    Parameters
    ----------
    table : pandas.DataFrame
        Answers checked against the codebook, shape (forms, columns).
    items : tuple of Item
        The codebook's items.

    Returns
    -------
    ndarray of float64
        Shape (forms,), 0 to 1; an answer out of range or illegible is none.
    """
    asked = np.zeros(len(table))
    answered = np.zeros(len(table))
    for item in items:
        values = table[item.columns[0]].to_numpy()
        is_asked = values != item.missing.not_asked
        if item.no_answer_column is not None:
            is_answered = is_asked & (table[item.no_answer_column].to_numpy() == 0)
        else:
            is_answered = is_asked & ~np.isin(values, list(item.missing.codes))
        asked += is_asked
        answered += is_answered
    return np.divide(answered, asked, out=np.zeros(len(table)), where=asked > 0)


def _read_forms(path: Path) -> Forms:
    header = read_header(path, "utf-8-sig")
    if len(set(header)) < len(header) or TOKEN not in header:
        raise InputError(
            "SAM-ANSWERS-HEADER",
            _("The answers need one column token, and no column twice."),
            hint=_("Export the answers again with the codebook's column names."),
            file=path.name,
        )
    try:
        text = path.read_bytes().decode("utf-8-sig")
        cells = list(csv.reader(io.StringIO(text, newline=""), strict=True))[1:]
    except (UnicodeDecodeError, csv.Error):
        raise InputError(
            "SAM-ANSWERS-CSV",
            _("The answers are not CSV in UTF-8."),
            hint=_("Export them as CSV UTF-8."),
            file=path.name,
        ) from None
    fitting = [number for number, row in enumerate(cells, start=1) if len(row) == len(header)]
    log = [(number, "", "column-count") for number in range(1, len(cells) + 1) if number not in set(fitting)]
    table = pd.DataFrame([cells[number - 1] for number in fitting], columns=header, dtype="str")
    return Forms(fitting, table, len(cells), log)


def _known(forms: Forms, tokens: Set[str]) -> Forms:
    """Keep the forms whose token belongs to somebody drawn."""
    log, kept, names = list(forms.log), [], []
    for place, text in enumerate(forms.table[TOKEN]):
        try:
            token = parse_token(text)
        except LabelError:
            log.append((forms.rows[place], TOKEN, "token-invalid"))
            continue
        if token not in tokens:
            log.append((forms.rows[place], TOKEN, "token-unknown"))
            continue
        kept.append(place)
        names.append(token)
    table = forms.table.iloc[kept].reset_index(drop=True).assign(**{TOKEN: names})
    return Forms([forms.rows[place] for place in kept], table, forms.read, log)


def _unique(forms: Forms, book: Codebook) -> Forms:
    """Of several forms of one token keep the first that is complete enough, else the first."""
    if forms.table[TOKEN].is_unique:
        return forms
    share = answered_share(book.check(forms.table, keep=(TOKEN,)).table, book.items)
    complete = share >= limits().min_answered_share
    order = forms.table.assign(blank=~complete).reset_index().sort_values(["blank", "index"])
    first = order.drop_duplicates(TOKEN)["index"].sort_values().tolist()
    log = forms.log + [
        (forms.rows[place], TOKEN, "duplicate") for place in range(len(forms.rows)) if place not in set(first)
    ]
    table = forms.table.iloc[first].reset_index(drop=True)
    return Forms([forms.rows[place] for place in first], table, forms.read, log)
