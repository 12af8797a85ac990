"""Releases (発送の段階): the sample goes out in parts, each spread over the strata; a reserve may follow.

The draw gives everybody a place in one order, 1 to n the sample and then the reserve. A release hands the
next persons of that order to the contractor: 50 as a pilot, later the rest. The ledger says how far it went.
"""

from dataclasses import dataclass
from typing import Final

import pandas as pd

from custody.errors import SamplingError
from custody.ledger import Event
from custody.messages import gettext as _
from custody.survey import Survey

__all__ = ["Release", "events_since_draw", "plan_release", "releases", "reweighted", "sample_size"]

EVENT: Final = "hand_over_labels"


@dataclass(frozen=True, slots=True)
class Release:
    """A part of the order that goes, or went, to the contractor.

    Parameters
    ----------
    number : int
        1 for the first of the draw.
    first, last : int
        Its first and last place in the order, from 1.
    """

    number: int
    first: int
    last: int

    def of(self, vault: pd.DataFrame) -> pd.DataFrame:
        """Take its persons from the vault.

        Parameters
        ----------
        vault : pandas.DataFrame
            From `load_vault`, everybody.

        Returns
        -------
        pandas.DataFrame
            The rows whose order lies in the release.
        """
        return vault[vault["order"].between(self.first, self.last)]

    @property
    def package(self) -> str:
        """Name of its package: ``labels``, then ``labels-02`` and so on."""
        return "labels" if self.number == 1 else f"labels-{self.number:02d}"


def events_since_draw(survey: Survey, kind: str) -> list[Event]:
    """List the events of a kind that belong to the present draw.

    Parameters
    ----------
    survey : Survey
        The survey.
    kind : str
        Kind of event.

    Returns
    -------
    list of Event
        Those after the last draw, in their order.
    """
    with survey.ledger() as ledger:
        last = max((event.seq for event in ledger.events("draw")), default=0)
        return list(ledger.events(kind, after=last))


def sample_size(survey: Survey) -> int:
    """Return the persons of the last draw, without the reserve; 0 before any.

    Parameters
    ----------
    survey : Survey
        The survey.

    Returns
    -------
    int
        n, from the ledger.
    """
    with survey.ledger() as ledger:
        numbers = [int(event.facts["n"]) for event in ledger.events("draw")]
    return numbers[-1] if numbers else 0


def releases(survey: Survey) -> list[Release]:
    """List what the contractor has of the present draw.

    Parameters
    ----------
    survey : Survey
        The survey.

    Returns
    -------
    list of Release
        In their order, each once however often its package was made.
    """
    whole = sample_size(survey)
    found = {}
    for event in events_since_draw(survey, EVENT):
        number = int(event.facts.get("release", 1))
        last = int(event.facts.get("last", whole))
        found[number] = Release(number, int(event.facts.get("first", 1)), last)
    return [found[number] for number in sorted(found)]


def plan_release(
    survey: Survey,
    places: int,
    *,
    persons: int | None = None,
    reserve: int | None = None,
    again: int | None = None,
) -> Release:
    """Say which persons go out next.

    Parameters
    ----------
    survey : Survey
        A survey whose sample was drawn.
    places : int
        Persons of the vault: sample and reserve.
    persons : int, optional
        So many of the sample. Default: all that are left; where none are, the last release again.
    reserve : int, optional
        So many of the reserve, when the whole sample is out.
    again : int, optional
        Number of an earlier release, to make its package again.

    Returns
    -------
    Release
        The part of the order.

    Raises
    ------
    SamplingError
        Nothing is left, there is no such release, or the reserve is asked for before the sample is out.
    """
    done, whole = releases(survey), sample_size(survey)
    out = done[-1].last if done else 0
    if again is not None or (persons is None and reserve is None and out >= whole):
        wanted = done[-1].number if again is None else again
        found = [release for release in done if release.number == wanted]
        if not found:
            raise _refuse(_("There is no release of that number yet."))
        return found[0]
    if reserve is not None:
        if out < whole or not 1 <= reserve <= places - out:
            text = _(
                "{left:,} of the sample are not out yet, and {reserve:,} persons of the reserve are left."
            )
            raise _refuse(text.format(left=max(0, whole - out), reserve=places - max(out, whole)))
        return Release(len(done) + 1, out + 1, out + reserve)
    last = whole if persons is None else out + persons
    if not out < last <= whole:
        text = _("{left:,} persons of the sample are left to hand over.")
        raise _refuse(text.format(left=max(0, whole - out)))
    return Release(len(done) + 1, out + 1, last)


def reweighted(vault: pd.DataFrame) -> pd.DataFrame:
    """Give the persons in use the weights of the sample that they are.

    Parameters
    ----------
    vault : pandas.DataFrame
        Columns stratum, fpc, perhaps household_size: those who are out, m_h of each stratum.

    Returns
    -------
    pandas.DataFrame
        The same with inclusion_prob = m_h / N_h and base_weight = N_h / m_h; with one person a household
        divided and multiplied by the persons of the household.

    Notes
    -----
    The order of a stratum is that of the draw, so any beginning of it is a simple random sample of the
    stratum: N_h / m_h weights it to the stratum, as N_h / n_h the whole.
    """
    taken = vault.groupby("stratum")["stratum"].transform("size")
    members = vault.get("household_size", 1)
    return vault.assign(
        inclusion_prob=taken / vault["fpc"] / members, base_weight=members * (vault["fpc"] / taken)
    )


def _refuse(text: str) -> SamplingError:
    hint = _("`hyohon status` shows what is out; leave --next and --reserve out for all that is left.")
    return SamplingError("SAM-RELEASE", text, hint=hint)
