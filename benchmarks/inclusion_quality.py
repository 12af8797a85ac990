"""Balance of the cube method and spread of the local methods, beside simple random sampling."""

from collections.abc import Callable
from itertools import product

import numpy as np
from numpy.typing import NDArray

from sampling import methods as m
from sampling.methods.cube import flight_phase

UNITS, TAKEN, FLIGHTS, LANDINGS = 600, 60, 50, 200
ROUNDING = 1e-9
"""Relative gap of totals after a flight: the rounding of some hundred pivots."""
GRID = np.array(list(product(range(20), range(20))), dtype=np.float64)
SPREADS = 60
HALF = 0.5
"""Balance and spread must be nearer than half of what simple random sampling gives."""

Draw = Callable[[np.random.Generator], NDArray[np.int64]]


def balance() -> tuple[str, bool]:
    """Totals after the flight, and root mean square errors after the landing over those of SRS."""
    rng = np.random.default_rng(21)
    pik = np.full(UNITS, TAKEN / UNITS)
    x = np.column_stack([pik, rng.gamma(2.0, 1.0, (UNITS, 2)), rng.integers(0, 2, UNITS)])
    gap = 0.0
    for _flight in range(FLIGHTS):
        flown = flight_phase(x, pik, rng)
        gap = max(gap, float(np.max(np.abs((x / pik[:, None]).T @ flown / x.sum(axis=0) - 1))))
    lines = [f"cube, flight: totals of {x.shape[1]} variables within {gap:.1e}, {FLIGHTS} flights"]
    simple = errors(x, pik, lambda rng: m.srs(UNITS, TAKEN, rng=rng), rng)
    good = gap < ROUNDING
    draws: dict[str, Draw] = {
        "cube, landing lp": lambda rng: m.cube(x, pik, rng),
        "cube, landing suppression": lambda rng: m.cube(x, pik, rng, landing="suppression"),
    }
    place = rng.random((UNITS, 2))
    draws["local cube"] = lambda rng: m.local_cube(x[:, 1:], place, pik, rng)
    for landing, draw in draws.items():
        share = errors(x, pik, draw, rng)[1:] / simple[1:]
        good &= bool(np.all(share < HALF))
        lines.append(
            f"{landing}: root mean square error over that of SRS "
            f"{', '.join(f'{value:.3f}' for value in share)} ({LANDINGS} draws of {TAKEN} from {UNITS})"
        )
    return "\n".join(lines), good


def errors(
    x: NDArray[np.float64], pik: NDArray[np.float64], draw: Draw, rng: np.random.Generator
) -> NDArray[np.float64]:
    """Relative root mean square errors of the totals, one a variable."""
    gaps = [
        x[sample].T @ (1 / pik[sample]) / x.sum(axis=0) - 1
        for sample in (draw(rng) for _draw in range(LANDINGS))
    ]
    root: NDArray[np.float64] = np.sqrt(np.mean(np.square(gaps), axis=0))
    return root


def spread() -> tuple[str, bool]:
    """Voronoi measure of the local methods over that of SRS, on a grid of 400 with 40 drawn."""
    rng, pik = np.random.default_rng(22), np.full(len(GRID), 0.1)
    x = rng.gamma(2.0, 1.0, len(GRID))
    local: dict[str, Draw] = {
        "SRS": lambda rng: m.srs(len(GRID), 40, rng=rng),
        "local_pivotal_1": lambda rng: m.local_pivotal_1(GRID, pik, rng),
        "local_pivotal_2": lambda rng: m.local_pivotal_2(GRID, pik, rng),
        "local_cube": lambda rng: m.local_cube(x, GRID, pik, rng),
        "spatially_correlated_poisson": lambda rng: m.spatially_correlated_poisson(GRID, pik, rng),
    }
    values = {
        name: float(np.mean([m.voronoi_balance(GRID, pik, draw(rng)).value for _draw in range(SPREADS)]))
        for name, draw in local.items()
    }
    text = "; ".join(f"{name} {value:.3f}" for name, value in values.items())
    good = all(value < HALF * values["SRS"] for name, value in values.items() if name != "SRS")
    return f"spread, mean Voronoi measure over {SPREADS} draws of 40 from 400: {text}", good
