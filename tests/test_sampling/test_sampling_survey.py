"""In a survey folder each act passes the gate, leaves counts only, and hands over no more than is needed."""

import csv
import io
from datetime import date
from pathlib import Path

import pandas as pd
import pytest

from custody.cli import run
from custody.codebook import Codebook
from custody.errors import ApprovalError, ConfigError, HyohonError, InputError, LedgerError, SamplingError
from custody.ledger import verify_ledger
from custody.packages import Origin, open_package, seal
from custody.survey import Survey, create_survey
from labels.tokens import format_token
from sampling import (
    RegisterFiles,
    draw_sample,
    export_link,
    frame_survey,
    hand_over_labels,
    hand_over_research,
    load_vault,
    take_answers,
)
from sampling.handover import LABEL_COLUMNS
from sampling.research_handover import RESEARCH_COLUMNS
from sampling.vault import VAULT_COLUMNS, answers_path

DAY = "2009-11-05T10:00"
LATER = "2009-12-10T10:00"


def kinds(survey: Survey, kind: str | None = None) -> list[tuple[str, dict[str, object]]]:
    with survey.ledger() as ledger:
        return [(event.kind, dict(event.facts)) for event in ledger.events(kind)]


@pytest.fixture
def drawn(opened, files):
    """A survey whose sample was drawn, at a later time."""
    draw_sample(opened(DAY), files, seed="31")
    return opened


def payload(survey: Survey, kind: str, role: str) -> pd.DataFrame:
    package = open_package(
        survey.out / f"{kind}.sp",
        kind=kind,
        identity=survey.keys.identity(role),
        verifier=survey.keys.verifier("staff"),
    )
    return pd.read_csv(io.BytesIO(package.payload), dtype="str", keep_default_na=False)


def events_package(
    survey: Survey, states: dict[str, str], folder: Path, *, survey_id: str | None = None
) -> Path:
    text = "token,state,date\n" + "".join(f"{token},{state},2009-12-01\n" for token, state in states.items())
    path = folder / "events.sp"
    seal(
        path,
        kind="events",
        payload=text.encode(),
        facts={},
        recipient=survey.keys.recipient("staff"),
        signer=survey.keys.signer("contractor"),
        created=survey.clock.now(),
        origin=Origin(survey_id or survey.survey_id, survey.title, True, survey.keys.recipient("contractor")),
    )
    return path


def forms_file(rows: list[list[str]], folder: Path) -> Path:
    path = folder / "answers.csv"
    with path.open("w", encoding="utf-8-sig", newline="") as stream:
        csv.writer(stream).writerows([["token", *Codebook.load().columns], *rows])
    return path


def full_form(token: str) -> list[str]:
    """A form with an answer to every question that asks for one mark."""
    book = Codebook.load()
    cells = dict.fromkeys(book.columns, "")
    for item in book.items:
        if item.type in ("SA", "MATRIX_SA"):
            cells[item.code] = str(item.values[0])
        elif item.type == "MA":
            cells |= dict.fromkeys(item.columns, "0") | {item.columns[0]: "1"}
    return [token, *cells.values()]


def test_frame_writes_counts_and_leaves_counts(opened, files) -> None:
    survey = opened(DAY)
    result = frame_survey(survey, files)
    flow = pd.read_csv(survey.out / "flow.csv")
    assert flow["removed"].sum() + len(result.frame) == flow["remaining"].iloc[0] == 6000
    page = (survey.out / "flow.html").read_text(encoding="utf-8")
    assert "訓練用" in page
    assert "<script" not in page
    ((_, facts),) = kinds(survey, "frame")
    assert facts["frame"] == len(result.frame)
    assert facts["residents_sha256"] == result.residents.sha256
    assert [kind for kind, _ in kinds(survey)] == ["new", "permit", "frame", *["file"] * 5]


@pytest.mark.parametrize("at", ["2009-10-31T23:59:59", "2009-12-01T00:00:00"])
def test_nothing_is_read_outside_the_period(tmp_path, at) -> None:
    folder = tmp_path / "early"
    create_survey(folder, training=True, sample=50, at="2009-10-30T09:00")
    survey = Survey.open(folder, at)
    nowhere = RegisterFiles(tmp_path / "none.csv", tmp_path / "none.csv")
    for act in (frame_survey, draw_sample):
        with pytest.raises(ApprovalError) as refusal:
            act(survey, nowhere)
        assert refusal.value.code == "APP-PERIOD"
    assert kinds(survey, "denial") == [
        ("denial", {"act": act, "code": "APP-PERIOD"}) for act in ("frame", "draw")
    ]


@pytest.mark.parametrize("item", ["介護保険認定情報", "住民基本台帳情報"])
def test_an_item_that_was_not_approved_stops_the_draw(opened, files, item) -> None:
    survey = opened(DAY)
    text = survey.approval_path.read_text(encoding="utf-8")
    line = next(line for line in text.splitlines() if line.startswith("items"))
    survey.approval_path.write_text(text.replace(line, f'items = ["{item}"]'), encoding="utf-8")
    with pytest.raises(ApprovalError) as refusal:
        draw_sample(survey, files)
    assert refusal.value.code == "APP-ITEM"
    assert kinds(survey, "denial") == [("denial", {"act": "draw", "code": "APP-ITEM"})]
    assert not survey.vault_path.exists()


def test_more_persons_than_approved_are_not_drawn(opened, files) -> None:
    survey = opened(DAY)
    text = survey.approval_path.read_text(encoding="utf-8").replace("max_n = 5000", "max_n = 119")
    survey.approval_path.write_text(text, encoding="utf-8")
    with pytest.raises(ApprovalError, match="119"):
        draw_sample(survey, files)


def test_a_refused_file_leaves_an_event_and_no_file(opened, files, tmp_path) -> None:
    empty = tmp_path / "empty.csv"
    empty.write_bytes(b"")
    survey = opened(DAY)
    with pytest.raises(InputError):
        draw_sample(survey, RegisterFiles(files.residents, empty))
    assert kinds(survey, "refusal") == [("refusal", {"act": "draw", "code": "SAM-FILE-EMPTY"})]
    assert not survey.vault_path.exists()
    assert list(survey.out.iterdir()) == []
    with pytest.raises(ConfigError, match="future"):
        frame_survey(survey, files, knowledge_date=date(2009, 11, 6))


def test_the_vault_is_the_sample_and_opens_for_staff_only(opened, files) -> None:
    survey = opened(DAY)
    sample = draw_sample(survey, files, seed="31").sample
    vault = load_vault(survey)
    assert list(vault.columns) == list(VAULT_COLUMNS)
    pd.testing.assert_frame_equal(vault, sample.data[list(VAULT_COLUMNS)], check_dtype=False)
    raw = survey.vault_path.read_bytes()
    assert raw.startswith(b"age-encryption.org/v1")
    assert not [name for name in vault["name"] if name.encode() in raw]
    survey.vault_path.write_bytes(raw[:-1] + b"x")
    with pytest.raises(SamplingError, match="cannot be opened"):
        load_vault(survey)


def test_a_training_draw_repeats_and_its_certificate_names_the_survey(opened, files) -> None:
    certificate = draw_sample(opened(DAY), files, seed="31").sample.certificate
    assert certificate.training
    assert (certificate.survey_id, certificate.draw_number) == (opened(DAY).survey_id, 1)
    assert certificate.drawn_at == "2009-11-05T10:00:00+09:00"
    with opened(DAY).ledger() as ledger:
        events = {event.seq: event.hash for event in ledger.events()}
    assert events[certificate.ledger_seq] == certificate.ledger_hash


def test_without_seed_the_computer_throws_dice(opened, files) -> None:
    assert len(draw_sample(opened(DAY), files).sample.certificate.seed) == 32


def test_a_second_draw_needs_a_reason_and_both_stay(drawn, files) -> None:
    survey = drawn(DAY)
    first = survey.vault_path.read_bytes()
    tokens = set(load_vault(survey)["token"])
    for reason in (None, "  "):
        with pytest.raises(SamplingError) as refusal:
            draw_sample(survey, files, seed="32", redraw_reason=reason)
        assert refusal.value.code == "SAM-DRAW-TWICE"
    again = draw_sample(survey, files, seed="32", redraw_reason="名簿の誤り").sample.certificate
    assert (again.draw_number, again.redraw_reason) == (2, "名簿の誤り")
    assert (survey.folder / "vault-01.age").read_bytes() == first
    assert (survey.out / "draw-certificate-01.json").is_file()
    assert [facts["once"] for _, facts in kinds(survey, "draw")] == ["draw.1", "draw.2"]
    assert not tokens & set(load_vault(survey)["token"])


def test_of_two_draws_at_one_moment_one_is_recorded(drawn, files, monkeypatch) -> None:
    survey = drawn(DAY)
    first = survey.vault_path.read_bytes()
    monkeypatch.setattr(
        "sampling.acts.draw_number", lambda survey, reason: 1
    )  # looked before the other wrote
    with pytest.raises(LedgerError) as refusal:
        draw_sample(survey, files, seed="32")
    assert refusal.value.code == "LED-TWICE"
    assert survey.vault_path.read_bytes() == first
    assert len(kinds(survey, "draw")) == 1


def test_labels_hold_exactly_what_a_label_needs(drawn) -> None:
    survey = drawn(DAY)
    made = hand_over_labels(survey)
    labels = payload(survey, "labels", "contractor")
    vault = load_vault(survey)
    assert tuple(labels.columns) == (*LABEL_COLUMNS, "seals") == made.columns
    assert labels["postal_code"].is_monotonic_increasing
    assert set(labels["copy"]) == {"1"}
    columns = ["token", "postal_code", "address", "name"]
    pd.testing.assert_frame_equal(
        labels[columns].sort_values("token", ignore_index=True),
        vault[columns].sort_values("token", ignore_index=True),
        check_dtype=False,
    )
    with pytest.raises(HyohonError):
        payload(survey, "labels", "research")


def test_labels_leave_on_an_approved_medium_and_after_a_draw_only(opened, drawn) -> None:
    with pytest.raises(ApprovalError) as refusal:
        hand_over_labels(drawn(DAY), medium="電子メール")
    assert refusal.value.code == "APP-MEDIA"


def test_nothing_is_handed_over_before_the_draw(opened) -> None:
    with pytest.raises(SamplingError, match="Nothing was drawn"):
        hand_over_labels(opened(DAY))


def test_the_link_leaves_a_training_survey_only(drawn, tmp_path) -> None:
    survey = drawn(DAY)
    assert export_link(survey, tmp_path / "deep" / "link.csv") == 120
    link = pd.read_csv(tmp_path / "deep" / "link.csv", dtype="str")
    assert list(link.columns) == ["token", "resident_no"]
    assert set(link["resident_no"]) == set(load_vault(survey)["resident_no"])
    text = (
        (survey.folder / "survey.toml")
        .read_text(encoding="utf-8")
        .replace("training = true", "training = false")
    )
    (survey.folder / "survey.toml").write_text(text, encoding="utf-8")
    with pytest.raises(ConfigError) as refusal:
        export_link(Survey.open(survey.folder), tmp_path / "real.csv")
    assert refusal.value.code == "SAM-LINK-REAL"
    assert not (tmp_path / "real.csv").exists()


@pytest.fixture
def taken(drawn, tmp_path):
    """Of each ten persons 4 answer, 1 leaves a blank form, 1 is undeliverable, 1 refuses, 3 are silent."""
    survey = drawn(LATER)
    tokens = load_vault(survey)["token"].tolist()
    states = dict(
        zip(tokens, ["returned"] * 5 * 12 + ["undeliverable"] * 12 + ["refused"] * 12, strict=False)
    )
    rows = [full_form(format_token(token).lower()) for token in tokens[:48]]
    rows += [[token, *[""] * len(Codebook.load().columns)] for token in tokens[48:60]]
    rows += [full_form("0123456789ABC59"), full_form("0123456789ABC95"), full_form(tokens[0]), ["short", "1"]]
    rows += [full_form(tokens[48])]  # a complete form after a blank one of the same person
    rows += [full_form(tokens[119])]  # answered, though nothing was scanned
    forms, events = forms_file(rows, tmp_path), events_package(survey, states, tmp_path)
    return survey, tokens, take_answers(survey, forms, events)


def test_answers_become_statuses_and_what_does_not_fit_is_set_aside(taken) -> None:
    survey, _, result = taken
    assert (result.read, result.accepted, result.set_aside) == (66, 61, 5)
    assert result.statuses == {
        "answered": 50,
        "no_return": 35,
        "undeliverable": 12,
        "refused": 12,
        "blank": 11,
        "not_mailed": 0,
    }
    log = result.log
    for row, column, code in (
        (61, "token", "token-unknown"),
        (62, "token", "token-invalid"),
        (63, "token", "duplicate"),
        (64, "", "column-count"),
        (49, "token", "duplicate"),
        (66, "token", "not-scanned"),
        (50, "", "blank-form"),
    ):
        assert ((log["row"] == row) & (log["column"] == column) & (log["code"] == code)).any(), code
    ((_, facts),) = kinds(survey, "answers")
    assert (facts["read"], facts["answered"]) == (66, 50)
    assert answers_path(survey).read_bytes().startswith(b"age-encryption.org/v1")


def test_research_holds_everybody_under_other_names_in_another_order(taken) -> None:
    survey, tokens, _ = taken
    made = hand_over_research(survey)
    table = payload(survey, "research", "research")
    vault = load_vault(survey)
    assert tuple(table.columns) == (*RESEARCH_COLUMNS, *Codebook.load().columns) == made.columns
    assert len(table) == 120
    assert table["rid"].is_unique
    assert table["rid"].is_monotonic_increasing
    assert table["status"].value_counts().to_dict()["answered"] == 50
    silent = table[table["status"] != "answered"]
    assert (silent[list(Codebook.load().columns)] == "").all(axis=None)
    assert set(table["stratum"]) == {f"S{n:02d}" for n in range(1, table["stratum"].nunique() + 1)}
    assert table["psu"].tolist() == [f"P{n:04d}" for n in range(1, 121)]
    assert table["base_weight"].astype(float).sum() == pytest.approx(vault["base_weight"].sum())
    names = ["area", "age_band", "sex"]
    assert made.anonymity.before == vault.groupby(names).size().min()
    assert made.smallest_cell == table.groupby(names).size().min() >= 5
    text = table.to_csv()
    private = [*tokens, *vault["name"], *vault["resident_no"], *vault["person_key"], *vault["postal_code"]]
    assert not [value for value in private if value in text]


def test_answers_of_another_survey_or_another_sender_are_refused(drawn, tmp_path) -> None:
    survey = drawn(LATER)
    forms = forms_file([], tmp_path)
    with pytest.raises(InputError, match="another survey"):
        take_answers(survey, forms, events_package(survey, {}, tmp_path, survey_id="deadbeef"))
    with pytest.raises(SamplingError, match="No answers"):
        hand_over_research(survey)


def test_answers_are_taken_until_the_end_of_retention(drawn, tmp_path) -> None:
    survey = drawn("2011-04-01T09:00")
    with pytest.raises(ApprovalError):
        take_answers(survey, tmp_path / "none.csv", tmp_path / "none.sp")


def test_no_value_of_a_person_is_in_ledger_or_plain_files(taken, files, capsys) -> None:
    survey, _, _ = taken
    hand_over_labels_later = survey.out
    vault = load_vault(survey)
    private = {*vault["name"], *vault["resident_no"], *vault["address"], *vault["token"]}
    codes = {value.encode(encoding) for value in private for encoding in ("utf-8", "cp932", "utf-16-le")}
    for path in [*survey.folder.iterdir(), *hand_over_labels_later.iterdir()]:
        if path.is_file():
            content = path.read_bytes()
            assert not [code for code in codes if code in content], path.name
    assert verify_ledger(survey.ledger_path).events > 10


def test_commands_from_frame_to_check(opened, files, capsys) -> None:
    folder = str(opened(DAY).folder)
    registers = ("--residents", str(files.residents), "--certifications", str(files.certifications))
    assert run(["--lang", "en", "sampling", "frame", folder, *registers, "--at", DAY]) == 0
    assert "6,000" in capsys.readouterr().out
    assert run(["--lang", "en", "sampling", "draw", folder, *registers, "--seed", "77", "--at", DAY]) == 0
    assert "seed: 77" in capsys.readouterr().out
    out = Path(folder) / "out"
    check = ["--lang", "en", "sampling", "verify", str(out / "draw-certificate.json")]
    keys = ["--frame-keys", str(out / "frame-keys.csv"), "--sample-keys", str(out / "sample-keys.csv")]
    assert run([*check, *keys]) == 0
    assert run(["--lang", "en", "sampling", "draw", folder, *registers, "--at", DAY]) == 1
    lines = (out / "frame-keys.csv").read_text(encoding="utf-8").splitlines(keepends=True)
    (out / "frame-keys.csv").write_text("".join(lines[:-1]), encoding="utf-8")
    capsys.readouterr()
    assert run([*check, *keys]) == 1
    assert "frame is not the certified one" in capsys.readouterr().out
    assert run(["--lang", "en", "sampling", "hand-over", folder, "--to", "neighbour", "--at", DAY]) == 1
    assert run(["--lang", "en", "sampling", "hand-over", folder, "--to", "contractor", "--at", DAY]) == 0


@pytest.mark.parametrize("command", ["frame", "draw", "verify", "hand-over", "answers", "export-link"])
def test_every_command_has_an_example_in_both_languages(command, capsys) -> None:
    for language, word in (("en", "Example:"), ("ja", "例")):
        assert run(["--lang", language, "sampling", command, "--help"]) == 0
        shown = capsys.readouterr().out
        assert word in shown
        assert f"hyohon sampling {command}" in shown
