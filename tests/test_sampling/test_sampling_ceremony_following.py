"""A survey that follows another has its numbers, avoids or keeps its sample, and writes no secret down."""

import json
from collections.abc import Callable
from pathlib import Path

import pytest
from typer.testing import CliRunner

from custody.errors import ConfigError, InputError, SamplingError
from custody.survey import Survey, create_survey
from sampling import RegisterFiles, draw_sample, load_vault, read_certificate
from sampling.acts import _build
from sampling.ceremony_acts import commit_draw
from sampling.ceremony_design import planned_text
from sampling.certificate import DrawCertificate, StratumRecord
from sampling.commands import build
from sampling.coordination import Arc, Coordination, Kind
from sampling.design import StratifiedDesign
from sampling.drawing import Sample, draw
from sampling.following import coordination_path, follow, load_coordination, previous_arcs

Made = Callable[..., Survey]


@pytest.fixture
def made(tmp_path: Path) -> Made:
    """Make or open a training survey of a name."""

    def make(name: str, *, at: str = "2009-11-05T09:00", design: str = "", seed: str | None = None) -> Survey:
        folder = tmp_path / name
        if not folder.exists():
            create_survey(folder, training=True, sample=120, seed=seed or name, at="2009-11-02T09:00")
        if design:
            settings = folder / "survey.toml"
            text = settings.read_text(encoding="utf-8")
            settings.write_text(text.replace("[design]", f"[design]\n{design}\n#", 1), encoding="utf-8")
        return Survey.open(folder, at)

    return make


@pytest.fixture
def old(made: Made, files: RegisterFiles) -> Survey:
    """A survey drawn in the ordinary way."""
    draw_sample(made("old", at="2009-11-04T09:00"), files, seed="5")
    return made("old")


def drawn(survey: Survey, files: RegisterFiles, seed: str) -> Sample:
    """Draw as a survey that follows another does."""
    frame = _build(survey, files, None).frame
    design = StratifiedDesign.from_settings(survey.design, survey.frame)
    coordination, key = load_coordination(survey), survey.keys.secret("prn").hex()
    return draw(frame, design, seed=seed, coordination=coordination, prn_key=key)


@pytest.mark.parametrize("kind", ["negative", "positive", "rotate"])
def test_the_sample_before_is_avoided_kept_or_rotated(
    made: Made, old: Survey, files: RegisterFiles, kind: Kind
) -> None:
    before = load_vault(old)
    new = made("new")
    follow(new, old, kind=kind)
    after = drawn(new, files, "7")
    common = set(before["resident_no"]) & set(after.data["resident_no"])
    sizes = {one.stratum: (one.persons, one.sample) for one in after.certificate.strata}
    expected = {
        "negative": sum(max(0, 2 * sample - persons) for persons, sample in sizes.values()),
        "positive": 120,
        "rotate": sum(sample - -(-sample // 4) for _persons, sample in sizes.values()),
    }
    assert len(common) == expected[kind]
    assert set(before["person_key"]) & set(after.data["person_key"]) == set(
        before.loc[before["resident_no"].isin(common), "person_key"]
    )


def test_a_third_survey_avoids_the_second(made: Made, old: Survey, files: RegisterFiles) -> None:
    second = made("second")
    follow(second, old)
    sample = drawn(second, files, "7")
    arcs = previous_arcs(sample.certificate, "negative")
    assert {arc.stratum for arc in arcs} == {one.stratum for one in sample.certificate.strata}
    assert all(arc.after for arc in arcs)
    frame = _build(second, files, None).frame
    design = StratifiedDesign.from_settings(second.design, second.frame)
    coordination = Coordination("negative", arcs, 0, "0" * 64)
    third = draw(frame, design, seed="9", coordination=coordination, prn_key=sample.certificate.key_hex)
    met_again = len(set(third.data["person_key"]) & set(sample.data["person_key"]))
    assert met_again == sum(max(0, 2 * one.sample - one.persons) for one in sample.certificate.strata)


def test_keys_go_over_and_no_secret_is_written_down(made: Made, old: Survey) -> None:
    new = made("new")
    follow(new, old)
    certificate = read_certificate(old.out / "draw-certificate.json")
    assert new.keys.secret("person") == old.keys.secret("person")
    assert new.keys.secret("prn").hex() == certificate.key_hex
    text = coordination_path(new).read_text(encoding="utf-8")
    for survey in (new, old):
        for name in ("person", "research", "token"):
            assert survey.keys.secret(name).hex() not in text
    assert new.keys.secret("prn").hex() not in text
    assert json.loads(text)["previous_survey"] == old.survey_id
    told = {survey.survey_id: survey for survey in (new, old)}
    for survey, kind, key in ((new, "follow", "previous"), (old, "followed", "next")):
        with survey.ledger() as ledger:
            (event,) = ledger.events(kind)
        assert event.facts[key] in told
        assert event.facts["kind"] == "negative"


def test_arcs_end_at_the_reserve_where_there_is_room() -> None:
    strata = (
        StratumRecord("A", 100, 20, "2" * 64, reserve=10, reserve_threshold="3" * 64),
        StratumRecord("B", 49, 20, "4" * 64, after="1" * 64, reserve=10, reserve_threshold="5" * 64),
        StratumRecord("C", 9, 0, "", reserve=0, reserve_threshold=""),
    )
    certificate = DrawCertificate("", "", "", "", "", "", strata, ("sex",), "", *([None] * 2))  # type: ignore[arg-type]
    assert previous_arcs(certificate, "negative") == (Arc("A", "", "3" * 64), Arc("B", "1" * 64, "4" * 64))
    assert previous_arcs(certificate, "rotate") == (Arc("A", "", "2" * 64), Arc("B", "1" * 64, "4" * 64))


def test_an_independent_survey_keeps_the_numbers_and_needs_no_draw(made: Made) -> None:
    old, new = made("old"), made("new")
    assert follow(new, old, kind="independent") == Coordination("independent")
    assert new.keys.secret("prn") == old.keys.secret("prn")
    assert load_coordination(new) == Coordination("independent")


def test_settings_say_how(made: Made, old: Survey) -> None:
    alone = made("alone")
    assert load_coordination(alone) is None
    first = made("first", design='coordination = "independent"')
    assert load_coordination(first) == Coordination("independent")
    rotating = made("rotating", design='coordination = "rotate"\npanels = 3')
    with pytest.raises(SamplingError, match="SAM-FOLLOW-NONE"):
        load_coordination(rotating)
    for wrong in ({"kind": "negative"}, {"panels": 4}):
        with pytest.raises(ConfigError, match="SAM-FOLLOW-KIND"):
            follow(rotating, old, **wrong)  # type: ignore[arg-type]
    assert follow(rotating, old).panels == 3
    with pytest.raises(ConfigError, match="SAM-FOLLOW-KIND"):
        follow(alone, old, kind="other")  # type: ignore[arg-type]


def test_settings_changed_afterwards_are_noticed(made: Made, old: Survey) -> None:
    new = made("new")
    made_before = follow(new, old, kind="positive")
    assert load_coordination(new) == made_before
    with pytest.raises(ConfigError, match="SAM-FOLLOW-KIND"):
        load_coordination(made("new", design='coordination = "negative"'))


def test_a_changed_file_is_noticed(made: Made, old: Survey) -> None:
    new = made("new")
    follow(new, old)
    path = coordination_path(new)
    text = path.read_text(encoding="utf-8")
    for content in (text.replace("negative", "positive"), text.replace('"after": ""', '"after": "00"', 1)):
        path.write_text(content, encoding="utf-8")
        with pytest.raises(InputError, match="SAM-FOLLOW-FILE"):
            load_coordination(new)
    path.unlink()
    with pytest.raises(InputError, match="SAM-FOLLOW-FILE"):
        load_coordination(new)
    path = coordination_path(made("stray"))
    path.write_text(text, encoding="utf-8")
    with pytest.raises(InputError, match="SAM-FOLLOW-FILE"):
        load_coordination(made("stray"))


def test_a_survey_that_has_begun_does_not_follow(made: Made, old: Survey, files: RegisterFiles) -> None:
    new = made("new")
    key = new.keys.secret("person")
    commit_draw(new, files)
    with pytest.raises(SamplingError, match="SAM-FOLLOW-LATE"):
        follow(new, old)
    assert new.keys.secret("person") == key
    assert not coordination_path(new).exists()


def test_a_draw_that_cannot_be_followed_changes_nothing(made: Made, old: Survey) -> None:
    new = made("new")
    key = new.keys.secret("person")
    with pytest.raises(InputError, match="SAM-FOLLOW-CERTIFICATE"):
        follow(new, made("undrawn"))
    with pytest.raises(ConfigError, match="SAM-FOLLOW-SELF"):
        follow(new, new)
    path = old.out / "draw-certificate.json"
    path.write_bytes(path.read_bytes() + b" ")
    with pytest.raises(InputError, match="SAM-FOLLOW-CERTIFICATE"):
        follow(new, old)
    assert new.keys.secret("person") == key


def test_other_strata_are_not_followed(made: Made, old: Survey) -> None:
    new = made("new")
    settings = new.folder / "survey.toml"
    text = settings.read_text(encoding="utf-8").replace('by = ["area", "age_band", "sex"]', 'by = ["sex"]')
    settings.write_text(text, encoding="utf-8")
    with pytest.raises(SamplingError, match="SAM-FOLLOW-STRATA"):
        follow(made("new"), old)


def test_real_and_training_keys_are_not_mixed(
    made: Made, old: Survey, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("HYOHON_KEYS", str(tmp_path / "keys"))
    real = create_survey(tmp_path / "real")
    for pair in ((real, old), (made("new"), real)):
        with pytest.raises(ConfigError, match="SAM-FOLLOW-TRAINING"):
            follow(*pair)


def test_the_coordination_is_committed_to(made: Made, old: Survey, files: RegisterFiles) -> None:
    texts = []
    for kind in ("negative", "positive"):
        new = made(kind)
        follow(new, old, kind=kind)  # type: ignore[arg-type]
        frame = _build(new, files, None).frame
        design = StratifiedDesign.from_settings(new.design, new.frame)
        texts.append(json.loads(planned_text(new, design, frame)))
        assert new.keys.secret("prn").hex() not in json.dumps(texts)
    first, second = texts
    assert first["prn_key_sha256"] == second["prn_key_sha256"]
    assert first["coordination"]["kind"] == "negative"
    assert first["strata"] == second["strata"]
    assert first["coordination"] != second["coordination"]


def test_command_follow(made: Made, old: Survey) -> None:
    new = made("new")
    words = ["follow", str(new.folder), str(old.folder), "--coordination", "rotate"]
    done = CliRunner().invoke(build(), [*words, "--panels", "3", "--at", "2009-11-05T09:00"])
    assert done.exit_code == 0, done.output
    assert "coordination.json" in done.output
    coordination = load_coordination(made("new"))
    assert coordination is not None
    assert (coordination.kind, coordination.panels) == ("rotate", 3)
