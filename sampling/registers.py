"""The registers of a survey (住民基本台帳, 介護保険認定情報, 介護保険資格情報), read where they lie.

Only the columns of the layout are parsed; everything is text until its field says otherwise. A row that fails
goes to quarantine with its number, column and a code, never its value: read = accepted + quarantined, always.
"""

from collections.abc import Sequence
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pyarrow as pa

from custody.errors import InputError
from custody.messages import gettext as _
from sampling.canonical import FIELDS, RegisterKind
from sampling.checks import Found, row_checks
from sampling.digits import Mask
from sampling.fields import read_field
from sampling.layout import Layout, RegisterLayout, load_layout
from sampling.limits import limits
from sampling.parsing import ParsedFile, parse_register
from sampling.register import COLUMN_TYPES, Register, counts_table
from sampling.typed import TypedColumn

__all__ = ["Register", "read_certifications", "read_qualifications", "read_residents"]

REPAIRABLE = frozenset({"width", "fullwidth_digits"})
"""Failures of numbers that a confirmation repairs."""


def read_residents(
    path: str | Path,
    *,
    layout: str | Path | Layout = "demo",
    encoding: str | None = None,
    confirm_repairs: bool = False,
    rows: int | None = None,
) -> Register:
    """Read an extract of the resident register (住民基本台帳).

    Parameters
    ----------
    path : str or pathlib.Path
        The file. It is only read, never copied.
    layout : str, pathlib.Path or Layout
        A shipped layout, or a TOML file that names the columns and codes (see ``docs/layouts.md``).
    encoding : str, optional
        The file must decode strictly in it. Default: what the layout says.
    confirm_repairs : bool
        Full-width digits and lost leading zeros of numbers are repaired and counted in ``repairs``; otherwise
        such rows are quarantined.
    rows : int, optional
        Control total: the number of data rows that the file must have.

    Returns
    -------
    Register
        Accepted rows, quarantine and counts. Two rows with one resident number are both quarantined.

    Raises
    ------
    InputError
        The file is missing, empty, of another type or encoding (with byte offset), without a needed column,
        with a doubled or forbidden one, not one line per row, not of the control total, or more than the
        allowed share of its rows failed.
    ConfigError
        The layout is refused.
    """
    return _read(Path(path), "residents", load_layout(layout), encoding, confirm_repairs, rows)


def read_certifications(
    path: str | Path,
    *,
    layout: str | Path | Layout = "demo",
    encoding: str | None = None,
    confirm_repairs: bool = False,
    rows: int | None = None,
) -> Register:
    """Read an extract of the care-insurance certifications (介護保険認定情報).

    The care level becomes "certified", "not eligible" or "checklist" while it is read; no level is kept.

    Parameters
    ----------
    path, layout, encoding, confirm_repairs, rows
        As in `read_residents`.

    Returns
    -------
    Register
        Accepted rows; ``unclear`` holds the persons whose row failed, who will not be drawn. A row that
        stands twice is kept twice: it says nothing else. Rows of one person that contradict each other are
        all accepted here, and the frame leaves the person out (``certification_unclear``).

    Raises
    ------
    InputError, ConfigError
        As in `read_residents`.
    """
    return _read(Path(path), "certifications", load_layout(layout), encoding, confirm_repairs, rows)


def read_qualifications(
    path: str | Path,
    *,
    layout: str | Path | Layout = "qualification_csv",
    encoding: str | None = None,
    confirm_repairs: bool = False,
    rows: int | None = None,
) -> Register:
    """Read an extract of the insurance qualifications (介護保険資格情報).

    It says which insured number belongs to which resident, and who is insured elsewhere or not at all.

    Parameters
    ----------
    path, layout, encoding, confirm_repairs, rows
        As in `read_residents`.

    Returns
    -------
    Register
        Accepted rows, quarantine and counts.

    Raises
    ------
    InputError, ConfigError
        As in `read_residents`.
    """
    return _read(Path(path), "qualifications", load_layout(layout), encoding, confirm_repairs, rows)


def _read(
    path: Path, kind: RegisterKind, layout: Layout, encoding: str | None, confirm: bool, total: int | None
) -> Register:
    rules = layout.register(kind)
    parsed = parse_register(path, rules, rules.encoding if encoding is None else encoding)
    _check_total(parsed.rows, total, path)
    read = {
        rule.name: read_field(parsed.table[rule.column], rule, parsed.encoding, confirm_repairs=confirm)
        for rule in rules.fields
    }
    table = _whole_table(read, kind, parsed.table.num_rows)
    failures = _failures(read, table, rules)
    failed = np.zeros(table.num_rows, dtype=np.bool_)
    for _column, failure in failures:
        failed[failure.rows] = True
    quarantine = _quarantine(parsed, failures)
    quarantined = int(failed.sum()) + len(parsed.misfits)
    _check_share(quarantined, parsed.rows, quarantine, path)
    keys, insured = _unclear(table, failed)
    return Register(
        kind=kind,
        layout=layout.name,
        encoding=parsed.encoding,
        sha256=parsed.sha256,
        read=parsed.rows,
        columns=rules.columns,
        ignored=parsed.ignored,
        table=table.filter(pa.array(~failed)) if failed.any() else table,
        quarantine=quarantine,
        quarantined=quarantined,
        unclear=keys.unique(),
        unclear_insured=insured.unique(),
        unattributed=quarantined - len(keys) - len(insured),
        repairs=counts_table(_counts(read, rules, "repairs")),
        forms=counts_table(_counts(read, rules, "normalised")),
        headers={rule.name: rule.column for rule in rules.fields},
        failed_values=_failed_values(parsed, failed),
    )


def _whole_table(read: dict[str, TypedColumn], kind: RegisterKind, rows: int) -> Any:
    """Return every column of the register under our names, null where the layout has none."""
    nulls = cache(lambda of: pa.nulls(rows, of))  # one for all columns of a type
    columns: dict[str, Any] = {}
    for name, type_ in FIELDS[kind].items():
        found = read.get(name)
        columns[name] = nulls(COLUMN_TYPES[type_]) if found is None else found.values
        if name == "birth_date":
            latest = None if found is None else found.latest
            columns["birth_latest"] = nulls(pa.date32()) if latest is None else latest
    return pa.table(columns)


def _failures(read: dict[str, TypedColumn], table: Any, rules: RegisterLayout) -> list[tuple[str, Any]]:
    """Return what failed, cell by cell and row by row, with the header of its column."""
    failures = [(rule.column, failure) for rule in rules.fields for failure in read[rule.name].failures]
    whole = np.ones(table.num_rows, dtype=np.bool_)
    for _column, failure in failures:
        whole[failure.rows] = False
    found: list[Found] = row_checks(table, rules, whole)
    return failures + [(_header(rules, name), failure) for name, failure in found]


def _header(rules: RegisterLayout, name: str) -> str:
    field = rules.field(name)
    return "" if field is None else field.column


def _unclear(table: Any, failed: Mask) -> tuple[Any, Any]:
    """Return the resident numbers of failed rows, and the insured numbers of those without one."""
    rows = table.select(["resident_no", "insured_no"]).filter(pa.array(failed))
    without = rows.filter(rows["resident_no"].is_null())
    numbers = (rows["resident_no"].drop_null(), without["insured_no"].drop_null())
    resident, insured = (column.combine_chunks() for column in numbers)
    return resident, insured


def _counts(read: dict[str, TypedColumn], rules: RegisterLayout, what: str) -> list[tuple[str, str, int]]:
    return [
        (rule.column, code, cells)
        for rule in rules.fields
        for code, cells in getattr(read[rule.name], what).items()
    ]


def _quarantine(parsed: ParsedFile, failures: Sequence[tuple[str, Any]]) -> pd.DataFrame:
    rows = [(row, "", code) for row, code in zip(parsed.misfits, parsed.misfit_codes, strict=True)]
    for column, failure in failures:
        rows += [(row, column, failure.code) for row in parsed.row_numbers(failure.rows)]
    rows.sort()
    return pd.DataFrame(
        {
            "row": np.array([row for row, _column, _code in rows], dtype=np.int64),
            "column": pd.array([column for _row, column, _code in rows], dtype="str"),
            "code": pd.array([code for _row, _column, code in rows], dtype="str"),
        }
    )


def _failed_values(parsed: ParsedFile, failed: Mask) -> pd.DataFrame:
    """Return the cells of failed rows as text.

    A line that could not be cut into cells may hold columns that nobody approved: its number must do, and
    staff look at it in the extract. Of a sheet only the columns of the layout were read.
    """
    positions = np.flatnonzero(failed)
    kept = parsed.misfit_lines
    if not len(positions) and not kept:
        return pd.DataFrame({name: pd.array([], dtype="str") for name in ("row", *parsed.table.column_names)})
    rows = parsed.table.take(pa.array(positions))
    cells = {
        name: [cell.decode(parsed.encoding, errors="replace") for cell in rows[name].to_pylist()]
        for name in rows.column_names
    }
    found = pd.DataFrame({"row": parsed.row_numbers(positions), **cells}, dtype="object")
    if kept:
        lines = [line.decode(parsed.encoding, errors="replace") for line in kept]
        whole = pd.DataFrame({"row": parsed.misfits[: len(lines)], "line": lines}, dtype="object")
        found = pd.concat([found, whole], ignore_index=True)
    return found.fillna("").sort_values("row", ignore_index=True).astype("str")


def _check_total(rows: int, total: int | None, path: Path) -> None:
    if total is not None and rows != total:
        text = _("The file has {rows:,} data rows; its control total says {total:,}.")
        raise InputError(
            "SAM-FILE-TOTAL",
            text.format(rows=rows, total=total),
            hint=_("Rows were lost or added on the way: ask for the extract and its total again."),
            file=path.name,
        )


def _check_share(quarantined: int, read: int, quarantine: pd.DataFrame, path: Path) -> None:
    allowed = limits().max_failed_share
    if quarantined > allowed * read or quarantined == read:
        text = _("{failed:,} of {read:,} rows failed; at most {share:.0%} may.")
        hint = _("Check the layout and the encoding, or ask for the extract again.")
        if quarantine["code"].isin(REPAIRABLE).any():
            hint += " " + _(
                "If numbers only lost their zeros or have full-width digits, confirm the repair "
                "(--confirm-repairs)."
            )
        raise InputError(
            "SAM-FILE-FAILED",
            text.format(failed=quarantined, read=read, share=allowed),
            hint=hint,
            file=path.name,
        )
