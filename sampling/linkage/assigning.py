"""From weighed pairs to links: one resident a person, two thresholds, and the staff list between them."""

from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import NDArray

__all__ = ["Assigned", "Thresholds", "assign", "probabilities"]

Ints = NDArray[np.int64]


@dataclass(frozen=True, slots=True)
class Thresholds:
    """Where pairs go.

    Parameters
    ----------
    accept, review : float
        Probabilities from which a pair is taken, and from which staff see it; review < accept.
    candidates : int
        Pairs of one person on the staff list, at most.
    named : tuple of int
        Levels of the comparison of names at which a pair may be taken.
    """

    accept: float
    review: float
    candidates: int
    named: tuple[int, ...]


@dataclass(frozen=True, slots=True)
class Assigned:
    """What becomes of the pairs.

    Parameters
    ----------
    accepted : pandas.DataFrame
        Columns person, position, probability: one row for each person found.
    listed : pandas.DataFrame
        The same columns: pairs for staff, the likeliest of a person first.
    open : ndarray of int64
        Residents whom a person without a decision may be, also where the list has no room for the pair.
    missed : float
        Expected number of persons in the register who are in neither.
    """

    accepted: pd.DataFrame
    listed: pd.DataFrame
    open: Ints
    missed: float


def probabilities(pairs: pd.DataFrame) -> pd.DataFrame:
    r"""Weigh the candidates of each person against each other, and against nobody.

    Parameters
    ----------
    pairs : pandas.DataFrame
        Columns person, position, odds and others.

    Returns
    -------
    pandas.DataFrame
        With the column probability; ordered by person, the likeliest first.

    Notes
    -----
    A person is at most one resident: :math:`P_{ij} = o_{ij} / (1 + \sum_k o_{ik})`. Two candidates alike
    share the probability, so that neither is accepted: this is the margin to the second.

    Examples
    --------
    >>> pairs = pd.DataFrame({"person": [1, 1], "position": [5, 6], "odds": [999.0, 1000.0]})
    >>> probabilities(pairs)["probability"].round(2).tolist()
    [0.5, 0.5]
    """
    total = pairs.groupby("person")["odds"].transform("sum")
    weighed = pairs.assign(probability=pairs["odds"] / (1 + total))
    return weighed.sort_values(
        ["person", "probability", "position"], ascending=[True, False, True], ignore_index=True
    )


def assign(pairs: pd.DataFrame, thresholds: Thresholds, twin: Ints) -> Assigned:
    """Decide.

    Parameters
    ----------
    pairs : pandas.DataFrame
        Columns person, position, probability, name_level; the likeliest of a person first.
    thresholds : Thresholds
        The limits.
    twin : ndarray of int64
        Shape (persons,): persons of equal particulars have the same number; they may be one resident.

    Returns
    -------
    Assigned
        Of two different persons who claim one resident the likelier is taken and the other goes to staff.
    """
    best = pairs.drop_duplicates("person")
    sure = best[(best["probability"] >= thresholds.accept) & best["name_level"].isin(thresholds.named)]
    ranked = sure.assign(twin=twin[sure["person"].to_numpy(np.int64)]).sort_values(
        ["position", "probability", "person"], ascending=[True, False, True]
    )
    winner = ranked.groupby("position")["twin"].transform("first")
    accepted = ranked[ranked["twin"] == winner].sort_values("person", ignore_index=True)
    rest = pairs[~pairs["person"].isin(accepted["person"])]
    likely = rest[rest["probability"] >= thresholds.review]
    listed = likely[likely.groupby("person").cumcount() < thresholds.candidates]
    missed = rest[~rest["person"].isin(listed["person"])]["probability"].sum()
    columns = ["person", "position", "probability"]
    return Assigned(
        accepted=accepted[columns],
        listed=listed[columns].reset_index(drop=True),
        open=np.unique(likely["position"].to_numpy(np.int64)),
        missed=float(missed),
    )
