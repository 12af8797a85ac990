"""An allocation sums to n, keeps floor and ceiling of every stratum, and is as proportional as can be."""

from fractions import Fraction
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from custody.errors import SamplingError
from sampling import StratifiedDesign
from sampling.allocate.exact import allocate, largest_remainder

SIZES = st.lists(st.integers(1, 5000), min_size=1, max_size=40)


@given(sizes=SIZES, minimum=st.integers(1, 4), data=st.data(), equal=st.booleans())
def test_sum_floor_and_ceiling(sizes, minimum, data, equal) -> None:
    floors = [min(minimum, size) for size in sizes]
    n = data.draw(st.integers(sum(floors), sum(sizes)))
    weights = [1] * len(sizes) if equal else sizes
    shares = allocate(n, weights, sizes, minimum=minimum)
    assert sum(shares) == n
    assert all(low <= share <= size for low, share, size in zip(floors, shares, sizes, strict=True))
    free = [
        (Fraction(share - 1, weight), Fraction(share + 1, weight))
        for low, share, size, weight in zip(floors, shares, sizes, weights, strict=True)
        if low < share < size
    ]
    # one common rate t lies within one person of every stratum that is at no limit
    assert not free or max(low for low, _ in free) < min(high for _, high in free)


@given(sizes=SIZES, data=st.data())
def test_a_larger_stratum_never_gives_fewer(sizes, data) -> None:
    n = data.draw(st.integers(0, sum(sizes)))
    pairs = sorted(zip(sizes, allocate(n, sizes, sizes), strict=True))
    assert all(one[1] <= two[1] for one, two in pairwise(pairs) if one[0] < two[0])


@pytest.mark.parametrize(
    ("design", "sizes", "shares"),
    [
        (StratifiedDesign(10, ["sex"]), [60, 40], [6, 4]),
        (StratifiedDesign(10, ["sex"], "equal"), [60, 40], [5, 5]),
        (StratifiedDesign(10, ["sex"], "equal"), [60, 3], [7, 3]),
        (StratifiedDesign(7, ["area"], "equal"), [9, 9, 9], [3, 2, 2]),
        (StratifiedDesign(10, ["area"]), [980, 10, 10], [6, 2, 2]),
        (StratifiedDesign(10, ["area"], minimum=1), [980, 10, 10], [8, 1, 1]),
        (StratifiedDesign(6, ["area"]), [500, 1, 200], [3, 1, 2]),
        (StratifiedDesign(12, ["sex"]), [6, 6], [6, 6]),
        (StratifiedDesign(5), [77], [5]),
    ],
)
def test_worked_allocations(design, sizes, shares) -> None:
    assert design.allocate(sizes) == shares


def test_largest_remainder_prefers_the_earlier_of_equals() -> None:
    assert largest_remainder([Fraction(1, 2), Fraction(3, 2), Fraction(1)]) == [1, 1, 1]


@pytest.mark.parametrize(
    ("n", "by", "code"),
    [(0, ["sex"], "SAM-DESIGN"), (5, ["name"], "SAM-DESIGN-BY"), (5, ["sex", "sex"], "SAM-DESIGN-BY")],
)
def test_designs_that_cannot_be(n, by, code) -> None:
    with pytest.raises(SamplingError) as refusal:
        StratifiedDesign(n, by)
    assert refusal.value.code == code


def test_a_design_larger_than_the_frame_or_smaller_than_its_strata(ward_frame) -> None:
    for n, code in ((len(ward_frame) + 1, "SAM-DESIGN-N"), (20, "SAM-DESIGN-MIN")):
        with pytest.raises(SamplingError) as refusal:
            StratifiedDesign(n, ["area", "age_band", "sex"]).preview(ward_frame)
        assert refusal.value.code == code


def test_preview_shows_what_will_be_drawn(ward_frame) -> None:
    preview = StratifiedDesign(150, ["area", "sex"]).preview(ward_frame)
    plan = preview.tidy()
    assert plan["sample"].sum() == 150
    assert plan["persons"].sum() == len(ward_frame)
    assert (plan["base_weight"] * plan["inclusion_prob"]).round(12).eq(1).all()
    assert "150 of" in repr(preview)
    assert "<script" not in preview._repr_html_()
