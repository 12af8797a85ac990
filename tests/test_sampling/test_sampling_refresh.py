"""After a later reading nobody who died, moved, is protected, opted out or applied for care is mailed."""

import json
from collections.abc import Callable
from dataclasses import replace
from datetime import date
from typing import Any

import pandas as pd
import pytest

from custody.cli import run as cli
from custody.errors import ApprovalError, ConfigError, SamplingError
from custody.files import recorded_files, sha256_file
from custody.ledger import verify_ledger
from custody.survey import Survey, create_survey
from sampling import (
    RegisterFiles,
    draw_sample,
    frame_survey,
    hand_over_labels,
    load_vault,
    read_certificate,
    refresh_survey,
)
from sampling.limits import limits
from sampling.reread import REASONS
from sampling.voids import load_voids, voids_path

DRAWN, PRINTED, REFRESHED, MAILED = (f"2009-11-{day}T10:00" for day in ("03", "05", "20", "21"))
K = date(2009, 11, 20)


def november(day: int) -> date:
    return date(2009, 11, day)


@pytest.fixture
def drawn(new_drawn: Callable[..., Callable[[str], Survey]]) -> Callable[[str], Survey]:
    """A survey of 300 persons of the ward, drawn on 3 November."""
    return new_drawn(300)


def facts(survey: Survey, kind: str) -> list[dict[str, Any]]:
    with survey.ledger() as ledger:
        return [dict(event.facts) for event in ledger.events(kind)]


def expected(truth: dict[str, Any], numbers: set[str]) -> dict[str, int]:
    """Persons of a sample by reason, from the truth of a later extract."""
    met = {name: len(numbers & set(who)) for name, who in truth["frame_residents"].items()}
    same = {name: met[name] for name in ("died", "moved", "removed", "not_found", "protected", "certified")}
    return dict.fromkeys(REASONS, 0) | same | {"pending": met["applied"]}


def test_reasons_are_counted_exactly_as_the_ward_knows_them(new_drawn, wards) -> None:
    survey = new_drawn(2500)(REFRESHED)
    before, certificate = load_vault(survey), (survey.out / "draw-certificate.json").read_bytes()
    run = refresh_survey(survey, wards.files["second"])
    truth = wards.truths["second"]
    known = expected(truth, set(before["resident_no"]))
    assert min(known[name] for name in ("died", "moved", "certified", "pending")) > 4
    assert run.persons == run.new == run.voided == known
    assert run.to_mail == 2500 - sum(known.values())
    assert run.tidy()["persons"].tolist() == [known[reason] for reason in REASONS]
    table = pd.read_csv(survey.out / "refresh-01.csv", encoding="utf-8-sig")
    pd.testing.assert_frame_equal(table, run.tidy(), check_dtype=False)
    voids = load_voids(survey, before["token"])
    assert set(voids["since"]) == {"2009-11-20"}
    assert set(voids["handed_over"]) == {"no"}
    # what was drawn stays as it was drawn; only who may be mailed has a new address
    after = load_vault(survey)
    drawn_columns = [name for name in before.columns if name not in ("postal_code", "address", "name")]
    pd.testing.assert_frame_equal(after[drawn_columns], before[drawn_columns])
    moved = before["resident_no"][before["address"] != after["address"]]
    assert set(moved) <= set(truth["frame_residents"]["moved_within"])
    assert len(moved) == run.address_changed > 0
    assert (survey.out / "draw-certificate.json").read_bytes() == certificate
    assert read_certificate(survey.out / "draw-certificate.json").knowledge_date == november(2)
    assert f"<td>moved out of the ward</td><td>{known['moved']}</td>" in run._repr_html_()
    assert "<script" not in run._repr_html_()
    assert (
        repr(run) == f"<RefreshRun 1: {sum(known.values())} voided, {run.to_mail:,} of 2,500 may be mailed>"
    )


def test_dirty_extracts_without_shared_numbers_void_the_same_persons(tmp_path) -> None:
    """Vendor layouts, the third register, the list of wishes and the whole linkage, at the draw and later."""
    from synthetic_data import make_ward

    ward = make_ward(8_000, "refresh, dirty")
    later = ward.later(K)
    first, second = (
        RegisterFiles(
            paths["residents"],
            paths["certifications"],
            residents_layout="resident_csv",
            certifications_layout="certification_csv",
            qualifications=paths["qualifications"],
            opt_outs=paths["opt_outs"],
        )
        for paths in (ward.write(tmp_path / "a", form="dirty"), later.write(tmp_path / "b", form="dirty"))
    )
    folder = tmp_path / "survey"
    create_survey(folder, training=True, sample=900, seed="dirty")
    draw_sample(Survey.open(folder, "2009-11-03T10:00"), first, seed="5", knowledge_date=november(2))
    survey = Survey.open(folder, REFRESHED)
    numbers = set(load_vault(survey)["resident_no"])
    run = refresh_survey(survey, second)
    known = expected(later.truth, numbers)
    met = later.truth["frame_residents"]
    known["opted_out"] = len(numbers & set(met["opted_out"]))
    assert sum(known.values()) > 8
    assert run.persons | {"unclear": 0} == known
    assert run.persons["unclear"] <= 2  # rows that belong to nobody for sure stand on the staff list


def test_the_ledger_holds_counts_and_no_token_no_number_no_name(drawn, wards) -> None:
    survey = drawn(REFRESHED)
    run = refresh_survey(survey, wards.files["second"])
    ((recorded,),) = [facts(survey, "refresh")]
    assert {reason: recorded[f"new_{reason}"] for reason in REASONS} == run.new
    assert recorded["voids_sha256"] == sha256_file(voids_path(survey))
    assert recorded["knowledge_date"] == "2009-11-20"
    assert facts(survey, "permit")[-1]["act"] == "refresh"
    vault = load_vault(survey)
    raw = survey.ledger_path.read_bytes() + (survey.out / "refresh-01.csv").read_bytes()
    private = [*vault["token"], *vault["resident_no"], *vault["person_key"], *vault["address"]]
    assert not [value for value in private if value.encode() in raw or value.encode("cp932") in raw]
    assert voids_path(survey).read_bytes().startswith(b"age-encryption.org/v1")
    with survey.ledger() as ledger:
        files = recorded_files(ledger)
    assert {"voids.age", "out/refresh-01.csv"} <= set(files)
    assert verify_ledger(survey.ledger_path).kinds["refresh"] == 1


def test_labels_leave_voided_persons_out_and_say_how_many(drawn, wards, opened_by_contractor) -> None:
    survey = drawn(REFRESHED)
    assert hand_over_labels(survey).rows == 300
    run = refresh_survey(survey, wards.files["second"])
    made = hand_over_labels(survey)
    assert (made.rows, made.voided) == (run.to_mail, run.voided)
    labels, manifest = opened_by_contractor(survey, "labels")
    voids = load_voids(survey, load_vault(survey)["token"])
    assert len(voids) == 300 - made.rows > 0
    assert not set(labels["token"]) & set(voids["token"])
    text = labels.to_csv() + json.dumps(manifest.facts)
    assert not [reason for reason in REASONS if reason in text]
    ages = [(one["voided"], one["extract_age_days"]) for one in facts(survey, "hand_over_labels")]
    assert ages == [(0, 18), (len(voids), 0)]


def test_a_void_is_never_taken_back_and_adds_up_over_refreshes(drawn, wards, tmp_path) -> None:
    vault = load_vault(drawn(DRAWN))
    wish = tmp_path / "wishes.csv"
    wish.write_text(f"宛名番号\n{vault['resident_no'][0]}\n", "utf-8")
    first = refresh_survey(drawn(REFRESHED), replace(wards.files["second"], opt_outs=wish))
    assert first.new["opted_out"] == 1
    survey = drawn("2009-11-27T10:00")
    second = refresh_survey(survey, wards.files["third"])  # the wish is not in the list any more
    now = expected(wards.truths["third"], set(vault["resident_no"]))
    assert second.number == 2
    assert (second.persons, second.persons["opted_out"]) == (now, 0)
    assert second.voided["opted_out"] == 1
    assert sum(second.voided.values()) == sum(first.voided.values()) + sum(second.new.values())
    assert (survey.out / "refresh-02.csv").is_file()
    voids = load_voids(survey, vault["token"]).set_index("token")
    assert voids.loc[vault["token"][0], "reason"] == "opted_out"
    assert set(voids["since"]) == {"2009-11-20", "2009-11-27"}
    again = refresh_survey(survey, wards.files["third"])
    assert (sum(again.new.values()), again.persons, again.voided) == (0, now, second.voided)
    assert load_voids(survey, vault["token"])["token"].is_unique


def test_older_and_exchanged_files_are_refused_and_change_nothing(drawn, wards, tmp_path, ward) -> None:
    survey = drawn(REFRESHED)
    first, second = wards.files["first"], wards.files["second"]
    other = RegisterFiles(ward / "residents.csv", ward / "certifications.csv")
    for files, day, code in (
        (second, november(1), "SAM-REFRESH-EARLIER"),
        (first, K, "SAM-REFRESH-SAME"),
        (replace(second, certifications=first.certifications), K, "SAM-REFRESH-SAME"),
        (other, K, "SAM-REFRESH-FOUND"),
    ):
        with pytest.raises(SamplingError) as refusal:
            refresh_survey(survey, files, knowledge_date=day)
        assert refusal.value.code == code
        assert refusal.value.hint
    with pytest.raises(ConfigError) as ahead:
        refresh_survey(survey, second, knowledge_date=november(21))
    assert ahead.value.code == "SAM-CLOCK-FUTURE"
    assert len(facts(survey, "refusal")) == 5
    assert not voids_path(survey).exists()
    refresh_survey(survey, second)
    with pytest.raises(SamplingError, match="2009-11-20 already"):
        refresh_survey(survey, wards.files["third"], knowledge_date=november(19))


def test_nothing_is_read_before_the_draw_or_outside_the_approval(tmp_path, wards, drawn) -> None:
    create_survey(tmp_path / "new", training=True, sample=50)
    with pytest.raises(SamplingError, match="Nothing was drawn"):
        refresh_survey(Survey.open(tmp_path / "new", REFRESHED), wards.files["second"])
    nowhere = RegisterFiles(tmp_path / "none.csv", tmp_path / "none.csv")
    survey = drawn(REFRESHED)
    text = survey.approval_path.read_text(encoding="utf-8").replace('"住民基本台帳情報"', '"住民税情報"')
    survey.approval_path.write_text(text, encoding="utf-8")
    with pytest.raises(ApprovalError) as item:
        refresh_survey(survey, nowhere)
    assert item.value.code == "APP-ITEM"
    with pytest.raises(ApprovalError) as late:
        refresh_survey(drawn("2009-12-01T00:00"), nowhere)
    assert late.value.code == "APP-PERIOD"


def test_labels_are_not_handed_over_where_the_voids_are_gone_or_older(drawn, wards) -> None:
    survey = drawn(REFRESHED)
    refresh_survey(survey, wards.files["second"])
    old = voids_path(survey).read_bytes()
    later = drawn("2009-11-27T10:00")
    refresh_survey(later, wards.files["third"])
    new = voids_path(survey).read_bytes()
    voids_path(survey).unlink()
    for act in (hand_over_labels, lambda one: refresh_survey(one, wards.files["third"])):
        with pytest.raises(SamplingError) as gone:
            act(later)
        assert gone.value.code == "SAM-VOIDS-GONE"
    voids_path(survey).write_bytes(old)
    with pytest.raises(SamplingError) as other:
        hand_over_labels(later)
    assert other.value.code == "SAM-VOIDS-OTHER"
    with pytest.raises(SamplingError) as older:  # a refresh may mend a newer file, never an older one
        refresh_survey(later, wards.files["third"])
    assert older.value.code == "SAM-VOIDS-GONE"
    voids_path(survey).write_bytes(new)
    assert hand_over_labels(later).rows < 300


def test_of_two_refreshes_at_one_moment_the_second_writes_nothing(drawn, wards, monkeypatch) -> None:
    survey = drawn(REFRESHED)
    refresh_survey(survey, wards.files["second"])
    held = voids_path(survey).read_bytes()
    monkeypatch.setattr("sampling.refresh._number", lambda survey: 1)  # looked before the other wrote
    with pytest.raises(SamplingError) as busy:
        refresh_survey(survey, wards.files["second"])
    assert busy.value.code == "SAM-REFRESH-BUSY"
    assert voids_path(survey).read_bytes() == held


def test_after_a_redraw_the_voids_of_the_former_draw_hold_nobody_back(drawn, wards) -> None:
    survey = drawn(REFRESHED)
    refresh_survey(survey, wards.files["second"])
    draw_sample(survey, wards.files["first"], seed="6", knowledge_date=november(2), redraw_reason="new list")
    assert hand_over_labels(survey).rows == 300
    run = refresh_survey(survey, wards.files["second"])
    assert (run.number, run.to_mail) == (2, 300 - sum(run.new.values()))
    assert run.voided == run.new == expected(wards.truths["second"], set(load_vault(survey)["resident_no"]))


def test_a_hand_over_says_in_words_that_the_registers_are_old(drawn, wards, capsys) -> None:
    age = limits().max_extract_age_days
    day = november(2 + age)
    frame_survey(drawn(f"{day}T08:00"), wards.files["first"])  # looking at a frame keeps nobody back
    command = [
        "--lang",
        "en",
        "sampling",
        "hand-over",
        str(drawn(DRAWN).folder),
        "--to",
        "contractor",
        "--at",
    ]
    assert cli([*command, f"{day}T09:00"]) == 0
    assert "WARNING" not in capsys.readouterr().out
    assert cli([*command, f"{november(3 + age)}T09:00"]) == 0
    said = " ".join(capsys.readouterr().out.split())
    assert f"read {age + 1} days ago (at most {age})" in said
    assert "hyohon sampling refresh" in said
    refresh_survey(drawn(REFRESHED), wards.files["second"])
    assert cli([*command, MAILED]) == 0
    assert "WARNING" not in capsys.readouterr().out


def test_the_command_shows_counts_by_reason(drawn, wards, capsys) -> None:
    survey, files = drawn(REFRESHED), wards.files["second"]
    hand_over_labels(survey)
    paths = ["--residents", str(files.residents), "--certifications", str(files.certifications)]
    assert cli(["--lang", "en", "sampling", "refresh", str(survey.folder), *paths, "--at", REFRESHED]) == 0
    said = capsys.readouterr().out
    ((recorded,),) = [facts(survey, "refresh")]
    assert "moved out of the ward" in said
    assert f"{recorded['voided']} tokens in out/voids.sp" in said
    assert "written: refresh-01.csv" in said
