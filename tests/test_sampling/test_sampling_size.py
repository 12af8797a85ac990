"""Sample sizes agree with textbooks, exact calculation and their own inverses, in any population."""

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import stats

from custody.errors import SamplingError
from custody.figures import FONTS
from custody.fonts import FontChain
from sampling.size.difference import size_two_means, size_two_proportions
from sampling.size.domains import size_domains
from sampling.size.plot import precision_plot
from sampling.size.power import (
    detectable_two_means,
    detectable_two_proportions,
    power_two_means,
    power_two_proportions,
)
from sampling.size.single import (
    margin_mean,
    margin_proportion,
    margin_total,
    precision_table,
    size_mean,
    size_proportion,
    size_total,
)

EXACT = 1e-9  # rounding of a few floating point steps
TWO_SIGMA = 2 * stats.norm.cdf(2) - 1  # Cochran takes t = 2
LEVELS = st.floats(0.5, 0.999)
DEFFS = st.floats(0.2, 8)
POPULATIONS = st.none() | st.integers(2, 10**7)


@pytest.mark.parametrize(
    ("size", "n"),
    [
        # Cochran (1977): 4pq/d² = 4 × 0.25 / 0.0025 = 400, and 400 / (1 + 399/3200) = 355.7
        (size_proportion(0.05, level=TWO_SIGMA), 400),
        (size_proportion(0.05, level=TWO_SIGMA, N=3200), 356),
        # Cochran (1977), seedlings: 4 × 85.6 / 1.9² = 94.8, and 94.8 / (1 + 94.8/430) = 77.7
        (size_mean(1.9, sd=math.sqrt(85.6), level=TWO_SIGMA), 95),
        (size_mean(1.9, sd=math.sqrt(85.6), level=TWO_SIGMA, N=430), 78),
        (size_total(1.9 * 430, sd=math.sqrt(85.6), level=TWO_SIGMA, N=430), 78),
        # 1.96² × 0.25 / 0.03² = 1067.07; with deff 1.5: 1600.6
        (size_proportion(0.03), 1068),
        (size_proportion(0.03, deff=1.5), 1601),
        # relative margin: 5 % of the mean, coefficient of variation 0.8: (1.96 × 0.8 / 0.05)² = 983.4
        (size_mean(0.05, sd=0.8), 984),
    ],
)
def test_worked_sizes(size, n) -> None:
    assert size.n == n


def test_nonresponse_and_design_effect_by_hand() -> None:
    # n0 = 1.3 × 1067.07 × 5000/4999 = 1387.5; 1387.5 / (1 + 1387.5/5000) = 1086.1; 1087 / 0.6 = 1811.7
    size = size_proportion(0.03, N=5000, deff=1.3, response=0.6)
    assert (size.n, size.n_draw) == (1087, 1812)


@given(
    margin=st.floats(0.002, 0.3),
    p=st.floats(0.02, 0.98),
    N=POPULATIONS,
    deff=DEFFS,
    level=LEVELS,
    method=st.sampled_from(["wald", "wilson"]),
)
def test_size_of_a_proportion_is_the_smallest_that_keeps_the_margin(
    margin, p, N, deff, level, method
) -> None:
    size = size_proportion(margin, p=p, N=N, deff=deff, level=level, method=method)
    options = {"p": p, "N": N, "deff": deff, "level": level, "method": method}
    assert size.margin == float(margin_proportion(size.n, **options)) <= margin * (1 + EXACT)
    assert N is None or 1 <= size.n <= N
    if size.n > 1:
        assert margin_proportion(size.n - 1, **options) > margin * (1 - EXACT)


@given(margin=st.floats(0.01, 50), sd=st.floats(0.1, 100), N=st.integers(2, 10**7), deff=DEFFS, level=LEVELS)
def test_size_of_a_mean_is_the_smallest_that_keeps_the_margin(margin, sd, N, deff, level) -> None:
    size = size_mean(margin, sd=sd, N=N, deff=deff, level=level)
    assert size.margin <= margin * (1 + EXACT)
    assert 1 <= size.n <= N
    if size.n > 1:
        assert margin_mean(size.n - 1, sd=sd, N=N, deff=deff, level=level) > margin * (1 - EXACT)
    total = size_total(margin * N, sd=sd, N=N, deff=deff, level=level)
    assert total.margin == pytest.approx(float(margin_total(total.n, sd=sd, N=N, deff=deff, level=level)))
    assert abs(total.n - size.n) <= 1  # margin × N / N may differ in its last digit


@given(
    margin=st.floats(0.005, 0.2),
    N=st.integers(1000, 10**6),
    deff=st.floats(0.5, 3),
    level=st.floats(0.6, 0.99),
    more=st.floats(1, 1.5),
)
def test_size_moves_the_way_it_should(margin, N, deff, level, more) -> None:
    n = size_proportion(margin, N=N, deff=deff, level=level).n
    assert size_proportion(margin * more, N=N, deff=deff, level=level).n <= n
    assert size_proportion(margin, N=N, deff=deff * more, level=level).n >= n
    assert size_proportion(margin, N=round(N * more), deff=deff, level=level).n >= n - 1  # N/(N-1) shrinks
    assert size_proportion(margin, N=N, deff=deff, level=1 - (1 - level) / more).n >= n
    assert size_proportion(margin, N=N, deff=deff, level=level, p=0.3).n <= n


def test_a_large_population_is_none_and_a_census_has_no_margin() -> None:
    assert size_proportion(0.03, N=10**12).n == size_proportion(0.03).n
    assert margin_proportion(400, N=10**12) == pytest.approx(float(margin_proportion(400)), rel=1e-6)
    for method in ("wald", "wilson"):
        assert margin_proportion(700, N=700, method=method) == 0
    assert size_proportion(1e-6, N=700).n == 700


@pytest.mark.parametrize("p", [0.05, 0.3, 0.5])
def test_wilson_margin_is_that_of_scipy(p) -> None:
    interval = stats.binomtest(round(200 * p), 200).proportion_ci(0.95, method="wilson")
    half = (interval.high - interval.low) / 2
    assert margin_proportion(200, p=p, method="wilson") == pytest.approx(half, rel=1e-10)


def test_the_size_gives_the_coverage_by_exact_binomial_and_hypergeometric_sums() -> None:
    size = size_proportion(0.04, p=0.4)
    answers = np.arange(size.n + 1)
    inside = np.abs(answers / size.n - 0.4) <= 0.04
    assert stats.binom.pmf(answers, size.n, 0.4)[inside].sum() == pytest.approx(0.95, abs=0.006)  # one step
    size = size_proportion(0.04, p=0.4, N=2000)
    answers = np.arange(size.n + 1)
    inside = np.abs(answers / size.n - 0.4) <= 0.04
    assert stats.hypergeom.pmf(answers, 2000, 800, size.n)[inside].sum() == pytest.approx(0.95, abs=0.006)


def test_margin_is_the_standard_error_of_every_sample_of_a_small_population() -> None:
    values = np.array([3.0, 5.0, 8.0, 13.0, 21.0, 34.0])
    places = np.array(np.meshgrid(*[range(6)] * 3)).reshape(3, -1).T
    samples = np.unique(np.sort(places[[len(set(row)) == 3 for row in places.tolist()]]), axis=0)
    error = values[samples].mean(axis=1).std()
    assert len(samples) == 20
    assert margin_mean(3, sd=values.std(ddof=1), N=6, level=TWO_SIGMA) == pytest.approx(2 * error)
    yes = (values > 10).astype(float)
    error = yes[samples].mean(axis=1).std()
    assert margin_proportion(3, p=0.5, N=6, level=TWO_SIGMA) == pytest.approx(2 * error)


@pytest.mark.parametrize(
    ("size", "groups"),
    [
        # R's power.prop.test(p1 = .50, p2 = .75, power = .90): n = 76.7
        (size_two_proportions(0.5, 0.75, power=0.9), (77, 77)),
        # unpooled: (1.95996 + 0.84162)² (0.24 + 0.21) / 0.1² = 353.2
        (size_two_proportions(0.6, 0.7, pooled=False), (354, 354)),
        # pooled: (1.95996 √(2 × 0.65 × 0.35) + 0.84162 √0.45)² / 0.01 = 355.9
        (size_two_proportions(0.6, 0.7), (356, 356)),
        # one-sided: (1.64485 + 0.84162)² × 0.45 / 0.01 = 278.2
        (size_two_proportions(0.7, 0.6, pooled=False, sides="one"), (279, 279)),
        # (1.95996 + 1.28155)² × (1 + 1) / 1 = 21.01
        (size_two_means(1, sd=1, power=0.9), (22, 22)),
        # (1.95996 + 0.84162)² (4 + 9/2) / 1 = 66.7, twice as many in group 2
        (size_two_means(-1, sd=(2, 3), ratio=2), (67, 134)),
        # the same with a deff of 1.5 in group 1: 7.84888 × (6 + 4.5) = 82.4
        (size_two_means(1, sd=(2, 3), ratio=2, deff=(1.5, 1)), (83, 166)),
        # 500 persons in each: 1/n = 0.1² / (7.84888 × 0.45) + 1/500, without N/(N - 1): 1/n = 0.0048313
        (size_two_means(0.1, sd=math.sqrt(0.225), N=500), (207, 207)),
    ],
)
def test_worked_sizes_of_two_groups(size, groups) -> None:
    assert tuple(part.n for part in size.parts) == groups
    assert size.n == sum(groups)


@pytest.mark.parametrize("difference", [0.3, 0.5, 1.0])
def test_means_lie_below_the_t_test_by_the_known_step(difference) -> None:
    n = size_two_means(difference, sd=1, power=0.9).parts[0].n

    def t_power(size: int) -> float:
        df = 2 * size - 2
        return float(stats.nct.sf(stats.t.ppf(0.975, df), df, difference * math.sqrt(size / 2)))

    exact = next(size for size in range(2, 1000) if t_power(size) >= 0.9)
    assert n <= exact <= n + 2  # z²/4 = 0.96 more, and rounding


@given(
    p1=st.floats(0.05, 0.9),
    step=st.floats(0.03, 0.09),
    power=st.floats(0.55, 0.97),
    ratio=st.floats(0.4, 3),
    sides=st.sampled_from(["one", "two"]),
    pooled=st.booleans(),
    N=st.none() | st.integers(300, 5000),
)
def test_power_of_a_size_is_enough_and_of_one_fewer_is_not(p1, step, power, ratio, sides, pooled, N) -> None:
    pair = None if N is None else (N, math.ceil(N * ratio) + 1)
    options = {"sides": sides, "pooled": pooled, "N": pair, "deff": (1.2, 0.9)}
    size = size_two_proportions(p1, p1 + step, power=power, ratio=ratio, **options)
    n1, n2 = (part.n for part in size.parts)
    assert power_two_proportions(n1, n2, p1, p1 + step, **options) >= power
    fewer = power_two_proportions(n1 - 1, math.ceil((n1 - 1) * ratio - EXACT), p1, p1 + step, **options)
    assert fewer < power
    assert N is None or (n1 <= N and n2 <= pair[1])


@given(
    n1=st.integers(50, 3000),
    n2=st.integers(50, 3000),
    p1=st.floats(0.3, 0.7),
    power=st.floats(0.3, 0.95),
    up=st.booleans(),
)
def test_detectable_difference_is_the_inverse_of_power(n1, n2, p1, power, up) -> None:
    step = detectable_two_proportions(n1, n2, p1, power=power, upward=up)
    assert (step > 0) == up
    assert power_two_proportions(n1, n2, p1, p1 + step) == pytest.approx(power, abs=1e-7)
    step = float(detectable_two_means(n1, n2, sd=(2, 3), power=power, N=5000))
    assert power_two_means(n1, n2, step, sd=(2, 3), N=5000) == pytest.approx(power, abs=EXACT)


@pytest.mark.parametrize(("p1", "p2", "pooled"), [(0.3, 0.4, True), (0.3, 0.4, False), (0.7, 0.62, True)])
def test_power_by_simulation(p1, p2, pooled) -> None:
    size = size_two_proportions(p1, p2, ratio=1.5, pooled=pooled)
    n1, n2 = (part.n for part in size.parts)
    rng = np.random.default_rng(20261124)
    one, two = rng.binomial(n1, p1, 40_000) / n1, rng.binomial(n2, p2, 40_000) / n2
    mean = (n1 * one + n2 * two) / (n1 + n2)
    variance = (
        mean * (1 - mean) * (1 / n1 + 1 / n2) if pooled else one * (1 - one) / n1 + two * (1 - two) / n2
    )
    found = float((np.abs(two - one) > stats.norm.ppf(0.975) * np.sqrt(variance)).mean())
    assert found == pytest.approx(
        0.8, abs=0.012
    )  # 6 standard errors of the simulation; normal test of counts


def test_power_in_finite_populations_by_simulation() -> None:
    N, K = (600, 900), (240, 450)
    size = size_two_proportions(0.4, 0.5, pooled=False, N=N)
    n1, n2 = (part.n for part in size.parts)
    rng = np.random.default_rng(4)
    one = rng.hypergeometric(K[0], N[0] - K[0], n1, 40_000) / n1
    two = rng.hypergeometric(K[1], N[1] - K[1], n2, 40_000) / n2
    parts = [
        (1 - n / size_) * share * (1 - share) / (n - 1)
        for n, size_, share in ((n1, N[0], one), (n2, N[1], two))
    ]
    found = float((np.abs(two - one) > stats.norm.ppf(0.975) * np.sqrt(sum(parts))).mean())
    assert n1 < size_two_proportions(0.4, 0.5, pooled=False).parts[0].n
    assert found == pytest.approx(0.8, abs=0.012)


def test_a_census_finds_every_difference() -> None:
    assert power_two_means(50, 80, [0.001, 0], sd=1, N=(50, 80)).tolist() == [1, 0]
    assert detectable_two_proportions(50, 80, 0.4, N=(50, 80)) == 0


def test_domains_drawn_separately_by_hand() -> None:
    # n0 = 384.146; N_d 1000, 4000: 384.5/1.3845 = 277.7, 384.24/1.09606 = 350.6; draw 278/0.5, 351/0.6
    size = size_domains({"a": 0.2, "b": 0.8}, 0.05, N=5000, response={"a": 0.5, "b": 0.6})
    assert [(part.n, part.n_draw) for part in size.parts] == [(278, 556), (351, 585)]
    assert (size.n, size.n_draw, size.response) == (629, 1141, None)
    margins = [part.margin for part in size.parts]
    assert size.margin == pytest.approx(math.hypot(0.2 * margins[0], 0.8 * margins[1]))


@given(
    persons=st.lists(st.integers(500, 50_000), min_size=1, max_size=6),
    margin=st.floats(0.08, 0.2),
    response=st.floats(0.5, 1),
    known=st.booleans(),
)
def test_domains_each_keep_their_margin(persons, margin, response, known) -> None:
    shares = {f"d{place}": float(count) for place, count in enumerate(persons)}
    N = sum(persons) if known else None
    options = {"N": N, "response": response, "deff": 1.2}
    apart = size_domains(shares, margin, **options)
    for part, count in zip(apart.parts, persons, strict=True):
        alone = size_proportion(margin, N=count if known else None, deff=1.2, response=response)
        assert (part.n, part.n_draw) == (alone.n, alone.n_draw)
    together = size_domains(shares, margin, allocation="proportional", **options)
    assert together.n_draw >= apart.n_draw
    for part, need, count in zip(together.parts, apart.parts, persons, strict=True):
        assert part.margin <= margin * (1 + EXACT)
        assert part.n >= need.n
        # no more than one person from the proportional share
        assert abs(part.n_draw - together.n_draw * count / sum(persons)) <= len(persons)
    assert any(part.n == need.n for part, need in zip(together.parts, apart.parts, strict=True))


def test_domains_of_means_take_their_own_values() -> None:
    size = size_domains({"a": 1, "b": 3}, {"a": 2, "b": 1}, sd={"a": 15, "b": 10})
    assert [part.n for part in size.parts] == [size_mean(2, sd=15).n, size_mean(1, sd=10).n]
    assert size.estimand == "mean"


def test_precision_table_is_the_margin_of_the_answers() -> None:
    table = precision_table([500, 1000], [0.1, 0.5], N=4000, deff=1.4, response=0.6, level=0.9)
    assert table.index.tolist() == [500, 1000]
    assert table.loc[1000, 0.1] == pytest.approx(
        float(margin_proportion(600, p=0.1, N=4000, deff=1.4, level=0.9))
    )
    assert precision_table([100], [0.5]).iloc[0, 0] == pytest.approx(0.098, abs=5e-5)  # 1.96 × 0.5 / 10


@pytest.mark.parametrize(
    "call",
    [
        lambda: size_proportion(0),
        lambda: size_proportion(0.6),
        lambda: size_proportion(float("nan")),
        lambda: size_proportion(0.05, p=1),
        lambda: size_proportion(0.05, level=95),
        lambda: size_proportion(0.05, response=0),
        lambda: size_proportion(0.05, response=60),
        lambda: size_proportion(0.05, deff=0),
        lambda: size_proportion(0.05, N=1),
        lambda: size_proportion(0.05, method="exact"),
        lambda: size_mean(1, sd=-1),
        lambda: margin_proportion([10, 101], N=100),
        lambda: precision_table([101], N=100, response=0.5),
        lambda: size_two_proportions(0.3, 0.3),
        lambda: size_two_means(0, sd=1),
        lambda: size_two_proportions(0.3, 0.4, power=0.01),
        lambda: size_two_proportions(0.3, 0.4, sides="both"),
        lambda: size_domains({}, 0.05),
        lambda: size_domains({"a": 1, "b": 1}, {"a": 0.05}),
        lambda: size_domains({"a": 1}, 0.05, allocation="equal"),
    ],
)
def test_values_that_make_no_sense_are_refused(call) -> None:
    with pytest.raises(SamplingError, match="SAM-SIZE-VALUE"):
        call()


@pytest.mark.parametrize(
    "call",
    [
        lambda: size_proportion(0.02, N=500, response=0.6),
        lambda: size_two_means(0.1, sd=1, N=500, response=0.5),
        lambda: size_two_means(0.1, sd=1, N=(None, 500), ratio=1),
        lambda: size_domains({"a": 20, "b": 5000}, 0.05, N=5020, response=0.6),
        lambda: detectable_two_proportions(10, 10, 0.9),
    ],
)
def test_what_a_population_cannot_give_is_refused(call) -> None:
    with pytest.raises(SamplingError, match="SAM-SIZE-REACH"):
        call()


def test_a_size_shows_itself() -> None:
    size = size_domains({"東<b>": 0.25, "西": 0.75}, 0.05, N=9000, response={"東<b>": 0.5, "西": 0.6})
    tidy = size.tidy()
    assert tidy["part"].tolist() == ["東<b>", "西", "total"]
    assert tidy["n"].iloc[:-1].sum() == tidy["n"].iloc[-1] == size.n
    html = size._repr_html_()
    assert '<table id="hyohon-sample-size">' in html
    assert "東&lt;b&gt;" in html
    assert "nan" not in html.lower()
    assert repr(size_proportion(0.05)).startswith("<SampleSize proportion: 385 answers")
    assert "N" in size_proportion(0.05).tidy()


def test_the_plot_is_the_table_and_its_words_have_glyphs(recwarn) -> None:
    table = precision_table([100, 400, 900], [0.1, 0.5], response=0.5)
    figure = precision_plot(table, target=0.05)
    lines = figure.axes[0].get_lines()
    for line, p in zip(lines, table.columns, strict=False):
        assert line.get_xdata().tolist() == [100, 400, 900]
        assert line.get_ydata() == pytest.approx(100 * table[p].to_numpy())
    assert lines[2].get_ydata()[0] == pytest.approx(5)
    assert figure._repr_png_().startswith(b"\x89PNG")
    assert not [warning for warning in recwarn if "missing" in str(warning.message)]
    axes = figure.axes[0]
    words = axes.get_title(loc="left") + axes.get_xlabel() + axes.get_ylabel()
    assert not FontChain.find(FONTS).missing(words)
