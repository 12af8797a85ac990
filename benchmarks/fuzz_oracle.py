"""What holds for whatever a reader is given: a consistent register, or a refusal that says what to do."""

import re
from typing import Any, Final

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from fuzz_seeds import CANARIES

from custody.errors import HyohonError
from sampling.canonical import FIELDS
from sampling.layout import RegisterLayout
from sampling.layout_check import LayoutCheck

__all__ = ["Broken", "check_lines", "check_refusal", "check_register", "check_views"]

TYPES: Final = {
    "number": pa.string(),
    "date": pa.date32(),
    "postal": pa.string(),
    "code": pa.dictionary(pa.int32(), pa.string()),
    "text": pa.binary(),
    "kana": pa.binary(),
}
LOOK_EACH: Final = 3
"""A view as HTML costs more than reading three rows: not every one is made."""
CODE: Final = re.compile(r"[A-Z]{3}(-[A-Z0-9]+)+")
REASON: Final = re.compile(r"[a-z_]+")
OVERRIDES: Final = r"[\x{202A}-\x{202E}\x{2066}-\x{2069}]"


class Broken(Exception):
    """A promise of the readers that does not hold."""


def check_refusal(refusal: HyohonError, *, private: bool = True) -> None:
    """Check code and hint, and that no value of a private file is in it or behind it."""
    text = f"{refusal} {refusal.args}"
    _hold(CODE.fullmatch(refusal.code) is not None, f"the code {refusal.code}")
    _hold(
        bool(refusal.message.strip()) and bool(refusal.hint.strip()),
        "a refusal says what is wrong and what to do",
    )
    _hold("{" not in refusal.message + refusal.hint, "no place in a sentence is left unfilled")
    _hold(refusal.__cause__ is None, "no cause behind a refusal")
    _hold(refusal.__suppress_context__ or refusal.__context__ is None, "no context behind a refusal")
    if private:
        _no_canary(text)


def check_register(register: Any, rules: RegisterLayout) -> None:
    """Check counts, columns, types and values of a register."""
    table = register.table
    _hold(register.read == register.accepted + register.quarantined, "read = accepted + quarantined")
    _hold(register.accepted > 0, "a register has rows")
    names = [name for field in FIELDS[rules.kind] for name in _columns(field)]
    _hold(list(table.column_names) == names, f"columns {table.column_names}")
    table.validate(full=True)
    _check_columns(table, rules)
    _check_dates(table)
    _check_quarantine(register, rules)
    for field in rules.fields:
        if field.type in ("text", "kana"):
            _check_text(register, field.name, required=field.required)
    _no_canary(repr(register))
    if register.read % LOOK_EACH == 0:
        _no_canary(register._repr_html_())


def check_lines(register: Any, data: bytes, *, header: bool) -> None:
    """Check that every line of the file is a row that was read."""
    text = data.removesuffix(b"\x1a")
    lines = text.count(b"\n") + (not text.endswith(b"\n")) - header
    _hold(register.read == lines, f"{register.read} rows read of {lines} lines")


def check_views(seen: LayoutCheck) -> None:
    """Check that a file seen through a layout shows shapes only."""
    _hold(0 <= seen.failed <= seen.rows, "rows that fail are rows")
    _no_canary(f"{seen!r} {seen.first.to_csv()} {seen.failures.to_csv()}")


def _columns(field: str) -> tuple[str, ...]:
    return (field, "birth_latest") if field == "birth_date" else (field,)


def _check_columns(table: Any, rules: RegisterLayout) -> None:
    for name, kind in FIELDS[rules.kind].items():
        column, field = table[name], rules.field(name)
        _hold(column.type == TYPES[kind], f"type of {name}: {column.type}")
        if field is None:
            _hold(column.null_count == len(column), f"{name} is not in the layout and not null")
            continue
        _hold(not (field.required and column.null_count), f"null in the required field {name}")
        if kind == "number" and not _all(pc.match_substring_regex(column, f"^[0-9]{{{field.width}}}$")):
            raise Broken(f"a number of another form in {name}")
        if kind == "postal" and not _all(pc.match_substring_regex(column, "^[0-9]{3}-[0-9]{4}$")):
            raise Broken(f"a postal code of another form in {name}")
    if rules.unique:
        key = table[rules.key]
        _hold(pc.count_distinct(key).as_py() == len(key), "one row a number")


def _check_dates(table: Any) -> None:
    for first, last in (("birth_date", "birth_latest"), ("valid_from", "valid_to")):
        if first in table.column_names and not _all(pc.less_equal(table[first], table[last])):
            raise Broken(f"{first} after {last}")


def _check_quarantine(register: Any, rules: RegisterLayout) -> None:
    found = register.quarantine
    rows = found["row"].to_numpy()
    _hold(list(found.columns) == ["row", "column", "code"], "columns of the quarantine")
    _hold(len(np.unique(rows)) == register.quarantined, "one row or more for each quarantined one")
    _hold(not len(rows) or 1 <= rows.min() <= rows.max() <= register.read, "row numbers of the file")
    _hold(set(found["column"]) <= {"", *rules.columns}, "only columns of the layout are named")
    _hold(all(REASON.fullmatch(code) for code in set(found["code"])), "codes are words of ours")
    attributed = len(register.unclear) + register.unattributed
    _hold(attributed <= register.quarantined * 2, "people of failed rows are counted")
    for notes in (register.repairs, register.normalised):
        _hold(set(notes["column"]) <= set(rules.columns), "only columns of the layout are noted")
        _hold(all(REASON.fullmatch(code) for code in set(notes["code"])), "notes are words of ours")
        _hold(bool((notes["cells"] > 0).all()), "notes count cells")


def _check_text(register: Any, name: str, *, required: bool) -> None:
    text = register.text(name)
    _hold(len(text) == register.accepted, f"a text for every row of {name}")
    text.validate(full=True)
    if required and (text.null_count or not _all(pc.match_substring_regex(text, r"\S"))):
        raise Broken(f"an empty text in the required field {name}")
    if pc.any(pc.match_substring_regex(text, OVERRIDES)).as_py():
        raise Broken(f"a change of writing direction in {name}")


def _all(found: Any) -> bool:
    return bool(pc.all(found, skip_nulls=True).as_py() is not False)


def _no_canary(text: str) -> None:
    _hold(not any(canary in text for canary in CANARIES), "no value in a message or view")


def _hold(promise: bool, what: str) -> None:
    if not promise:
        raise Broken(what)
