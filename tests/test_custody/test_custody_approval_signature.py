"""Where the survey names an approval key, nothing passes the gate but what it has signed, byte for byte."""

import dataclasses
import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from custody import gate
from custody.approval_signature import new_signing_key, sign_approval, signature_path
from custody.errors import ApprovalError, ConfigError, KeyFileError
from custody.keys import public_hex
from custody.messages import set_language
from custody.survey import Survey, create_survey

COUNCIL = Ed25519PrivateKey.from_private_bytes(bytes(range(32)))
OTHER = Ed25519PrivateKey.from_private_bytes(bytes(32))


@pytest.fixture(autouse=True)
def _english() -> Iterator[None]:
    set_language("en")
    yield
    set_language(None)


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return create_survey(tmp_path_factory.mktemp("made") / "survey", training=True, seed="1").folder


@pytest.fixture
def survey(made: Path, tmp_path: Path) -> Survey:
    """A survey whose settings name the council's key."""
    folder = shutil.copytree(made, tmp_path / "survey")
    file = folder / "survey.toml"
    line = f'approval_key = "{public_hex(COUNCIL)}"\n'
    file.write_text(line + file.read_text(encoding="utf-8"), encoding="utf-8")
    return Survey.open(folder)


def kinds(survey: Survey) -> list[tuple[str, object]]:
    with survey.ledger() as ledger:
        return [(event.kind, event.facts.get("code")) for event in ledger.events(after=1)]


def test_a_signed_approval_opens_the_gate_and_the_ledger_names_the_key(survey: Survey) -> None:
    sign_approval(survey.approval_path, COUNCIL)
    assert gate.permit(survey, "frame").act == "frame"
    with survey.ledger() as ledger:
        assert [event.facts["signer"] for event in ledger.events("permit")] == [public_hex(COUNCIL)]


def _unsigned(survey: Survey) -> None:
    signature_path(survey.approval_path).unlink(missing_ok=True)


def _unknown_key(survey: Survey) -> None:
    sign_approval(survey.approval_path, OTHER)


def _changed_after(survey: Survey) -> None:
    sign_approval(survey.approval_path, COUNCIL)
    text = survey.approval_path.read_bytes()
    survey.approval_path.write_bytes(text.replace(b"max_n = 5000", b"max_n = 5001"))


def _cut(survey: Survey) -> None:
    path = sign_approval(survey.approval_path, COUNCIL)
    path.write_bytes(path.read_bytes()[:-1])


def _longer(survey: Survey) -> None:
    path = sign_approval(survey.approval_path, COUNCIL)
    path.write_bytes(path.read_bytes() + b"\n")


def _bit(survey: Survey) -> None:
    path = sign_approval(survey.approval_path, COUNCIL)
    data = path.read_bytes()
    path.write_bytes(bytes([data[0] ^ 1]) + data[1:])


@pytest.mark.parametrize(
    ("spoil", "code"),
    [
        (_unsigned, "APP-UNSIGNED"),
        (_unknown_key, "APP-SIGNATURE"),
        (_changed_after, "APP-SIGNATURE"),
        (_cut, "APP-SIGNATURE"),
        (_longer, "APP-SIGNATURE"),
        (_bit, "APP-SIGNATURE"),
    ],
)
def test_a_missing_or_unknown_signature_is_refused_and_denied_in_the_ledger(
    survey: Survey, spoil: object, code: str
) -> None:
    """APP-002."""
    spoil(survey)  # type: ignore[operator]
    with pytest.raises(ApprovalError, match=code):
        gate.permit(survey, "draw")
    assert kinds(survey) == [("denial", code)]


def test_without_an_approval_key_no_signature_is_asked_for(made: Path, tmp_path: Path) -> None:
    survey = Survey.open(shutil.copytree(made, tmp_path / "survey"))
    assert gate.permit(survey, "frame").act == "frame"
    sign_approval(survey.approval_path, OTHER)
    assert gate.permit(survey, "frame").act == "frame"


@pytest.mark.parametrize("key", ["abc", "Z" * 64, "A" * 64, "0" * 63])
def test_an_approval_key_that_is_none_is_refused(made: Path, tmp_path: Path, key: str) -> None:
    folder = shutil.copytree(made, tmp_path / "survey")
    file = folder / "survey.toml"
    file.write_text(f'approval_key = "{key}"\n' + file.read_text(encoding="utf-8"), encoding="utf-8")
    with pytest.raises(ConfigError, match="approval_key"):
        Survey.open(folder)


@pytest.mark.skipif(shutil.which("openssl") is None, reason="this machine has no openssl")
def test_openssl_alone_makes_a_signature_that_counts(survey: Survey, tmp_path: Path) -> None:
    key = tmp_path / "council.pem"
    made = dataclasses.replace(survey, approval_key=public_hex(new_signing_key(key)))
    path = survey.approval_path
    command = ["openssl", "pkeyutl", "-sign", "-rawin", "-inkey", str(key), "-in", str(path)]
    subprocess.run([*command, "-out", str(signature_path(path))], check=True, capture_output=True)
    assert gate.permit(made, "frame").act == "frame"


def test_a_file_that_is_no_signing_key_is_refused(tmp_path: Path) -> None:
    (tmp_path / "a.pem").write_text("no key", encoding="ascii")
    with pytest.raises(KeyFileError, match="KEY-BAD"):
        new_signing_key(tmp_path / "a.pem")


@pytest.mark.parametrize(
    ("role", "act"), [("contractor", "hand_over_labels"), ("researcher", "hand_over_research")]
)
def test_a_recipient_whose_key_is_not_on_the_approval_gets_nothing(
    made: Path, tmp_path: Path, role: str, act: str
) -> None:
    """APP-012."""
    survey = Survey.open(shutil.copytree(made, tmp_path / "survey"))
    text = survey.approval_path.read_text(encoding="utf-8")
    own = survey.keys.recipient("contractor" if role == "contractor" else "research")
    for key, allowed in (("age1" + "q" * 58, False), (own, True)):
        survey.approval_path.write_text(f'{text}\n[recipient_keys]\n{role} = ["{key}"]\n', encoding="utf-8")
        if allowed:
            assert gate.permit(survey, act, recipient=role).act == act
        else:
            with pytest.raises(ApprovalError, match="APP-KEY-UNKNOWN"):
                gate.permit(survey, act, recipient=role)
    assert [kind for kind, _ in kinds(survey)] == ["denial", "permit"]


def test_a_survey_of_another_purpose_cannot_use_the_approval(made: Path, tmp_path: Path) -> None:
    folder = shutil.copytree(made, tmp_path / "survey")
    file = folder / "survey.toml"
    text = file.read_text(encoding="utf-8")
    for purpose, allowed in (("高齢者・食の 実態調査", True), ("購買行動の調査", False), ("", True)):
        file.write_text(f'purpose = "{purpose}"\n{text}', encoding="utf-8")
        survey = Survey.open(folder)
        if allowed:
            assert gate.permit(survey, "frame").act == "frame"
        else:
            with pytest.raises(ApprovalError, match="APP-PURPOSE"):
                gate.permit(survey, "frame")
