"""The command speaks the wanted language and refuses in one line that holds no value, on any console."""

import io
import os
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import pytest
import typer

from custody import cli, console, messages
from custody.catalogue import compiled, untranslated
from custody.errors import ConfigError, InputError

CANARY = "金糸雀　鳴子"
ROOT = Path(messages.__file__).resolve().parents[1]


@pytest.fixture(autouse=True)
def english(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("LC_ALL", "LC_MESSAGES", "LANG"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("HYOHON_LANG", "en")
    messages.set_language(None)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    assert cli.run(["new", str(tmp_path / "survey 1"), "--training", "--seed", "1"]) == 0
    return tmp_path / "survey 1"


def test_new_status_verify_log_and_keys_end_well(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    capsys.readouterr()
    place = str(folder)
    keys = [
        ["custody", "keys", "--role", "staff", "--folder", str(folder / "keys")],
        ["custody", "keys", place],
    ]
    for command in (["status", place], ["custody", "verify", place], ["custody", "log", place], *keys):
        assert cli.run(["--lang", "en", *command]) == 0
    shown = capsys.readouterr()
    for part in ("[training]", "ledger is whole: events 1", "new "):
        assert part in shown.out
    assert shown.out.count('staff_age = "age1') == 2
    assert shown.err == ""


def test_verify_names_what_changed(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    from custody.files import record_file
    from custody.survey import Survey

    (folder / "out" / "a.csv").write_text("1\n", encoding="ascii")
    survey = Survey.open(folder)
    with survey.ledger() as ledger:
        record_file(ledger, folder, folder / "out" / "a.csv", "labels")
    assert cli.run(["--lang", "en", "custody", "verify", str(folder)]) == 0
    (folder / "out" / "a.csv").write_text("2\n", encoding="ascii")
    assert cli.run(["--lang", "en", "custody", "verify", str(folder)]) == 1
    shown = capsys.readouterr()
    assert "changed: out/a.csv" in shown.out
    assert "[VER-FILES]" in shown.err


@pytest.mark.parametrize(
    ("arguments", "ending", "said"),
    [
        (["--version"], 0, "hyohon "),
        (["--help"], 0, "custody"),
        (["new", "--help"], 0, "hyohon new survey2009"),
        ([], 2, "Usage"),
        (["nonsense"], 2, "nonsense"),
        (["new"], 2, "Usage"),
        (["--lang", "fr", "--help"], 1, "[CFG-LANG]"),
        (["status", "no such folder"], 1, "[CFG-NONE]"),
        (["custody", "verify", "no such folder"], 1, "[LED-NONE]"),
        (["custody", "keys", "--role", "x", "--folder", "."], 1, "[KEY-NAME]"),
        (["custody", "keys"], 1, "[CFG-KEYS]"),
        (["new", "x", "--at", "2009-11-05T10:00"], 1, "[CFG-AT]"),
    ],
)
def test_endings(
    arguments: list[str],
    ending: int,
    said: str,
    capsys: pytest.CaptureFixture[str],
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("HYOHON_KEYS", str(tmp_path / "keys"))
    assert cli.run(arguments) == ending
    shown = capsys.readouterr()
    assert said in shown.out + shown.err
    assert "Traceback" not in shown.err


def refused() -> None:
    raise InputError("CSV-X", "Cannot be read.", hint="Look at it.", file="a.csv", row=3, column="氏名")


def key_error() -> None:
    raise KeyError(CANARY)


def chained() -> None:
    try:
        float(CANARY)
    except ValueError as problem:
        raise RuntimeError(CANARY) from problem


def interrupted() -> None:
    raise KeyboardInterrupt


@pytest.mark.parametrize("debug", [False, True])
@pytest.mark.parametrize(
    ("fault", "ending", "said"),
    [
        (refused, 1, "[CSV-X] Cannot be read. (file a.csv, row 3, column 氏名) Look at it."),
        (key_error, 1, "[UNEXPECTED] unexpected error in "),
        (chained, 1, "(RuntimeError)"),
        (interrupted, 130, "Interrupted."),
    ],
)
def test_no_value_is_shown_whatever_goes_wrong(
    fault: Callable[[], None],
    ending: int,
    said: str,
    debug: bool,
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    def with_fault() -> typer.Typer:
        app = build()
        app.command("fault")(fault)
        return app

    build = cli.build_app
    monkeypatch.setattr(cli, "build_app", with_fault)
    assert cli.run([*(["--debug"] if debug else []), "fault"]) == ending
    shown = capsys.readouterr()
    assert said in shown.err
    assert CANARY not in shown.err + shown.out
    assert ("File " in shown.err) == (debug and ending == 1)


@pytest.mark.parametrize(
    ("option", "survey", "variable", "locale", "wanted"),
    [
        ("en", "ja", "ja", "ja_JP.UTF-8", "en"),
        (None, "ja", "en", "en_US.UTF-8", "ja"),
        (None, "en", "ja", "ja_JP.UTF-8", "en"),
        (None, None, "ja", "en_US.UTF-8", "ja"),
        (None, None, "fr", "ja_JP.eucJP", "ja"),
        (None, None, "", "ja", "ja"),
        (None, None, "", "de_DE.UTF-8", "en"),
        (None, None, "", "C", "en"),
    ],
)
def test_language_goes_by_option_then_survey_then_variable_then_locale(
    option: str | None,
    survey: str | None,
    variable: str,
    locale: str,
    wanted: str,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("HYOHON_LANG", variable)
    monkeypatch.setenv("LC_ALL", locale)
    if survey is not None:
        (tmp_path / "survey.toml").write_text(f'language = "{survey}"\n', encoding="utf-8")
    lang = ["--lang", option] if option is not None else []
    cli.run([*lang, "status", str(tmp_path)])
    assert messages.language() == wanted


def test_help_speaks_japanese(capsys: pytest.CaptureFixture[str]) -> None:
    assert cli.run(["--lang=ja", "--help"]) == 0
    assert "調査" in capsys.readouterr().out


def test_catalogue_is_complete_and_compiled_from_its_source() -> None:
    catalogue = ROOT / "custody" / "locale" / "ja" / "LC_MESSAGES" / "custody.po"
    assert untranslated(ROOT / "custody") == []
    assert catalogue.with_suffix(".mo").read_bytes() == compiled(catalogue)


def test_unknown_language_is_refused() -> None:
    with pytest.raises(ConfigError, match="CFG-LANG"):
        messages.set_language("fr")


@pytest.mark.parametrize("encoding", ["cp932", "ascii", "utf-8"])
def test_console_replaces_what_it_cannot_show(encoding: str, monkeypatch: pytest.MonkeyPatch) -> None:
    raw = io.BytesIO()
    monkeypatch.setattr(sys, "stdout", io.TextIOWrapper(raw, encoding=encoding, newline="\n"))
    console.step("𠮷野 ü", elders=129512)
    assert raw.getvalue().decode(encoding).endswith(": elders 129,512\n")


def test_progress_passes_everything_through_and_stays_silent_when_quick(
    capsys: pytest.CaptureFixture[str],
) -> None:
    assert list(console.progress(range(5), 5, "labels")) == [0, 1, 2, 3, 4]
    assert capsys.readouterr().err == ""


def test_command_is_quick_to_start_and_lives_with_a_cp932_console() -> None:
    environment = os.environ | {"PYTHONIOENCODING": "cp932", "HYOHON_LANG": "ja"}
    code = (
        "import sys; from custody.cli import run\n"
        "assert run(['custody', '--help']) == 0\n"
        "assert not {'pandas', 'reportlab', 'matplotlib'} & set(sys.modules)\n"
    )
    result = subprocess.run([sys.executable, "-c", code], capture_output=True, env=environment, check=True)
    assert "台帳" in result.stdout.decode("cp932")


def test_long_work_says_that_it_goes_on(
    capfd: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(console, "DELAY_SECONDS", 0.05)
    with console.working("reading"):
        time.sleep(0.3)
    assert "reading" in capfd.readouterr().err
    with console.working("reading"):
        pass
    assert capfd.readouterr().err == ""
