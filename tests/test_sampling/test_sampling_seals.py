"""Staff give the contractor the seals of the copies allowed, and check those of every code that returns."""

import csv
import io
from pathlib import Path

import pandas as pd
import pytest

from custody.codebook import Codebook
from custody.packages import Origin, seal
from custody.survey import Survey, create_survey
from labels.seals import seal_of, seals_from_field
from labels.tokens import KeyedSource, new_tokens
from sampling import answers as answers_module
from sampling import take_answers
from sampling.handover import label_table, with_seals

TOKENS = new_tokens(4, KeyedSource(bytes(range(16))))
DAY = "2009-12-01T09:00"


@pytest.fixture
def survey(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Survey:
    """A training survey whose vault holds four invented tokens."""
    made = create_survey(tmp_path / "survey", training=True, sample=4, seed="7", at="2009-11-01T09:00")
    drawn = pd.DataFrame({"token": TOKENS})
    monkeypatch.setattr(answers_module, "load_vault", lambda survey, *, everybody=False: drawn)
    monkeypatch.setattr(
        answers_module, "load_voids", lambda survey, tokens: pd.DataFrame({"token": [], "reason": []})
    )
    return Survey.open(made.folder, DAY)


def take(survey: Survey, codes: dict[str, str]) -> "answers_module.AnswersIn":
    """Take in no forms and the events of these codes, all returned."""
    stream = io.StringIO(newline="")
    writer = csv.writer(stream, lineterminator="\n")
    writer.writerow(["token", "state", "date", "reason", "wave", "code"])
    writer.writerows([token, "returned", "2009-11-20", "", "1", code] for token, code in codes.items())
    seal(
        survey.out / "events.sp",
        kind="events",
        payload=stream.getvalue().encode(),
        facts={},
        recipient=survey.keys.recipient("staff"),
        signer=survey.keys.signer("contractor"),
        created=survey.clock.now(),
        origin=Origin(survey.survey_id, survey.title, True, survey.keys.recipient("contractor")),
    )
    forms = survey.folder / "answers.csv"
    forms.write_text(",".join(["token", *Codebook.load().columns]) + "\n", encoding="utf-8")
    return take_answers(survey, forms, survey.out / "events.sp")


def test_seals_of_what_came_back_are_counted_and_listed_by_row(survey: Survey) -> None:
    key = survey.keys.secret("seal")
    right, other = (f"1.1.{seal_of(key, token, 1, 1)}" for token in TOKENS[:2])
    taken = take(
        survey, {TOKENS[0]: right, TOKENS[1]: f"{other} 2.1.01234567", TOKENS[2]: right, TOKENS[3]: ""}
    )
    assert taken.seals is not None
    assert taken.seals.counts == {"right": 2, "wrong": 2, "unknown": 0, "without": 1}
    noted = taken.log[taken.log["column"] == "events"]
    assert noted[["row", "code"]].to_numpy().tolist() == [[2, "seal-wrong"], [3, "seal-wrong"]]
    text = (survey.out / "answers-log.csv").read_text(encoding="utf-8-sig")
    assert not [word for word in (*TOKENS, right[-8:], "01234567") if word in text]
    with survey.ledger() as ledger:
        (event,) = ledger.events("answers")
    assert (event.facts["seals_right"], event.facts["seals_wrong"]) == (2, 2)


def test_code_of_nobody_in_the_survey_is_told(survey: Survey) -> None:
    (stranger,) = new_tokens(1, KeyedSource(bytes(16)))
    code = f"1.1.{seal_of(survey.keys.secret('seal'), stranger, 1, 1)}"
    taken = take(survey, {stranger: code})
    assert taken.log[["row", "column", "code"]].to_numpy().tolist() == [[1, "events", "seal-unknown"]]


def test_survey_made_before_there_were_seals_goes_on_without(survey: Survey) -> None:
    (survey.keys.folder / "seal.secret").unlink()
    taken = take(survey, {TOKENS[0]: "1.1.01234567"})
    assert taken.seals is None
    assert not len(taken.log)
    labels = pd.DataFrame({name: ["x"] * 4 for name in ("postal_code", "address", "name")}).assign(
        token=TOKENS
    )
    assert "seals" not in with_seals(survey, label_table(labels), 1)


def test_contractor_gets_the_seals_of_its_wave_and_copies_and_no_key(survey: Survey) -> None:
    labels = pd.DataFrame({name: ["x"] * 4 for name in ("postal_code", "address", "name")}).assign(
        token=TOKENS
    )
    text = (survey.folder / "survey.toml").read_text(encoding="utf-8")
    (survey.folder / "survey.toml").write_text("label_copies = 3\n" + text, encoding="utf-8")
    again = Survey.open(survey.folder, DAY)
    table = with_seals(again, label_table(labels), 2)
    key = again.keys.secret("seal")
    for token, cell in zip(table["token"], table["seals"], strict=True):
        assert seals_from_field(cell) == [seal_of(key, token, 2, copy) for copy in (1, 2, 3)]
    assert not table.astype(str).isin([key.hex()]).any(axis=None)
