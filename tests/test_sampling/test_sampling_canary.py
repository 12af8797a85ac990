"""Values that no survey needs never leave the files: not by frame, draw or hand-over, nor into memory."""

import csv
import io
from collections.abc import Callable
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Any

import pandas as pd
import pytest

from custody.cli import run
from custody.codebook import Codebook
from custody.packages import Origin, open_package, seal
from custody.survey import Survey, create_survey
from sampling import build_frame, load_vault, read_certifications, read_residents
from sampling.layout import layout_text
from sampling.vault import open_table

DAY, LATER = "2009-11-05T10:00", "2009-12-10T10:00"
LEVELS = {"01": "非該当極秘", "12": "要支援極秘", "13": "要支二極秘"} | {
    f"2{n}": f"要介{n}極秘" for n in range(1, 6)
}
UNREAD, LEVEL, INSURED = ("カナリア", "KANARIA"), "極秘", "7777"
"""Parts of every planted value of a column that the layout does not name, of every care level, and the
beginning of every insured number."""
VALUES = "decrypted quarantine.age"
"""Cells of failed rows, encrypted for the staff who correct them."""
MAY_HOLD_NAMES = {"vault", "labels"}


def rewritten(path: Path, target: Path, change: Callable[[int, dict[str, str]], dict[str, str]]) -> None:
    """Write a register again with changed rows."""
    with path.open(encoding="cp932", newline="") as source:
        rows = [change(number, row) for number, row in enumerate(csv.DictReader(source), 1)]
    with target.open("w", encoding="cp932", newline="") as out:
        writer = csv.DictWriter(out, list(rows[0]))
        writer.writeheader()
        writer.writerows(rows)


def planted_resident(number: int, row: dict[str, str]) -> dict[str, str]:
    """Plant canaries in all columns that are not read; names are formulas; rows 7 and 8 fail."""
    wrong = {"性別": "9"} if number in (7, 8) else {}
    return {
        "本籍": f"カナリア{number}",
        **row,
        "氏名": f"={row['氏名']}",
        "氏名カナ": f"カナリア{number}",
        "個人メモ": f"KANARIA-{number}",
        **wrong,
    }


def planted_certification(number: int, row: dict[str, str]) -> dict[str, str]:
    level = LEVELS.get(row["要介護状態区分"], row["要介護状態区分"])
    wrong = {"申請日": "20091399"} if number == 5 else {}
    insured = {"被保険者番号": f"{INSURED}{number:06d}"}
    return {**row, **insured, "要介護状態区分": level, "主治医": f"KANARIA-{number}", **wrong}


@dataclass(frozen=True)
class Planted:
    """A survey after its hand-overs, its registers with canaries, and what the commands printed."""

    survey: Survey
    folder: Path
    printed: str

    @property
    def how(self) -> dict[str, Any]:
        return {"layout": self.folder / "own.toml"}


@pytest.fixture(scope="module")
def planted(ward: Path, tmp_path_factory: pytest.TempPathFactory) -> Planted:
    folder = tmp_path_factory.mktemp("canary")
    rewritten(ward / "residents.csv", folder / "residents.csv", planted_resident)
    rewritten(ward / "certifications.csv", folder / "certifications.csv", planted_certification)
    text = layout_text("demo")
    for code, word in LEVELS.items():
        text = text.replace(f"\n{code} = ", f'\n"{word}" = ')
    (folder / "own.toml").write_text(text, encoding="utf-8")
    home = folder / "survey"
    create_survey(home, training=True, sample=120, seed="canary")
    with pytest.MonkeyPatch.context() as patch:
        out = io.StringIO()
        patch.setattr("sys.stdout", out)
        patch.setattr("sys.stderr", out)
        try:
            commands(home, folder)
        except AssertionError:
            raise AssertionError(out.getvalue()) from None
    return Planted(Survey.open(home, LATER), folder, out.getvalue())


def commands(home: Path, folder: Path) -> None:
    """Run frame, draw, both hand-overs and what the second one needs."""
    files = [
        "--residents",
        str(folder / "residents.csv"),
        "--certifications",
        str(folder / "certifications.csv"),
    ]
    files += ["--layout", str(folder / "own.toml")]
    when = ["--at", DAY]
    assert run(["--lang", "en", "sampling", "frame", str(home), *files, *when]) == 0
    assert run(["--lang", "en", "sampling", "draw", str(home), *files, *when, "--seed", "1"]) == 0
    assert run(["--lang", "en", "sampling", "hand-over", str(home), "--to", "contractor", *when]) == 0
    survey, when = Survey.open(home, LATER), ["--at", LATER]
    forms, events = folder / "forms.csv", folder / "events.sp"
    forms.write_text(",".join(["token", *Codebook.load().columns]) + "\r\n", encoding="utf-8-sig")
    seal(
        events,
        kind="events",
        payload=b"token,state,date\n",
        facts={},
        recipient=survey.keys.recipient("staff"),
        signer=survey.keys.signer("contractor"),
        created=survey.clock.now(),
        origin=Origin(survey.survey_id, survey.title, True, survey.keys.recipient("contractor")),
    )
    answers = [str(forms), "--events", str(events), *when]
    assert run(["--lang", "en", "sampling", "answers", str(home), *answers]) == 0
    assert run(["--lang", "en", "sampling", "hand-over", str(home), "--to", "researcher", *when]) == 0


def payload(survey: Survey, kind: Any, role: Any) -> bytes:
    opened = open_package(
        survey.out / f"{kind}.sp",
        kind=kind,
        identity=survey.keys.identity(role),
        verifier=survey.keys.verifier("staff"),
    )
    return opened.payload


def left(planted: Planted) -> dict[str, bytes]:
    """Everything that can be read after the acts: files as they are, and decrypted ones."""
    survey = planted.survey
    found = {
        path.relative_to(survey.folder).as_posix(): path.read_bytes()
        for path in survey.folder.rglob("*")
        if path.is_file()
    }
    found["vault"] = load_vault(survey).to_csv().encode("utf-8")
    found["labels"] = payload(survey, "labels", "contractor")
    found["research"] = payload(survey, "research", "research")
    found["printed"] = planted.printed.encode("utf-8")
    for path in survey.folder.rglob("*.age"):
        if path.name not in ("vault.age", "answers.age"):
            found[f"decrypted {path.name}"] = (
                open_table(path, survey.keys.identity("staff")).to_csv().encode("utf-8")
            )
    return found


def as_bytes(values: Any) -> list[bytes]:
    return [value.encode(encoding) for value in values for encoding in ("utf-8", "cp932", "utf-16-le")]


def test_nothing_that_the_layout_does_not_name_is_left_anywhere(planted) -> None:
    found = left(planted)
    assert {"vault", "labels", "research", "ledger.sqlite", "out/flow.csv"} <= set(found)
    canaries = as_bytes(UNREAD) + as_bytes([f"{INSURED}{number:06d}" for number in range(1, 2000)])
    for name, content in found.items():
        assert not [canary for canary in canaries if canary in content], name
        assert name == VALUES or not [level for level in as_bytes([LEVEL]) if level in content], name


def test_names_are_in_the_vault_and_the_labels_alone(planted) -> None:
    vault = load_vault(planted.survey)
    names, numbers = as_bytes(vault["name"]), as_bytes(vault["resident_no"])
    for name, content in left(planted).items():
        with_names = [value for value in names if value in content]
        assert bool(with_names) == (name in MAY_HOLD_NAMES), name
        assert bool([value for value in numbers if value in content]) == (name == "vault"), name


def test_names_that_a_spreadsheet_would_run_are_kept_exactly(planted) -> None:
    vault = load_vault(planted.survey)
    labels = pd.read_csv(io.BytesIO(payload(planted.survey, "labels", "contractor")), dtype="str")
    assert vault["name"].str.startswith("=").all()
    assert sorted(labels["name"]) == sorted(vault["name"])


def test_rows_that_failed_are_shown_by_number_only(planted) -> None:
    shown = pd.read_csv(planted.survey.out / "quarantine.csv", encoding="utf-8-sig")
    assert set(shown.columns) == {"register", "row", "column", "code", "what to do"}
    found = shown[["register", "row", "code"]].itertuples(index=False, name=None)
    wanted = [("certifications", 5, "impossible_date"), *(("residents", n, "unknown_code") for n in (7, 8))]
    assert sorted(found) == wanted


def in_memory(column: Any) -> bytes:
    """Return all buffers of a column, what no row shows among them."""
    return b"".join(bytes(buffer) for chunk in column.chunks for buffer in chunk.buffers() if buffer)


def test_columns_that_are_not_named_never_enter_memory(planted) -> None:
    residents = read_residents(planted.folder / "residents.csv", **planted.how)
    certifications = read_certifications(planted.folder / "certifications.csv", **planted.how)
    assert residents.ignored == 3  # 本籍, 氏名カナ, 個人メモ
    for register in (residents, certifications):
        cells = b"".join(in_memory(column) for column in register.table.columns)
        assert not [canary for canary in as_bytes([*UNREAD, LEVEL]) if canary in cells]
        failed = register.failed_values.to_csv().encode("utf-8")
        assert not [canary for canary in as_bytes(UNREAD) if canary in failed]
    assert residents.quarantined == 2
    assert certifications.quarantined == 1


def test_the_join_leaves_a_reason_and_a_flag_of_the_certification(planted) -> None:
    frame = build_frame(
        read_residents(planted.folder / "residents.csv", **planted.how),
        read_certifications(planted.folder / "certifications.csv", **planted.how),
        reference_date=planted.survey.reference_date,
        knowledge_date=date(2009, 11, 5),
        secret=bytes(32),
    )
    of_residents = {"person_key", "resident_no", "household_no", "name", "area", "town", "age", "age_band"}
    of_residents |= {"sex", "postal_code", "address"}
    assert set(frame.data.column_names) == of_residents | {"certification_flag"}
    flags = {flag for cell in frame.table["certification_flag"] for flag in cell.split(";")}
    assert flags <= {"", *frame.rules.switches}
