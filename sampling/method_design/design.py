"""A design by method: what is drawn, of what, by which method and how many."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal, get_args

from custody.errors import SamplingError
from custody.messages import gettext as _
from sampling.limits import limits
from sampling.method_design.rules import MethodName
from sampling.method_design.stage import Columns, Count, Rate, Stage, as_names, option_error

if TYPE_CHECKING:
    from sampling.method_design.preview import MethodPreview
    from sampling.method_design.sample import MethodSample

__all__ = ["MethodDesign", "Share"]

Share = Literal["each", "equal", "proportional", "size"]


@dataclass(frozen=True, slots=True, init=False, repr=False)
class MethodDesign:
    """A sample design over any table: a method of `sampling.methods`, strata, clusters, stages (標本設計).

    Parameters
    ----------
    method : str
        Function of `sampling.methods`; `method_table` lists them with their names in SAS and R.
    n, rate, size, order, balance, points, certainty, maximum_size, minimum_size, randomised, prn, start
        As in `Stage`.
    strata : str or sequence of str
        Columns whose values make the strata; each is drawn from on its own.
    psu : str, optional
        Column that names clusters: whole clusters are drawn. None: rows. For units within clusters see
        `MethodDesign.stages`.
    allocation : {"proportional", "equal", "size", "each"}
        How one number `n` is shared: in proportion to the units of each stratum, the same number from each,
        in proportion to the sum of the sizes, or `n` from each stratum (as SAS ``SAMPSIZE=``).
    minimum : int, optional
        At least so many from each stratum (all, where there are fewer), 1 or more. Default: 2, so that a
        variance can be estimated.
    key : str, optional
        Column with another value in each row. The draw walks through the rows in its order, so a shuffled
        table gives the same sample. None: in the order given.

    Attributes
    ----------
    parts : tuple of Stage
        The stages, the first one first.
    strata : tuple of str
        Columns of the strata.
    allocation, minimum, key
        As given.

    Raises
    ------
    SamplingError
        A method that is not known, an option that it needs and has not or does not use, or a value that is
        not allowed.

    Notes
    -----
    All options are checked here, before a table is seen. With replacement a unit has a row for each time it
    was hit.

    References
    ----------
    Särndal, C.-E., Swensson, B. and Wretman, J. (1992). Model Assisted Survey Sampling. Springer.

    Examples
    --------
    >>> import pandas as pd
    >>> frame = pd.DataFrame({"area": ["E"] * 30 + ["W"] * 70, "beds": range(1, 101)})
    >>> design = MethodDesign("sampford", n=10, strata="area", size="beds")
    >>> design
    MethodDesign('sampford', n=10, size='beds', strata=('area',))
    >>> sample = design.draw(frame, seed="2026-04-01")
    >>> sample.table["stratum"].value_counts().sort_index().to_dict()
    {'E': 3, 'W': 7}
    """

    parts: tuple[Stage, ...]
    strata: tuple[str, ...]
    allocation: Share
    minimum: int
    key: str | None

    def __init__(
        self,
        method: MethodName,
        *,
        n: Count | None = None,
        rate: Rate | None = None,
        size: str | None = None,
        strata: Columns = (),
        psu: str | None = None,
        order: Columns = (),
        balance: Columns = (),
        points: Columns = (),
        certainty: float | None = None,
        maximum_size: float | None = None,
        minimum_size: float | None = None,
        randomised: bool = False,
        prn: str | None = None,
        start: float | None = None,
        allocation: Share = "proportional",
        minimum: int | None = None,
        key: str | None = None,
    ) -> None:
        stage = Stage(
            method,
            unit=psu,
            n=n,
            rate=rate,
            size=size,
            order=order,
            balance=balance,
            points=points,
            certainty=certainty,
            maximum_size=maximum_size,
            minimum_size=minimum_size,
            randomised=randomised,
            prn=prn,
            start=start,
        )
        self._set((stage,), strata, allocation, minimum, key)

    @classmethod
    def stages(
        cls,
        parts: Sequence[Stage],
        *,
        strata: Columns = (),
        allocation: Share = "proportional",
        minimum: int | None = None,
        key: str | None = None,
    ) -> "MethodDesign":
        """Make a design in stages: units, units within those drawn, and so on.

        Parameters
        ----------
        parts : sequence of Stage
            The stages, the largest units first; each but the last names its `unit`. Where the last one does
            too, its units are taken whole.
        strata, allocation, minimum, key
            As for the class; strata and allocation concern the first stage.

        Returns
        -------
        MethodDesign

        Raises
        ------
        SamplingError
            No stage, a stage before the last without a unit, a unit named twice, or numbers by stratum after
            the first stage.

        Examples
        --------
        >>> MethodDesign.stages([Stage("pps_systematic", unit="town", n=20), Stage("srs", n=10)])
        MethodDesign.stages([Stage('pps_systematic', unit='town', n=20), Stage('srs', n=10)])
        """
        several = tuple(parts)
        units = [part.unit for part in several if part.unit is not None]
        open_ = any(part.unit is None for part in several[:-1]) or len(set(units)) < len(units)
        mapped = any(isinstance(value, Mapping) for part in several[1:] for value in (part.n, part.rate))
        if not several or open_ or mapped:
            raise SamplingError(
                "SAM-MDESIGN-STAGES",
                _("The stages do not follow from each other."),
                hint=_(
                    "Name another unit at each stage but the last; only the first has numbers by stratum."
                ),
            )
        made = object.__new__(cls)
        made._set(several, strata, allocation, minimum, key)
        return made

    def _set(
        self,
        parts: tuple[Stage, ...],
        strata: Columns,
        allocation: Share,
        minimum: int | None,
        key: str | None,
    ) -> None:
        names, least = as_names(strata, "strata"), limits().min_per_stratum if minimum is None else minimum
        if allocation not in get_args(Share) or (allocation == "size" and not parts[0].sized):
            raise option_error(
                "allocation", _("Use proportional, equal or each; size for a design with sizes.")
            )
        if isinstance(least, bool) or not isinstance(least, int) or least < 1:
            raise option_error("minimum", _("Give a whole number, 1 or more, or one for each stratum."))
        by_stratum = isinstance(parts[0].n, Mapping) or isinstance(parts[0].rate, Mapping)
        if by_stratum and not names:
            raise option_error("strata", _("Numbers by stratum need columns of strata."))
        for name, value in (
            ("parts", parts), ("strata", names), ("allocation", allocation), ("minimum", least), ("key", key),
        ):  # fmt: skip
            object.__setattr__(self, name, value)

    def columns(self) -> tuple[str, ...]:
        """Columns of the frame that the draw reads.

        Returns
        -------
        tuple of str
            Each once, sorted.

        Examples
        --------
        >>> MethodDesign("systematic", n=5, order=["zip", "street"], key="id").columns()
        ('id', 'street', 'zip')
        """
        names = {*self.strata, *(name for part in self.parts for name in part.columns())}
        return tuple(sorted(names | ({self.key} if self.key is not None else set())))

    def preview(
        self, frame: Any, *, variables: Columns = (), cost: float | str | Sequence[float] | None = None
    ) -> "MethodPreview":
        """Show what will be drawn from where, before anything is.

        Parameters
        ----------
        frame : pandas.DataFrame, pyarrow.Table, polars.DataFrame
            The frame, one row a unit.
        variables : str or sequence of str
            Columns of numbers known in the frame whose totals' precision is of interest.
        cost : float or str or sequence of float, optional
            Cost of a row drawn, a column with it, or the cost of a unit at each stage.

        Returns
        -------
        MethodPreview

        Raises
        ------
        SamplingError
            The frame does not allow the design.
        InputError
            Not a table, or a column that is missing or has missing values.
        """
        from sampling.method_design.preview import make_preview

        return make_preview(self, frame, as_names(variables, "variables"), cost)

    def draw(
        self, frame: Any, *, seed: str | int, reps: int = 1, joint: bool = False, prefix: str = ""
    ) -> "MethodSample":
        """Draw a sample.

        Parameters
        ----------
        frame : pandas.DataFrame, pyarrow.Table, polars.DataFrame
            The frame, one row a unit. It is not changed.
        seed : str or int
            Gives the random numbers; the same seed, frame and design give the same sample.
        reps : int
            Independent samples, 1 or more (SAS ``REPS=``); more than one adds the column replicate, and the
            first is the sample that ``reps=1`` draws.
        joint : bool
            Also compute joint inclusion probabilities (one stage, one replicate, methods that have them).
        prefix : str
            Before the names of the new columns, where the frame has such columns.

        Returns
        -------
        MethodSample

        Raises
        ------
        SamplingError
            The frame does not allow the design, or an option is not allowed.
        InputError
            Not a table, a column that is missing or has missing values, or a key that occurs twice.
        """
        from sampling.method_design.drawing import draw_method

        return draw_method(self, frame, seed, reps=reps, joint=joint, prefix=prefix)

    def facts(self) -> dict[str, Any]:
        """The design as what JSON can hold.

        Returns
        -------
        dict
            Keys stages (method and options of each), strata, allocation, minimum, key. A number for each
            stratum is a list of pairs.

        Examples
        --------
        >>> MethodDesign("srs", n={"E": 3}, strata="area").facts()["stages"]
        [{'method': 'srs', 'n': [['E', 3]]}]
        """
        return {
            "stages": [
                {"method": part.method} | {name: _plain(value) for name, value in part.given().items()}
                for part in self.parts
            ],
            "strata": list(self.strata),
            "allocation": self.allocation,
            "minimum": self.minimum,
            "key": self.key,
        }

    @staticmethod
    def from_facts(facts: Mapping[str, Any]) -> "MethodDesign":
        """Make the design that `facts` describe.

        Parameters
        ----------
        facts : mapping
            As `facts` returns them.

        Returns
        -------
        MethodDesign

        Raises
        ------
        SamplingError
            They describe no design.

        Examples
        --------
        >>> design = MethodDesign("srs", n={("E", 1): 3}, strata=["area", "sex"])
        >>> MethodDesign.from_facts(design.facts()) == design
        True
        """
        try:
            rest = {name: facts[name] for name in ("strata", "allocation", "minimum", "key")}
            stages = [{name: _read(name, value) for name, value in part.items()} for part in facts["stages"]]
            return MethodDesign.stages([Stage(**options) for options in stages], **rest)
        except (KeyError, TypeError, AttributeError, ValueError) as error:
            raise SamplingError(
                "SAM-MDESIGN-FACTS",
                _("This is no description of a design."),
                hint=_("Take it from the record of a draw, unchanged."),
            ) from error

    def __repr__(self) -> str:
        plain = {"allocation": "proportional", "minimum": limits().min_per_stratum, "strata": (), "key": None}
        rest = [f"{n}={getattr(self, n)!r}" for n in ("strata", "allocation", "minimum", "key")
                if getattr(self, n) != plain[n]]  # fmt: skip
        if len(self.parts) > 1:
            return f"MethodDesign.stages({', '.join([repr(list(self.parts)), *rest])})"
        inner = repr(self.parts[0])[len("Stage(") : -1].replace("unit=", "psu=", 1)
        return f"MethodDesign({', '.join([inner, *rest])})"


def _plain(value: Any) -> Any:
    """A value as JSON has it."""
    if isinstance(value, Mapping):
        return [[_plain(name), _plain(one)] for name, one in value.items()]
    if isinstance(value, tuple):
        return [_plain(one) for one in value]
    return value.item() if hasattr(value, "item") else value


def _read(name: str, value: Any) -> Any:
    if name in ("n", "rate") and isinstance(value, list):
        return {tuple(label) if isinstance(label, list) else label: one for label, one in value}
    return value
