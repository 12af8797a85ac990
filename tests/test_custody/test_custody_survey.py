"""A survey folder opens as it was made, and each wrong setting is refused by its name."""

from datetime import date
from pathlib import Path

import pytest

from custody.clock import SimulatedClock, SystemClock
from custody.errors import ConfigError
from custody.frame_settings import FRAME_SWITCHES
from custody.keys import ROLES, SECRETS
from custody.ledger import verify_ledger
from custody.survey import Survey, create_survey


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return create_survey(tmp_path / "survey", training=True, seed="1").folder


def test_training_survey_is_complete(folder: Path) -> None:
    survey = Survey.open(folder)
    assert (survey.title, survey.training, survey.language) == ("高齢者・食の実態調査", True, "ja")
    assert survey.reference_date == date(2009, 11, 1)
    assert survey.design.n == 3000
    assert survey.design.by == ("area", "age_band", "sex")
    assert sorted(set(survey.areas.values())) == sorted(["練馬", "光が丘", "石神井", "大泉"])
    assert len(survey.areas) == 46
    assert all(survey.keys.has(role) for role in ROLES)
    assert all(survey.keys.has_secret(name) for name in SECRETS)
    assert survey.keys.folder == folder / "keys"
    assert survey.origin.sender_age == survey.keys.recipient("staff")
    assert dict(verify_ledger(survey.ledger_path).kinds) == {"new": 1}


def test_real_survey_keeps_its_keys_elsewhere_and_only_those_of_staff(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("HYOHON_KEYS", str(tmp_path / "keys"))
    survey = create_survey(tmp_path / "survey", title='"A" \\ B')
    assert survey.title == '"A" \\ B'
    assert isinstance(survey.clock, SystemClock)
    made = sorted(path.name for path in (tmp_path / "keys").iterdir())
    secrets = ["person.secret", "prn.secret", "research.secret", "seal.secret"]
    assert made == [*secrets, "staff.age.txt", "staff.pem", "staff.public.toml"]
    assert not (survey.folder / "keys").exists()
    assert Survey.open(survey.folder).survey_id == survey.survey_id


def test_simulated_time_goes_on_from_the_last_event(folder: Path) -> None:
    with Survey.open(folder, "2009-11-05T10:00").ledger() as ledger:
        ledger.append("draw")
    clock = Survey.open(folder).clock
    assert isinstance(clock, SimulatedClock)
    assert clock.now().isoformat() == "2009-11-05T10:00:00+09:00"


@pytest.mark.parametrize(("training", "at"), [(False, "2009-11-05T10:00"), (True, "tomorrow"), (True, "")])
def test_simulated_time_is_for_training_only_and_must_be_a_time(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, training: bool, at: str
) -> None:
    monkeypatch.setenv("HYOHON_KEYS", str(tmp_path / "keys"))
    made = create_survey(tmp_path / "survey", training=training)
    with pytest.raises(ConfigError, match="CFG-AT"):
        Survey.open(made.folder, at)


CASES = [
    ('language = "ja"', 'language = "fr"', "language"),
    ("training = true", 'training = "yes"', "training"),
    ("reference_date = 2009-11-01", 'reference_date = "2009-11-01"', "reference_date"),
    ("reference_date = 2009-11-01", "reference_date = 2009-11-01T00:00:00", "reference_date"),
    ("n = 3000", "n = 0", "design.n"),
    ("n = 3000", "n = true", "design.n"),
    ("n = 3000", "sample_size = 3000", "design.sample_size"),
    ('allocation = "proportional"', 'allocation = "newman"', "design.allocation"),
    ('by = ["area", "age_band", "sex"]', "by = []", "design.by"),
    ('title = "高齢者', 'titel = "高齢者', "titel"),
    ('"光が丘" = ["旭町",', '"光が丘" = ["旭町", "練馬",', "areas"),
    ('section = "在宅支援課"', "section = 1", "contact.section"),
    ('lapsed = "include"', 'laps = "exclude"', "frame.laps"),
    ('lapsed = "include"', 'lapsed = "keep"', "frame.lapsed"),
    ('lapsed = "include"', "lapsed = true", "frame.lapsed"),
    ('lapsed = "include"', 'protected = "include"', "frame.protected"),
    ("one_per_household = false", 'one_per_household = "no"', "frame.one_per_household"),
    ("[frame]", "[[frame]]", "frame"),
    ('id = "', 'id = "../', "id"),
    ('codebook = "food_survey"', 'codebook = " "', "codebook"),
    ('municipality = "東京都練馬区"', "", "municipality"),
]


@pytest.mark.parametrize(("old", "new", "column"), CASES, ids=[case[1][:30] for case in CASES])
def test_wrong_setting_is_refused_by_name(folder: Path, old: str, new: str, column: str) -> None:
    file = folder / "survey.toml"
    text = file.read_text(encoding="utf-8")
    assert old in text
    file.write_text(text.replace(old, new, 1), encoding="utf-8")
    with pytest.raises(ConfigError) as caught:
        Survey.open(folder)
    assert (caught.value.code, caught.value.file, caught.value.column) == ("CFG-FIELD", "survey.toml", column)


def test_a_switch_that_is_misspelt_is_refused_with_the_nearest_name(folder: Path) -> None:
    file = folder / "survey.toml"
    text = file.read_text(encoding="utf-8")
    file.write_text(text.replace("not_eligible =", "not_eligable ="), encoding="utf-8")
    with pytest.raises(ConfigError, match="not_eligible"):
        Survey.open(folder)


def test_a_survey_file_without_the_frame_table_has_the_defaults(folder: Path) -> None:
    file = folder / "survey.toml"
    before, _frame, after = file.read_text(encoding="utf-8").partition("[frame]")
    file.write_text(before + after[after.index("[recipients]") :], encoding="utf-8")
    frame = Survey.open(folder).frame
    assert (dict(frame.switches), frame.one_per_household) == (dict(FRAME_SWITCHES), False)
    text = file.read_text(encoding="utf-8")
    file.write_text(text + '\n[frame]\nlapsed = "exclude"\none_per_household = true\n', encoding="utf-8")
    frame = Survey.open(folder).frame
    assert (dict(frame.switches), frame.one_per_household) == ({**FRAME_SWITCHES, "lapsed": "exclude"}, True)


@pytest.mark.parametrize(
    ("content", "code"),
    [
        (None, "CFG-NONE"),
        ("調査".encode("cp932"), "CFG-UTF8"),
        (b"id = 1\nid = 2\n", "CFG-TOML"),
        (b"id = ", "CFG-TOML"),
        (b"", "CFG-FIELD"),
    ],
)
def test_file_that_is_no_settings_is_refused(folder: Path, content: bytes | None, code: str) -> None:
    file = folder / "survey.toml"
    file.unlink()
    if content is not None:
        file.write_bytes(content)
    with pytest.raises(ConfigError, match=code):
        Survey.open(folder)


def test_byte_order_mark_and_windows_line_ends_are_no_fault(folder: Path) -> None:
    file = folder / "survey.toml"
    text = file.read_text(encoding="utf-8").replace("\n", "\r\n")
    file.write_bytes(b"\xef\xbb\xbf" + text.encode())
    assert Survey.open(folder).training


def test_nothing_is_made_over_other_files(folder: Path, tmp_path: Path) -> None:
    before = sorted(folder.iterdir())
    with pytest.raises(ConfigError, match="CFG-FOLDER"):
        create_survey(folder, training=True)
    assert sorted(folder.iterdir()) == before
    with pytest.raises(ConfigError, match="CFG-SEED"):
        create_survey(tmp_path / "other", seed="1")
    assert not (tmp_path / "other").exists()


def test_a_number_of_thousands_of_digits_is_no_setting(tmp_path: Path) -> None:
    survey = create_survey(tmp_path / "survey", training=True, seed="digits")
    path = survey.folder / "survey.toml"
    text = path.read_text(encoding="utf-8")
    path.write_text(text.replace("n = 3000", "n = 1" + "0" * 5000), encoding="utf-8")
    with pytest.raises(ConfigError, match="not TOML"):
        Survey.open(survey.folder)
