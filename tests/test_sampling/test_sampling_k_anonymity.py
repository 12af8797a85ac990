"""The package of the researcher holds k persons or more of a class, and says what was joined to get there."""

import io
import json
from collections import Counter
from dataclasses import replace
from itertools import combinations, pairwise, product

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from custody.cli import run
from custody.errors import SamplingError
from custody.packages import open_package
from sampling import draw_sample, load_vault
from sampling.k_anonymity import KSettings, anonymise, k_settings
from sampling.k_design import design_risk, replicate_weights
from sampling.k_search import recode
from sampling.research_handover import RESEARCH_COLUMNS, hand_over_research
from sampling.vault import answers_path, seal_table

AREAS = ("練馬", "光が丘", "石神井", "大泉")
BANDS = ("65-69", "70-74", "75-79", "80-84", "85+")
QUASI = ("area", "age_band", "sex")
ONLY_COLUMNS = KSettings(5, 0.0, 4096, 10, {"age_band": 1.0, "area": 2.0, "sex": 10.0})
ONE_BY_ONE = replace(ONLY_COLUMNS, max_local_share=0.05)
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
    coarse, report = anonymise(table, orders={"area": AREAS}, settings=ONE_BY_ONE)
    assert (report.before, report.after) == (4, 20)
    assert report.coarsened == ("age_band",)
    assert report.joined == {"age_band": ("80+",), "area": (), "sex": ()}
    assert report.persons == {"age_band": 24, "area": 0, "sex": 0}
    assert len(coarse) == len(table)
    assert "rid" not in json.dumps(report.facts()) + report.tidy().to_csv()
    whole, _report = anonymise(table, orders={"area": AREAS})
    assert "80+" in set(whole["age_band"])
    assert not {"80-84", "85+"} & set(whole["age_band"])  # by default no value overlaps another


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


def designed(sizes, fpc, *, seed: int = 1) -> pd.DataFrame:
    """Strata of single persons, all of one class."""
    stratum = np.repeat([f"S{number}" for number in range(len(sizes))], sizes)
    frame = np.repeat(fpc, sizes)
    table = pd.DataFrame({"stratum": stratum, "psu": [f"P{i}" for i in range(len(stratum))], "fpc": frame})
    table["base_weight"] = frame / np.repeat(sizes, sizes)
    return table.assign(
        area="練馬", age_band="65+", sex="F", y=np.random.default_rng(seed).normal(size=sum(sizes))
    )


def test_replicates_of_single_persons_give_the_stratified_variance() -> None:
    """Each person a group: the sum over strata of N^2 (1 - n / N) s^2 / n, to rounding."""
    sizes, fpc = np.array([8, 12, 7]), np.array([40, 36, 70])
    table = designed(sizes, fpc)
    made = replicate_weights(table, QUASI, 5, groups=99, rng=np.random.default_rng(2))
    assert made.strata == 3
    assert made.weights.shape == (27, 27)
    totals = made.weights.to_numpy().T @ table["y"].to_numpy()
    whole = (table["base_weight"] * table["y"]).sum()
    spread = table.groupby("stratum")["y"].var(ddof=1).to_numpy()
    expected = (fpc**2 * (1 - sizes / fpc) * spread / sizes).sum()
    assert (made.rscales * (totals - whole) ** 2).sum() == pytest.approx(expected, rel=1e-12)


@pytest.mark.parametrize("seed", range(10))
def test_replicates_show_no_class_of_fewer_than_k(seed: int) -> None:
    """Persons whose weights change together are a joined stratum; with the variables it holds k persons."""
    fine = people(150, seed)
    fine["stratum"] = fine["area"] + fine["age_band"] + fine["sex"]
    fine["psu"] = [f"P{number}" for number in range(150)]
    fine["fpc"] = fine.groupby("stratum")["stratum"].transform("size") * 7
    fine["base_weight"] = 7.0
    coarse, _report = anonymise(fine, orders={"area": AREAS})
    made = replicate_weights(coarse, QUASI, 5, groups=4, rng=np.random.default_rng(seed))
    touched = made.weights.to_numpy() != 7.0
    together = touched @ touched.T.astype(int) > 0
    joined = together.argmax(axis=1)
    rows = list(zip(joined, coarse["area"], coarse["age_band"], coarse["sex"], strict=True))
    assert too_small(rows, 5) == []
    assert len(set(joined)) == made.strata
    assert made.weights.groupby(joined).sum().to_numpy() == pytest.approx(
        np.repeat(7.0 * np.bincount(joined)[np.unique(joined)][:, None], made.weights.shape[1], axis=1)
    )


def test_strata_that_tell_what_was_coarsened_are_counted() -> None:
    """Strata of area x age band x sex give back every value that was joined; one stratum gives none."""
    fine = people(150, 4)
    fine["stratum"] = fine["area"] + fine["age_band"] + fine["sex"]
    fine["psu"] = [f"P{number}" for number in range(150)]
    sizes = fine.groupby("stratum")["stratum"].transform("size")
    fine["fpc"], fine["base_weight"] = pd.factorize(fine["stratum"])[0] + 1000, 7.0
    coarse, report = anonymise(fine, orders={"area": AREAS})
    risk = design_risk(fine, coarse, QUASI, 5)
    changed = sum(
        before != after
        for before, after in zip(
            fine[list(QUASI)].itertuples(index=False),
            coarse[list(QUASI)].itertuples(index=False),
            strict=True,
        )
    )
    assert report.before < 5
    assert risk.recoverable == changed > 0
    assert risk.below_k == (sizes < 5).sum()
    assert risk.telling_strata == fine.loc[sizes < 5, "stratum"].nunique()
    assert risk.tells
    one = [table.assign(stratum="S01", fpc=1050) for table in (fine, coarse)]
    assert not design_risk(*one, QUASI, 5).tells


@pytest.fixture
def answered(opened, files):
    """120 persons were drawn, and all of them are silent."""
    draw_sample(opened("2009-11-05T10:00"), files, seed="31")
    survey = opened("2009-12-10T10:00")
    rows = pd.DataFrame({"token": load_vault(survey)["token"], "status": "silent", "Q1": ""})
    answers_path(survey).write_bytes(seal_table(rows, survey.keys.recipient("staff")))
    return survey


def received(survey, made) -> tuple[pd.DataFrame, dict]:
    """What the researcher opens."""
    package = open_package(made.path, kind="research", identity=survey.keys.identity("research"))
    table = pd.read_csv(io.BytesIO(package.payload), dtype="str", keep_default_na=False)
    return table, dict(package.manifest.facts)


def test_the_package_of_an_invented_ward_holds_k_persons_of_every_class(answered) -> None:
    """120 persons in 40 classes are joined; the report of the survey says how, without a person."""
    made = hand_over_research(answered)
    table, facts = received(answered, made)
    rows = list(table[list(QUASI)].itertuples(index=False, name=None))
    assert too_small(rows, 5) == []
    vault = load_vault(answered)
    counts = Counter(vault[list(QUASI)].itertuples(index=False, name=None))
    text = (answered.out / "research-k.json").read_text(encoding="utf-8")
    report = json.loads(text)
    assert report["smallest_class_before"] == min(counts.values()) < 5
    assert report["smallest_class_after"] == made.smallest_cell == facts["smallest_cell"] >= 5
    assert facts["coarsened"] == list(made.anonymity.coarsened) != []
    assert report["design"]["recoverable"] > 0
    assert any("joined values" in said for said in report["design"]["reader_can_infer"])
    assert tuple(table.columns[: len(RESEARCH_COLUMNS)]) == RESEARCH_COLUMNS
    assert set(table["stratum"].value_counts()) == set(vault["stratum"].value_counts())
    private = [*vault["token"], *vault["name"], *vault["person_key"], *table["rid"]]
    assert not [value for value in private if value in text]


def test_replicates_take_the_place_of_the_design_only_where_asked(answered) -> None:
    """Then neither stratum nor PSU nor fpc leaves; the facts hold what R needs."""
    made = hand_over_research(answered, replicates=True)
    table, facts = received(answered, made)
    assert not {"stratum", "psu", "fpc"} & set(table.columns)
    columns = [name for name in table if name.startswith("repw_")]
    assert len(columns) == len(facts["rscales"]) > 1
    assert facts["type"] == "JKn"
    assert list(table.columns[:2]) == ["rid", "base_weight"]
    assert list(table.columns[2 : 2 + len(columns)]) == columns
    assert list(table.columns[-5:]) == ["area", "age_band", "sex", "status", "Q1"]
    table2, facts2 = received(answered, hand_over_research(answered, replicates=True))
    pd.testing.assert_frame_equal(table, table2)
    assert facts == facts2


def test_the_command_says_what_was_joined_and_what_strata_tell(answered, capsys) -> None:
    """Without the warning where replicate weights go in their place; labels know no such option."""
    base = ["--lang", "en", "sampling", "hand-over", str(answered.folder), "--at", "2009-12-10T10:00"]
    assert run([*base, "--to", "researcher"]) == 0
    shown = capsys.readouterr().out
    assert "joined until 5 persons share each cell: age_band" in shown
    assert "research-k.json" in shown
    assert run([*base, "--to", "researcher", "--replicates"]) == 0
    assert "research-k.json" not in capsys.readouterr().out
    assert run([*base, "--to", "contractor", "--replicates"]) == 1
    assert "SAM-TO" in capsys.readouterr().err
