"""Designs: how many persons are drawn, from which strata."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Literal, get_args

import pandas as pd

from custody.errors import SamplingError
from custody.messages import gettext as _
from sampling.allocate import allocate
from sampling.frame import Frame, check_strata
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
        Columns stratum, persons (N_h), sample (n_h), inclusion_prob, base_weight; ordered by stratum.
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

    Raises
    ------
    SamplingError
        A value that is not allowed.

    Examples
    --------
    >>> StratifiedDesign(n=3000, by=["area", "age_band", "sex"])
    StratifiedDesign(n=3000, by=('area', 'age_band', 'sex'), allocation='proportional', minimum=2)
    """

    n: int
    by: Sequence[str] = ()
    allocation: Allocation = "proportional"
    minimum: int = field(default_factory=lambda: limits().min_per_stratum)

    def __post_init__(self) -> None:
        object.__setattr__(self, "by", tuple(self.by))
        check_strata(self.by)
        if self.n < 1 or self.minimum < 1 or self.allocation not in get_args(Allocation):
            raise SamplingError(
                "SAM-DESIGN",
                _("A design needs n and a minimum of 1 or more, and proportional or equal allocation."),
                hint=_("Change the [design] of survey.toml."),
            )

    def allocate(self, sizes: Sequence[int]) -> list[int]:
        """Share the sample between strata.

        Parameters
        ----------
        sizes : sequence of int
            Persons of each stratum N_h, 1 or more.

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
        strata = frame.strata(self.by)
        plan = strata[["stratum", "persons"]].copy()
        plan["sample"] = self.allocate([int(size) for size in plan["persons"]])
        plan["inclusion_prob"] = plan["sample"] / plan["persons"]
        plan["base_weight"] = plan["persons"] / plan["sample"]
        return Preview(plan)
