"""Coordinated draws avoid, keep or rotate the persons drawn before, and each is a simple random sample."""

import hashlib
import json
from dataclasses import replace

import numpy as np
import pyarrow as pa
import pytest
from scipy.stats import norm

from custody.errors import SamplingError
from labels.tokens import KeyedSource
from sampling import StratifiedDesign, draw, read_certificate
from sampling.coordination import Arc, Coordination, find_starts, start_point
from sampling.selection import keyed_numbers, rank_numbers, take_from
from sampling.verify_draw import verify

DESIGN = StratifiedDesign(120, ["area", "sex"])
PRN = hashlib.sha256(b"permanent").hexdigest()
INDEPENDENT = Coordination("independent")


def arcs_of(certificate) -> tuple[Arc, ...]:
    return tuple(Arc(one.stratum, one.after, one.threshold) for one in certificate.strata if one.threshold)


def coordinated(frame, kind: str, seed: str, before=None, design=DESIGN, panels: int = 0):
    plan = Coordination(kind, arcs_of(before.certificate), panels, "ab" * 32) if before else INDEPENDENT
    source = KeyedSource(bytes(32))
    return draw(frame, design, seed=seed, coordination=plan, prn_key=PRN, token_source=source)


def people(sample) -> set[str]:
    return set(sample.link["resident_no"])


def rows(table) -> list[tuple[str, ...]]:
    return list(zip(*(column.to_pylist() for column in table.columns), strict=True))


@pytest.fixture(scope="module")
def first(ward_frame):
    return coordinated(ward_frame, "independent", "2009")


def test_the_numbers_are_sha256_of_key_and_person_compared_as_hex_text(ward_frame, first) -> None:
    """The whole rule again, in the plainest words, on text."""
    start = start_point("2009")
    people = ward_frame.table[["person_key", "area", "sex"]]
    number = [hashlib.sha256(f"{PRN}|{key}".encode()).hexdigest() for key in people["person_key"]]
    people = people.assign(number=number, stratum=people["area"] + "/" + people["sex"])
    expected = []
    for record in first.certificate.strata:
        ordered = people[people["stratum"] == record.stratum].sort_values("number")
        circle = [*ordered[ordered["number"] > start]["person_key"]]
        circle += [*ordered[ordered["number"] <= start]["person_key"]]
        expected += circle[: record.sample]
    assert first.data["person_key"].tolist() == expected
    assert {record.after for record in first.certificate.strata} == {start}
    assert first.certificate.key_hex == PRN


@pytest.mark.parametrize("kind", ["negative", "positive", "rotate"])
def test_the_next_survey_of_the_same_frame(ward_frame, first, kind) -> None:
    panels = 4 if kind == "rotate" else 0
    second = coordinated(ward_frame, kind, "2010", first, panels=panels)
    new = sum(-(-record.sample // 4) for record in first.certificate.strata)
    common = {"negative": 0, "positive": 120, "rotate": 120 - new}[kind]
    assert len(people(first) & people(second)) == common
    certificate = json.loads(second.certificate.to_json())
    assert (
        verify(certificate, rows(second.frame_keys), rows(pa.table(second.data[["person_key", "stratum"]])))
        == []
    )


def test_rotation_keeps_a_person_for_as_many_surveys_as_panels(ward_frame) -> None:
    design = StratifiedDesign(80, ["sex"])
    surveys = [coordinated(ward_frame, "independent", "0", design=design)]
    for year in range(1, 9):
        surveys.append(coordinated(ward_frame, "rotate", str(year), surveys[-1], design, panels=4))
    members = [people(survey) for survey in surveys]
    for one in set.union(*members[4:5]):
        years = [place for place, survey in enumerate(members) if one in survey]
        assert len(years) == years[-1] - years[0] + 1 <= 4
    assert not members[0] & members[4]
    assert all(len(members[year] & members[year + 1]) == 60 for year in range(8))


def test_negative_coordination_over_years_covers_everybody_before_anybody_twice(ward_frame) -> None:
    """Small strata come round: then as few as possible are drawn again."""
    frame = replace(ward_frame, data=ward_frame.data.slice(0, 100))
    design = StratifiedDesign(40)
    surveys = [coordinated(frame, "independent", "0", design=design)]
    for year in (1, 2):
        surveys.append(coordinated(frame, "negative", str(year), surveys[-1], design))
    one, two, three = (people(survey) for survey in surveys)
    assert (len(one & two), len(two & three)) == (0, 0)
    large = coordinated(frame, "negative", "3", surveys[-1], StratifiedDesign(70))
    assert len(people(large) & three) == 10  # 70 of 100 after 40: 10 at least


def test_births_deaths_and_moves_between_the_surveys(ward_frame, first) -> None:
    """A fifth of the persons leave: those who stay are avoided or kept all the same."""
    left = np.array([int(key[:2], 16) % 5 == 0 for key in ward_frame.data["person_key"].to_pylist()])
    later = replace(ward_frame, data=ward_frame.data.filter(pa.array(~left)))
    there = people(first) & set(later.data["resident_no"].to_pylist())
    avoided = coordinated(later, "negative", "2010", first)
    kept = coordinated(later, "positive", "2010", first)
    assert not people(avoided) & there
    short = sum(  # a stratum that needs fewer than are left of the sample does not keep all of them
        max(
            0, sum(first.data["stratum"].eq(one.stratum) & first.data["resident_no"].isin(there)) - one.sample
        )
        for one in kept.certificate.strata
    )
    assert len(people(kept) & there) == len(there) - short
    for made in (avoided, kept):
        assert verify(json.loads(made.certificate.to_json()), rows(made.frame_keys)) == []


def test_the_seed_chooses_among_all_windows_left(ward_frame, first) -> None:
    """Negative coordination leaves 120 others free of choice; the ceremony's seed decides, not the staff."""
    drawn = [people(coordinated(ward_frame, "negative", f"s{seed}", first)) for seed in range(12)]
    assert not set.union(*drawn) & people(first)
    assert len({frozenset(one) for one in drawn}) == 12


@pytest.mark.parametrize(("kind", "panels"), [("negative", 0), ("positive", 0), ("rotate", 3)])
def test_each_coordinated_draw_has_equal_chances(kind, panels) -> None:
    """Over 4,000 permanent keys every person's share of the second draw lies within Bonferroni's limit."""
    sizes, taken, draws = np.array([13, 9]), np.array([4, 2]), 4000
    strata, names = np.repeat(np.arange(2), sizes), ["a", "b"]
    keys = [f"{number:064x}" for number in range(22)]
    hits = np.zeros(22)
    for turn in range(draws):
        ranking = rank_numbers(keyed_numbers(keys, f"{turn:064x}"), strata, 2)
        starts = find_starts(ranking, names, taken, INDEPENDENT, str(turn))
        before = take_from(ranking, starts.ranks, taken)
        arcs = tuple(map(Arc, names, starts.after, before.thresholds))
        plan = Coordination(kind, arcs, panels, "")
        again = take_from(ranking, find_starts(ranking, names, taken, plan, f"{turn}b").ranks, taken)
        hits[again.positions] += 1
    chance = (taken / sizes)[strata]
    z = (hits - draws * chance) / np.sqrt(draws * chance * (1 - chance))
    assert np.abs(z).max() < norm.ppf(1 - 0.001 / (2 * 22))


def test_a_whole_stratum_and_an_empty_arc(ward_frame) -> None:
    """Everybody was drawn: the arc is the whole circle, also where it begins at a person's own number."""
    frame = replace(ward_frame, data=ward_frame.data.slice(0, 10))
    all_of_them = coordinated(frame, "independent", "1", design=StratifiedDesign(10))
    again = coordinated(frame, "negative", "2", all_of_them, StratifiedDesign(4))
    once_more = coordinated(frame, "negative", "3", again, StratifiedDesign(6))
    assert len(people(again) & people(once_more)) == 0
    assert again.certificate.strata[0].after == all_of_them.certificate.strata[0].threshold


def test_what_coordination_needs(ward_frame, first, tmp_path) -> None:
    systematic = StratifiedDesign(20, method="systematic")
    for wrong in (
        lambda: draw(ward_frame, DESIGN, seed=1, coordination=INDEPENDENT),
        lambda: draw(ward_frame, DESIGN, seed=1, coordination=INDEPENDENT, prn_key=PRN.upper()),
        lambda: draw(ward_frame, systematic, seed=1, coordination=INDEPENDENT, prn_key=PRN),
        lambda: Coordination("negative"),
        lambda: Coordination("rotate", (Arc("a", "", "0"),), panels=1),
        lambda: Coordination("independent", (Arc("a", "", "0"),)),
        lambda: Coordination("backwards", (Arc("a", "", "0"),)),
    ):
        with pytest.raises(SamplingError):
            wrong()
    path = tmp_path / "certificate.json"
    path.write_text(first.certificate.to_json(), encoding="utf-8")
    assert read_certificate(path) == first.certificate


@pytest.mark.parametrize(
    ("tamper", "words"),
    [
        (lambda facts: facts.update(seed="2011"), "it starts elsewhere"),
        (lambda facts: facts["coordination"].update(kind="positive"), "the last person drawn is another"),
        (lambda facts: facts["coordination"]["arcs"][0].update(to="0" * 64), "another"),
        (lambda facts: facts["strata"][0].update(after="0" * 64), "it starts elsewhere"),
        (lambda facts: facts.update(key_hex="0" * 64), "the last person drawn is another"),
    ],
)
def test_tampering_with_a_coordinated_certificate_is_named(ward_frame, first, tamper, words) -> None:
    second = coordinated(ward_frame, "negative", "2010", first)
    facts = json.loads(second.certificate.to_json())
    tamper(facts)
    assert any(words in problem for problem in verify(facts, rows(second.frame_keys)))
