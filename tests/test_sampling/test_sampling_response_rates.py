"""Response, cooperation, refusal and contact rates equal AAPOR's formulas by hand; no small cell leaves."""

import io
import itertools
from fractions import Fraction
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from custody.cli import run
from custody.errors import SamplingError
from labels.job_printing import print_package
from labels.job_report import make_report
from labels.jobs import Job
from labels.pieces import Piece
from labels.reasons import reasons
from sampling import draw_sample, hand_over_labels, load_vault
from sampling.dispositions import GROUPS, TITLES, disposition, form_code, group_of, void_codes
from sampling.hiding import HIDDEN, Sum, hidden_cells, rate_steps
from sampling.reread import REASONS
from sampling.response import BY, Response, response_of, response_survey
from sampling.response_page import response_page
from sampling.response_rates import RATES, eligible_share, outcome_rates
from sampling.vault import answers_path, seal_table

DAY, MAILED, LATER = "2009-11-05T10:00", "2009-11-09T10:00", "2009-12-10T10:00"

I, P, R, NC, O, UH, UO, NE = 1_012, 88, 146, 41, 63, 1_540, 60, 50  # noqa: E741 (AAPOR's letters)
BY_HAND = {
    # AAPOR's formulas with these counts, worked by hand; e = 1350 / 1400 = 27/28, e(UH + UO) = 1600 × 27/28
    "RR1": Fraction(1012, 2950),
    "RR2": Fraction(1100, 2950),
    "RR3": Fraction(1012 * 28, 1350 * 28 + 1600 * 27),
    "RR4": Fraction(1100 * 28, 1350 * 28 + 1600 * 27),
    "RR5": Fraction(1012, 1350),
    "RR6": Fraction(1100, 1350),
    "COOP1": Fraction(1012, 1309),
    "COOP2": Fraction(1100, 1309),
    "COOP3": Fraction(1012, 1246),
    "COOP4": Fraction(1100, 1246),
    "REF1": Fraction(146, 2950),
    "REF2": Fraction(146 * 28, 1350 * 28 + 1600 * 27),
    "REF3": Fraction(146, 1350),
    "CON1": Fraction(1309, 2950),
    "CON2": Fraction(1309 * 28, 1350 * 28 + 1600 * 27),
    "CON3": Fraction(1309, 1350),
}
CHAINS = (
    ("RR1", "RR3", "RR5", "COOP1", "COOP3"),
    ("RR2", "RR4", "RR6", "COOP2", "COOP4"),
    ("REF1", "REF2", "REF3"),
    ("CON1", "CON2", "CON3"),
    ("RR1", "RR2"),
)
"""Rates that never fall from left to right."""
FORMULAS = {
    "RR1": "I / (I + P + R + NC + O + UH + UO)",
    "RR4": "(I + P) / (I + P + R + NC + O + e(UH + UO))",
    "RR6": "(I + P) / (I + P + R + NC + O)",
    "COOP1": "I / (I + P + R + O)",
    "COOP4": "(I + P) / (I + P + R)",
    "REF3": "R / (I + P + R + NC + O)",
    "CON1": "(I + P + R + O) / (I + P + R + NC + O + UH + UO)",
}


def test_sixteen_rates_by_hand() -> None:
    counts = np.array([[I, P, R, NC, O, UH, UO, NE]], dtype=np.float64)
    found = outcome_rates(counts)
    assert found.e == 27 / 28
    assert list(RATES) == list(BY_HAND)
    np.testing.assert_allclose(found.values[0], [float(value) for value in BY_HAND.values()], rtol=1e-14)
    assert {name: RATES[name].formula for name in FORMULAS} == FORMULAS
    assert found.tidy().set_index("rate").loc["RR2", "value"] == found.values[0, 1]


def test_e_changes_only_the_rates_that_have_it() -> None:
    counts = np.array([[I, P, R, NC, O, UH, UO, NE]], dtype=np.float64)
    half, whole, none = (outcome_rates(counts, e).tidy().set_index("rate")["value"] for e in (0.5, 1.0, 0.0))
    assert half["RR3"] == I / (1350 + 800)
    for with_all, with_e, without in (
        ("RR1", "RR3", "RR5"),
        ("REF1", "REF2", "REF3"),
        ("CON1", "CON2", "CON3"),
    ):
        assert whole[with_e] == whole[with_all] == half[with_all]
        assert none[with_e] == none[without] == half[without]
    for e in (-0.1, 1.1):
        with pytest.raises(SamplingError, match="SAM-RATE-E"):
            outcome_rates(counts, e)
    assert eligible_share(np.zeros(8)) == 1.0
    assert np.isnan(outcome_rates(np.zeros((1, 8))).values).all()


@given(st.lists(st.integers(0, 400), min_size=8, max_size=8))
def test_rates_keep_their_order(counts: list[int]) -> None:
    values = outcome_rates(np.array([counts], dtype=np.float64)).values[0]
    rate = dict(zip(RATES, values.tolist(), strict=True))
    for chain in CHAINS:
        for low, high in itertools.pairwise(chain):
            assert np.isnan(rate[low]) or np.isnan(rate[high]) or rate[low] <= rate[high] + 1e-12
    shown = values[~np.isnan(values)]
    assert ((shown >= 0) & (shown <= 1)).all()


@pytest.mark.parametrize(
    ("state", "reason", "share", "void", "expected"),
    [
        ("mailed", "", 0.95, "", "1.1"),
        ("undeliverable", "MOVED", 0.6, "", "1.2"),
        ("returned", "", 0.2, "", "2.12"),
        ("returned", "", 0.0, "", "2.113"),
        ("returned", "ANSWERED", None, "", "2.12"),
        ("returned", "LATE", None, "", "2.27"),
        ("undeliverable", "UNKNOWN", None, "", "3.30"),
        ("undeliverable", "", None, "", "3.30"),
        ("undeliverable", "DECEASED", None, "", "2.31"),
        ("undeliverable", "FORWARDED", None, "died", "3.40"),
        ("refused", "", None, "", "3.231"),
        ("refused", "FAMILY", None, "", "2.111"),
        ("mailed", "", None, "", "3.19"),
        ("mailed", "", None, "died", "2.31"),
        ("mailed", "", None, "certified", "3.19"),
        ("voided", "", None, "opted_out", "2.112"),
        ("voided", "", None, "protected", "2.36"),
        ("voided", "", None, "unclear", "3.11"),
        ("held_back", "", None, "", "3.11"),
        ("", "", None, "moved", "2.26"),
        ("", "", None, "", "3.11"),
    ],
)
def test_everybody_has_one_code(
    state: str, reason: str, share: float | None, void: str, expected: str
) -> None:
    piece = Piece("T", 1, 1, 1, state, reason=reason) if state else None  # type: ignore[arg-type]
    assert disposition(piece, share, void) == expected


def test_every_code_in_use_has_a_group_and_a_title() -> None:
    used = {reason.aapor for reason in reasons().values()} | set(void_codes().values())
    used |= {form_code(share) for share in (0.0, 0.3, 0.6, 1.0)} | {"3.19", "3.11"}
    assert used <= set(TITLES)
    assert {group_of(code) for code in TITLES} == set(GROUPS)
    assert set(void_codes()) == set(REASONS)
    assert disposition(Piece("T", 1, 1, 1, "returned"), None, taken_in=False) == "1.1"


def sample(rng: np.random.Generator, n: int = 600) -> pd.DataFrame:
    codes = ["1.1", "1.2", "2.113", "2.27", "2.31", "2.32", "3.19", "3.30", "3.231", "4.10"]
    share = [0.4, 0.05, 0.01, 0.01, 0.01, 0.01, 0.45, 0.03, 0.02, 0.01]
    return pd.DataFrame(
        {
            "area": rng.choice(["光が丘", "大泉", "石神井", "練馬"], n),
            "age_band": rng.choice(["65-69", "70-74", "75-79", "80-84", "85+"], n),
            "sex": rng.choice(["F", "M"], n),
            "base_weight": rng.choice([20.0, 40.0], n),
            "aapor": rng.choice(codes, n, p=share),
            "wave": rng.choice(["1", "3"], n),
        }
    )


def test_counts_and_weights_are_those_of_the_persons() -> None:
    drawn = sample(np.random.default_rng(11))
    found = response_of(drawn)
    assert found.domains["drawn"].tolist() == [600, *(
        count for by in BY for _name, count in sorted(drawn[by].value_counts().items())
    )]  # fmt: skip
    assert (found.counts.counts.sum(axis=1) == found.domains["drawn"]).all()
    women = drawn[drawn["sex"] == "F"]
    row = found.domains.index[(found.domains["by"] == "sex") & (found.domains["domain"] == "F")][0]
    answered = women["aapor"].isin(["1.1", "1.2"])
    eligible = women["aapor"] != "4.10"
    assert found.counts.values[row, 1] == answered.sum() / eligible.sum()
    weight = women["base_weight"]
    assert found.weighted.values[row, 1] == pytest.approx(weight[answered].sum() / weight[eligible].sum())
    assert found.answered()[row] == answered.mean()
    assert found.answered(weighted=True)[row] == pytest.approx(weight[answered].sum() / weight.sum())
    assert found.codes["persons"].sum() == 600
    assert found.waves["persons"].sum() == drawn["aapor"].isin(["1.1", "1.2"]).sum()
    assert found.counts.e == pytest.approx(_share(drawn))


def _share(drawn: pd.DataFrame) -> float:
    known = drawn["aapor"].str[0].isin(["1", "2"]).sum()
    return known / (known + (drawn["aapor"] == "4.10").sum())


def test_the_page_tells_no_more_than_the_tables() -> None:
    drawn = sample(np.random.default_rng(14), 2_000)
    drawn["aapor"] = drawn["aapor"].where(drawn["aapor"] != "4.10", "3.19")
    drawn.loc[:5, "aapor"] = "4.10"
    found = response_of(drawn)
    page = response_page(found, title="訓練", date="2009-12-10", training=False)
    assert found.hidden[0, GROUPS.index("NE")]
    assert "ここでは0.99(" in page or "ここでは1.00(" in page
    assert f"{found.counts.e:.4f}" not in page
    for by in ("光が丘", "65〜69歳", "85歳以上", "女", "回収率2", RATES["CON2"].formula):
        assert by in page
    assert "訓練用" not in page
    assert page == response_page(response_of(drawn), title="訓練", date="2009-12-10", training=False)


def test_equal_weights_give_equal_rates() -> None:
    drawn = sample(np.random.default_rng(12)).assign(base_weight=40.0)
    found = response_of(drawn)
    np.testing.assert_allclose(found.weighted.values, found.counts.values, rtol=1e-12)


@given(st.integers(0, 10_000), st.integers(60, 900))
@settings(max_examples=3, deadline=None)
def test_no_hidden_count_follows_from_what_is_shown(seed: int, n: int) -> None:
    """Linear algebra: no hidden cell is determined by totals, shown cells and shown rates' parts."""
    drawn = sample(np.random.default_rng(seed), n)
    found = response_of(drawn)
    table = found.tidy()
    cells = table[list(GROUPS)]
    small = pd.DataFrame(found.counts.counts, columns=list(GROUPS)).isin(range(1, 10))
    assert cells.isna().to_numpy()[small.to_numpy()].all()
    for row in range(len(table)):
        hidden = np.flatnonzero(found.hidden[row])
        if not len(hidden):
            continue
        assert found.counts.counts[row, hidden].sum() >= 10 or len(hidden) == 8 or not _others(found, row)
        equations = [np.ones(8)]
        for name, rate in RATES.items():
            if found.steps[row, list(RATES).index(name)] == 0:
                factor = {"1": 1.0, "e": found.counts.e, "0": 0.0}[rate.unknown]
                unknown = {"UH": factor, "UO": factor}
                equations.append(np.array([float(group in rate.above) for group in GROUPS]))
                equations.append(
                    np.array([1.0 if group in rate.below else unknown.get(group, 0.0) for group in GROUPS])
                )
        left = np.array(equations)[:, hidden]
        for cell in range(len(hidden)):
            unit = np.eye(len(hidden))[cell]
            rank = np.linalg.matrix_rank(left)
            assert np.linalg.matrix_rank(np.vstack([left, unit])) == rank + 1, (
                "a hidden count can be had back"
            )
    _no_cell_of_the_whole_follows(found)


def _no_cell_of_the_whole_follows(found: Response) -> None:
    """All sums of rows, columns and codes together: no small cell is in the row space of what is known."""
    counts, hidden = found.counts.counts, found.hidden
    width, size = len(GROUPS), counts.size
    at = np.arange(size).reshape(counts.shape)
    equations = []
    for row in at:
        equations.append(np.bincount(row, minlength=size + len(found.codes)).astype(float))
    for by in BY:
        inside = np.flatnonzero(found.domains["by"] == by)
        for column in range(width):
            equation = np.bincount(at[inside, column], minlength=size + len(found.codes)).astype(float)
            equation[at[0, column]] = -1
            equations.append(equation)
    for column, group in enumerate(GROUPS):
        equation = np.zeros(size + len(found.codes))
        equation[size + np.flatnonzero(found.codes["group"] == group)] = 1
        equation[at[0, column]] -= 1
        equations.append(equation)
    secret = np.concatenate([hidden.ravel(), found.codes["hidden"].to_numpy()])
    cells = np.concatenate([counts.ravel(), found.codes["persons"].to_numpy()])
    left = np.array(equations)[:, secret]
    rank = np.linalg.matrix_rank(left)
    for place in np.flatnonzero((cells[secret] > 0) & (cells[secret] < 10)):
        unit = np.eye(int(secret.sum()))[place]
        assert np.linalg.matrix_rank(np.vstack([left, unit])) == rank + 1, "a small count can be had back"


def _others(found: Response, row: int) -> bool:
    return bool(((found.counts.counts[row] > 0) & ~found.hidden[row]).any())


def test_hiding_takes_the_smallest_others() -> None:
    assert hidden_cells(np.array([9, 11, 12, 300]), [Sum(np.arange(4))], 10).tolist() == [
        True,
        True,
        False,
        False,
    ]
    assert hidden_cells(np.array([9, 0]), [Sum(np.arange(2))], 10).tolist() == [True, True]
    assert not hidden_cells(np.array([10, 0, 400]), [Sum(np.arange(3))], 10).any()


def test_a_rate_that_tells_a_hidden_count_is_rounded_or_hidden() -> None:
    """RR2 of 100,000 persons tells nothing of 6 of them in whole percents; that of 90 persons would."""
    hidden = np.zeros((1, 8), dtype=np.bool_)
    hidden[0, [3, 7]] = True  # NC and NE
    for size, expected in ((100_000, 0.01), (90, np.nan)):
        counts = np.array([[size * 0.5, 0, 0, 14, 0, size * 0.5 - 20, 0, 6]])
        steps = dict(zip(RATES, rate_steps(counts, hidden, 1.0, 10)[0].tolist(), strict=True))
        assert steps["RR2"] == expected or np.isnan(steps["RR2"]) == np.isnan(expected)
        assert steps["COOP2"] == 0
    assert (rate_steps(counts, hidden & False, 1.0, 10) == 0).all()


@given(st.integers(0, 10_000))
@settings(max_examples=6, deadline=None)
def test_rounded_rates_together_leave_room(seed: int) -> None:
    """By brute force: all counts that fit what a row shows leave each small hidden one ten values."""
    rng = np.random.default_rng(seed)
    row = np.array([400, 30, 40, rng.integers(1, 10), 25, 300, 35, rng.integers(10, 16)], dtype=np.float64)
    hidden = np.array([[False, False, False, True, False, False, False, True]])
    steps = rate_steps(row[None, :], hidden, 1.0, 10)[0]
    shown = np.where(steps > 0, np.round(outcome_rates(row[None, :], 1.0).values[0], 2), np.nan)
    fits = []
    for nc in range(int(row[3] + row[7]) + 1):
        guess = row.copy()
        guess[3], guess[7] = nc, row[3] + row[7] - nc
        values = outcome_rates(guess[None, :], 1.0).values[0]
        seen = ~np.isnan(shown)
        fits.append(bool((np.abs(values[seen] - shown[seen]) <= 0.005 + 1e-9).all()))
    assert sum(fits) >= 9


@pytest.fixture
def in_field(opened, files, tmp_path: Path):
    """120 persons drawn and mailed; 60 answered, 12 moved."""
    survey = opened(DAY)
    draw_sample(survey, files, seed="31")
    hand_over_labels(survey)
    job = tmp_path / "job"
    print_package(survey.out / "labels.sp", job, keys=survey.keys, at=MAILED)
    tokens = load_vault(survey)["token"].tolist()
    with Job.open(job, MAILED).tracking() as tracking:
        tracking.mail()
        tracking.scan(tokens[:60], reason="ANSWERED")
        tracking.scan(tokens[60:72], reason="MOVED")
    return opened, make_report(Job.open(job, MAILED), survey.keys).events, tokens


def test_in_the_field_the_events_are_shown(in_field) -> None:
    opened, events, _tokens = in_field
    found = response_survey(opened(LATER), events=events)
    assert found.codes[["aapor", "persons"]].to_numpy().tolist() == [["1.1", 60], ["3.19", 48], ["3.30", 12]]
    assert found.counts.values[0, 1] == 0.5
    page = (opened(LATER).out / "response.html").read_text(encoding="utf-8")
    assert "調査の途中" in page
    assert "訓練用" in page
    assert "<script" not in page
    assert "http" not in page


def test_in_the_field_a_void_says_why_where_nothing_came_back(
    in_field, monkeypatch: pytest.MonkeyPatch
) -> None:
    opened, events, tokens = in_field
    voids = pd.DataFrame({"token": tokens[59:61] + tokens[72:92], "reason": "died"})
    monkeypatch.setattr("sampling.response.load_voids", lambda _survey, _tokens: voids)
    found = response_survey(opened(LATER), events=events)
    assert found.codes[["aapor", "persons"]].to_numpy().tolist() == [
        ["1.1", 60],
        ["2.31", 20],
        ["3.19", 28],
        ["3.30", 12],
    ]


def test_the_eligible_share_of_weighted_rates_is_weighted() -> None:
    codes = ["1.1"] * 40 + ["3.19"] * 40 + ["4.10"] * 20
    drawn = pd.DataFrame({"aapor": codes, "wave": "1", "area": "a", "age_band": "b", "sex": "c"})
    drawn["base_weight"] = [1.0] * 80 + [3.0] * 20
    found = response_of(drawn)
    assert (found.counts.e, found.weighted.e) == (40 / 60, 40 / 100)
    given = response_of(drawn, e=0.0)
    assert (given.counts.e, given.weighted.e) == (0.0, 0.0)


def test_answers_give_the_files_and_no_small_cell(in_field, capsys) -> None:
    opened, _events_package, tokens = in_field
    survey = opened(LATER)
    with pytest.raises(SamplingError, match="SAM-RESPONSE-NONE"):
        response_survey(survey)
    codes = ["1.1"] * 55 + ["1.2"] * 12 + ["2.113"] * 3 + ["3.19"] * 50
    taken = pd.DataFrame({"token": tokens, "status": "x", "reason": "", "aapor": codes, "wave": "1"})
    answers_path(survey).write_bytes(seal_table(taken, survey.keys.recipient("staff")))
    assert run(["--lang", "en", "sampling", "response", str(survey.folder), "--at", LATER]) == 0
    said = capsys.readouterr().out
    assert "RR2 55.8 %" in said
    table = pd.read_csv(io.BytesIO((survey.out / "dispositions.csv").read_bytes()), dtype="str")
    assert table["persons"].tolist() == ["55", HIDDEN, HIDDEN, "50"]
    rates = pd.read_csv(io.BytesIO((survey.out / "response.csv").read_bytes()), dtype="str")
    assert rates.loc[0, ["drawn", "I", "R", "NC"]].tolist() == ["120", "55", HIDDEN, "0"]
    assert rates.loc[0, "RR1"] == "0.458333"
    assert pd.isna(rates.loc[0, "REF1"])
    events_of = [event.kind for event in _events(survey)]
    assert events_of[-1] == "response"


def _events(survey):
    with survey.ledger() as ledger:
        return list(ledger.events())
