"""Returns hold exactly the ends, faulty scans and errors on paper that their truth counts."""

import hashlib
import json

import numpy as np
import pandas as pd
import pytest

from custody.cli import run
from custody.codebook import Codebook
from custody.errors import InputError
from labels.tokens import KeyedSource, is_valid, new_tokens
from synthetic_data import make_ward, returns

SAMPLE = 3_000

GOLDEN = "10f72a917cd41ed764fb4d05828a75162f297a04b58deba4225a8e092a78196c"
"""SHA-256 of the answers of this file's sample. It changes only when it is meant to."""


@pytest.fixture(scope="module")
def ward():
    return make_ward(60_000, "returns")


def link_of(numbers):
    """A link file whose tokens can be read: Z and the resident number."""
    names = {"token": [f"Z{n:014d}" for n in numbers], "resident_no": [f"{n:010d}" for n in numbers]}
    return pd.DataFrame(names)


@pytest.fixture(scope="module")
def link(ward):
    return link_of(ward.people.number[ward.frame][:: len(ward.frame) // SAMPLE][:SAMPLE])


@pytest.fixture(scope="module")
def back(ward, link):
    return returns(ward, link)


def test_ends_add_up(back, link):
    ends = back.truth["ends"]
    assert sum(ends.values()) == back.truth["mailed"] == len(link)
    assert back.status["status"].value_counts().to_dict() == ends
    assert len(back.answers) == ends["answered"] + ends["blank"]
    assert all(min(area.values()) >= 0 and sum(area.values()) for area in back.truth["ends_by_area"].values())
    # the model says 60 %; the standard error at 3,000 is 0.9 points, other ends take 1.4
    assert ends["answered"] / len(link) == pytest.approx(0.59, abs=0.035)
    assert ends["refused"] == round(0.008 * len(link))


def test_errors_on_paper_are_those_that_the_codebook_finds(back):
    log = Codebook.load("food_survey").check(back.answers, keep=("token",)).log
    found, planted = log["code"].value_counts().to_dict(), back.truth["errors_on_paper"]
    assert found == {
        "answered-not-asked": planted["answered_not_asked"],
        "not-answered-though-asked": planted["not_answered_though_asked"],
        "out-of-range": planted["out_of_range"] + 2 * planted["swapped_height_weight"],
        "over-max-marks": planted["over_max_marks"],
        "exclusive-with-others": planted["exclusive_with_others"],
    }


def test_most_forms_are_complete_but_not_all(back):
    kihon_and_food = [c for c in back.answers if c.startswith(("Q13_", "Q19_"))]
    complete = (back.answers[kihon_and_food] < 88).all(axis=1).mean()
    assert 0.60 < complete < 0.76  # published 64 and 74 %; standard error about 1.1 points


def test_blank_forms_are_blank(back):
    blank = back.answers[back.answers["token"].isin(back.status.query("status == 'blank'")["token"])]
    assert len(blank) == back.truth["ends"]["blank"] > 0
    assert (blank["Q2"] == 99).all()
    assert (blank["Q10_NA"] == 1).all()
    assert (blank[["Q11", "Q12"]] == 999).all(axis=None)


def test_scans(back):
    scans, truth = back.scans, back.truth
    ends = truth["ends"]
    assert len(scans) == truth["scans"]["rows"]
    known = scans[scans["token"].isin(back.status["token"])]
    assert known.duplicated("token").sum() == truth["scans"]["duplicate"] > 0
    assert len(scans) - len(known) == truth["scans"]["mistyped"] + truth["scans"]["foreign"] > 0
    first = known.drop_duplicates("token")["state"].value_counts().to_dict()
    assert first == {
        "returned": ends["answered"] + ends["blank"],
        "undeliverable": ends["undeliverable"],
        "refused": ends["refused"],
    }
    assert scans["date"].is_monotonic_increasing
    assert scans["date"].between("2009-11-12", "2009-12-25").all()


def test_faulty_scans_are_faulty_as_said(ward, link):
    tokens = new_tokens(200, KeyedSource(b"a key for tests only"))
    scans = returns(ward, link[:200].assign(token=tokens)).scans["token"]
    strange = scans[~scans.isin(tokens)]
    assert sum(not is_valid(token) for token in strange) == 1, "one mistyped: its check symbols fail"
    assert sum(is_valid(token) for token in strange) == 3, "codes of another survey"


def test_same_seed_same_answers(ward, link, back):
    digest = hashlib.sha256(back.answers.to_csv(index=False).encode()).hexdigest()
    assert digest == GOLDEN


def test_order_of_the_tokens_does_not_matter(ward, link, back):
    shuffled = returns(ward, link.sample(frac=1, random_state=1))
    pd.testing.assert_frame_equal(shuffled.answers, back.answers)
    pd.testing.assert_frame_equal(shuffled.scans, back.scans)


def test_another_seed_other_people_answer_but_say_the_same(ward, link, back):
    other = returns(ward, link, seed="2")
    assert set(other.answers["token"]) != set(back.answers["token"])
    both = other.answers.merge(back.answers, on="token", suffixes=("_a", "_b"))
    both = both[(both["Q19_MEAT_a"] < 88) & (both["Q19_MEAT_b"] < 88)]
    agree = both["Q19_MEAT_a"] == both["Q19_MEAT_b"]
    assert agree.mean() > 0.98  # errors of keying (0.2 %) differ, what people eat does not


def test_people_who_have_left_do_not_get_their_mail(ward):
    gone = ward.frame[~np.isnat(ward.people.removed[ward.frame])]
    link = link_of(ward.people.number[gone])
    assert (returns(ward, link).status["status"] == "undeliverable").all()


def test_clean_answers_are_the_truth(ward, link):
    clean = returns(ward, link, mode="clean")
    assert clean.truth["ends"]["answered"] == len(clean.answers) == len(clean.scans) == len(link)
    assert Codebook.load("food_survey").check(clean.answers, keep=("token",)).log.empty


@pytest.mark.parametrize(
    ("link", "code"),
    [
        (pd.DataFrame({"token": ["A"]}), "SYN-LINK-COLUMN"),
        (pd.DataFrame({"token": ["A"], "resident_no": ["0000000000"]}), "SYN-LINK-PERSON"),
    ],
)
def test_wrong_links_are_refused(ward, link, code):
    with pytest.raises(InputError, match=code):
        returns(ward, link)


def test_empty_link(ward):
    nothing = returns(ward, pd.DataFrame({"token": [], "resident_no": []}))
    assert nothing.truth["mailed"] == 0


def test_commands_write_what_the_functions_give(tmp_path, capsys):
    registers, out = tmp_path / "the registers", tmp_path / "out"
    assert run(["synthetic", "ward", str(registers), "--residents", "2000", "--seed", "c"]) == 0
    ward = make_ward(2_000, "c")
    link = link_of(ward.people.number[ward.frame[:50]])
    link.to_csv(tmp_path / "link.csv", index=False)
    argv = ["synthetic", "returns", str(registers), "--link", str(tmp_path / "link.csv"), "--out", str(out)]
    assert run(argv) == 0
    truth = json.loads((out / "returns-truth.json").read_text(encoding="utf-8"))
    raw = (out / "answers.csv").read_bytes()
    assert raw.startswith(b"\xef\xbb\xbftoken,Q1,")
    written = pd.read_csv(out / "answers.csv", dtype={"token": str}, encoding="utf-8-sig")
    pd.testing.assert_frame_equal(written, returns(ward, link).answers, check_dtype=False)
    assert truth["mailed"] == 50
    assert "2,000" in capsys.readouterr().out
    assert (
        run(["synthetic", "returns", str(tmp_path), "--link", str(tmp_path / "link.csv"), "--out", str(out)])
        == 1
    )
    assert "SYN-WARD-TRUTH" in capsys.readouterr().err
