"""A sample goes out in parts, each person once, with the weights of those out; the reserve comes last."""

import io
from datetime import date
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from custody.cli import run
from custody.codebook import Codebook
from custody.errors import ApprovalError, SamplingError
from custody.packages import Origin, open_package, seal
from custody.survey import Survey, create_survey
from labels.job_printing import print_package
from sampling import draw_sample, hand_over_labels, load_vault, read_certificate, refresh_survey, take_answers
from sampling.checking import check_draw
from sampling.releases import plan_release, releases, reweighted
from sampling.research_handover import hand_over_research
from sampling.response import _drawn
from sampling.voids import load_voids

KNOWN = date(2009, 11, 2)
DAY, LATER = "2009-11-05T10:00", "2009-11-12T10:00"


def reserve_of(survey, persons: int) -> None:
    """Ask for a reserve in the survey's settings."""
    path = survey.folder / "survey.toml"
    text = path.read_text(encoding="utf-8")
    path.write_text(text.replace("\nn = 120", f"\nreserve = {persons}\nn = 120"), encoding="utf-8")


@pytest.fixture
def drawn(opened, files):
    """120 persons and 30 in reserve were drawn."""
    reserve_of(opened(DAY), 30)
    draw_sample(opened(DAY), files, seed="31")
    return opened


def tokens(survey, made) -> set[str]:
    package = open_package(
        made.path,
        kind="labels",
        identity=survey.keys.identity("contractor"),
        verifier=survey.keys.verifier("staff"),
    )
    return set(pd.read_csv(io.BytesIO(package.payload), dtype="str")["token"])


def test_a_pilot_then_the_rest_then_a_reserve(drawn) -> None:
    survey = drawn(LATER)
    everybody = load_vault(survey, everybody=True)
    assert len(everybody) == 150
    pilot = hand_over_labels(survey, persons=50)
    assert (pilot.path.name, pilot.rows, pilot.left) == ("labels.sp", 50, 70)
    assert tokens(survey, pilot) == set(everybody.loc[everybody["order"] <= 50, "token"])
    rest = hand_over_labels(survey)
    assert (rest.path.name, rest.rows, rest.left) == ("labels-02.sp", 70, 0)
    more = hand_over_labels(survey, reserve=10)
    assert (more.path.name, more.rows) == ("labels-03.sp", 10)
    parts = [tokens(survey, made) for made in (pilot, rest, more)]
    assert len(set.union(*parts)) == sum(map(len, parts)) == 130
    again = hand_over_labels(survey)
    assert (again.path.name, tokens(survey, again)) == ("labels-03.sp", parts[2])
    first = hand_over_labels(survey, again=1)
    assert (first.path.name, tokens(survey, first)) == ("labels.sp", parts[0])
    assert [(one.first, one.last) for one in releases(survey)] == [(1, 50), (51, 120), (121, 130)]


def test_the_weights_are_those_of_who_is_out(drawn) -> None:
    survey = drawn(LATER)
    whole = load_vault(survey)
    assert len(whole) == 120
    frame = whole.drop_duplicates("stratum")["fpc"].sum()
    assert whole["base_weight"].sum() == pytest.approx(frame, rel=1e-12)
    for part, out in (({"persons": 60}, 60), ({}, 120), ({"reserve": 30}, 150)):
        hand_over_labels(survey, **part)
        vault = load_vault(survey)
        assert len(vault) == out
        reached = vault.drop_duplicates("stratum")["fpc"].sum()
        assert vault["base_weight"].sum() == pytest.approx(reached, rel=1e-12)
        assert np.allclose(vault["base_weight"] * vault["inclusion_prob"], 1, rtol=1e-12)
        assert vault["stratum"].is_monotonic_increasing
        taken = vault["stratum"].map(vault["stratum"].value_counts())
        assert np.allclose(vault["base_weight"], vault["fpc"] / taken, rtol=1e-12)
    pd.testing.assert_frame_equal(whole, load_vault(survey, everybody=True).iloc[:120])


def test_what_cannot_go_out(drawn) -> None:
    survey = drawn(LATER)
    for wrong in ({"persons": 121}, {"persons": 0}, {"reserve": 5}, {"again": 1}):
        with pytest.raises(SamplingError) as refusal:
            hand_over_labels(survey, **wrong)
        assert refusal.value.code == "SAM-RELEASE"
    hand_over_labels(survey)
    for wrong in ({"persons": 1}, {"reserve": 31}, {"reserve": 0}, {"again": 2}):
        with pytest.raises(SamplingError):
            hand_over_labels(survey, **wrong)
    assert len(releases(survey)) == 1
    assert not (survey.out / "labels-02.sp").exists()


def test_a_reserve_counts_among_the_persons_approved(opened, files) -> None:
    survey = opened(DAY)
    text = survey.approval_path.read_text(encoding="utf-8").replace("max_n = 5000", "max_n = 149")
    survey.approval_path.write_text(text, encoding="utf-8")
    reserve_of(survey, 30)
    with pytest.raises(ApprovalError) as refusal:
        draw_sample(opened(DAY), files)
    assert refusal.value.code == "APP-N"


def test_answers_of_a_pilot_alone_do_not_stand_for_everybody(drawn, monkeypatch) -> None:
    """24 strata and 20 persons: somebody is represented by nobody."""
    survey = drawn(LATER)
    hand_over_labels(survey, persons=20)
    monkeypatch.setattr("sampling.research_handover._answers", lambda _survey: pd.DataFrame())
    with pytest.raises(SamplingError) as refusal:
        hand_over_research(survey)
    assert refusal.value.code == "SAM-RELEASE-PART"


def events_of(survey, path, states: dict[str, str]):
    """The contractor's package of events."""
    text = "token,state,date\n" + "".join(f"{token},{state},2009-11-20\n" for token, state in states.items())
    seal(
        path,
        kind="events",
        payload=text.encode(),
        facts={},
        recipient=survey.keys.recipient("staff"),
        signer=survey.keys.signer("contractor"),
        created=survey.clock.now(),
        origin=Origin(survey.survey_id, survey.title, True, survey.keys.recipient("contractor")),
    )
    return path


def test_who_must_not_be_mailed_is_left_out_of_every_later_release(tmp_path, wards) -> None:
    """A refresh after the pilot looks at the rest and the reserve too; answers are taken in all the same."""
    folder = tmp_path / "survey"
    create_survey(folder, training=True, sample=900, seed="releases")
    settings = folder / "survey.toml"
    text = settings.read_text(encoding="utf-8")
    settings.write_text(text.replace("\nn = 900", "\nreserve = 300\nn = 900"), encoding="utf-8")
    draw_sample(Survey.open(folder, "2009-11-03T10:00"), wards.files["first"], seed="5", knowledge_date=KNOWN)
    survey = Survey.open(folder, "2009-11-04T10:00")
    hand_over_labels(survey, persons=300)
    survey = Survey.open(folder, "2009-11-21T10:00")
    run = refresh_survey(survey, wards.files["second"], knowledge_date=date(2009, 11, 20))
    everybody = load_vault(survey, everybody=True)
    assert len(everybody) == 1200
    voided = load_voids(survey, everybody["token"])
    places = everybody.set_index("token").loc[voided["token"], "order"].to_numpy()
    assert (places <= 300).any()
    assert ((places > 300) & (places <= 900)).any()
    assert (places > 900).any()
    assert ((voided["handed_over"] == "yes").to_numpy() == (places <= 300)).all()
    assert run.to_void == (places <= 300).sum()
    rest = hand_over_labels(survey)
    assert rest.rows == 600 - ((places > 300) & (places <= 900)).sum()
    assert not tokens(survey, rest) & set(voided["token"])
    forms = tmp_path / "answers.csv"
    forms.write_text(",".join(["token", *Codebook.load(survey.codebook).columns]) + "\n", encoding="utf-8")
    returned = dict.fromkeys(list(tokens(survey, rest))[:5], "returned")
    survey = Survey.open(folder, "2009-11-25T10:00")
    taken = take_answers(survey, forms, events_of(survey, tmp_path / "events.sp", returned))
    assert sum(taken.statuses.values()) == 900
    assert taken.statuses["not_mailed"] == (places <= 900).sum()
    assert len(_drawn(survey, tmp_path / "events.sp")) == 900
    made = hand_over_research(survey)
    assert made.rows == 900
    survey = Survey.open(folder, "2009-11-25T12:00")
    reserve = hand_over_labels(survey, reserve=300)
    assert not tokens(survey, reserve) & set(voided["token"])
    with pytest.raises(SamplingError) as refusal:  # the reserve has no status yet
        hand_over_research(Survey.open(folder, "2009-11-26T10:00"))
    assert refusal.value.code == "SAM-ANSWERS-PART"


def test_one_person_a_household_keeps_the_first_phase_in_every_part() -> None:
    """4 of 8 households are out, then 2: weights are m N'_h / m_h, probabilities their inverse."""
    vault = pd.DataFrame({"stratum": ["a"] * 4, "fpc": [8] * 4, "household_size": [1, 2, 3, 1]})
    assert reweighted(vault)["base_weight"].tolist() == [2, 4, 6, 2]
    part = reweighted(vault.head(2))
    assert part["base_weight"].tolist() == [4, 8]
    assert (part["base_weight"] * part["inclusion_prob"]).tolist() == [1, 1]


def test_the_contractor_prints_both_parts_in_one_job(drawn, tmp_path) -> None:
    survey = drawn(LATER)
    job = tmp_path / "job"
    keys = survey.keys
    runs = []
    for part in ({"persons": 50}, {}):
        made = hand_over_labels(survey, **part)
        runs.append(print_package(made.path, job, keys=keys, at=LATER))
    assert [one.labels + len(one.held_back) for one in runs] == [50, 70]
    assert [one.run for one in runs] == [1, 2]


def test_certificate_and_key_list_of_a_draw_with_reserve(drawn) -> None:
    survey = drawn(LATER)
    certificate = read_certificate(survey.out / "draw-certificate.json")
    assert (certificate.sample, certificate.reserve) == (120, 30)
    held = check_draw(survey.out / "draw-certificate.json", None, survey.out / "sample-keys.csv")
    assert (held.problems, held.sample) == ((), 120)
    with survey.ledger() as ledger:
        (event,) = ledger.events("draw")
    assert event.facts["reserve"] == 30


def test_the_commands(drawn, capsys) -> None:
    folder = str(drawn(LATER).folder)
    for options, words in (
        (["--next", "50"], "release 1; 70 persons"),
        ([], "release 2; 0 persons"),
        (["--reserve", "5"], "labels-03.sp"),
        (["--again", "1"], "labels.sp"),
    ):
        arguments = ["sampling", "hand-over", folder, "--to", "contractor", "--at", LATER, *options]
        assert run(["--lang", "en", *arguments]) == 0
        assert words in capsys.readouterr().out
    assert run(["--lang", "en", "status", folder]) == 0
    assert "handed over: 125 persons of 120 and 30 in reserve" in capsys.readouterr().out
    wrong = ["sampling", "hand-over", folder, "--to", "researcher", "--next", "5", "--at", LATER]
    assert run(["--lang", "en", *wrong]) == 1
    assert (
        run(["--lang", "en", "sampling", "verify", str(Path(folder) / "out" / "draw-certificate.json")]) == 0
    )
    assert "120" in capsys.readouterr().out


def test_a_draw_without_the_column_of_orders_is_in_its_own_order(drawn, monkeypatch) -> None:
    """Vaults of earlier versions have no order: they are whole samples."""
    import sampling.vault as module

    survey, opened_table = drawn(LATER), module.open_table
    monkeypatch.setattr(
        module, "open_table", lambda *given: opened_table(*given).drop(columns="order").iloc[:120]
    )
    vault = load_vault(survey)
    assert vault["order"].tolist() == list(range(1, 121))
    assert plan_release(survey, 120).last == 120
