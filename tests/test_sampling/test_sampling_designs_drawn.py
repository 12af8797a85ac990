"""Systematic draws take equal steps, reserves follow the sample, and any beginning of it is spread."""

import json

import numpy as np
import pandas as pd
import pytest
from scipy.stats import norm

from labels.tokens import KeyedSource
from sampling import StratifiedDesign, draw
from sampling.keyed_systematic import places_in_strata, systematic_in_strata
from sampling.sample import SAMPLE_COLUMNS, release_order
from sampling.verify_draw import verify

SYSTEMATIC = StratifiedDesign(90, ["area"], method="systematic", order=("town", "age", "sex"))
RESERVE = StratifiedDesign(150, ["area", "sex"], reserve=30)


def rows(table) -> list[tuple[str, ...]]:
    return list(zip(*(column.to_pylist() for column in table.columns), strict=True))


def facts_of(sample) -> dict:
    return json.loads(sample.certificate.to_json())


def made(frame, design, seed="7"):
    return draw(frame, design, seed=seed, token_source=KeyedSource(bytes(32)))


def test_a_systematic_draw_walks_through_the_order_in_equal_steps(ward_frame) -> None:
    sample = made(ward_frame, SYSTEMATIC)
    keys = sample.frame_keys.to_pandas()
    keys["drawn"] = keys["person_key"].isin(sample.data["person_key"])
    keys["place"] = keys["place"].astype(int)
    for record in sample.certificate.strata:
        stratum = keys[keys["stratum"] == record.stratum].sort_values("place")
        assert stratum["place"].tolist() == list(range(record.persons))
        places = stratum.loc[stratum["drawn"], "place"].to_numpy()
        assert len(places) == record.sample
        step = record.persons / record.sample
        assert set(np.diff(places)) <= {int(np.floor(step)), int(np.ceil(step))}
        assert 0 <= places[0] < step
    assert sample.table["base_weight"].sum() == pytest.approx(len(ward_frame), rel=1e-12)
    assert verify(facts_of(sample), rows(sample.frame_keys)) == []
    assert {record.threshold for record in sample.certificate.strata} == {""}


def test_neighbours_in_the_order_are_alike(ward_frame) -> None:
    """Serpentine: ages run up in one town and down in the next, so the order has few jumps."""
    keys = made(ward_frame, SYSTEMATIC).frame_keys.to_pandas().assign(place=lambda t: t["place"].astype(int))
    table = ward_frame.table.merge(keys, on="person_key").sort_values(["stratum", "place"])
    within = table["stratum"].eq(table["stratum"].shift())
    towns = (table["town"] != table["town"].shift())[within].sum()
    assert towns == table.groupby("stratum")["town"].nunique().sub(1).sum()
    assert table["age"].diff().abs()[within].median() <= 1


def test_a_systematic_draw_spreads_over_the_towns_better_than_a_random_one(ward_frame) -> None:
    share = ward_frame.table["town"].value_counts(normalize=True) * 90
    distances = {}
    for name, design in (("systematic", SYSTEMATIC), ("srs", StratifiedDesign(90, ["area"]))):
        found = [
            made(ward_frame, design, str(seed)).link.merge(ward_frame.table, on="person_key")["town"]
            for seed in range(15)
        ]
        distances[name] = np.mean(
            [
                ((towns.value_counts().reindex(share.index, fill_value=0) - share) ** 2).sum()
                for towns in found
            ]
        )
    assert distances["systematic"] < 0.35 * distances["srs"]


def test_every_place_has_the_same_chance_also_where_the_step_is_no_whole_number() -> None:
    """Per person z over 6,000 seeds, Bonferroni's limit; the size is exact each time."""
    sizes, taken, seeds = np.array([11, 7]), np.array([4, 3]), 6000
    strata = np.repeat(np.arange(2), sizes)
    places = places_in_strata(strata, [])
    hits = np.zeros(18)
    for seed in range(seeds):
        chosen = systematic_in_strata(strata, places, taken, ["a", "b"], str(seed))
        assert np.array_equal(np.bincount(strata[chosen.positions], minlength=2), taken)
        hits[chosen.positions] += 1
    chance = (taken / sizes)[strata]
    z = (hits - seeds * chance) / np.sqrt(seeds * chance * (1 - chance))
    assert np.abs(z).max() < norm.ppf(1 - 0.001 / (2 * 18))


def test_the_reserve_follows_the_sample(ward_frame) -> None:
    sample, plain = made(ward_frame, RESERVE), made(ward_frame, StratifiedDesign(150, ["area", "sex"]))
    larger = made(ward_frame, StratifiedDesign(180, ["area", "sex"]))
    assert len(sample) == len(sample.table) == len(sample.link) == 150
    assert len(sample.reserve) == sample.certificate.reserve == 30
    assert list(sample.reserve.columns) == list(SAMPLE_COLUMNS)
    assert sample.link["resident_no"].tolist() == plain.link["resident_no"].tolist()
    assert sample.certificate.sample_digest == plain.certificate.sample_digest
    assert not set(sample.reserve["token"]) & set(sample.table["token"])
    assert (sample.reserve[["inclusion_prob", "base_weight"]] == 0).all(axis=None)
    assert sample.table["base_weight"].sum() == pytest.approx(len(ward_frame), rel=1e-12)
    everybody = sample.data.groupby("stratum")["person_key"].apply(set)
    more = larger.data.groupby("stratum")["person_key"].apply(set)
    assert all(a <= b or b <= a for a, b in zip(everybody, more, strict=True))  # one order, two lengths
    assert sorted(sample.data["order"]) == list(range(1, 181))
    assert sorted(sample.data["order"][150:]) == list(range(151, 181))
    assert verify(facts_of(sample), rows(sample.frame_keys)) == []


@pytest.mark.parametrize("name", ["reserve_digest", "sample_digest"])
def test_a_changed_reserve_is_found(ward_frame, name) -> None:
    facts = facts_of(made(ward_frame, RESERVE))
    facts[name] = "0" * 64
    word = name.split("_")[0]
    assert verify(facts, rows(made(ward_frame, RESERVE).frame_keys)) == [
        f"the persons drawn are not the certified {word} (digest differs)"
    ]


def test_any_beginning_of_the_order_is_shared_like_the_sample(ward_frame) -> None:
    """The pilot of 50: each stratum within one person of its share; the pilot of 20 is inside it."""
    data = made(ward_frame, StratifiedDesign(300, ["area", "age_band", "sex"])).data
    sizes = data["stratum"].value_counts()
    for first in (20, 50, 150):
        pilot = data[data["order"] <= first]
        assert len(pilot) == first
        share = first * sizes / 300
        assert (pilot["stratum"].value_counts().reindex(sizes.index, fill_value=0) - share).abs().max() <= 1
    place = data.groupby("stratum").cumcount()
    assert (data["order"].groupby(data["stratum"]).rank() - 1 == place).all()  # in the order of the draw


def test_release_order_by_hand() -> None:
    """Priorities 1/8, 3/8, 5/8, 7/8 and 1/4, 3/4; 1/2 alone in the third."""
    strata, sizes = np.array([0, 0, 0, 0, 1, 1, 3]), np.array([4, 2, 0, 1])
    assert release_order(strata, sizes).tolist() == [1, 3, 5, 7, 2, 6, 4]


def test_a_shuffled_frame_gives_the_same_systematic_sample(ward_frame) -> None:
    """Places follow from the persons; rows of the frame stand in the order of their keys whatever came in."""
    one, two = (made(ward_frame, SYSTEMATIC).data for _turn in range(2))
    pd.testing.assert_frame_equal(one, two)
    strata = np.array([0, 1, 0, 1, 0, 0])
    ages, order = np.array([70, 80, 65, 90, 99, 71]), np.array([5, 3, 1, 0, 4, 2])
    places = places_in_strata(strata, [ages])
    assert (places_in_strata(strata[order], [ages[order]]) == places[order]).all()
