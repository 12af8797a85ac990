"""Designs: how many persons are drawn, from which strata, by which rules."""

from collections.abc import Sequence
from dataclasses import dataclass, field, fields
from typing import TYPE_CHECKING, Any, Final, Literal

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from custody.design_settings import DesignSettings
from custody.frame_settings import FrameSettings
from sampling.allocate.exact import check_reach
from sampling.design_settings import Each, canonical_json, marked, plain_each, resolve
from sampling.design_shares import (
    NEEDS,
    ORDER_COLUMNS,
    fixed_sizes,
    frozen_values,
    share_by_rule,
    share_reserve,
    stratum_limits,
)
from sampling.frame import Frame, check_strata
from sampling.households import group_households
from sampling.limits import limits

if TYPE_CHECKING:
    from sampling.preview import Preview

__all__ = ["ORDER_COLUMNS", "Allocation", "Method", "StratifiedDesign"]

Allocation = Literal["proportional", "equal", "neyman", "cost", "power"]
Method = Literal["srs", "systematic"]
_PLAIN: Final = frozenset({"n", "by", "allocation", "minimum", "one_per_household"})


@dataclass(frozen=True, slots=True)
class StratifiedDesign:
    """Sampling without replacement with equal probabilities in every stratum (層別無作為抽出).

    Parameters
    ----------
    n : int
        Persons to draw, 1 or more.
    by : sequence of str
        Columns whose values make the strata, out of area, town, age_band, sex; empty for one stratum.
    allocation : {"proportional", "equal", "neyman", "cost", "power"} or mapping of str to int
        Rule that shares the sample (配分), or how many from each stratum by name.
    minimum : int, optional
        At least so many from each stratum that has any (all, where it has fewer), 1 or more, so that nobody
        of the frame is out of reach. Default: 2, so that a variance can be estimated in every stratum.
    one_per_household : bool
        At most one person of a household (同一世帯から1人): one is chosen in each household of the frame, and
        the strata are made of those chosen.
    maximum : int or mapping of str to int, optional
        At most so many from each stratum, `minimum` or more.
    take_all : sequence of str
        Strata of which everybody is drawn (悉皆層), by name or by one of their values, such as "85+".
    response : float or mapping of str to float
        Expected response rate r_h, above 0 to 1: more are drawn where fewer answer.
    sd, means : float or mapping of str to float, optional
        Standard deviation S_h, 0 or more, and mean of the main variable; neyman, cost and power need sd,
        power needs means too.
    costs : float or mapping of str to float
        Cost c_h of one person drawn, above 0.
    power : float
        Bankier's exponent q of the power rule, 0 to 1.
    method : {"srs", "systematic"}
        Within a stratum at random, or at equal steps through a list (系統抽出, 等間隔抽出).
    order : sequence of str
        Columns that order the list of systematic sampling, out of `ORDER_COLUMNS` (implicit stratification);
        persons alike in all of them, and everybody where it is empty, stand in random order.
    reserve : int
        Persons in order after the sample (予備標本), shared like the sample where there is room.

    Raises
    ------
    SamplingError
        A value that is not allowed.

    Notes
    -----
    A mapping names every stratum, or every value of one of the columns. The total of *draws* is fixed: n
    letters are paid for. Of n_h drawn m_h = n_h r_h answer. Proportional: m_h in proportion to N_h, so n_h
    to N_h / r_h; equal: 1 / r_h; both exact, in fractions of the decimal texts. neyman minimises the
    variance sum N_h² S_h² / m_h, hence n_h to N_h S_h / sqrt(r_h); cost N_h S_h / sqrt(r_h c_h); power
    X_h^q S_h / (|mean_h| sqrt(r_h)), X_h = N_h |mean_h|: the best whole numbers within the limits (see
    `sampling.allocate.allocation_weights`).

    With one person a household the sample is shared between the strata when the choice within households is
    made, by the numbers N'_h of those chosen. They follow from the seed and the frame alone, so nobody has a
    say; n_h then is at most N'_h, and given the choice the second phase is an ordinary stratified draw. The
    preview, before any seed, shares by the expected numbers instead: the sum of 1 / m over the persons.

    Examples
    --------
    >>> StratifiedDesign(n=3000, by=["area", "age_band", "sex"])
    StratifiedDesign(n=3000, by=('area', 'age_band', 'sex'), allocation='proportional', minimum=2)
    >>> StratifiedDesign(n=100, by=["sex"], response={"F": 0.6, "M": 0.4}).allocate([500, 500], ["F", "M"])
    [40, 60]
    """

    n: int
    by: Sequence[str] = ()
    allocation: Allocation | Each = "proportional"
    minimum: int = field(default_factory=lambda: limits().min_per_stratum)
    one_per_household: bool = False
    maximum: Each | None = field(default=None, kw_only=True)
    take_all: Sequence[str] = field(default=(), kw_only=True)
    response: Each = field(default=1.0, kw_only=True)
    sd: Each | None = field(default=None, kw_only=True)
    means: Each | None = field(default=None, kw_only=True)
    costs: Each = field(default=1.0, kw_only=True)
    power: float = field(default=0.5, kw_only=True)
    method: Method = field(default="srs", kw_only=True)
    order: Sequence[str] = field(default=(), kw_only=True)
    reserve: int = field(default=0, kw_only=True)

    def __post_init__(self) -> None:
        for name, value in frozen_values(self).items():
            object.__setattr__(self, name, value)
        check_strata(self.by)

    @classmethod
    def from_settings(cls, design: DesignSettings, frame: FrameSettings) -> "StratifiedDesign":
        """Make the design that `survey.toml` plans.

        Parameters
        ----------
        design : DesignSettings
            The table ``[design]``.
        frame : FrameSettings
            The table ``[frame]``: it has one_per_household.

        Returns
        -------
        StratifiedDesign
            The design.

        Raises
        ------
        SamplingError
            A value that is not allowed.
        """
        same = [item.name for item in fields(cls) if item.name not in ("minimum", "one_per_household")]
        given = {name: getattr(design, name) for name in same}
        if design.minimum is not None:
            given["minimum"] = design.minimum
        return cls(**given, one_per_household=frame.one_per_household)

    @property
    def rule(self) -> str:
        """Name of the allocation; "fixed" where each stratum has its number."""
        return self.allocation if isinstance(self.allocation, str) else "fixed"

    @property
    def is_plain(self) -> bool:
        """Whether n, by, minimum, one_per_household and a proportional or equal rule say everything."""
        return self.rule in ("proportional", "equal") and self.facts().keys() <= _PLAIN

    def facts(self) -> dict[str, Any]:
        """Return everything that decides the draw.

        Returns
        -------
        dict
            n, by, allocation, minimum; the others where they differ from their default and the rule uses
            them. ``StratifiedDesign(**facts)`` draws the same.

        Examples
        --------
        >>> StratifiedDesign(300, ["sex"], response=0.6, sd=3, reserve=60).facts()
        {'n': 300, 'by': ['sex'], 'allocation': 'proportional', 'minimum': 2, 'response': 0.6, 'reserve': 60}
        """
        used = {"response", *NEEDS.get(self.rule, ()), *(("power",) if self.rule == "power" else ())}
        unused = {"response", "sd", "means", "costs", "power"} - (set() if self.rule == "fixed" else used)
        return {
            item.name: plain_each(getattr(self, item.name))
            for place, item in enumerate(fields(self))
            if place < 4 or (item.name not in unused and getattr(self, item.name) != item.default)
        }

    def facts_text(self) -> str:
        """Return `facts` as canonical JSON.

        Returns
        -------
        str
            One text for one design: keys sorted, no blanks, whole numbers without a point.

        Examples
        --------
        >>> StratifiedDesign(300, ["sex"], response=0.5).facts_text()
        '{"allocation":"proportional","by":["sex"],"minimum":2,"n":300,"response":0.5}'
        """
        return canonical_json(self.facts())

    def __repr__(self) -> str:
        parts = [
            f"{item.name}={getattr(self, item.name)!r}"
            for place, item in enumerate(fields(self))
            if place < 4 or getattr(self, item.name) != item.default
        ]
        return f"StratifiedDesign({', '.join(parts)})"

    def allocate(self, sizes: Sequence[int], strata: Sequence[str] | None = None) -> list[int]:
        """Share the sample between strata.

        Parameters
        ----------
        sizes : sequence of int
            (H,) persons (one person a household: households) of each stratum, 1 or more.
        strata : sequence of str, optional
            (H,) their names, where a value of the design names strata. Default: numbers from 1.

        Returns
        -------
        list of int
            Persons to draw n_h from each, summing to `n`.

        Raises
        ------
        SamplingError
            The sizes do not allow `n`, or a stratum is named wrongly.

        Examples
        --------
        >>> StratifiedDesign(n=10, by=["sex"]).allocate([60, 40])
        [6, 4]
        """
        names = [str(place + 1) for place in range(len(sizes))] if strata is None else list(strata)
        check_reach(self.n, sizes, [min(self.minimum, size) for size in sizes], self.minimum)
        whole = marked("take_all", self.take_all, names, self.by)
        most = sizes if self.maximum is None else self.each("maximum", names)
        low, high = stratum_limits(sizes, self.minimum, most, whole)
        if self.rule == "fixed":
            return fixed_sizes(plain_each(self.allocation), names, low, high)
        values = {name: self.each(name, names) for name in ("response", *NEEDS.get(self.rule, ()))}
        return share_by_rule(self.n, self.rule, sizes, low, high, power=self.power, **values)

    def each(self, name: str, strata: Sequence[str]) -> list[float]:
        """Return the number that a value of the design has for each stratum.

        Parameters
        ----------
        name : {"response", "sd", "means", "costs", "maximum"}
            The value; it is given.
        strata : sequence of str
            (H,) names.

        Returns
        -------
        list of float
            (H,) numbers.

        Raises
        ------
        SamplingError
            A stratum has none.

        Examples
        --------
        >>> StratifiedDesign(9, ["sex"], response={"F": 0.6, "M": 0.5}).each("response", ["M", "F"])
        [0.5, 0.6]
        """
        return resolve(name, getattr(self, name), strata, self.by)

    def preview(
        self, frame: Frame, *, p: Each = 0.5, cost: Each | None = None, level: float = 0.95
    ) -> "Preview":
        """Show what will be drawn and how precise it will be, before anything is.

        Parameters
        ----------
        frame : Frame
            The frame.
        p : float or mapping of str to float
            Expected proportion, between 0 and 1; 0.5 is the least favourable.
        cost : float or mapping of str to float, optional
            Cost of one person drawn. Default: `costs`, where they are given.
        level : float
            Confidence level of the margins, between 0 and 1.

        Returns
        -------
        Preview
            One row a stratum, and the expected precision in all and by the columns of `by`.

        Raises
        ------
        SamplingError
            The frame does not allow `n`, or a value is not allowed.
        """
        from sampling.preview import preview_plan
        from sampling.preview_numbers import household_effect

        values = frame.strata(self.by)[list(self.by)]
        if not self.one_per_household:
            return preview_plan(self, self.plan(frame), values, p=p, cost=cost, level=level)
        homes = group_households(frame.data["household_no"], frame.data["person_key"])
        plan = self._plan(frame, 1 / homes.sizes)
        sums = _sums(frame.stratum(self.by), plan["stratum"], homes.sizes.astype(np.float64))
        return preview_plan(
            self, plan, values, p=p, cost=cost, level=level, effect=household_effect(plan, sums)
        )

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
            Columns stratum, persons (N_h), sample (n_h), reserve where the design has one, inclusion_prob,
            base_weight; ordered by stratum. With `chosen`, households has the whole numbers N'_h. A stratum
            in which nobody was chosen has sample 0, and neither probability nor weight.

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
        sizes = [int(size) for size in units[there]]
        drawn = self.allocate(sizes, plan.loc[there, "stratum"].tolist())
        plan["sample"] = 0
        plan.loc[there, "sample"] = drawn
        if self.reserve:
            plan["reserve"] = 0
            plan.loc[there, "reserve"] = share_reserve(self.reserve, sizes, drawn)
        sample = plan["sample"].where(there)
        plan["inclusion_prob"] = sample / plan["persons"]
        plan["base_weight"] = plan["persons"] / sample
        return plan


def _sums(strata: Any, names: "pd.Series[str]", share: NDArray[np.float64]) -> NDArray[np.float64]:
    """Sum the shares of each stratum."""
    codes = pc.index_in(strata, value_set=pa.array(names.tolist(), type=pa.string())).to_numpy()
    sums: NDArray[np.float64] = np.bincount(codes, weights=share, minlength=len(names)).astype(np.float64)
    return sums
