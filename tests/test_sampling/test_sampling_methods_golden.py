"""Inclusion probabilities and joint ones of five methods equal R sampling to ten digits."""

import csv
from collections import defaultdict
from pathlib import Path

import numpy as np
import pytest

from sampling.methods.inclusion import inclusion_probabilities
from sampling.methods.joint import joint_inclusion

TOLERANCE = 1e-10  # both sides carry about 1e-15; R's own solver is told 1e-14
GOLDEN = Path(__file__).parents[1] / "golden" / "sampling_methods_expected.csv"


def read() -> dict[tuple[str, str], list[tuple[int, int, float]]]:
    found = defaultdict(list)
    with GOLDEN.open(encoding="utf-8", newline="") as handle:
        for row in csv.DictReader(handle):
            found[row["case"], row["what"]].append((int(row["i"]), int(row["j"]), float(row["value"])))
    return dict(found)


EXPECTED = read()
CASES = ("small", "certain", "wide", "all_but_one", "equal")
SOLVER = 2e-6  # R's `UPmaxentropypi2` ends its iteration at a change of 1e-6


def probabilities(case: str) -> np.ndarray:
    rows = EXPECTED[case, "size"]
    return inclusion_probabilities([value for _i, _n, value in rows], rows[0][1])


def both(case: str, method, theirs: str) -> tuple[np.ndarray, np.ndarray]:
    """Ours and R's numbers of the same pairs."""
    rows, columns, expected = zip(*EXPECTED[case, theirs], strict=True)
    joint = joint_inclusion(method, probabilities(case))
    return joint[np.array(rows) - 1, np.array(columns) - 1], np.array(expected)


@pytest.mark.parametrize("case", CASES)
def test_inclusion_probabilities(case) -> None:
    expected = [value for _i, _j, value in EXPECTED[case, "pik"]]
    np.testing.assert_allclose(probabilities(case), expected, rtol=0, atol=TOLERANCE)


@pytest.mark.parametrize("case", CASES)
@pytest.mark.parametrize("method", ["sampford", "tille", "conditional_poisson", "midzuno", "pps_systematic"])
def test_joint(case, method) -> None:
    got, expected = both(case, method, method)
    np.testing.assert_allclose(got, expected, rtol=0, atol=TOLERANCE)


@pytest.mark.parametrize("case", CASES)
def test_joint_of_maximum_entropy_as_r_ships_it(case) -> None:
    """`conditional_poisson` above has R's two steps with a finer limit."""
    got, expected = both(case, "conditional_poisson", "maxentropy")
    np.testing.assert_allclose(got, expected, rtol=0, atol=SOLVER)
