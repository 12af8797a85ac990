"""The methods a design may name: what each needs, may use and promises, and what other programs call it."""

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final, Literal

from custody.errors import SamplingError
from custody.messages import gettext as _

if TYPE_CHECKING:
    import pandas as pd

__all__ = ["RULES", "MethodName", "Rule", "VarianceRule", "method_table", "rule"]

MethodName = Literal[
    "bernoulli",
    "brewer",
    "chromy",
    "conditional_poisson",
    "cube",
    "hanurav_vijayan",
    "local_cube",
    "local_pivotal_1",
    "local_pivotal_2",
    "midzuno",
    "minimum_support",
    "murthy",
    "pareto",
    "pivotal",
    "poisson",
    "pps_systematic",
    "pps_with_replacement",
    "sampford",
    "sequential_poisson",
    "spatially_correlated_poisson",
    "srs",
    "srs_with_replacement",
    "successive",
    "systematic",
    "tille",
]
VarianceRule = Literal["balanced", "hajek", "none", "poisson", "replacement", "srs"]

NUMBER: Final = frozenset({"n", "rate"})
CUT: Final = frozenset({"certainty", "maximum_size", "minimum_size"})
SIZED: Final = NUMBER | CUT | {"size"}
KEPT: Final = frozenset({"prn", "start"})


@dataclass(frozen=True, slots=True)
class Rule:
    """What a design has to know of a method.

    Parameters
    ----------
    name : str
        Function of `sampling.methods`.
    sas, r : str
        ``METHOD=`` of SAS SURVEYSELECT and function of R's package sampling; "" where there is none.
    uses : frozenset of str
        Options that mean something to it.
    needs : tuple of str
        Options without which it cannot draw.
    replacement : bool
        A unit may be hit more than once.
    fixed : bool
        The number drawn is fixed.
    variance : VarianceRule
        Formula of the expected variance of a total.
    """

    name: str
    sas: str
    r: str
    uses: frozenset[str]
    needs: tuple[str, ...] = ()
    replacement: bool = False
    fixed: bool = True
    variance: VarianceRule = "hajek"


_ALL: Final = (
    Rule("bernoulli", "BERNOULLI", "", KEPT | {"rate"}, ("rate",), fixed=False, variance="poisson"),
    Rule("brewer", "PPS_BREWER", "UPbrewer", SIZED, ("size",)),
    Rule(
        "chromy", "PPS_SEQ; SEQ with equal hits", "", SIZED - {"certainty"} | {"order"}, (), True,
        variance="replacement",
    ),
    Rule("conditional_poisson", "", "UPmaxentropy", SIZED, ("size",)),
    Rule("cube", "", "samplecube", SIZED | {"balance"}, ("balance",), variance="balanced"),
    Rule("hanurav_vijayan", "PPS", "", SIZED, ("size",)),
    Rule(
        "local_cube", "", "", SIZED | {"balance", "points"}, ("balance", "points"), variance="none",
    ),
    Rule("local_pivotal_1", "", "", SIZED | {"points"}, ("points",), variance="none"),
    Rule("local_pivotal_2", "", "", SIZED | {"points"}, ("points",), variance="none"),
    Rule("midzuno", "", "UPmidzuno", SIZED, ("size",)),
    Rule("minimum_support", "", "UPminimalsupport", SIZED, ("size",), variance="none"),
    Rule(
        "murthy", "PPS_MURTHY", "", SIZED - {"certainty", "rate"}, ("size", "n"), variance="none",
    ),
    Rule("pareto", "", "UPopips", SIZED | KEPT, ("size",)),
    Rule("pivotal", "", "UPpivotal, UPrandompivotal", SIZED | {"order"}),
    Rule("poisson", "POISSON", "UPpoisson", SIZED | KEPT, ("size",), fixed=False, variance="poisson"),
    Rule(
        "pps_systematic", "PPS_SYS", "UPsystematic, UPrandomsystematic",
        SIZED | {"order", "randomised"}, ("size",),
    ),
    Rule(
        "pps_with_replacement", "PPS_WR", "UPmultinomial", SIZED - {"certainty"}, ("size",), True,
        variance="replacement",
    ),
    Rule("sampford", "PPS_SAMPFORD", "UPsampford", SIZED, ("size",)),
    Rule("sequential_poisson", "", "UPopips", SIZED | KEPT, ("size",)),
    Rule(
        "spatially_correlated_poisson", "", "", SIZED | {"points"}, ("points",), variance="none",
    ),
    Rule("srs", "SRS", "srswor", NUMBER | KEPT, variance="srs"),
    Rule("srs_with_replacement", "URS", "srswr", NUMBER, (), True, variance="replacement"),
    Rule("successive", "", "UPopips", SIZED | KEPT, ("size",)),
    Rule("systematic", "SYS", "", NUMBER | {"order"}, variance="srs"),
    Rule("tille", "", "UPtille", SIZED, ("size",)),
)  # fmt: skip
RULES: Final = {one.name: one for one in _ALL}
"""Rules by name of the method."""


def rule(method: str) -> Rule:
    """Find the rule of a method.

    Parameters
    ----------
    method : str
        Function of `sampling.methods`.

    Returns
    -------
    Rule

    Raises
    ------
    SamplingError
        No such method.

    Examples
    --------
    >>> rule("sampford").sas
    'PPS_SAMPFORD'
    """
    if method not in RULES:
        raise SamplingError(
            "SAM-MDESIGN-METHOD",
            _("There is no selection method {method!r}.").format(method=method),
            hint=_("Use one of: {names}.").format(names=", ".join(sorted(RULES))),
        )
    return RULES[method]


def method_table() -> "pd.DataFrame":
    """List the methods with their names elsewhere and the options they use.

    Returns
    -------
    pandas.DataFrame
        Columns method, sas, r, needs, uses (texts), replacement, fixed (bool); one row a method.

    Examples
    --------
    >>> method_table().set_index("method").loc["srs", "r"]
    'srswor'
    """
    import pandas as pd

    return pd.DataFrame(
        {
            "method": [one.name for one in _ALL],
            "sas": [one.sas for one in _ALL],
            "r": [one.r for one in _ALL],
            "needs": [", ".join(one.needs) for one in _ALL],
            "uses": [", ".join(sorted(one.uses - set(one.needs))) for one in _ALL],
            "replacement": [one.replacement for one in _ALL],
            "fixed": [one.fixed for one in _ALL],
        }
    )
