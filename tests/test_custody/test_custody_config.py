"""A settings file with a doubled, unknown, contradictory or secret line is refused by name, never echoed."""

import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest

from custody.cli import run
from custody.errors import ConfigError, SamplingError
from custody.messages import set_language
from custody.settings import MAX_BYTES
from custody.survey import Survey, create_survey
from sampling.ages import age_band
from sampling.design import StratifiedDesign

SECRET = "AGE-SECRET-KEY-1QYQSZQGPQYQSZQGPQYQSZQGPQYQSZQGPQYQSZQGPQYQSZQGPQYQS"  # of no key
PEM = "-----BEGIN PRIVATE KEY-----"


@pytest.fixture(autouse=True)
def _english() -> Iterator[None]:
    set_language("en")
    yield
    set_language(None)


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return create_survey(tmp_path_factory.mktemp("made") / "survey", training=True, seed="1").folder


@pytest.fixture
def folder(made: Path, tmp_path: Path) -> Path:
    return shutil.copytree(made, tmp_path / "survey")


def change(folder: Path, old: str, new: str) -> Path:
    file = folder / "survey.toml"
    text = file.read_text(encoding="utf-8")
    assert old in text
    file.write_text(text.replace(old, new, 1), encoding="utf-8")
    return folder


def refused(folder: Path) -> ConfigError:
    with pytest.raises(ConfigError) as caught:
        Survey.open(folder)
    assert caught.value.hint
    return caught.value


@pytest.mark.parametrize("line", ["n = 3000\nn = 3000", "n = 3000\n[design]", "n = 3000\nn.x = 1"])
def test_a_name_that_stands_twice_is_refused(folder: Path, line: str) -> None:
    """CON-002."""
    assert refused(change(folder, "n = 3000", line)).code == "CFG-TOML"


@pytest.mark.parametrize(
    ("content", "code"),
    [
        (b"a: &a [x, x]\nb: &b [*a, *a]\nc: [*b, *b]\n", "CFG-TOML"),
        (b"a = " + b"[" * 100_000, "CFG-TOML"),
        (b"a = " + b"9" * 100_000, "CFG-TOML"),
        (b"# " + b"x" * MAX_BYTES, "CFG-SIZE"),
        (b"\x00" * 10, "CFG-TOML"),
    ],
    ids=["aliases", "depth", "digits", "size", "NUL"],
)
def test_a_file_that_would_grow_without_end_is_refused_at_once(
    folder: Path, content: bytes, code: str
) -> None:
    """CON-004: TOML has no aliases; depth, digits and size have limits."""
    (folder / "survey.toml").write_bytes(content)
    assert refused(folder).code == code
    assert run(["status", str(folder)]) == 1


@pytest.mark.parametrize(
    ("old", "new", "meant"),
    [("label_copies", "label_copys", "label_copies"), ("approval_key", "aproval_key", "approval_key")],
)
def test_an_unknown_setting_is_refused_with_the_nearest_name(
    folder: Path, old: str, new: str, meant: str
) -> None:
    """CON-006."""
    file = folder / "survey.toml"
    file.write_text(f'{new} = "x"\n' + file.read_text(encoding="utf-8"), encoding="utf-8")
    refusal = refused(folder)
    assert (refusal.code, refusal.column) == ("CFG-FIELD", new)
    assert meant in refusal.message


def test_a_misspelt_sample_size_is_not_replaced_by_a_default(folder: Path) -> None:
    """CON-006."""
    refusal = refused(change(folder, "n = 3000", "samplesize = 3000"))
    assert (refusal.code, refusal.column) == ("CFG-FIELD", "design.samplesize")


def test_quotas_that_do_not_sum_to_the_sample_are_refused(folder: Path) -> None:
    """CON-008."""
    change(folder, 'by = ["area", "age_band", "sex"]', 'by = ["sex"]')
    change(folder, 'allocation = "proportional"', "allocation = { F = 1500, M = 1499 }")
    survey = Survey.open(folder)
    with pytest.raises(SamplingError, match="3,000") as caught:
        StratifiedDesign.from_settings(survey.design, survey.frame)
    assert "allocation" in caught.value.message


def test_every_age_of_the_frame_lies_in_exactly_one_band_that_settings_cannot_change(folder: Path) -> None:
    """CON-010: bands are lower limits, so that they can neither overlap nor leave a gap."""
    bands = [age_band(age) for age in range(65, 131)]
    assert list(dict.fromkeys(bands)) == ["65-69", "70-74", "75-79", "80-84", "85+"]
    for age, band in zip(range(65, 131), bands, strict=True):
        low, _, high = band.rstrip("+").partition("-")
        assert int(low) <= age <= int(high or 130)
    assert refused(change(folder, "n = 3000", 'n = 3000\nage_bands = ["65-74", "74-84"]')).code == "CFG-FIELD"


@pytest.mark.parametrize("line", ["min_count = 1\n", "[disclosure]\nmin_count = 1\n"])
def test_no_setting_lowers_the_smallest_cell(folder: Path, line: str) -> None:
    """CON-012."""
    file = folder / "survey.toml"
    text = file.read_text(encoding="utf-8")
    file.write_text(text + line if line.startswith("[") else line + text, encoding="utf-8")
    assert refused(folder).code == "CFG-FIELD"


@pytest.mark.parametrize("secret", [SECRET, SECRET.lower(), PEM, PEM.replace("PRIVATE", "OPENSSH PRIVATE")])
@pytest.mark.parametrize("place", ['title = "', "# "])
def test_a_private_key_in_the_settings_is_refused_and_never_echoed(
    folder: Path, capsys: pytest.CaptureFixture[str], secret: str, place: str
) -> None:
    """CON-014."""
    text = change(folder, place, place + secret)
    assert refused(text).code == "CFG-SECRET"
    assert run(["--lang", "en", "--debug", "status", str(folder)]) == 1
    shown = capsys.readouterr()
    assert secret not in shown.out + shown.err
    assert "CFG-SECRET" in shown.err


def test_the_public_keys_of_others_are_no_secret(folder: Path) -> None:
    text = (folder / "survey.toml").read_text(encoding="utf-8")
    assert "contractor_age" in text
    assert Survey.open(folder).training
