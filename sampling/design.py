"""Designs: how many persons are drawn, from which strata."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any, Literal, get_args

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from custody.errors import SamplingError
from custody.messages import gettext as _
from sampling.allocate.exact import allocate
from sampling.frame import Frame, check_strata
from sampling.households import group_households
from sampling.limits import limits
from sampling.views import html_table

__all__ = ["Allocation", "Preview", "StratifiedDesign"]

Allocation = Literal["proportional", "equal"]


@dataclass(frozen=True, slots=True)
class Preview:
    """What a design will draw from a frame.

    Parameters
    ----------
    plan : pandas.DataFrame
        Columns stratum, persons (N_h), sample (n_h), inclusion_prob, base_weight; ordered by stratum. With
        one person a household also households (N'_h, after persons): before the draw the number that the
        choice within households gives on average; inclusion_prob is the mean n_h / N_h over the persons, and
        base_weight its inverse.
    """

    plan: pd.DataFrame = field(repr=False)

    def tidy(self) -> pd.DataFrame:
        """Return the plan.

        Returns
        -------
        pandas.DataFrame
            A copy of `plan`.
        """
        return self.plan.copy()

    def __repr__(self) -> str:
        return (
            f"<Preview: {self.plan['sample'].sum():,} of {self.plan['persons'].sum():,} persons, "
            f"{len(self.plan)} strata>"
        )

    def _repr_html_(self) -> str:
        return html_table(self.plan, name="hyohon-preview")


@dataclass(frozen=True, slots=True)
class StratifiedDesign:
    """Simple random sampling without replacement in every stratum (層別無作為抽出).

    Parameters
    ----------
    n : int
        Persons to draw, 1 or more.
    by : sequence of str
        Columns whose values make the strata, out of area, town, age_band, sex; empty for one stratum.
    allocation : {"proportional", "equal"}
        In proportion to the persons of each stratum, or the same number from each.
    minimum : int, optional
        At least so many from each stratum that has any (all, where it has fewer), 1 or more, so that nobody
        of the frame is out of reach. Default: 2, so that a variance can be estimated in every stratum.
    one_per_household : bool
        At most one person of a household (同一世帯から1人): one is chosen in each household of the frame, and
        the strata are made of those chosen.

    Raises
    ------
    SamplingError
        A value that is not allowed.

    Notes
    -----
    With one person a household the sample is shared between the strata when the choice within households is
    made, by the numbers N'_h of those chosen. They follow from the seed and the frame alone, so nobody has a
    say; n_h then is at most N'_h, and given the choice the second phase is an ordinary stratified draw. The
    preview, before any seed, shares by the expected numbers instead: the sum of 1 / m over the persons.

    Examples
    --------
    >>> StratifiedDesign(n=3000, by=["area", "age_band", "sex"])
    StratifiedDesign(n=3000, by=('area', 'age_band', 'sex'), allocation='proportional', minimum=2)
    >>> StratifiedDesign(n=3000, one_per_household=True)
    StratifiedDesign(n=3000, by=(), allocation='proportional', minimum=2, one_per_household=True)
    """

    n: int
    by: Sequence[str] = ()
    allocation: Allocation = "proportional"
    minimum: int = field(default_factory=lambda: limits().min_per_stratum)
    one_per_household: bool = False

    def __post_init__(self) -> None:
        object.__setattr__(self, "by", tuple(self.by))
        check_strata(self.by)
        if self.n < 1 or self.minimum < 1 or self.allocation not in get_args(Allocation):
            raise SamplingError(
                "SAM-DESIGN",
                _("A design needs n and a minimum of 1 or more, and proportional or equal allocation."),
                hint=_("Change the [design] of survey.toml."),
            )

    def __repr__(self) -> str:
        rule = ", one_per_household=True" if self.one_per_household else ""
        return (
            f"StratifiedDesign(n={self.n}, by={self.by!r}, allocation={self.allocation!r}, "
            f"minimum={self.minimum}{rule})"
        )

    def allocate(self, sizes: Sequence[int]) -> list[int]:
        """Share the sample between strata.

        Parameters
        ----------
        sizes : sequence of int
            Persons (one person a household: households) of each stratum, 1 or more.

        Returns
        -------
        list of int
            Persons to draw n_h from each, summing to `n`.

        Raises
        ------
        SamplingError
            The sizes do not allow `n`.

        Examples
        --------
        >>> StratifiedDesign(n=10, by=["sex"]).allocate([60, 40])
        [6, 4]
        """
        weights = sizes if self.allocation == "proportional" else [1] * len(sizes)
        return allocate(self.n, weights, sizes, minimum=self.minimum)

    def preview(self, frame: Frame) -> Preview:
        """Show what will be drawn, before anything is.

        Parameters
        ----------
        frame : Frame
            The frame.

        Returns
        -------
        Preview
            One row a stratum.

        Raises
        ------
        SamplingError
            The frame does not allow `n`.
        """
        if not self.one_per_household:
            return Preview(self.plan(frame))
        homes = group_households(frame.data["household_no"], frame.data["person_key"])
        return Preview(self._plan(frame, 1 / homes.sizes))

    def plan(self, frame: Frame, chosen: NDArray[np.int64] | None = None) -> pd.DataFrame:
        """Share the sample between the strata of those who may be drawn.

        Parameters
        ----------
        frame : Frame
            The frame.
        chosen : ndarray of int64, optional
            Shape (households,): places of those chosen in their households. Default: everybody.

        Returns
        -------
        pandas.DataFrame
            As `Preview.plan`; with `chosen`, households has the whole numbers N'_h. A stratum in which nobody
            was chosen has sample 0, and neither probability nor weight.

        Raises
        ------
        SamplingError
            The frame does not allow `n`.
        """
        if chosen is None:
            return self._plan(frame, None)
        share = np.isin(np.arange(len(frame)), chosen).astype(np.float64)
        return self._plan(frame, share).astype({"households": "int64"})

    def _plan(self, frame: Frame, share: NDArray[np.float64] | None) -> pd.DataFrame:
        """Plan with households = sum of the persons' shares (1 / m, or 1 for the chosen and 0 for others)."""
        plan = frame.strata(self.by)[["stratum", "persons"]].copy()
        units = plan["persons"].to_numpy()
        if share is not None:
            plan["households"] = sums = _sums(frame.stratum(self.by), plan["stratum"], share)
            units = np.where(sums > 0, np.maximum(np.rint(sums), 1), 0).astype(np.int64)
        there = units > 0
        plan["sample"] = 0
        plan.loc[there, "sample"] = self.allocate([int(size) for size in units[there]])
        drawn = plan["sample"].where(there)
        plan["inclusion_prob"] = drawn / plan["persons"]
        plan["base_weight"] = plan["persons"] / drawn
        return plan


def _sums(strata: Any, names: "pd.Series[str]", share: NDArray[np.float64]) -> NDArray[np.float64]:
    """Sum the shares of each stratum."""
    codes = pc.index_in(strata, value_set=pa.array(names.tolist(), type=pa.string())).to_numpy()
    sums: NDArray[np.float64] = np.bincount(codes, weights=share, minlength=len(names)).astype(np.float64)
    return sums
