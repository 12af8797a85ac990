"""In a survey folder the preview passes the gate, draws nothing, and leaves counts only."""

import pandas as pd
import pytest

from custody.cli import run
from custody.errors import ApprovalError, ConfigError, SamplingError
from custody.ledger import verify_ledger
from sampling.preview_acts import preview_survey

DAY = "2009-11-05T10:00"
NAMES = ["preview.html", "preview.csv", "preview-precision.csv"]


def events(survey, kind):
    with survey.ledger() as ledger:
        return [dict(event.facts) for event in ledger.events(kind)]


def change(survey, old: str, new: str) -> None:
    file = survey.folder / "survey.toml"
    text = file.read_text(encoding="utf-8")
    assert old in text
    file.write_text(text.replace(old, new, 1), encoding="utf-8")


def test_preview_leaves_page_tables_and_counts(opened, files) -> None:
    survey = opened(DAY)
    made = preview_survey(survey, files, cost=240)
    assert [path.name for path in made.files] == NAMES
    page = (survey.out / "preview.html").read_text(encoding="utf-8")
    assert "訓練用 TRAINING" in page
    assert survey.title in page
    plan = pd.read_csv(survey.out / "preview.csv", encoding="utf-8-sig")
    assert plan["sample"].sum() == survey.design.n
    assert plan["cost"].sum() == 240 * survey.design.n
    precision = pd.read_csv(survey.out / "preview-precision.csv", encoding="utf-8-sig")
    assert precision["margin"].iloc[0] == pytest.approx(made.preview.margin)
    facts = {"persons", "n", "reserve", "strata", "warnings"}
    assert [set(event) for event in events(survey, "preview")] == [facts]
    assert all(isinstance(value, int) for value in events(survey, "preview")[0].values())
    assert verify_ledger(survey.ledger_path).kinds["preview"] == 1


def test_nothing_is_drawn_and_no_person_is_written(opened, files) -> None:
    survey = opened(DAY)
    made = preview_survey(survey, files)
    assert not survey.vault_path.exists()
    assert sorted(path.name for path in survey.out.iterdir()) == sorted(NAMES)
    assert events(survey, "draw") == []
    people = made.built.frame.table
    written = b"".join(path.read_bytes() for path in made.files).decode("utf-8")
    for column in ("person_key", "resident_no", "name", "address"):
        assert not any(value in written for value in people[column].head(200))


def test_without_approval_nothing_is_read(opened, files) -> None:
    survey = opened("2031-01-01T10:00")
    with pytest.raises(ApprovalError):
        preview_survey(survey, files)
    assert list(survey.out.iterdir()) == []
    assert events(survey, "denial")[-1]["act"] == "frame"


def test_survey_toml_decides_the_design(opened, files) -> None:
    change(opened(DAY), "[recipients]", '[design.response]\n"F" = 0.6\n"M" = 0.4\n\n[recipients]')
    change(opened(DAY), 'allocation = "proportional"', 'allocation = "equal"\nreserve = 30')
    made = preview_survey(opened(DAY), files)
    table = made.preview.precision().set_index(["by", "domain"])["response"]
    assert table[("sex", "F")] == pytest.approx(0.6)
    assert table[("sex", "M")] == pytest.approx(0.4)
    assert made.preview.plan["reserve"].sum() == 30
    assert events(opened(DAY), "preview")[0]["reserve"] == 30


def test_a_wrong_design_is_refused_and_stays_visible(opened, files) -> None:
    change(opened(DAY), 'allocation = "proportional"', 'allocation = "neyman"')
    with pytest.raises(SamplingError, match="sd"):
        preview_survey(opened(DAY), files)
    assert events(opened(DAY), "refusal")[-1] == {"act": "preview", "code": "SAM-DESIGN"}
    change(opened(DAY), 'allocation = "neyman"', 'allocation = "proportional"\nreserved = 30')
    with pytest.raises(ConfigError, match="reserve"):
        opened(DAY)


def test_the_command_says_what_it_did(opened, files, capsys) -> None:
    survey = opened(DAY)
    registers = ["--residents", str(files.residents), "--certifications", str(files.certifications)]
    code = run(
        ["--lang", "en", "sampling", "preview", str(survey.folder), *registers, "--cost", "240", "--at", DAY]
    )
    said = capsys.readouterr().out
    assert code == 0
    assert "nothing is drawn yet" in said
    assert f"to draw {survey.design.n}" in said
    assert all(name in said for name in NAMES)
    refused = run(["sampling", "preview", str(survey.folder), *registers, "--p", "1.5", "--at", DAY])
    assert refused != 0
