"""A later wave goes to those of the first who are to get it, under the same tokens, and nobody else."""

import io
from datetime import date
from pathlib import Path

import pandas as pd
import pytest

from custody.cli import run
from custody.errors import ConfigError, PackageError, SamplingError
from custody.packages import open_package
from custody.settings import Settings
from custody.survey import Survey
from custody.wave_settings import ONE_WAVE, read_waves
from labels.job_printing import print_package
from labels.job_report import make_report
from labels.jobs import Job
from sampling import draw_sample, hand_over_labels, load_vault, take_answers
from sampling.events import read_events
from sampling.handover import LABEL_COLUMNS
from sampling.research_handover import RESEARCH_COLUMNS, hand_over_research
from sampling.vault import answers_path, open_table, seal_table
from sampling.waves import find_wave, releases_for
from sampling.waves_handover import hand_over_wave

DAY, MAILED, LATER = "2009-11-05T10:00", "2009-11-09T10:00", "2009-11-23T10:00"
PLAN = '[[waves]]\nkind = "questionnaire"\ndays = 0\n\n[[waves]]\nkind = "thanks"\ndays = 7\n\n'
PLAN += '[[waves]]\nkind = "replacement"\ndays = 14\n'


@pytest.fixture
def drawn(opened, files):
    """120 persons drawn in a survey that plans three waves."""
    path = opened(DAY).folder / "survey.toml"
    path.write_text(path.read_text(encoding="utf-8") + "\n" + PLAN, encoding="utf-8")
    draw_sample(opened(DAY), files, seed="31")
    return opened


@pytest.fixture
def job(tmp_path: Path) -> Path:
    return tmp_path / "job"


def mailed(survey: Survey, job: Path, reasons: dict[str, str]) -> Path:
    """Print the package, mail it, scan what came back, and report."""
    print_package(survey.out / "labels.sp", job, keys=survey.keys, at=MAILED)
    with Job.open(job, MAILED).tracking() as tracking:
        tracking.mail("2009-11-09")
        for token, reason in reasons.items():
            assert tracking.scan([token], reason=reason).accepted
    return make_report(Job.open(job, MAILED), survey.keys).events


def tokens(survey: Survey, path: Path) -> set[str]:
    package = open_package(path, kind="labels", identity=survey.keys.identity("contractor"))
    table = pd.read_csv(io.BytesIO(package.payload), dtype="str")
    assert tuple(table.columns)[:5] == LABEL_COLUMNS
    return set(table["token"])


@pytest.mark.parametrize(
    ("number", "left_out"),
    [
        (2, {"MOVED": "undeliverable", "REFUSED": "refused", "DECEASED": "deceased", "BLANK": "returned"}),
        (
            3,
            {
                "ANSWERED": "returned",
                "MOVED": "undeliverable",
                "REFUSED": "refused",
                "DECEASED": "deceased",
                "BLANK": "returned",
            },
        ),
    ],
)
def test_a_wave_goes_to_who_is_to_get_it(drawn, job, number: int, left_out: dict[str, str]) -> None:
    survey = drawn(DAY)
    hand_over_labels(survey)
    everybody = load_vault(survey)["token"].tolist()
    came_back = ("ANSWERED", "MOVED", "REFUSED", "DECEASED", "BLANK", "UNCLAIMED", "FORWARDED")
    by_reason = dict(zip(came_back, everybody, strict=False))
    events = mailed(survey, job, {token: reason for reason, token in by_reason.items()})
    made = hand_over_wave(drawn(LATER), number, events)
    assert made.due == (date(2009, 11, 16) if number == 2 else date(2009, 11, 23))
    assert made.path.name == f"labels-wave{number}.sp"
    assert tokens(survey, made.path) == set(everybody) - {by_reason[reason] for reason in left_out}
    counts = pd.Series(list(left_out.values())).value_counts().to_dict()
    assert {name: n for name, n in made.suppressed.items() if n} == counts
    assert made.tidy()["persons"].sum() == 120
    package = open_package(made.path, kind="labels", identity=survey.keys.identity("contractor"))
    facts = package.manifest.facts
    assert (facts["wave"], facts["wave_kind"]) == (number, "thanks" if number == 2 else "replacement")
    printed = print_package(made.path, job, keys=survey.keys, at=LATER)
    assert printed.labels == made.rows


def test_who_answered_since_the_events_is_left_out_at_the_printer(drawn, job) -> None:
    survey = drawn(DAY)
    hand_over_labels(survey)
    everybody = load_vault(survey)["token"].tolist()
    events = mailed(survey, job, {})
    made = hand_over_wave(drawn(LATER), 3, events)
    with Job.open(job, LATER).tracking() as tracking:
        tracking.scan(everybody[:5], "returned")
    assert print_package(made.path, job, keys=survey.keys, at=LATER).labels == made.rows - 5 == 115


def test_voids_of_a_refresh_and_forms_taken_in_count_too(drawn, job) -> None:
    survey = drawn(DAY)
    hand_over_labels(survey)
    everybody = load_vault(survey)["token"].tolist()
    events = mailed(survey, job, {})
    statuses = ["answered", "blank", *["no_return"] * 118]
    taken = pd.DataFrame({"token": everybody, "status": statuses})
    answers_path(survey).write_bytes(seal_table(taken, survey.keys.recipient("staff")))
    assert hand_over_wave(drawn(LATER), 2, events).suppressed["returned"] == 1
    assert hand_over_wave(drawn(LATER), 3, events).suppressed["returned"] == 2


def test_releases_get_a_wave_each_once(drawn, job) -> None:
    survey = drawn(DAY)
    pilot = hand_over_labels(survey, persons=50)
    events = mailed(survey, job, {})
    first = hand_over_wave(drawn(MAILED), 2, events)
    assert (first.releases, first.rows) == ((1,), 50)
    hand_over_labels(drawn(MAILED))
    rest = hand_over_wave(drawn(LATER), 2, events)
    assert (rest.releases, rest.rows, rest.path.name) == ((2,), 70, "labels-wave2-release2.sp")
    assert not tokens(survey, first.path) & tokens(survey, rest.path)
    both = hand_over_wave(drawn(LATER), 3, events)
    assert (both.releases, both.rows) == ((1, 2), 120)
    assert [part.number for part in releases_for(survey, find_wave(survey, 2))] == [2]  # the last again
    again = hand_over_wave(drawn(LATER), 2, events, again=1)
    assert tokens(survey, again.path) == tokens(survey, pilot.path)
    assert [part.last for part in releases_for(survey, find_wave(survey, 3), again=2)] == [120]


def test_a_wave_needs_a_plan_events_and_a_first_wave(drawn, opened, job) -> None:
    survey = drawn(DAY)
    with pytest.raises(ConfigError, match="SAM-WAVE-EVENTS"):
        hand_over_wave(survey, 2, None)
    with pytest.raises(SamplingError, match="SAM-WAVE"):
        hand_over_wave(survey, 4, Path("events.sp"))
    hand_over_labels(survey)
    everybody = load_vault(survey)["token"].tolist()
    events = mailed(survey, job, dict.fromkeys(everybody, "REFUSED"))
    with pytest.raises(SamplingError, match="SAM-WAVE-NOBODY"):
        hand_over_wave(drawn(LATER), 2, events)
    with pytest.raises(SamplingError, match="SAM-RELEASE"):
        hand_over_wave(drawn(LATER), 2, events, again=7)
    with pytest.raises(PackageError):
        hand_over_wave(drawn(LATER), 2, survey.out / "labels.sp")


def test_the_reason_stays_with_staff(drawn, job, tmp_path: Path) -> None:
    survey = drawn(DAY)
    hand_over_labels(survey)
    everybody = load_vault(survey)["token"].tolist()
    came_back = dict(zip(everybody, ("DECEASED", "BLANK", "DECLINED", "LATE", "ANSWERED"), strict=False))
    events = mailed(survey, job, came_back)
    forms = tmp_path / "answers.csv"
    forms.write_text("token\n", encoding="utf-8")
    taken = take_answers(drawn("2009-12-10T10:00"), forms, events)
    assert (taken.statuses["undeliverable"], taken.statuses["blank"], taken.statuses["refused"]) == (1, 1, 1)
    stored = open_table(answers_path(survey), survey.keys.identity("staff")).set_index("token")
    codes = stored.loc[everybody[:6], "aapor"].tolist()
    assert codes == ["2.31", "2.113", "2.112", "2.27", "2.12", "3.19"]
    assert stored.loc[everybody[0], "reason"] == "DECEASED"
    made = hand_over_research(drawn("2009-12-10T10:00"))
    assert made.columns[: len(RESEARCH_COLUMNS)] == RESEARCH_COLUMNS
    assert not {"reason", "aapor", "wave", "token"} & set(made.columns)
    package = open_package(made.path, kind="research", identity=survey.keys.identity("research"))
    assert b"DECEASED" not in package.payload


def test_the_command_makes_a_wave(drawn, job, capsys: pytest.CaptureFixture[str]) -> None:
    survey = drawn(DAY)
    hand_over_labels(survey)
    events = mailed(survey, job, {load_vault(survey)["token"][0]: "MOVED"})
    base = ["sampling", "hand-over", str(survey.folder), "--to", "contractor", "--at", LATER]
    assert run([*base, "--wave", "2", "--events", str(events)]) == 0
    assert "labels-wave2.sp" in capsys.readouterr().out
    assert run([*base, "--wave", "2"]) == 1
    assert run([*base, "--wave", "2", "--events", str(events), "--next", "3"]) == 1


@pytest.mark.parametrize(
    ("plan", "allowed"),
    [
        ([("questionnaire", 0)], True),
        (
            [("advance", 0), ("questionnaire", 5), ("thanks", 12), ("replacement", 19), ("replacement", 40)],
            True,
        ),
        ([("questionnaire", 1)], False),
        ([("questionnaire", 0), ("thanks", 0)], False),
        ([("thanks", 0), ("questionnaire", 5)], False),
        ([("questionnaire", 0), ("questionnaire", 5)], False),
        ([("questionnaire", 0), ("advance", 5)], False),
        ([("questionnaire", 0), ("thanks", 9), ("replacement", 8)], False),
        ([("questionnaire", 0), ("card", 9)], False),
        ([("questionnaire", 0), ("thanks", 400)], False),
        ([("advance", 0)], False),
    ],
)
def test_a_plan_is_a_sequence_that_can_be(plan: list[tuple[str, int]], allowed: bool) -> None:
    settings = Settings("survey.toml", {"waves": [{"kind": kind, "days": days} for kind, days in plan]})
    if allowed:
        assert [(wave.kind, wave.days) for wave in read_waves(settings)] == plan
        return
    with pytest.raises(ConfigError, match="CFG-FIELD"):
        read_waves(settings)


def test_without_a_plan_there_is_one_wave_and_the_package_says_no_kind(opened, files) -> None:
    survey = opened(DAY)
    assert survey.waves == ONE_WAVE
    draw_sample(survey, files, seed="31")
    made = hand_over_labels(survey)
    package = open_package(made.path, kind="labels", identity=survey.keys.identity("contractor"))
    assert package.manifest.facts["wave"] == 1
    assert "wave_kind" not in package.manifest.facts


def test_events_tell_state_reason_and_first_mailing(drawn, job) -> None:
    survey = drawn(DAY)
    hand_over_labels(survey)
    token = load_vault(survey)["token"][0]
    told = read_events(survey, mailed(survey, job, {token: "MOVED"}))
    assert (told.state(token), told.reason(token), told.first_mailing) == (
        "undeliverable",
        "MOVED",
        date(2009, 11, 9),
    )
    assert told.state("nobody") == told.reason("nobody") == ""
