"""From weighed pairs to links: margins, one resident a person, and the two thresholds."""

import numpy as np
import pandas as pd
import pytest

from sampling.linkage.assigning import Thresholds, assign, probabilities

LIMITS = Thresholds(accept=0.9, review=0.1, candidates=2, named=(0, 1))


def weighed(*pairs: tuple[int, int, float, int]) -> pd.DataFrame:
    return probabilities(pd.DataFrame(pairs, columns=["person", "position", "odds", "name_level"]))


def decided(*pairs: tuple[int, int, float, int], twins: tuple[int, ...] = (0, 1, 2)):
    found = assign(weighed(*pairs), LIMITS, np.array(twins))
    accepted = dict(zip(found.accepted["person"], found.accepted["position"], strict=True))
    return accepted, list(zip(found.listed["person"], found.listed["position"], strict=True)), found


def test_probabilities_of_a_person_leave_room_for_nobody() -> None:
    pairs = weighed((0, 5, 3.0, 0), (0, 6, 1.0, 0), (1, 5, 0.25, 0))
    assert pairs["probability"].tolist() == pytest.approx([0.6, 0.2, 0.2])
    assert pairs["position"].tolist() == [5, 6, 5]


@pytest.mark.parametrize(
    ("pairs", "accepted", "listed"),
    [
        ([(0, 5, 99.0, 0)], {0: 5}, []),
        ([(0, 5, 99.0, 8)], {}, [(0, 5)]),  # the names do not agree at all
        ([(0, 5, 1.0, 0)], {}, [(0, 5)]),
        ([(0, 5, 0.01, 0)], {}, []),
        ([(0, 5, 99.0, 0), (0, 6, 99.0, 0)], {}, [(0, 5), (0, 6)]),  # no margin
        ([(0, 5, 99.0, 0), (0, 6, 1.0, 0)], {0: 5}, []),
        ([(0, 5, 9.0, 0), (0, 6, 9.0, 0), (0, 7, 9.0, 0)], {}, [(0, 5), (0, 6)]),  # two on the list
        ([(0, 5, 99.0, 0), (1, 5, 999.0, 0)], {1: 5}, [(0, 5)]),  # one resident, the likelier person
    ],
)
def test_pairs_go_where_their_probability_says(pairs, accepted, listed) -> None:
    assert decided(*pairs)[:2] == (accepted, listed)


def test_a_person_with_two_insured_numbers_is_one_resident_twice() -> None:
    pairs = [(0, 5, 99.0, 0), (1, 5, 999.0, 0)]
    assert decided(*pairs, twins=(7, 7))[0] == {0: 5, 1: 5}


def test_the_expected_number_missed_is_that_of_persons_in_neither() -> None:
    _accepted, _listed, found = decided((0, 5, 99.0, 0), (1, 6, 0.05, 0), (2, 7, 0.5, 0))
    assert found.missed == pytest.approx(0.05 / 1.05)
    assert found.open.tolist() == [7]


def test_no_pairs_are_no_fault() -> None:
    accepted, listed, found = decided()
    assert (accepted, listed, found.missed) == ({}, [], 0.0)
