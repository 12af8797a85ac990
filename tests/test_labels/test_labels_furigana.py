"""Furigana stand small with the name where the package holds them and the run asks for them."""

from collections.abc import Callable
from pathlib import Path

import pandas as pd
import pypdfium2
import pytest

from custody.cli import run
from custody.errors import InputError
from custody.fonts import FontChain
from custody.keys import KeyStore
from labels.job_printing import print_package
from labels.look import Look
from labels.printing import print_run

Labels = Callable[[int], pd.DataFrame]
Sealed = Callable[..., Path]
READING = "ネリマ　タロウ"


def places(path: Path, text: str) -> list[tuple[float, float, float, float]]:
    """Where a text stands on the first page: left, bottom, right, top of its characters together."""
    document = pypdfium2.PdfDocument(path)
    page = document[0].get_textpage()
    searcher, found = page.search(text), []
    while (hit := searcher.get_next()) is not None:
        boxes = [page.get_charbox(hit[0] + offset) for offset in range(hit[1])]
        lefts, bottoms, rights, tops = zip(*boxes, strict=True)
        found.append((min(lefts), min(bottoms), max(rights), max(tops)))
    document.close()
    return found


@pytest.mark.parametrize("writing", ["horizontal", "vertical"])
def test_furigana_are_off_by_default(
    writing: str, labels: Labels, bare_fonts: FontChain, tmp_path: Path
) -> None:
    """A column of readings alone prints none."""
    table = labels(2).assign(furigana=READING)
    made = print_run(table, tmp_path / "a.pdf", fonts=bare_fonts, look=Look(writing=writing))
    assert places(made.path, "ネリマ") == []


def test_furigana_stand_above_the_name_on_a_line(
    labels: Labels, bare_fonts: FontChain, tmp_path: Path
) -> None:
    """Horizontal writing: the reading is over the name, and smaller."""
    table = labels(1).assign(furigana=READING, name="髙橋　花子")
    made = print_run(table, tmp_path / "a.pdf", fonts=bare_fonts, look=Look(furigana=True))
    (ruby,), (name,) = places(made.path, "ネリマ"), places(made.path, "髙橋")
    assert ruby[1] > name[3]
    assert ruby[3] - ruby[1] < 0.5 * (name[3] - name[1])


def test_furigana_stand_right_of_the_name_in_columns(
    labels: Labels, bare_fonts: FontChain, tmp_path: Path
) -> None:
    """Vertical writing: the reading is right of the name, left of the address, and smaller."""
    table = labels(1).assign(furigana=READING, name="髙橋　花子")
    look = Look(furigana=True, writing="vertical")
    made = print_run(table, tmp_path / "a.pdf", fonts=bare_fonts, look=look)
    ruby, name, address = (places(made.path, text) for text in ("ネ", "髙", "東"))
    assert name[0][2] < ruby[0][0] < ruby[0][2] < address[0][0]
    assert ruby[0][2] - ruby[0][0] < 0.5 * (name[0][2] - name[0][0])


@pytest.mark.parametrize("writing", ["horizontal", "vertical"])
def test_reading_that_cannot_be_drawn_or_is_too_long_holds_the_label_back(
    writing: str, labels: Labels, bare_fonts: FontChain, tmp_path: Path
) -> None:
    """As with a name; an empty reading prints the label without one."""
    table = labels(3).assign(furigana=["", "ネリマ𠮷", "ネリマ" * 40])
    look = Look(furigana=True, writing=writing)
    made = print_run(table, tmp_path / "a.pdf", fonts=bare_fonts, look=look)
    assert [(one.row, one.code) for one in made.held_back] == [(2, "glyph"), (3, "name_too_long")]
    assert made.labels == 1


def test_package_without_readings_is_refused_in_words_before_any_file(
    labels: Labels, sealed: Sealed, keys: KeyStore, bare_fonts: FontChain, tmp_path: Path
) -> None:
    """The error says what to do, and no run is recorded."""
    package, job = sealed(labels(3)), tmp_path / "job"
    with pytest.raises(InputError, match="LAB-FURIGANA") as found:
        print_package(package, job, keys=keys, fonts=bare_fonts, furigana=True)
    assert "--furigana" in str(found.value.hint)
    assert list(job.rglob("*.pdf")) == []
    assert print_package(package, job, keys=keys, fonts=bare_fonts).run == 1


def test_command_prints_columns_with_readings(
    labels: Labels, sealed: Sealed, keys: KeyStore, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """``hyohon labels print --writing vertical --furigana`` on a package that holds readings."""
    package, job = sealed(labels(3).assign(furigana=READING)), tmp_path / "job"
    command = [
        "labels",
        "print",
        str(package),
        "--job",
        str(job),
        "--keys",
        str(keys.folder),
        "--no-progress",
    ]
    assert run([*command, "--writing", "vertical", "--furigana"]) == 0
    assert len(places(job / "out" / "labels-run01.pdf", "ネ")) == 3
    capsys.readouterr()
    assert run(["--lang", "en", *command, "--writing", "diagonal", "--reason", "jam"]) == 1
    assert "LAB-LOOK" in capsys.readouterr().err
