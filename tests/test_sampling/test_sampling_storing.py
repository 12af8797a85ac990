"""A draw stopped at any step never happened or is finished by the next act, without a second draw."""

import contextlib
import json
import shutil
from dataclasses import replace
from pathlib import Path

import pandas as pd
import pytest

from custody.errors import LedgerError, SamplingError
from custody.files import changed_files
from custody.ledger import Ledger, verify_ledger
from custody.survey import Survey
from labels.tokens import KeyedSource
from sampling import StratifiedDesign, draw, load_vault
from sampling import staging as staging_module
from sampling.checking import check_draw
from sampling.staging import complete_draws
from sampling.storing import draw_number, store_draw

DAY = "2009-11-05T10:00"
OUT = ("draw-certificate.json", "draw-certificate.pdf", "frame-keys.csv", "sample-keys.csv")


class Stop(BaseException):
    """The computer was switched off: nothing of ours catches it."""


class Switch:
    """Stops the program before, or after, a step: a file written or removed, an event recorded."""

    def __init__(self, at: int, *, after: bool) -> None:
        self.at, self.after, self.steps = at, after, 0

    def around(self, function):
        def step(*args, **kwargs):
            self.steps += 1
            here = self.steps == self.at
            if here and not self.after:
                raise Stop
            result = function(*args, **kwargs)
            if here:
                raise Stop
            return result

        return step

    def install(self, patch: pytest.MonkeyPatch) -> None:
        patch.setattr(staging_module, "write_whole", self.around(staging_module.write_whole))
        patch.setattr(Path, "unlink", self.around(Path.unlink))
        patch.setattr(Ledger, "append", self.around(Ledger.append))
        patch.setattr(shutil, "rmtree", self.around(shutil.rmtree))


def drawn_sample(frame, seed: str, number: int):
    design = StratifiedDesign(120, ["area", "sex"], one_per_household=number == 2)
    plain = draw(frame, design, seed=seed, token_source=KeyedSource(bytes(31) + bytes([number])))
    reason = "void" if number > 1 else ""
    return replace(plain, certificate=replace(plain.certificate, draw_number=number, redraw_reason=reason))


@pytest.fixture(scope="module")
def first(ward_frame):
    return drawn_sample(ward_frame, "1", 1)


@pytest.fixture(scope="module")
def second(ward_frame):
    return drawn_sample(ward_frame, "2", 2)


def fresh(survey: Survey, folder: Path) -> Survey:
    """The same survey in a folder of its own."""
    shutil.copytree(survey.folder, folder)
    return Survey.open(folder, DAY)


def draws(survey: Survey) -> int:
    with survey.ledger() as ledger:
        return sum(1 for _event in ledger.events("draw"))


def files(survey: Survey) -> set[str]:
    return {path.relative_to(survey.folder).as_posix() for path in survey.folder.rglob("*") if path.is_file()}


def assert_complete(survey: Survey, sample) -> None:
    """Vault, certificate and lists are those of the sample, each recorded; the ledger is sound."""
    vault = load_vault(survey)
    pd.testing.assert_frame_equal(vault, sample.data[list(vault.columns)], check_dtype=False)
    held = check_draw(*(survey.out / OUT[place] for place in (0, 2, 3)))
    assert held.problems == ()
    assert (survey.out / OUT[0]).read_text(encoding="utf-8") == sample.certificate.to_json()
    with survey.ledger() as ledger:
        states = {state.path: state.state for state in changed_files(ledger, survey.folder)}
    assert set(states) >= {"vault.age", *(f"out/{name}" for name in OUT)}
    assert set(states.values()) == {"same"}
    verify_ledger(survey.ledger_path)


def stopped(survey: Survey, sample, at: int, *, after: bool) -> bool:
    """Store the sample, stopped at a step; return whether the step was reached."""
    switch = Switch(at, after=after)
    with pytest.MonkeyPatch.context() as patch:
        switch.install(patch)
        try:
            store_draw(survey, sample)
        except Stop:
            return True
    return False


@pytest.mark.parametrize("after", [False, True])
def test_a_first_draw_stopped_at_any_step(opened, first, tmp_path, after) -> None:
    """At every step: no trace in vault and ledger and it can be made, or it is there when next looked at."""
    blank = opened(DAY)
    outcomes = []
    at = 1
    while True:
        survey = fresh(blank, tmp_path / f"stop {at}")
        reached = stopped(survey, first, at, after=after)
        if draws(survey) == 0:
            outcomes.append("nothing")
            with pytest.raises(SamplingError) as refusal:
                load_vault(survey)
            assert refusal.value.code == "SAM-VAULT-NONE"
            assert not any((survey.out / name).exists() for name in OUT)
            assert draw_number(survey, None) == 1
            store_draw(survey, first)
        else:
            outcomes.append("made")
            with pytest.raises(SamplingError) as refusal:
                draw_number(survey, None)
            assert refusal.value.code == "SAM-DRAW-TWICE"
        assert_complete(survey, first)
        assert draws(survey) == 1
        assert complete_draws(survey) == 0 or not reached
        if not reached:
            break
        at += 1
    assert outcomes == sorted(outcomes, reverse=True)
    assert outcomes.count("nothing") == 6 + (not after)  # five files and their list, then the event
    assert len(outcomes) > 20


@pytest.mark.parametrize("after", [False, True])
def test_a_redraw_stopped_at_any_step_keeps_the_former_vault_once(
    opened, first, second, tmp_path, after
) -> None:
    blank = opened(DAY)
    store_draw(blank, first)
    former = {name: (blank.folder / name).read_bytes() for name in ("vault.age", *(f"out/{n}" for n in OUT))}
    at, reached = 1, True
    while reached:
        survey = fresh(blank, tmp_path / f"stop {at}")
        reached = stopped(survey, second, at, after=after)
        if draws(survey) == 1:
            assert_complete(survey, first)
            assert draw_number(survey, "void") == 2
            store_draw(survey, second)
        assert_complete(survey, second)
        for name, content in former.items():
            path = survey.folder / name
            assert path.with_name(f"{path.stem}-01{path.suffix}").read_bytes() == content
            assert not path.with_name(f"{path.stem}-02{path.suffix}").exists()
        at += 1
    assert at > 25


def test_finishing_can_be_stopped_too(opened, first, tmp_path) -> None:
    blank = opened(DAY)
    assert stopped(blank, first, 7, after=True)
    at, reached = 1, True
    while reached:
        survey = fresh(blank, tmp_path / f"stop {at}")
        switch = Switch(at, after=False)
        with pytest.MonkeyPatch.context() as patch:
            switch.install(patch)
            with contextlib.suppress(Stop):  # the stop that this test plants
                complete_draws(survey)
                reached = False
        assert_complete(survey, first)
        at += 1
    assert at > 10


def test_nothing_is_left_over_and_each_file_is_recorded_once(opened, first) -> None:
    survey = opened(DAY)
    before = files(survey)
    assert stopped(survey, first, 3, after=False)  # a draft without event
    store_draw(survey, first)
    assert files(survey) - before == {"vault.age", *(f"out/{name}" for name in OUT)}
    assert not list(survey.folder.glob(".draw-*"))
    with survey.ledger() as ledger:
        recorded = [str(event.facts["path"]) for event in ledger.events("file")]
    assert sorted(recorded) == sorted(["vault.age", *(f"out/{name}" for name in OUT)])


def test_the_draft_of_the_slower_of_two_is_removed(opened, first, ward_frame) -> None:
    survey = opened(DAY)
    store_draw(survey, first)
    vault = survey.vault_path.read_bytes()
    with pytest.raises(LedgerError) as refusal:
        store_draw(survey, drawn_sample(ward_frame, "3", 1))
    assert refusal.value.code == "LED-TWICE"
    assert survey.vault_path.read_bytes() == vault
    assert not list(survey.folder.glob(".draw-*"))
    assert_complete(survey, first)


def test_a_draft_holds_nothing_of_a_person_in_the_clear(opened, first) -> None:
    survey = opened(DAY)
    assert stopped(survey, first, 7, after=False)
    (draft,) = survey.folder.glob(".draw-1-*")
    private = [*first.table["name"], *first.link["resident_no"], *first.table["token"]]
    content = b"".join(path.read_bytes() for path in draft.iterdir())
    assert not [value for value in private if value.encode() in content]
    facts = json.loads((draft / "manifest.json").read_text(encoding="utf-8"))
    assert {file["place"] for file in facts["files"]} == {"vault.age", *(f"out/{name}" for name in OUT)}
