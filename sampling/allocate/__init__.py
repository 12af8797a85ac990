"""Allocation (配分): how many persons each stratum gives, in whole numbers that sum exactly.

`allocate` in exact arithmetic (equal, proportional); `allocate_strata` by any rule with limits, costs and
response rates; `optimal_for_budget`, `optimal_for_variance` and `bethel` (several variables) as optima;
`expected_precision` of any of them.

Examples
--------
>>> allocate_strata(100, [600, 300, 100], [2, 4, 10], rule="neyman").n_h
array([35, 35, 30])
"""

from sampling.allocate.bethel import bethel
from sampling.allocate.exact import allocate, largest_remainder, share_within
from sampling.allocate.optimum import optimal_for_budget, optimal_for_variance, round_best
from sampling.allocate.precision import Allocation, expected_precision
from sampling.allocate.rules import (
    allocate_strata,
    allocation_weights,
    clipped_shares,
    draws_for_answers,
    round_remainder,
)

__all__ = [
    "Allocation",
    "allocate",
    "allocate_strata",
    "allocation_weights",
    "bethel",
    "clipped_shares",
    "draws_for_answers",
    "expected_precision",
    "largest_remainder",
    "optimal_for_budget",
    "optimal_for_variance",
    "round_best",
    "round_remainder",
    "share_within",
]
