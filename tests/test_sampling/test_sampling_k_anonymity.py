"""The package of the researcher holds k persons or more of a class, and says what was joined to get there."""

import json
from collections import Counter
from itertools import combinations, pairwise, product

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from custody.errors import SamplingError
from sampling.k_anonymity import KSettings, anonymise, k_settings
from sampling.k_search import recode

AREAS = ("練馬", "光が丘", "石神井", "大泉")
BANDS = ("65-69", "70-74", "75-79", "80-84", "85+")
QUASI = ("area", "age_band", "sex")
ONLY_COLUMNS = KSettings(5, 0.0, 4096, 10, {"age_band": 1.0, "area": 2.0, "sex": 10.0})
FEW_SEARCHED = KSettings(5, 0.05, 8, 10, {"age_band": 1.0, "area": 2.0, "sex": 10.0})


def too_small(rows, k: int) -> list[tuple[str, ...]]:
    """The checker: classes of fewer than k rows, counted one row at a time."""
    return [key for key, persons in Counter(rows).items() if persons < k]


def covers(label: str, value: str) -> bool:
    """Whether a coarse label holds a value, read from the words of both."""
    if not label[0].isdigit():
        return value in label.split("・")
    low, _, high = label.rstrip("+").partition("-")
    start, _, end = value.rstrip("+").partition("-")
    return int(low) <= int(start) and int(end or 999) <= int(high or 999)


def people(n: int, seed: int, skew: float = 1.0) -> pd.DataFrame:
    """Persons with areas, bands and sexes of unequal chances."""
    rng = np.random.default_rng(seed)

    def some(values):
        chance = rng.dirichlet(np.full(len(values), skew))
        return rng.choice(values, n, p=chance)

    return pd.DataFrame({"area": some(AREAS), "age_band": some(BANDS), "sex": some(("F", "M")), "Q1": "1"})


@settings(max_examples=150, deadline=None, derandomize=True)
@given(
    n=st.integers(5, 400),
    seed=st.integers(0, 2**32 - 1),
    skew=st.sampled_from([0.2, 1.0, 10.0]),
    how=st.sampled_from([None, ONLY_COLUMNS, FEW_SEARCHED]),
)
def test_every_class_has_k_persons_and_every_label_holds_its_value(n, seed, skew, how) -> None:
    """Random tables: k holds, labels are true, other columns and the order of rows stay."""
    table = people(n, seed, skew)
    kept = table.copy()
    coarse, report = anonymise(table, orders={"area": AREAS}, settings=how)
    rows = list(coarse[list(QUASI)].itertuples(index=False, name=None))
    assert too_small(rows, 5) == []
    assert report.after == min(Counter(rows).values()) >= 5
    assert report.before == min(Counter(table[list(QUASI)].itertuples(index=False, name=None)).values())
    for name in QUASI:
        assert all(covers(label, value) for label, value in zip(coarse[name], table[name], strict=True))
    assert coarse["Q1"].equals(table["Q1"])
    assert list(coarse.columns) == list(table.columns)
    pd.testing.assert_frame_equal(table, kept)
    if report.before >= 5:
        pd.testing.assert_frame_equal(coarse, table)
        assert report.coarsened == ()


@pytest.mark.parametrize("seed", range(12))
def test_no_recoding_of_whole_columns_loses_less(seed: int) -> None:
    """Against every recoding, counted in plain Python."""
    counts = np.random.default_rng(seed).integers(1, 9, (4, 3, 2))
    prices, n = (1.0, 2.0, 10.0), int(counts.sum())

    def loss_of(starts) -> float:
        total = 0.0
        for at, cell in np.ndenumerate(counts):
            for axis, start in enumerate(starts):
                bounds = [*start, counts.shape[axis]]
                width = next(j - i for i, j in pairwise(bounds) if i <= at[axis] < j)
                total += int(cell) * prices[axis] * (width - 1) / (counts.shape[axis] - 1)
        return total / n

    def below(starts) -> int:
        groups: Counter = Counter()
        for at, cell in np.ndenumerate(counts):
            place = tuple(
                max(i for i in start if i <= level) for start, level in zip(starts, at, strict=True)
            )
            groups[place] += int(cell)
        return sum(persons for persons in groups.values() if persons < 8)

    each = [
        [(0, *cut) for size in range(levels) for cut in combinations(range(1, levels), size)]
        for levels in counts.shape
    ]
    best = min(loss_of(starts) for starts in product(*each) if below(starts) == 0)
    found = [tuple(start.tolist()) for start in recode(counts, 8, prices, 0, 4096)]
    assert below(found) == 0
    assert loss_of(found) == pytest.approx(best, rel=1e-12)


def test_four_persons_of_a_class_are_joined_and_the_report_names_variables_only() -> None:
    """PAC-016."""
    cells = pd.DataFrame(list(product(AREAS, BANDS, ("F", "M"))), columns=list(QUASI))
    table = cells.loc[np.repeat(cells.index, 20)].reset_index(drop=True)
    lonely = (table["area"] == "大泉") & (table["age_band"] == "85+") & (table["sex"] == "M")
    table = table.drop(table.index[lonely][4:]).reset_index(drop=True)
    table["rid"] = [f"rid{number:04d}" for number in range(len(table))]
    coarse, report = anonymise(table, orders={"area": AREAS})
    assert (report.before, report.after) == (4, 20)
    assert report.coarsened == ("age_band",)
    assert report.joined == {"age_band": ("80+",), "area": (), "sex": ()}
    assert report.persons == {"age_band": 24, "area": 0, "sex": 0}
    assert len(coarse) == len(table)
    assert "rid" not in json.dumps(report.facts()) + report.tidy().to_csv()


def test_sex_is_joined_last() -> None:
    """One man among many: areas and ages are given up before the sexes are."""
    table = people(200, 3, 10.0).assign(sex="F")
    table.loc[:5, "sex"] = "M"
    coarse, report = anonymise(table, orders={"area": AREAS})
    assert set(coarse["sex"]) == {"F", "M"}
    assert report.after >= 5
    assert set(report.coarsened) == {"age_band", "area"}
    alone, _report = anonymise(table.assign(sex=["M", *["F"] * 199]), orders={"area": AREAS})
    assert "F・M" in set(alone["sex"])


def test_fewer_persons_than_k_are_refused() -> None:
    """No join can hide four persons."""
    with pytest.raises(SamplingError, match="k = 5") as caught:
        anonymise(people(4, 1))
    assert caught.value.code == "SAM-K-PERSONS"


def test_the_price_of_sex_is_above_all_others_together() -> None:
    """As the data file promises."""
    price = dict(k_settings().price)
    assert price.pop("sex") > sum(price.values())
    assert k_settings().k >= 5
