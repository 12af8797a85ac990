"""Each selection method meets the edges: nobody, everybody, one unit, odd types, numbers that are none."""

from collections.abc import Callable

import numpy as np
import pandas as pd
import pytest

from custody.errors import SamplingError
from sampling import methods as m

Draw = Callable[..., np.ndarray]


def line(pik: object) -> np.ndarray:
    """A coordinate and a balancing variable for each unit, however the probabilities come."""
    return np.arange(float(np.size(np.asarray(pik, dtype=object))))


FIXED: dict[str, Draw] = {
    "brewer": lambda pik, rng: m.brewer(pik, rng=rng),
    "chromy": lambda pik, rng: m.chromy(pik, rng=rng),
    "conditional_poisson": lambda pik, rng: m.conditional_poisson(pik, rng=rng),
    "hanurav_vijayan": lambda pik, rng: m.hanurav_vijayan(pik, rng=rng),
    "midzuno": lambda pik, rng: m.midzuno(pik, rng=rng),
    "minimum_support": lambda pik, rng: m.minimum_support(pik, rng=rng),
    "pareto": lambda pik, rng: m.pareto(pik, rng=rng),
    "pps_systematic": lambda pik, rng: m.pps_systematic(pik, rng=rng),
    "pps_systematic, randomised": lambda pik, rng: m.pps_systematic(pik, rng=rng, randomised=True),
    "sampford": lambda pik, rng: m.sampford(pik, rng=rng),
    "sequential_poisson": lambda pik, rng: m.sequential_poisson(pik, rng=rng),
    "successive": lambda pik, rng: m.successive(pik, rng=rng),
    "tille": lambda pik, rng: m.tille(pik, rng=rng),
}
"""Methods that refuse probabilities without a whole sum."""

BETWEEN: dict[str, Draw] = {
    "cube": lambda pik, rng: m.cube(np.asarray(pik, dtype=float), pik, rng),
    "cube, suppression": lambda pik, rng: m.cube(
        np.column_stack([np.asarray(pik, dtype=float), line(pik)]), pik, rng, landing="suppression"
    ),
    "cube, strata": lambda pik, rng: m.cube(line(pik), pik, rng, strata=np.zeros(len(line(pik)))),
    "local_cube, strata": lambda pik, rng: m.local_cube(
        line(pik), line(pik), pik, rng, strata=np.zeros(len(line(pik)))
    ),
    "local_cube": lambda pik, rng: m.local_cube(line(pik), line(pik), pik, rng),
    "local_pivotal_1": lambda pik, rng: m.local_pivotal_1(line(pik), pik, rng),
    "local_pivotal_2": lambda pik, rng: m.local_pivotal_2(line(pik), pik, rng),
    "pivotal": lambda pik, rng: m.pivotal(pik, rng),
    "pivotal, given": lambda pik, rng: m.pivotal(pik, rng, order="given"),
    "spatially_correlated_poisson": lambda pik, rng: m.spatially_correlated_poisson(line(pik), pik, rng),
}
"""Methods whose size is one of the two whole numbers beside the sum of the probabilities."""

RANDOM: dict[str, Draw] = {"poisson": lambda pik, rng: m.poisson(pik, rng=rng)}
ALL = FIXED | BETWEEN | RANDOM
SIZED = FIXED | BETWEEN
OPEN = [name for name in ALL if name not in ("cube", "cube, suppression")]  # these read the column first


def seeded(seed: int = 1) -> np.random.Generator:
    return np.random.default_rng(seed)


def drawn_well(drawn: np.ndarray, units: int) -> None:
    assert isinstance(drawn, np.ndarray)
    assert drawn.dtype == np.int64
    assert drawn.ndim == 1
    assert np.all(np.diff(drawn) > 0)
    assert np.all((drawn >= 0) & (drawn < units))


@pytest.mark.parametrize("units", [0, 1, 2, 7])
@pytest.mark.parametrize("name", ALL)
def test_nobody_and_everybody(name, units) -> None:
    for chance, expected in ((0.0, []), (1.0, list(range(units)))):
        drawn = ALL[name](np.full(units, chance), seeded())
        drawn_well(drawn, units)
        assert drawn.tolist() == expected


@pytest.mark.parametrize("name", SIZED)
@pytest.mark.parametrize(
    "pik",
    [
        [0.5, 0.5],
        [0.25] * 4,
        [0.75] * 4,
        [0.0, 1.0, 0.5, 0.5, 0.0, 1.0],
        [1.0, 0.2, 0.3, 0.5],
        [0.999_999, 0.000_001, 0.5, 0.5],
        [1 - 1e-11, 1e-11, 0.5, 0.5],
        [0.1] * 30,
        [0.9] * 30,
    ],
    ids=str,
)
def test_sizes_zeros_and_ones(name, pik) -> None:
    values = np.array(pik)
    for seed in range(5):
        drawn = SIZED[name](values, seeded(seed))
        drawn_well(drawn, len(pik))
        assert len(drawn) == round(sum(pik))
        assert np.isin(np.flatnonzero(values == 1), drawn).all()
        assert np.all(values[drawn] > 0)
        assert drawn.tolist() == SIZED[name](values, seeded(seed)).tolist()


@pytest.mark.parametrize("excess", [1e-10, -1e-10, 3e-7, -3e-7])
@pytest.mark.parametrize("name", SIZED)
def test_a_sum_that_is_whole_but_for_rounding(name, excess) -> None:
    more = abs(excess) > 1e-9 and name in BETWEEN  # there the excess is a chance like any other
    allowed = {2, 3, 4} if more else {3}
    pik = m.inclusion_probabilities([3, 1, 4, 1, 5, 9, 2, 6], 3) * (1 + excess / 3)
    for seed in range(10):
        drawn = SIZED[name](np.minimum(pik, 1.0), seeded(seed))
        drawn_well(drawn, 8)
        assert len(drawn) in allowed


@pytest.mark.parametrize("name", ALL)
def test_a_sum_of_two_and_a_half(name) -> None:
    pik = np.full(5, 0.5)
    if name in FIXED:
        with pytest.raises(SamplingError) as caught:
            FIXED[name](pik, seeded())
        assert caught.value.code in ("SAM-METHOD-SUM", "SAM-METHOD-HITS")
    else:
        sizes = [len(ALL[name](pik, seeded(seed))) for seed in range(100)]
        assert abs(np.mean(sizes) - 2.5) < 5 * np.std(sizes) / np.sqrt(100)
        assert name in RANDOM or set(sizes) == {2, 3}


@pytest.mark.parametrize("name", BETWEEN)
def test_one_unit_alone_is_drawn_by_its_chance(name) -> None:
    sizes = [len(BETWEEN[name]([0.5], seeded(seed))) for seed in range(100)]
    assert set(sizes) == {0, 1}
    assert abs(np.mean(sizes) - 0.5) < 0.2


BAD = {
    "missing": [0.5, np.nan, 0.5],
    "negative": [-0.5, 0.5, 1.0],
    "infinite": [np.inf, 0.5, 0.5],
    "two columns": [[0.5, 0.5], [0.5, 0.5]],
    "text": ["a", "b"],
    "digits as text": ["0.5", "0.5"],
    "dates": np.array(["1970-01-01"], dtype="datetime64[ns]"),
    "None": [0.5, None, 0.5],
    "NA": pd.Series([1, pd.NA], dtype="Int64"),
}


@pytest.mark.parametrize("bad", BAD)
@pytest.mark.parametrize("name", OPEN)
def test_what_is_no_probability_is_refused(name, bad) -> None:
    with pytest.raises(SamplingError) as caught:
        ALL[name](BAD[bad], seeded())
    assert caught.value.hint


@pytest.mark.parametrize("name", [name for name in OPEN if name != "chromy"])
def test_more_than_one_is_refused_and_chromys_hits_are_not(name) -> None:
    with pytest.raises(SamplingError) as caught:
        ALL[name]([1.5, 0.5, 1.0], seeded())
    assert caught.value.code == "SAM-METHOD-PIK"
    assert len(m.chromy([1.5, 0.5, 1.0], rng=seeded())) == 3


@pytest.mark.parametrize("name", ALL)
def test_types_of_input_draw_the_same_sample_and_stay_as_they_were(name) -> None:
    pik = np.array([0.25, 0.5, 0.75, 0.5, 1.0, 0.0, 0.5, 0.5])
    expected = ALL[name](pik, seeded(3)).tolist()
    frozen = pik.copy()
    frozen.flags.writeable = False
    series = pd.Series(pik, index=range(50, 58))
    for given in (pik.tolist(), tuple(pik.tolist()), pik.astype(np.float32), frozen, series, pik[::-1][::-1]):
        assert ALL[name](given, seeded(3)).tolist() == expected
    assert pik.tolist() == frozen.tolist() == series.tolist()
    assert ALL[name](np.array([1, 0, 1]), seeded()).tolist() == [0, 2]


@pytest.mark.parametrize("name", SIZED)
def test_sorted_and_unsorted_frames(name) -> None:
    sizes = np.array([5.0, 1.0, 8.0, 3.0, 100.0, 2.0, 7.0, 0.0, 4.0])
    for order in (np.argsort(sizes), np.argsort(-sizes), np.arange(9)):
        pik = m.inclusion_probabilities(sizes[order], 4)
        drawn = SIZED[name](pik, seeded())
        drawn_well(drawn, 9)
        assert len(drawn) == 4
        assert 100.0 in sizes[order][drawn]
        assert 0.0 not in sizes[order][drawn]


@pytest.mark.parametrize("method", [m.poisson, m.pareto, m.sequential_poisson, m.successive])
def test_permanent_numbers_draw_the_same_units_of_any_order(method) -> None:
    rng = seeded(4)
    pik, prn, order = (
        m.inclusion_probabilities(rng.uniform(1, 9, 40), 12),
        rng.random(40),
        rng.permutation(40),
    )
    drawn = method(pik, prn=prn)
    assert sorted(order[method(pik[order], prn=prn[order])].tolist()) == drawn.tolist()
    assert method([0.5, 0.5], prn=[0.0, 0.99]).tolist() == [0]
    for bad in ([0.1], [0.1, 1.0], [0.1, np.nan], [-0.1, 0.1], ["a", "b"]):
        with pytest.raises(SamplingError) as caught:
            method([0.5, 0.5], prn=bad)
        assert caught.value.code == "SAM-METHOD-PRN"
    with pytest.raises(SamplingError):
        method([0.5, 0.5])
    with pytest.raises(SamplingError):
        method([0.5, 0.5], prn=[0.1, 0.2], rng=seeded())


SPREAD: dict[str, Draw] = {
    "cube": lambda columns, pik: m.cube(columns, pik, seeded()),
    "hierarchical_local_pivotal": lambda columns, pik: (
        m.hierarchical_local_pivotal(columns, pik, [round(float(np.sum(pik)))], seeded()).positions
    ),
    "local_cube, coordinates": lambda columns, pik: m.local_cube(np.ones(len(pik)), columns, pik, seeded()),
    "local_cube, variables": lambda columns, pik: m.local_cube(columns, np.ones(len(pik)), pik, seeded()),
    "local_pivotal_1": lambda columns, pik: m.local_pivotal_1(columns, pik, seeded()),
    "local_pivotal_2": lambda columns, pik: m.local_pivotal_2(columns, pik, seeded()),
    "spatially_correlated_poisson": lambda columns, pik: m.spatially_correlated_poisson(
        columns, pik, seeded()
    ),
}


@pytest.mark.parametrize("name", SPREAD)
def test_columns_that_do_not_fit_are_refused(name) -> None:
    pik = [0.5] * 4
    for bad in ([1.0, 2.0], [1.0, 2.0, 3.0, np.nan], [1.0, 2.0, 3.0, np.inf], np.zeros((4, 2, 2))):
        with pytest.raises(SamplingError) as caught:
            SPREAD[name](bad, pik)
        assert caught.value.code == "SAM-METHOD-COLUMNS"


@pytest.mark.parametrize("name", SPREAD)
def test_units_at_one_place_and_columns_of_zeros_or_that_repeat(name) -> None:
    pik, x = np.full(20, 0.25), np.arange(20.0)
    for columns in (
        np.zeros(20),
        np.zeros((20, 2)),
        np.full((20, 2), 7.0),
        np.column_stack([x, x, 2 * x]),
        1e12 + x,
    ):
        drawn = SPREAD[name](columns, pik)
        drawn_well(drawn, 20)
        if name != "cube" or (np.ptp(columns) == 0 and np.any(columns)):
            assert len(drawn) == 5
    assert len(SPREAD[name](np.zeros(0), np.zeros(0))) == 0
