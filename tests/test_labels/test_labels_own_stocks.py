"""Label sheets of one's own are found wherever they are written; one that cannot be is refused by its key."""

import re
from collections.abc import Callable
from importlib.resources import files
from pathlib import Path

import pandas as pd
import pytest

from custody.cli import run
from custody.errors import ConfigError, LabelError
from custody.fonts import FontChain
from custody.keys import KeyStore
from custody.packages import Origin, seal
from custody.settings import Settings
from custody.stock_settings import read_stock_settings
from custody.survey import Survey, create_survey
from labels.job_printing import print_package
from labels.own_stocks import (
    PACKAGE_FILE,
    choose_stock,
    contractor_file,
    keep_package_stocks,
    make_stocks,
    own_stocks,
    package_stocks,
    read_stocks,
)
from labels.stocks import stock
from sampling.label_facts import label_facts

Labels = Callable[[int], pd.DataFrame]
EXAMPLE = Path(str(files("labels") / "data" / "stocks_example.toml"))
TEXT = EXAMPLE.read_text(encoding="utf-8")
EARLIER = TEXT.replace("[[stocks]]", "[[stock]]", 1).replace("[[stocks]]", "[[window]]", 1)


def write(path: Path, text: str) -> Path:
    path.parent.mkdir(exist_ok=True)
    path.write_text(text, encoding="utf-8")
    return path


def sheet(name: str, columns: int = 2) -> str:
    return (
        TEXT.split("# A window")[0].replace("12面 特注", name).replace("columns = 2", f"columns = {columns}")
    )


@pytest.mark.parametrize("text", [TEXT, EARLIER])
def test_sheets_and_windows_are_read_and_named(text: str, tmp_path: Path) -> None:
    own, window = read_stocks(write(tmp_path / "stocks.toml", text))
    assert own.same_grid(stock("KPC-E1121"))
    assert choose_stock("12面 特注", tmp_path) == own
    assert choose_stock("L7160", tmp_path) == stock("L7160")
    assert choose_stock("L7160", tmp_path / "none") == stock("L7160")
    assert (window.per_sheet, window.left, window.top) == (1, 20, 15)


def test_file_of_the_job_goes_before_the_one_above_it(tmp_path: Path) -> None:
    (tmp_path / "job").mkdir()
    assert contractor_file(tmp_path / "job", "a.toml").parent.name == "job"
    (tmp_path / "a.toml").touch()
    assert contractor_file(tmp_path / "job", "a.toml") == tmp_path / "a.toml"
    (tmp_path / "job" / "a.toml").touch()
    assert contractor_file(tmp_path / "job", "a.toml").parent.name == "job"


def test_survey_file_goes_before_stocks_file_before_package(tmp_path: Path) -> None:
    job = tmp_path / "job"
    write(job / "survey.toml", 'title = "only its sheets are read here"\n' + sheet("a"))
    write(tmp_path / "stocks.toml", sheet("a", 1) + sheet("b", 1))
    given = read_stock_settings(Settings.read(write(tmp_path / "x.toml", sheet("b") + sheet("c"))))
    keep_package_stocks(job, given)
    assert [(one.number, one.columns) for one in own_stocks(job)] == [("a", 2), ("b", 1), ("c", 2)]
    assert choose_stock("c", tmp_path, make_stocks(given, "labels.sp")).columns == 2


BAD = [
    ("columns = 2", 'columns = "2"', "CFG-FIELD", "stocks[1].columns"),
    ("columns = 2", "columns = 2.5", "CFG-FIELD", "stocks[1].columns"),
    ("columns = 2", "columns = true", "CFG-FIELD", "stocks[1].columns"),
    ("columns = 2", "columns = 3", "LAB-STOCK-FIT", "stocks[1].columns"),
    ("rows = 6", "rows = 7", "LAB-STOCK-FIT", "stocks[1].rows"),
    ("pitch_x = 86.4", "pitch = 86.4", "CFG-FIELD", "stocks[1].pitch"),
    ("pitch_x = 86.4", "", "CFG-FIELD", "stocks[1].pitch_x"),
    ("pitch_x = 86.4", "pitch_x = 80", "LAB-STOCK-FIT", "stocks[1].pitch_x"),
    ("pitch_y = 42.3", "pitch_y = 42", "LAB-STOCK-FIT", "stocks[1].pitch_y"),
    ("width = 86.4", "width = nan", "CFG-FIELD", "stocks[1].width"),
    ("width = 86.4", "width = -1", "CFG-FIELD", "stocks[1].width"),
    ("width = 86.4", "width = 0", "LAB-STOCK-FIT", "stocks[1].width"),
    ("height = 42.3", "height = 400", "LAB-STOCK-FIT", "stocks[1].height"),
    ('paper = "A4"  ', 'paper = "A5"  ', "CFG-FIELD", "stocks[1].paper"),
    ('name = "12面 特注"', 'name = " "', "CFG-FIELD", "stocks[1].name"),
    ('name = "12面 特注"', 'name = "12\\u0007"', "CFG-FIELD", "stocks[1].name"),
    ("洋長3 窓", "12面 特注", "CFG-FIELD", "stocks[2].name"),
    ("[235, 120]", "[200, 120]", "LAB-WINDOW", "stocks[2].window"),
    ("100, 60]", "25, 60]", "LAB-WINDOW", "stocks[2].window"),
    ("100, 60]", "100]", "CFG-FIELD", "stocks[2].window"),
    ("folded = [210, 99]", 'folded = [210, "99"]', "CFG-FIELD", "stocks[2].folded"),
    ("folded = [210, 99]", "", "CFG-FIELD", "stocks[2].folded"),
    ("folded = [210, 99]", "fold = [210, 99]", "CFG-FIELD", "stocks[2].fold"),
]


@pytest.mark.parametrize("file", ["survey.toml", "stocks.toml"])
@pytest.mark.parametrize(("right", "wrong", "code", "key"), BAD)
def test_sheet_that_cannot_be_is_refused_by_file_and_key(
    right: str, wrong: str, code: str, key: str, file: str, tmp_path: Path
) -> None:
    assert right in TEXT
    path = write(tmp_path / file, TEXT.replace(right, wrong, 1))
    with pytest.raises((ConfigError, LabelError), match=code) as caught:
        read_stocks(path)
    assert (caught.value.file, caught.value.column) == (file, key)


@pytest.mark.parametrize(
    ("text", "code"), [("[[sheet]]", "CFG-FIELD"), ("stocks = 3", "CFG-FIELD"), ("練馬", "CFG-TOML")]
)
def test_file_that_is_no_list_of_sheets_is_refused(text: str, code: str, tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match=code):
        read_stocks(write(tmp_path / "stocks.toml", text))


def test_sheets_travel_through_a_package_unchanged(tmp_path: Path) -> None:
    survey = create_survey(tmp_path / "survey", training=True, seed="own sheets")
    assert survey.stocks == ()
    assert "stocks" not in label_facts(survey)
    path = survey.folder / "survey.toml"
    write(path, path.read_text(encoding="utf-8") + TEXT)
    facts = label_facts(Survey.open(survey.folder))
    assert package_stocks(facts) == Survey.open(survey.folder).stocks
    keep_package_stocks(tmp_path, package_stocks(facts))
    assert read_stocks(tmp_path / PACKAGE_FILE) == read_stocks(EXAMPLE) == own_stocks(survey.folder)
    write(
        path, path.read_text(encoding="utf-8").replace("rows = 6\nwidth = 86.4 ", "rows = 8\nwidth = 86.4 ")
    )
    with pytest.raises(LabelError, match=re.escape("stocks[1].rows")):
        label_facts(Survey.open(survey.folder))


def test_template_shows_a_sheet_that_is_right_once_it_is_uncommented(tmp_path: Path) -> None:
    path = create_survey(tmp_path / "survey", training=True).folder / "survey.toml"
    before, after = path.read_text(encoding="utf-8").split("# [[stocks]]")
    table, rest = after.split("\n\n", 1)
    write(path, before + "[[stocks]]" + table.replace("\n# ", "\n") + "\n\n" + rest)
    (made,) = make_stocks(Survey.open(path.parent).stocks, path.name)
    assert made == read_stocks(EXAMPLE)[0]


def test_package_brings_its_sheets_to_a_job_without_settings(
    labels: Labels, keys: KeyStore, bare_fonts: FontChain, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    own = [one.facts() for one in read_stock_settings(Settings.read(EXAMPLE))]
    origin = Origin("abcd1234", "食の調査", True, keys.recipient("staff"))
    seal(
        tmp_path / "labels.sp",
        kind="labels",
        payload=labels(3).to_csv(index=False, lineterminator="\n").encode("utf-8"),
        facts={"stocks": own},
        recipient=keys.recipient("contractor"),
        signer=keys.signer("staff"),
        created=pd.Timestamp("2009-11-04T09:00+09:00").to_pydatetime(),
        origin=origin,
    )
    job = tmp_path / "job"
    printers = job / "printers.toml"  # what a contractor wrote before is no reason to refuse the folder
    write(printers, '[[printer]]\nname = "2F"\noffset_x = 0\noffset_y = 0\nscale_x = 1\nscale_y = 1\n')
    made = print_package(tmp_path / "labels.sp", job, keys=keys, fonts=bare_fonts, stock="12面 特注")
    assert (made.labels, printers.exists()) == (3, True)
    assert run(["--lang", "en", "labels", "stocks", "特注", "--folder", str(job)]) == 0
    assert "own 12面 特注" in capsys.readouterr().out
    assert run(["--lang", "en", "labels", "test-sheet", "--stock", "12面 特注", "--folder", str(job)]) == 0
    write(job / "survey.toml", sheet("12面 特注", 1))
    write(job / "out" / "note.txt", "")
    again = print_package(
        tmp_path / "labels.sp", job, keys=keys, fonts=bare_fonts, stock="12面 特注", reason="jam"
    )
    assert again.tidy()["stock"].tolist() == ["own 12面 特注"]
    assert own_stocks(job)[0].columns == 1
