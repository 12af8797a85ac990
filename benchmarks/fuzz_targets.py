"""What is fuzzed: the readers of registers, of layouts and of lists, each with a maker of files."""

import random
from collections.abc import Callable
from dataclasses import dataclass
from functools import cache, partial
from pathlib import Path
from typing import Any, Final

import fuzz_seeds as seeds
from fuzz_mutators import mutate_bytes, mutate_rows
from fuzz_oracle import check_lines, check_register, check_views

import sampling.registers
from sampling.control_totals import read_totals
from sampling.exclusions import read_exclusions
from sampling.layout import layout_text, load_layout, shipped_layouts
from sampling.layout_check import check_layout
from sampling.linkage.review import HEADERS, read_decisions

__all__ = ["Case", "Target", "targets"]

CLEAN_ROWS: Final = 130
"""So many clean rows behind the changed ones: one failed row is then less than one in a hundred."""
CHECKED_FROM: Final = 12
"""Forms of at least this weight are also looked at by `check_layout`."""
SUFFIXES: Final = {"delimited": ".csv", "fixed": ".txt", "excel": ".xlsx", "parquet": ".parquet"}
ENCODINGS: Final = (
    "cp932",
    "utf-8",
    "utf-8-sig",
    "utf-16",
    "utf-16-le",
    "utf-16-be",
    "ascii",
    "euc_jp",
    "shift_jis",
)


@dataclass(frozen=True, slots=True)
class Case:
    """The bytes of a file and the encoding that is declared for it."""

    data: bytes
    declared: str


@dataclass(frozen=True, slots=True)
class Target:
    """One kind of file: how a case is made, and what reads it and says ``accepted`` or ``quarantined``."""

    name: str
    suffix: str
    weight: int
    make: Callable[[random.Random], Case]
    read: Callable[[Path, str], str]
    private: bool = True


@cache
def targets() -> list[Target]:
    """Return everything that is fuzzed."""
    every = seeds.forms()
    found = [_of_register(form) for form in every]
    found += [_of_register(form, checked=True) for form in every if form.weight >= CHECKED_FROM]
    found += [
        Target(f"layout {name}", ".toml", 2, partial(_layout_case, name), _read_layout, private=False)
        for name in shipped_layouts()
    ]
    lists = {"opt_outs": _numbers, "earlier": _numbers, "institutions": _addresses}
    found += [
        Target(f"list {name}", ".csv", 5, make, partial(_read_list, name)) for name, make in lists.items()
    ]
    found.append(Target("list of totals", ".csv", 4, _totals, _read_totals))
    found.append(Target("staff list", ".csv", 6, _review, _read_review))
    return found


def _of_register(form: seeds.Form, *, checked: bool = False) -> Target:
    return Target(
        "check of a layout" if checked else form.name,
        SUFFIXES[form.rules.format],
        2 if checked else form.weight,
        partial(_register_case, form),
        partial(_look_at if checked else _read_register, form),
    )


def _register_case(form: seeds.Form, rng: random.Random) -> Case:
    rules = form.rules
    rows: list[list[Any]] = seeds.valid_rows(rules, rng.choice((0, 1, 2, 3, 3, 3)))
    if rules.header:
        rows.insert(0, seeds.headers_of(rules))
    for _ in range(rng.choice((0, 1, 1, 1, 2, 3))):
        mutate_rows(rows, rng)
    if rules.format == "parquet" and not rows:
        rows = [seeds.headers_of(rules)]
    clean = rng.random() < 0.5 and rules.format != "excel"
    if clean and rules.format == "parquet":
        rows += seeds.valid_rows(rules, CLEAN_ROWS, 1000)
    data = seeds.as_bytes(rules, rows, form.encoding, quoted=rng.random() < 0.2)
    for _ in range(rng.choice((0, 0, 1, 1, 2))):
        data = mutate_bytes(data, rng)
    if clean and rules.format in ("delimited", "fixed"):
        data += _clean_bytes(form)
    return Case(data, rng.choice(ENCODINGS) if rng.random() < 0.04 else form.encoding)


@cache
def _clean_bytes(form: seeds.Form) -> bytes:
    rows = seeds.valid_rows(form.rules, CLEAN_ROWS, 1000)
    data = seeds.as_bytes(form.rules, rows, form.encoding)
    mark = {"utf-16": 2, "utf-8-sig": 3}.get(form.encoding, 0)
    return data[mark:]


def _read_register(form: seeds.Form, path: Path, declared: str) -> str:
    reader = getattr(sampling.registers, f"read_{form.kind}")
    register = reader(path, layout=form.layout, encoding=declared)
    check_register(register, form.rules)
    if form.rules.format == "delimited" and not declared.startswith("utf-16"):
        check_lines(register, path.read_bytes(), header=form.rules.header)
    return "quarantined" if register.quarantined else "accepted"


def _look_at(form: seeds.Form, path: Path, declared: str) -> str:
    seen = check_layout(path, form.layout, kind=form.kind, encoding=declared)
    check_views(seen)
    return "quarantined" if seen.failed else "accepted"


def _layout_case(name: str, rng: random.Random) -> Case:
    lines = [[line] for line in layout_text(name).splitlines() if not line.startswith("#")]
    for _ in range(rng.choice((1, 1, 2))):
        if rng.random() < 0.5:
            mutate_rows(lines, rng)
        else:
            _change_value(lines, rng)
    data = "\n".join("".join(line) for line in lines).encode("utf-8", "replace")
    return Case(mutate_bytes(data, rng) if rng.random() < 0.3 else data, "")


VALUES: Final = (
    *(
        "true",
        "false",
        "0",
        "-1",
        "1",
        "18",
        "19",
        "300",
        "10000000000",
        "1.5",
        "nan",
        "1979-05-27",
        "[]",
        "{}",
        '""',
    ),
    *(
        '"number"',
        '"date"',
        '"text"',
        '"fixed"',
        '"excel"',
        '"parquet"',
        '"utf-16"',
        '"klingon"',
        '"宛名番号"',
        '["0"]',
    ),
    *(
        '"\\u0000"',
        '{ "1" = "M" }',
        '{ "" = "F" }',
        "{ 1 = 2 }",
        "[1]",
        '"tab"',
        '"|"',
        '"\\n"',
        '"個人番号"',
    ),
)


def _change_value(lines: list[list[str]], rng: random.Random) -> None:
    places = [place for place, line in enumerate(lines) if line and "=" in line[0]]
    if places:
        place = rng.choice(places)
        lines[place] = [lines[place][0].split("=")[0] + "= " + rng.choice(VALUES)]


def _read_layout(path: Path, _declared: str) -> str:
    layout = load_layout(path)
    for kind in layout.kinds:
        rules = layout.register(kind)
        if rules.format in ("delimited", "fixed") and (rules.record_bytes or 0) < 100_000:
            _read_own(path.parent, kind, layout)
    return "accepted"


def _read_own(folder: Path, kind: Any, layout: Any) -> None:
    """Read a file that fits a changed layout; where that layout cannot be met the refusal says so."""
    rules = layout.register(kind)
    rows = seeds.valid_rows(rules, 2)
    if rules.header:
        rows.insert(0, seeds.headers_of(rules))
    path = folder / "own.txt"
    path.write_bytes(seeds.as_bytes(rules, rows, rules.encoding))
    check_register(getattr(sampling.registers, f"read_{kind}")(path, layout=layout), rules)


def _list_case(rows: list[list[Any]], rng: random.Random) -> Case:
    for _ in range(rng.choice((0, 1, 1, 2))):
        mutate_rows(rows, rng)
    encoding = rng.choice(("cp932", "utf-8", "utf-8-sig", "utf-16"))
    text = "".join(",".join(str(cell) for cell in row) + "\r\n" for row in rows)
    data = text.encode(encoding, "replace")
    return Case(mutate_bytes(data, rng) if rng.random() < 0.6 else data, encoding)


def _numbers(rng: random.Random) -> Case:
    rows = [[rng.choice(("宛名番号", "resident_no", "氏名", "0090817001"))], ["0090817264"], ["0090817265"]]
    return _list_case(rows, rng)


def _addresses(rng: random.Random) -> Case:
    first = rng.choice((["住所", "方書"], ["世帯番号"], ["住所"]))
    cell = "0090817264" if first == ["世帯番号"] else seeds.TEXTS["address"]
    return _list_case([first, [cell, seeds.TEXTS["building"]][: len(first)], [cell] * len(first)], rng)


def _totals(rng: random.Random) -> Case:
    rows = [["ファイル名", "件数"], ["residents.csv", "717,124"], ["certifications.csv", "21000"]]
    return _list_case(rows, rng)


def _read_totals(path: Path, _declared: str) -> str:
    read_totals(path)
    return "accepted"


def _review(rng: random.Random) -> Case:
    pairs = [f"P{number:024x}" for number in range(4)]
    rows = [[seeds.TEXTS["name"]] * len(HEADERS) for _ in pairs]
    for row, pair, word in zip(rows, pairs, ("同一", "別人", "", "same"), strict=True):
        row[0], row[-1] = pair, word
    return _list_case([list(HEADERS.values()), *rows], rng)


def _read_review(path: Path, _declared: str) -> str:
    decisions = read_decisions(path)
    if seeds.TEXTS["name"] in repr(decisions):
        raise AssertionError("a name in the view of the decisions")
    return "accepted"


def _read_list(name: str, path: Path, _declared: str) -> str:
    read_exclusions(**{name: path})
    return "accepted"
