"""Response, cooperation, refusal and contact rates (回収率など) after AAPOR, of counts or sums of weights."""

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Final

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from custody.errors import SamplingError
from custody.messages import gettext as _
from sampling.dispositions import GROUPS

__all__ = ["RATES", "OutcomeRates", "Rate", "eligible_share", "outcome_rates"]

Floats = NDArray[np.float64]
KNOWN: Final = ("I", "P", "R", "NC", "O")
"""Groups known to be eligible."""
UNKNOWN: Final = ("UH", "UO")


@dataclass(frozen=True, slots=True)
class Rate:
    """A rate.

    Parameters
    ----------
    above, below : tuple of str
        Groups of the numerator, and of the denominator without those of unknown eligibility.
    unknown : {"1", "e", "0"}
        What UH + UO are multiplied by in the denominator.
    """

    above: tuple[str, ...]
    below: tuple[str, ...]
    unknown: str

    @property
    def formula(self) -> str:
        """The rate as AAPOR writes it."""
        unknown = {"1": " + UH + UO", "e": " + e(UH + UO)", "0": ""}[self.unknown]
        return f"{_sum(self.above)} / ({' + '.join(self.below)}{unknown})"


def _sum(groups: tuple[str, ...]) -> str:
    return groups[0] if len(groups) == 1 else f"({' + '.join(groups)})"


_IP: Final = ("I", "P")
_ASKED: Final = ("I", "P", "R", "O")
RATES: Final[Mapping[str, Rate]] = MappingProxyType(
    {
        "RR1": Rate(("I",), KNOWN, "1"),
        "RR2": Rate(_IP, KNOWN, "1"),
        "RR3": Rate(("I",), KNOWN, "e"),
        "RR4": Rate(_IP, KNOWN, "e"),
        "RR5": Rate(("I",), KNOWN, "0"),
        "RR6": Rate(_IP, KNOWN, "0"),
        "COOP1": Rate(("I",), _ASKED, "0"),
        "COOP2": Rate(_IP, _ASKED, "0"),
        "COOP3": Rate(("I",), ("I", "P", "R"), "0"),
        "COOP4": Rate(_IP, ("I", "P", "R"), "0"),
        "REF1": Rate(("R",), KNOWN, "1"),
        "REF2": Rate(("R",), KNOWN, "e"),
        "REF3": Rate(("R",), KNOWN, "0"),
        "CON1": Rate(_ASKED, KNOWN, "1"),
        "CON2": Rate(_ASKED, KNOWN, "e"),
        "CON3": Rate(_ASKED, KNOWN, "0"),
    }
)
"""Name → rate: six response rates, four cooperation, three refusal and three contact rates."""


@dataclass(frozen=True, slots=True)
class OutcomeRates:
    """Rates of some domains.

    Parameters
    ----------
    counts : ndarray of float64
        Shape (k, 8): persons or sums of weights by domain and group, in the order of `GROUPS`.
    e : float
        Share of those of unknown eligibility taken to be eligible, 0 to 1.
    values : ndarray of float64
        Shape (k, 16): rates in the order of `RATES`, 0 to 1; nan where the denominator is 0.
    """

    counts: Floats
    e: float
    values: Floats

    def tidy(self) -> pd.DataFrame:
        """Return the rates.

        Returns
        -------
        pandas.DataFrame
            Columns domain (0 …), rate, formula, value; one row a domain and rate.
        """
        rows = [
            (domain, name, RATES[name].formula, value)
            for domain, values in enumerate(self.values)
            for name, value in zip(RATES, values.tolist(), strict=True)
        ]
        return pd.DataFrame(rows, columns=["domain", "rate", "formula", "value"])


def eligible_share(counts: Floats) -> float:
    """Estimate e, the share of the persons of unknown eligibility who are eligible.

    Parameters
    ----------
    counts : ndarray of float64
        Shape (8,): persons or sums of weights by group, in the order of `GROUPS`.

    Returns
    -------
    float
        0 to 1; 1 where nobody's eligibility is known.

    Notes
    -----
    e = (I + P + R + NC + O) / (I + P + R + NC + O + NE), the share among those of known eligibility
    (proportional allocation, the CASRO way). Everybody drawn was eligible by the register on the reference
    date, so NE holds only who was found not to be since, and e is close to 1. Say which e was used.

    Examples
    --------
    >>> eligible_share(np.array([500.0, 40, 90, 30, 20, 250, 70, 20]))
    0.9714285714285714
    """
    known = float(counts[[GROUPS.index(group) for group in KNOWN]].sum())
    judged = known + float(counts[GROUPS.index("NE")])
    return known / judged if judged else 1.0


def outcome_rates(counts: Floats, e: float | None = None) -> OutcomeRates:
    """Work out all rates.

    Parameters
    ----------
    counts : ndarray of float64
        Shape (k, 8): persons, or sums of base weights, by domain and group, in the order of `GROUPS`.
    e : float, optional
        Share of those of unknown eligibility who are eligible. Default: `eligible_share` of all domains
        together.

    Returns
    -------
    OutcomeRates
        k rows of 16 rates.

    Raises
    ------
    SamplingError
        ``SAM-RATE-E`` where e is not in 0 to 1.

    Notes
    -----
    With base weights in place of persons the rates are the weighted ones, which estimate those of the frame.

    References
    ----------
    AAPOR (2016). Standard Definitions: Final Dispositions of Case Codes and Outcome Rates for Surveys, 9th
    edition, section on calculating outcome rates.

    Examples
    --------
    >>> found = outcome_rates(np.array([[500.0, 40, 90, 30, 20, 250, 70, 20]]))
    >>> [round(value, 4) for value in found.values[0, :6].tolist()]
    [0.5, 0.54, 0.5046, 0.545, 0.7353, 0.7941]
    """
    share = eligible_share(counts.sum(axis=0)) if e is None else e
    if not 0 <= share <= 1:
        raise SamplingError(
            "SAM-RATE-E",
            _("The share of eligible persons (e) is not between 0 and 1."),
            hint=_("Leave it out: it is then estimated from the persons whose eligibility is known."),
        )
    factor = {"1": 1.0, "e": share, "0": 0.0}
    column: dict[str, Floats] = {group: counts[:, place] for place, group in enumerate(GROUPS)}
    unknown = np.sum([column[group] for group in UNKNOWN], axis=0)
    values = np.full((len(counts), len(RATES)), np.nan)
    for place, rate in enumerate(RATES.values()):
        above = np.sum([column[group] for group in rate.above], axis=0)
        below = np.sum([column[group] for group in rate.below], axis=0) + factor[rate.unknown] * unknown
        np.divide(above, below, out=values[:, place], where=below > 0)
    return OutcomeRates(counts, share, values)
