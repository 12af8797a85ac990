"""The demo's draw keeps strata and chances over many draws, in any order of the register and any locale."""

import importlib
from pathlib import Path

import numpy as np
import pytest

with pytest.MonkeyPatch.context() as patch:
    patch.syspath_prepend(str(Path(__file__).parents[2] / "benchmarks"))
    demo = importlib.import_module("inclusion_demo")

DRAWS, FULL = 400, 12
LOCALES = ("C", "ja_JP.eucJP", "tr_TR.UTF-8")


@pytest.fixture(scope="module")
def folders():
    with demo.ward_folders() as made:
        yield made


@pytest.fixture(scope="module")
def frame(folders):
    return demo.read_frame(folders[0])


@pytest.fixture(scope="module")
def selecting(frame):
    return demo.Selecting(frame)


def test_the_design_is_the_demos(frame, tmp_path) -> None:
    from custody.survey import create_survey

    create_survey(tmp_path / "survey", training=True, sample=demo.SAMPLE, seed="any")
    text = (tmp_path / "survey" / "survey.toml").read_text(encoding="utf-8")
    assert 'by = ["area", "age_band", "sex"]' in text
    assert 1_900 < len(frame) < 2_200


def test_sizes_and_chances_over_many_draws(selecting) -> None:
    """`python benchmarks/inclusion.py --only demo` makes 10,000."""
    verdict, _bounds, exact = demo.many(selecting, DRAWS)
    assert exact
    assert verdict.faults == ()
    assert len(selecting.sizes) == 40


def test_a_person_drawn_too_often_is_found(selecting, monkeypatch) -> None:
    """The first person of the frame comes in one draw of five more."""
    honest = selecting.positions

    def favoured(seed: str):
        drawn = honest(seed)
        if int(seed) % 5 == 0 and 0 not in drawn:
            own = np.flatnonzero(selecting.strata[drawn] == selecting.strata[0])
            drawn = drawn.copy()
            drawn[own[-1]] = 0
        return drawn

    monkeypatch.setattr(selecting, "positions", favoured)
    verdict, _bounds, exact = demo.many(selecting, DRAWS)
    assert exact
    assert verdict.faults[0].startswith("unit 0:")


def test_the_whole_draw_gives_the_same_persons(frame, selecting) -> None:
    assert demo.same_as_full(frame, selecting, FULL)


def test_shuffled_registers_give_the_same_sample(folders, frame) -> None:
    again = demo.read_frame(folders[1])
    for seed in range(5):
        one, other = (demo.digests(demo.certificate(people, str(seed))) for people in (frame, again))
        assert one == other


def test_every_locale_gives_the_same_certificate(folders, frame) -> None:
    """Three of the long run's six, as far as they are there or localedef makes them; other hash seeds."""
    expected = demo.certificate(frame, "locale")
    found = dict(demo.elsewhere(folders[0], "locale", folders[2], LOCALES))
    assert "C" in found
    assert {name: got == expected for name, got in found.items()} == dict.fromkeys(found, True)
