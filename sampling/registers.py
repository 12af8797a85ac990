"""The two registers of a survey (住民基本台帳, 介護保険認定情報), read where they lie.

Only the columns of the layout are parsed; everything is text until its field says otherwise. A row that fails
goes to quarantine with its number, column and a code, never its value: read = accepted + quarantined, always.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from custody.errors import InputError
from custody.messages import gettext as _
from sampling.decoding import forbidden, read_header
from sampling.fields import Failure, read_field, whole_numbers
from sampling.layout import Field, Layout, RegisterKind, RegisterLayout, load_layout
from sampling.limits import limits
from sampling.parsing import ParsedFile, parse_file
from sampling.views import html_table

__all__ = ["Register", "read_certifications", "read_residents"]


@dataclass(frozen=True, slots=True)
class Register:
    """One register after reading.

    Parameters
    ----------
    kind : {"residents", "certifications"}
        Which register.
    layout, encoding, sha256 : str
        How it was read, and the digest of the file's bytes (lower-case hex).
    read : int
        Data rows in the file.
    columns : tuple of str
        Headers of the columns that were read.
    ignored : int
        Number of columns that were not read.
    table : pyarrow.Table
        The accepted rows; names and addresses still as bytes of the file. Not shown by ``repr``.
    quarantine : pandas.DataFrame
        Columns row (1 = first data row), column (header), code; one row for each failure.
    quarantined : int
        Rows that failed (a row may fail for several reasons).
    unclear : pyarrow.Array
        Keys of failed rows that could still be read (for certifications: persons who may be certified).
    unattributed : int
        Failed rows whose key could not be read.
    """

    kind: RegisterKind
    layout: str
    encoding: str
    sha256: str
    read: int
    columns: tuple[str, ...]
    ignored: int
    table: Any = field(repr=False)
    quarantine: pd.DataFrame = field(repr=False)
    quarantined: int
    unclear: Any = field(repr=False)
    unattributed: int

    @property
    def accepted(self) -> int:
        """Rows that passed every check."""
        return int(self.table.num_rows)

    def tidy(self) -> pd.DataFrame:
        """Return what was read, as counts.

        Returns
        -------
        pandas.DataFrame
            Columns register, read, accepted, quarantined, columns_read, columns_ignored; one row.
        """
        return pd.DataFrame(
            {
                "register": [self.kind],
                "read": [self.read],
                "accepted": [self.accepted],
                "quarantined": [self.quarantined],
                "columns_read": [len(self.columns)],
                "columns_ignored": [self.ignored],
            }
        )

    def __repr__(self) -> str:
        counts = f"read {self.read:,}, accepted {self.accepted:,}, quarantined {self.quarantined:,}"
        return f"<Register {self.kind} ({self.layout}): {counts}>"

    def _repr_html_(self) -> str:
        return html_table(self.tidy(), name="hyohon-register")


def read_residents(
    path: str | Path, *, layout: str | Path | Layout = "demo", encoding: str = "cp932"
) -> Register:
    """Read an extract of the resident register (住民基本台帳).

    Parameters
    ----------
    path : str or pathlib.Path
        CSV file with one header line. It is only read, never copied.
    layout : str, pathlib.Path or Layout
        ``"demo"``, or a TOML file that names the columns and codes (see ``layouts/demo.toml``).
    encoding : str
        The file must decode strictly in it.

    Returns
    -------
    Register
        Accepted rows, quarantine and counts. Two rows with one resident number are both quarantined.

    Raises
    ------
    InputError
        The file is missing, empty, in another encoding (with byte offset), without a needed column, with a
        doubled or forbidden one, not one line per row, or more than the allowed share of its rows failed.
    """
    return _read(Path(path), "residents", load_layout(layout), encoding)


def read_certifications(
    path: str | Path, *, layout: str | Path | Layout = "demo", encoding: str = "cp932"
) -> Register:
    """Read an extract of the care-insurance certifications (介護保険認定情報).

    The care level becomes "certified" or "not eligible" while it is read; no level is kept.

    Parameters
    ----------
    path, layout, encoding
        As in `read_residents`.

    Returns
    -------
    Register
        Accepted rows; ``unclear`` holds the persons whose row failed, who will not be drawn.

    Raises
    ------
    InputError
        As in `read_residents`.
    """
    return _read(Path(path), "certifications", load_layout(layout), encoding)


def _read(path: Path, kind: RegisterKind, layout: Layout, encoding: str) -> Register:
    rules = layout.residents if kind == "residents" else layout.certifications
    headers = read_header(path, encoding)
    _check_headers(headers, rules, path)
    parsed = parse_file(path, headers, rules, encoding)
    table, failures = _typed(parsed, rules)
    failed = np.zeros(table.num_rows, dtype=np.bool_)
    for _column, failure in failures:
        failed[failure.rows] = True
    quarantine = _quarantine(parsed, failures)
    quarantined = int(failed.sum()) + len(parsed.misfits)
    read = table.num_rows + len(parsed.misfits)
    _check_share(quarantined, read, path)
    clean = table.filter(pa.array(~failed)) if failed.any() else table
    keys = table[rules.key].filter(pa.array(failed)).drop_null()
    return Register(
        kind=kind,
        layout=layout.name,
        encoding=parsed.encoding,
        sha256=parsed.sha256,
        read=read,
        columns=rules.columns,
        ignored=len(headers) - len(rules.fields),
        table=clean,
        quarantine=quarantine,
        quarantined=quarantined,
        unclear=keys.unique(),
        unattributed=quarantined - len(keys),
    )


def _check_headers(headers: list[str], rules: RegisterLayout, path: Path) -> None:
    if any(forbidden(header) for header in headers):
        raise InputError(
            "SAM-COLUMN-FORBIDDEN",
            _("The file has a column that no survey may read (an individual number or a bank account)."),
            hint=_("Ask for an extract without it, and wipe this file."),
            file=path.name,
        )
    if len(set(headers)) < len(headers):
        raise InputError(
            "SAM-COLUMN-DOUBLE",
            _("Two columns of the file have the same header."),
            hint=_("Ask for an extract with one column of each name."),
            file=path.name,
        )
    for column in rules.columns:
        if column not in headers:
            raise InputError(
                "SAM-COLUMN-MISSING",
                _("The file lacks a column of the layout."),
                hint=_("Check that it is the right file, or give the layout of this ward (--layout)."),
                file=path.name,
                column=column,
            )


def _typed(parsed: ParsedFile, rules: RegisterLayout) -> tuple[Any, list[tuple[str, Failure]]]:
    """Read every column by its field; return the table under our names, and failures with their headers."""
    columns: dict[str, Any] = {}
    failures: list[tuple[str, Failure]] = []
    for rule in rules.fields:
        read = read_field(parsed.table[rule.column], rule, parsed.encoding)
        columns[rule.name] = read.values
        failures += [(rule.column, failure) for failure in read.failures]
    table = pa.table(columns)
    key = next(rule for rule in rules.fields if rule.name == rules.key)
    if rules.unique:
        failures.append((key.column, _duplicates(parsed.table[key.column], key)))
    else:
        whole = np.ones(len(table), dtype=np.bool_)
        for _name, failure in failures:
            whole[failure.rows] = False
        failures += [(_column(rules, name), failure) for name, failure in _contradictions(table, whole)]
    return table, [(column, failure) for column, failure in failures if len(failure.rows)]


def _duplicates(column: Any, key: Field) -> Failure:
    numbers, fits = whole_numbers(column.combine_chunks(), key.width or 0)
    if (np.diff(numbers) > 0).all():  # a register in the order of its numbers has none twice
        return Failure(np.zeros(0, dtype=np.int64), "duplicate")
    twice = pd.Series(numbers).duplicated(keep=False).to_numpy() & fits
    return Failure(np.flatnonzero(twice), "duplicate")


def _contradictions(table: Any, whole: NDArray[np.bool_]) -> list[tuple[str, Failure]]:
    """Find rows whose facts do not fit together, among those whose cells are all right."""
    names = ("decided_on", "decision", "valid_from", "valid_to")
    null = {name: np.asarray(table[name].is_null()) for name in names}
    certified = np.asarray(pc.equal(table["decision"], "certified").fill_null(False))
    start, end = (table[name].cast(pa.int32()).fill_null(0).to_numpy() for name in names[2:])
    backwards = ~null["valid_from"] & ~null["valid_to"] & (start > end)
    found = [
        ("decision", null["decision"] & ~null["decided_on"]),
        ("decided_on", ~null["decision"] & null["decided_on"]),
        ("valid_from", certified & null["valid_from"]),
        ("valid_to", (certified & null["valid_to"]) | backwards),
    ]
    return [(name, Failure(np.flatnonzero(where & whole), "contradiction")) for name, where in found]


def _column(rules: RegisterLayout, name: str) -> str:
    return next(rule.column for rule in rules.fields if rule.name == name)


def _quarantine(parsed: ParsedFile, failures: Sequence[tuple[str, Failure]]) -> pd.DataFrame:
    rows = [(row, "", "column_count") for row in parsed.misfits]
    for column, failure in failures:
        rows += [(row, column, failure.code) for row in parsed.row_numbers(failure.rows)]
    rows.sort()
    return pd.DataFrame(rows, columns=["row", "column", "code"]).astype(
        {"row": "int64", "column": "str", "code": "str"}
    )


def _check_share(quarantined: int, read: int, path: Path) -> None:
    allowed = limits().max_failed_share
    if quarantined > allowed * read or quarantined == read:
        text = _("{failed:,} of {read:,} rows failed; at most {share:.0%} may.")
        raise InputError(
            "SAM-FILE-FAILED",
            text.format(failed=quarantined, read=read, share=allowed),
            hint=_("Check the layout and the encoding, or ask for the extract again."),
            file=path.name,
        )
