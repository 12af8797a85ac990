"""From the draw to the report no voided person is mailed, nobody learns why, and the sums balance."""

import csv
from collections.abc import Callable
from datetime import date
from pathlib import Path

import pandas as pd
import pytest

from custody.codebook import Codebook
from custody.errors import PackageError
from custody.keys import KeyStore
from custody.ledger import verify_ledger
from custody.packages import open_package
from custody.survey import Survey, create_survey
from labels.job_printing import print_package
from labels.job_report import make_report
from labels.jobs import Job
from labels.reconciliation import Reconciliation
from labels.voids import void_package
from sampling import (
    draw_sample,
    hand_over_labels,
    hand_over_research,
    load_vault,
    refresh_survey,
    take_answers,
)
from sampling.reread import REASONS
from sampling.vault import open_table
from sampling.voids import load_voids

PRINTED, REFRESHED, MAILED = (f"2009-11-{day}T10:00" for day in ("05", "20", "21"))


def november(day: int) -> date:
    return date(2009, 11, day)


@pytest.fixture
def drawn(new_drawn: Callable[..., Callable[[str], Survey]]) -> Callable[[str], Survey]:
    """A survey of 300 persons of the ward, drawn on 3 November."""
    return new_drawn(300)


def test_nobody_voided_is_mailed_and_every_label_is_accounted_for(
    drawn, wards, tmp_path, opened_by_contractor
) -> None:
    survey = drawn(PRINTED)
    hand_over_labels(survey)
    assert not (survey.out / "voids.sp").exists()
    keys, job = survey.keys, tmp_path / "job"
    printed = print_package(survey.out / "labels.sp", job, keys=keys)
    vault = load_vault(survey)
    truth = wards.truths["second"]["frame_residents"]
    doomed = set().union(*(truth[name] for name in ("died", "moved", "certified", "protected")))
    early = vault["token"][vault["resident_no"].isin(doomed)].iloc[0]
    with Job.open(job, PRINTED).tracking() as tracking:
        tracking.scan([early])  # one letter went out before anybody knew

    survey = drawn(REFRESHED)
    run = refresh_survey(survey, wards.files["second"])
    voided = set(load_voids(survey, vault["token"])["token"])
    package = survey.out / "voids.sp"
    tokens, manifest = opened_by_contractor(survey, "voids")
    assert set(tokens["token"]) == voided
    assert list(tokens.columns) == ["token"]
    assert (manifest.facts, run.to_void) == ({}, len(voided))

    made = void_package(package, job, keys=keys, at=REFRESHED)
    assert (made.tokens, made.recorded, made.mailed) == (len(voided), len(voided), 1)
    head = verify_ledger(job / "ledger.sqlite").head
    assert void_package(package, job, keys=keys, at=REFRESHED).recorded == 0
    assert verify_ledger(job / "ledger.sqlite").head == head
    with Job.open(job, MAILED).tracking() as tracking:
        mailed = tracking.mail()
        known = {token: piece.state for token, piece in tracking.known().items()}
    assert {token for token, state in known.items() if state == "mailed"} & voided == {early}
    listed = pd.read_csv(job / "out" / "voided.csv", encoding="utf-8-sig")
    assert set(listed["token"]) == {t for t in voided - {early} if known[t] == "voided"}
    report = make_report(Job.open(job, MAILED), keys)
    _everything_adds_up(report.reconciliation, printed.labels, mailed + 1, len(listed))
    _answers_and_research(drawn("2009-12-20T10:00"), report.events, tmp_path, voided - {early}, early)
    _no_reason_and_no_number(job, package, survey)


def _everything_adds_up(found: Reconciliation, printed: int, mailed: int, voided: int) -> None:
    assert found.closed
    assert found.printed == printed == found.mailed + found.spoiled + found.void + found.voided
    assert (found.mailed, found.voided) == (mailed, voided)
    assert found.tokens == 300 == found.mailed + found.voided + found.held_back + found.left_out


def _answers_and_research(
    survey: Survey, events: Path, folder: Path, not_mailed: set[str], early: str
) -> None:
    path = folder / "answers.csv"
    with path.open("w", encoding="utf-8-sig", newline="") as stream:
        csv.writer(stream).writerow(["token", *Codebook.load().columns])
    taken = take_answers(survey, path, events)
    assert (taken.statuses["not_mailed"], sum(taken.statuses.values())) == (len(not_mailed), 300)
    stored = open_table(survey.folder / "answers.age", survey.keys.identity("staff")).set_index("token")
    assert set(stored.index[stored["status"] == "not_mailed"]) == not_mailed
    assert stored.loc[early, "status"] == "no_return"
    assert hand_over_research(survey).rows == 300  # frame and weights stay


def _no_reason_and_no_number(job: Path, package: Path, survey: Survey) -> None:
    opened_bytes = open_package(package, kind="voids", identity=survey.keys.identity("contractor"))
    seen = opened_bytes.payload + opened_bytes.manifest.to_json()
    numbers = [number.encode() for number in load_vault(survey)["resident_no"]]
    words = [reason.encode() for reason in REASONS if reason != "certified"] + [b"certif", b"reason"]
    files = [path for path in job.rglob("*") if path.is_file() and path.suffix not in (".pdf", ".sp")]
    assert len(files) > 3
    for data in (seen, *(path.read_bytes() for path in files)):
        assert not [number for number in numbers if number in data]
    for data in (seen, (job / "out" / "voided.csv").read_bytes()):
        assert not [word for word in words if word in data]
    with Job.open(job).tracking() as tracking:
        kept = [event for kind in ("label.voids", "label.voided") for event in tracking.ledger.events(kind)]
    assert {key for event in kept for key in event.facts} == {"package", "tokens", "new", "token", "once"}


def test_the_package_of_voids_opens_for_its_contractor_and_its_survey_only(drawn, wards, tmp_path) -> None:
    survey = drawn(PRINTED)
    hand_over_labels(survey)
    job = tmp_path / "job"
    print_package(survey.out / "labels.sp", job, keys=survey.keys)
    refresh_survey(drawn(REFRESHED), wards.files["second"])
    head = verify_ledger(job / "ledger.sqlite").head
    stranger = KeyStore(tmp_path / "stranger")
    stranger.create("contractor")
    with pytest.raises(PackageError) as wrong_key:
        void_package(survey.out / "voids.sp", job, keys=stranger, at=REFRESHED)
    assert wrong_key.value.code == "PKG-DECRYPT"
    create_survey(tmp_path / "other", training=True, sample=200, seed="other")
    other = Survey.open(tmp_path / "other", PRINTED)
    draw_sample(other, wards.files["first"], seed="1", knowledge_date=november(2))
    hand_over_labels(other)
    print_package(other.out / "labels.sp", tmp_path / "other-job", keys=other.keys)
    with pytest.raises(PackageError):
        void_package(survey.out / "voids.sp", tmp_path / "other-job", keys=other.keys, at=REFRESHED)
    with pytest.raises(PackageError) as wrong_kind:
        void_package(survey.out / "labels.sp", job, keys=survey.keys, at=REFRESHED)
    assert wrong_kind.value.code == "PKG-KIND"
    with Job.open(job).tracking() as tracking:
        after = [(event.kind, event.facts["code"]) for event in tracking.ledger.events(after=head.seq)]
    assert after == [("denial", "PKG-DECRYPT"), ("denial", "PKG-KIND")]


def test_tokens_voided_before_the_hand_over_are_no_business_of_the_contractor(
    drawn, wards, opened_by_contractor
) -> None:
    first = refresh_survey(drawn(REFRESHED), wards.files["second"])
    assert first.to_void == 0
    survey = drawn(MAILED)
    hand_over_labels(survey)
    later = drawn("2009-11-27T10:00")
    second = refresh_survey(later, wards.files["third"])
    tokens = set(opened_by_contractor(later, "voids")[0]["token"])
    assert len(tokens) == second.to_void == sum(second.new.values())
    assert tokens <= set(opened_by_contractor(later, "labels")[0]["token"])
