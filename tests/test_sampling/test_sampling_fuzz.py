"""Whatever bytes a reader is given: a register whose counts balance, or a refusal that says what to do."""

import importlib
from collections.abc import Iterator
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from custody.errors import HyohonError, InputError
from sampling import load_layout, read_certifications, read_residents
from sampling.control_totals import read_totals
from sampling.exclusions import read_exclusions
from sampling.linkage.review import read_decisions

CASES = 3_000
SEED = 20091101
EXAMPLES = settings(
    max_examples=150,
    deadline=None,
    derandomize=True,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)


@pytest.fixture(scope="module")
def fuzz() -> Iterator[dict[str, ModuleType]]:
    """The fuzzer of ``make fuzz``."""
    names = ("fuzz_registers", "fuzz_seeds", "fuzz_oracle", "fuzz_targets")
    with pytest.MonkeyPatch.context() as patch:
        patch.syspath_prepend(str(Path(__file__).parents[2] / "benchmarks"))
        yield {name: importlib.import_module(name) for name in names}


def test_mutated_files_of_every_kind_are_read_or_refused(fuzz, tmp_path, monkeypatch) -> None:
    monkeypatch.setattr(fuzz["fuzz_registers"], "OUT", tmp_path / "failed")
    tally = fuzz["fuzz_registers"].run_chunk(0, CASES, SEED, guarded=False)
    assert tally.failures == []
    assert tally.cases == CASES
    seen = {name for name, _outcome in tally.outcomes}
    assert {target.name for target in fuzz["fuzz_targets"].targets() if target.weight > 1} <= seen
    outcomes = {outcome for _name, outcome in tally.outcomes}
    assert {
        "accepted",
        "quarantined",
        "SAM-FILE-ENCODING",
        "SAM-COLUMN-MISSING",
        "SAM-FILE-FAILED",
    } <= outcomes


def test_a_broken_promise_is_found(fuzz, desk) -> None:
    register = read_residents(desk.residents(clean=3))
    rules = load_layout("demo").register("residents")
    check, broken = fuzz["fuzz_oracle"].check_register, fuzz["fuzz_oracle"].Broken
    check(register, rules)
    fewer = type("Fewer", (), {name: getattr(register, name) for name in dir(register) if name[0] != "_"})()
    fewer.read = register.read + 1
    with pytest.raises(broken, match="read = accepted"):
        check(fewer, rules)
    shown = InputError("SAM-X", "秘密 is wrong.", hint="Correct it.")
    with pytest.raises(broken, match="no value"):
        fuzz["fuzz_oracle"].check_refusal(shown)


def outcome(read: Any, path: Path, **options: Any) -> Any:
    """Return the register or the refusal."""
    try:
        return read(path, **options)
    except HyohonError as refusal:
        return refusal


@EXAMPLES
@given(data=st.binary(max_size=400), layout=st.sampled_from(["demo", "resident_csv", "resident_fixed"]))
def test_any_bytes_are_refused_by_code(fuzz, tmp_path, data, layout) -> None:
    path = tmp_path / "any.csv"
    path.write_bytes(data)
    found = outcome(read_residents, path, layout=layout)
    assert isinstance(found, InputError)
    fuzz["fuzz_oracle"].check_refusal(found)


CELL = st.text(st.characters(exclude_categories=["Cs"], exclude_characters='"\n\r\x00\x1a'), max_size=30)


@EXAMPLES
@given(cell=CELL, column=st.integers(0, 12))
def test_any_text_in_any_cell_is_read_or_set_aside(fuzz, desk, cell, column) -> None:
    lines = desk.residents(clean=120).read_bytes().decode("cp932").split("\r\n")
    cells = lines[5].split(",")
    cells[column] = f'"{cell}"'
    lines[5] = ",".join(cells)
    path = desk.folder / "any.csv"
    path.write_bytes("\r\n".join(lines).encode("utf-8"))
    register = read_residents(path, encoding="utf-8")
    fuzz["fuzz_oracle"].check_register(register, load_layout("demo").register("residents"))
    assert register.read == 120
    assert set(register.quarantine["row"]) <= {5}


@EXAMPLES
@given(cell=CELL)
def test_text_that_was_normalised_once_stays_as_it_is(desk, cell) -> None:
    path = desk.residents(clean=120)
    text = path.read_bytes().decode("cp932")

    def name(written: str) -> str | None:
        path.write_bytes(text.replace("練馬　太郎", f'"{written}"', 1).encode("utf-8"))
        register = read_residents(path, encoding="utf-8")
        return None if register.quarantined else register.text("name")[0].as_py()

    once = name(cell)
    if once is not None:
        assert name(once) == once


@EXAMPLES
@given(order=st.permutations(range(13)), rows=st.permutations(range(5)))
def test_order_of_columns_changes_nothing_and_order_of_rows_only_theirs(desk, order, rows) -> None:
    path = desk.residents(*[{"住所": f"東京都練馬区練馬{n}丁目"} for n in range(5)])
    plain = read_residents(path)
    lines = [line.split(",") for line in path.read_bytes().decode("cp932").split("\r\n")[:-1]]
    lines = [lines[0], *(lines[1 + row] for row in rows)]
    path.write_bytes("".join(",".join(line[k] for k in order) + "\r\n" for line in lines).encode("cp932"))
    assert read_residents(path).table.equals(plain.table.take(list(rows)))


@pytest.mark.parametrize(
    ("data", "code"),
    [
        (b"file,rows\r\na.csv," + b"9" * 5000, "SAM-TOTALS-LINE"),
        (b'file,rows\r\n"' + b"x" * 140_000 + b'",1', "SAM-TOTALS-TEXT"),
    ],
)
def test_a_list_of_totals_with_a_monstrous_cell_is_refused(tmp_path, data, code) -> None:
    path = tmp_path / "totals.csv"
    path.write_bytes(data)
    assert outcome(read_totals, path).code == code


@pytest.mark.parametrize("name", ["opt_outs", "earlier", "institutions"])
def test_a_list_with_a_monstrous_cell_is_refused(tmp_path, name) -> None:
    path = tmp_path / "list.csv"
    path.write_bytes("宛名番号,住所\r\n".encode() + b"1" * 140_000)
    with pytest.raises(InputError) as caught:
        read_exclusions(**{name: path})
    assert caught.value.code == "SAM-LIST-CSV"


def test_a_staff_list_with_a_monstrous_cell_is_refused(tmp_path) -> None:
    path = tmp_path / "review.csv"
    path.write_bytes("照合番号,判定\r\nP1,".encode() + b"1" * 140_000)
    assert outcome(read_decisions, path).code == "SAM-REVIEW-CSV"


@pytest.mark.parametrize("value", ["[1]", "{ a = 1 }", "1", "true"])
def test_a_code_of_a_layout_stands_for_a_word(tmp_path, value) -> None:
    text = Path(load_file("demo")).read_text(encoding="utf-8").replace('"1" = "M"', f'"1" = {value}')
    (tmp_path / "own.toml").write_text(text, encoding="utf-8")
    assert outcome(load_layout, tmp_path / "own.toml").code == "SAM-LAYOUT-FIELD"


def test_a_number_of_thousands_of_digits_in_a_layout_is_refused(tmp_path) -> None:
    text = load_file("demo").read_text(encoding="utf-8").replace("width = 10", "width = " + "9" * 5000, 1)
    (tmp_path / "own.toml").write_text(text, encoding="utf-8")
    assert outcome(load_layout, tmp_path / "own.toml").code == "SAM-LAYOUT-TOML"


def load_file(name: str) -> Path:
    return Path(__file__).parents[2] / "sampling" / "layouts" / f"{name}.toml"


def test_certifications_of_any_bytes_are_refused_too(tmp_path) -> None:
    path = tmp_path / "any.csv"
    path.write_bytes(b"\x81\x20" * 45)
    assert outcome(read_certifications, path).code == "SAM-FILE-ENCODING"
