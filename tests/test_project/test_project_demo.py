"""The demo runs from registers to report, agrees with the truth, mails nobody it may not, leaks no name."""

import csv
import subprocess
import sys
from collections.abc import Iterator
from datetime import date, timedelta
from pathlib import Path

import pypdfium2
import pytest
import zxingcpp

SAMPLE = 400
REFERENCE, KNOWN = date(2009, 11, 1), "20091102"
CARE_LEVELS = {"11", "12", "13", "21", "22", "23", "24", "25"}
MAY_HOLD_NAMES = {"registers/residents.csv", "contractor/out/labels-run01.pdf"}

Rows = list[dict[str, str]]


def rows(path: Path, encoding: str = "utf-8-sig") -> Rows:
    with path.open(encoding=encoding, newline="") as stream:
        return list(csv.DictReader(stream))


@pytest.fixture(scope="module")
def drawn(demo: tuple[Path, str]) -> Rows:
    """Registry rows of those who were drawn."""
    numbers = {row["resident_no"] for row in rows(demo[0] / "returns" / "link.csv")}
    residents = rows(demo[0] / "registers" / "residents.csv", "cp932")
    return [row for row in residents if row["宛名番号"] in numbers]


def test_counts_agree_with_the_truth(demo: tuple[Path, str]) -> None:
    assert demo[1].count("agrees with the truth") == 3
    assert "DIFFERS" not in demo[1]


def test_every_promised_file_is_there_and_listed(demo: tuple[Path, str]) -> None:
    out, printed = demo
    names = {path.relative_to(out).as_posix() for path in out.rglob("*") if path.is_file()}
    promised = {
        "registers/residents.csv",
        "registers/certifications.csv",
        "registers/truth.json",
        "survey/survey.toml",
        "survey/approval.toml",
        "survey/ledger.sqlite",
        "survey/vault.age",
        "survey/out/flow.csv",
        "survey/out/draw-certificate.json",
        "survey/out/draw-certificate.pdf",
        "survey/out/labels.sp",
        "survey/out/research.sp",
        "contractor/out/labels-run01.pdf",
        "contractor/out/events.sp",
        "returns/answers.csv",
        "research/report.html",
        "research/tables.xlsx",
    }
    assert promised <= names
    assert all(name in printed for name in names - {".hyohon-demo"})


def test_everybody_drawn_is_65_by_the_day_before_the_birthday(drawn: Rows) -> None:
    assert len(drawn) == SAMPLE
    latest = (REFERENCE + timedelta(days=1)).replace(year=REFERENCE.year - 65).strftime("%Y%m%d")
    assert [row for row in drawn if row["生年月日"] > latest] == []


def test_nobody_drawn_is_certified_or_gone_or_protected(demo: tuple[Path, str], drawn: Rows) -> None:
    """A slow second look at the two register files, written apart from the frame's SQL."""
    day = REFERENCE.strftime("%Y%m%d")
    certified = {
        row["宛名番号"]
        for row in rows(demo[0] / "registers" / "certifications.csv", "cp932")
        if row["要介護状態区分"] in CARE_LEVELS
        and row["有効期間開始日"] <= day <= row["有効期間終了日"]
        and row["認定日"] <= KNOWN
    }
    assert len(certified) > 100
    assert [row for row in drawn if row["宛名番号"] in certified] == []
    assert [row for row in drawn if row["消除日"] and row["消除日"] <= day] == []
    assert [row for row in drawn if row["住民となった日"] > day or row["支援措置"] == "1"] == []


def encodings(text: str) -> Iterator[bytes]:
    for name in ("utf-8", "cp932", "utf-16-le"):
        yield text.encode(name)


def test_no_name_or_number_outside_the_files_that_need_them(demo: tuple[Path, str], drawn: Rows) -> None:
    out, printed = demo
    people = [value for row in drawn for value in (row["氏名"], row["氏名カナ"], row["宛名番号"])]
    assert [value for value in people if value in printed] == []
    secret = {code for value in people for code in encodings(value)}
    for path in out.rglob("*"):
        name = path.relative_to(out).as_posix()
        if path.is_file() and name not in MAY_HOLD_NAMES | {
            "registers/certifications.csv",
            "returns/link.csv",
        }:
            content = path.read_bytes()
            assert not any(code in content for code in secret), name


def test_first_label_sheet_reads_back(demo: tuple[Path, str]) -> None:
    known = {row["token"] for row in rows(demo[0] / "returns" / "link.csv")}
    document = pypdfium2.PdfDocument(demo[0] / "contractor" / "out" / "labels-run01.pdf")
    image = document[0].render(scale=200 / 72).to_pil()
    codes = [code.text for code in zxingcpp.read_barcodes(image, formats=zxingcpp.BarcodeFormat.QRCode)]
    assert len(codes) == 12
    assert {code.split(".")[0] for code in codes} <= known
    assert len(document) == -(-SAMPLE // 12)


def test_outputs_say_that_it_is_training(demo: tuple[Path, str]) -> None:
    report = (demo[0] / "research" / "report.html").read_text(encoding="utf-8")
    assert "訓練用" in report
    for name in ("survey/out/draw-certificate.pdf", "contractor/out/labels-run01.pdf"):
        page = pypdfium2.PdfDocument(demo[0] / name)[0]
        assert "訓練用" in page.get_textpage().get_text_range(), name


def test_report_needs_no_script_and_no_network(demo: tuple[Path, str]) -> None:
    report = (demo[0] / "research" / "report.html").read_text(encoding="utf-8").lower()
    assert not any(text in report for text in ("<script", "http://", "https://", "@import"))


def test_a_folder_with_other_files_is_refused(tmp_path: Path) -> None:
    kept = tmp_path / "kept.txt"
    kept.write_text("mine", encoding="utf-8")
    words = [sys.executable, "-m", "custody", "demo", "--out", str(tmp_path), "--residents", "2000"]
    done = subprocess.run(words, capture_output=True, text=True, encoding="utf-8", check=False)
    assert done.returncode == 1
    assert "DEMO-FOLDER" in done.stderr
    assert kept.read_text(encoding="utf-8") == "mine"
