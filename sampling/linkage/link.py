"""Linking the two registers, step by step: numbers, unique keys, probabilities, staff."""

import os
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import Final

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from custody.errors import ConfigError, SamplingError
from custody.messages import gettext as _
from sampling.limits import limits
from sampling.linkage.persons import Persons, cells_of, group_rows
from sampling.linkage.rest import Rest, link_rest
from sampling.linkage.result import (
    STEPS,
    WHYS,
    Links,
    counts_by,
    distinct_places,
    whole,
)
from sampling.linkage.review import Decisions, check_secret
from sampling.linkage.steps import by_insured_number, by_number, insured_pairs
from sampling.registers import Register

__all__ = ["link_registers"]

SECRET_BYTES: Final = 32
NOBODY: Final = -1

Ints = NDArray[np.int64]


@dataclass(slots=True)
class _Course:
    """Where each person stands while the steps run."""

    position: Ints = field(repr=False)
    step: NDArray[np.object_] = field(repr=False)

    def take(self, position: Ints, step: str) -> None:
        """Take what a step found for persons whom no earlier one found."""
        new = (self.position < 0) & (position >= 0)
        self.position[new] = position[new]
        self.step[new] = step


def link_registers(
    residents: Register,
    certifications: Register,
    *,
    qualifications: Register | None = None,
    decisions: Decisions | None = None,
    secret: bytes | None = None,
    accept: float | None = None,
    review: float | None = None,
    municipality: str = "東京都練馬区",
) -> Links:
    """Find whose each certification row is (名寄せ).

    Parameters
    ----------
    residents, certifications : Register
        From `read_residents` and `read_certifications`.
    qualifications : Register, optional
        From `read_qualifications`: which insured number is which resident's, and who lives elsewhere.
    decisions : Decisions, optional
        From `read_decisions`: the staff list of an earlier run. Needs the same `secret`.
    secret : bytes, optional
        Secret of the survey, 16 bytes or more, for the numbers of the pairs. Default: a fresh one.
    accept, review : float, optional
        Probabilities from which a pair is taken, and from which staff see it, 0 to 1. Default:
        ``link_accept`` and ``link_review`` of ``limits.toml``.
    municipality : str
        What stands before the town in an address, if it stands there.

    Returns
    -------
    Links
        Every row with its resident, removed records among them, the staff list, and the counts.

    Raises
    ------
    SamplingError
        The registers are exchanged, the secret is too short, or Splink failed.
    ConfigError
        The thresholds are not 0 < review < accept < 1, or there are decisions without the secret.

    Notes
    -----
    The steps, each for the persons that are left:

    1. resident number (宛名番号), unless birth date and, besides, reading or sex are somebody else's;
    2. insured number (被保険者番号) by the resident register or `qualifications`, if it names one resident;
    3. reading, complete birth date and sex, once in each register, unless kanji and address both differ;
    4. the model of Fellegi and Sunter by Splink, with comparisons for Japanese names and addresses;
    5. the staff list.

    Costs are not equal: who is missed gets a letter although certified; who is tied to somebody else's
    certification silently leaves the frame. So `accept` is high, and what lies between goes to staff. Only
    names, birth date, sex and address are compared: no level, no decision, no date of certification.

    The same registers give the same links: samples are seeded, the shares of the model rounded, and every
    table ordered.

    References
    ----------
    Fellegi, I. P. and Sunter, A. B. (1969). A theory for record linkage. JASA 64, 1183-1210.
    """
    _check_kinds(residents, certifications, qualifications)
    bounds = _thresholds(accept, review)
    secret = _secret(secret, decisions)
    persons = group_rows(certifications)
    course = _Course(np.full(persons.count, NOBODY, dtype=np.int64), np.full(persons.count, "unmatched", "O"))
    first = by_number(residents, certifications, persons)
    course.take(first.position, "resident_no")
    counted = {"number_contradicted": int(first.refused.sum())}
    if (course.position < 0).any():
        second, ambiguous = by_insured_number(
            residents, certifications, persons, course.position < 0, qualifications
        )
        course.take(second.position, "insured_no")
        counted |= {
            "insured_ambiguous": int(ambiguous.sum()),
            "insured_contradicted": int(second.refused.sum()),
        }
    rest = Rest.empty(persons.count)
    if (course.position < 0).any():
        registers = (residents, certifications, qualifications)
        rest = link_rest(
            registers, persons, course.position, decisions or Decisions(), secret, bounds, municipality
        )
        for step, position in rest.found.items():
            course.take(position, step)
        course.step[(course.position < 0) & rest.on_list] = "review"
    return _links((residents, certifications, qualifications), persons, course, rest, counted, bounds)


def _links(
    registers: tuple[Register, Register, Register | None],
    persons: Persons,
    course: _Course,
    rest: Rest,
    counted: dict[str, int],
    bounds: tuple[float, float],
) -> Links:
    of_row, position = persons.of_row, course.position[persons.of_row]
    step = course.step[of_row]
    lost = step == "unmatched"
    matched = int((course.position >= 0).sum())
    gone = cells_of(registers[0], "removed_on").take(pa.array(course.position[course.position >= 0]))
    return Links(
        resident_of_row=pa.array(position.astype(np.int32), mask=position < 0),
        undecided=rest.undecided,
        unclear_residents=_unclear(registers, position),
        steps=counts_by("step", STEPS, step, of_row),
        unmatched=counts_by("why", WHYS, rest.why[of_row[lost]], of_row[lost]),
        false_match_rate=rest.false / matched if matched else 0.0,
        missed_match_rate=rest.missed / (matched + rest.missed) if matched + rest.missed else 0.0,
        thresholds=MappingProxyType({"accept": bounds[0], "review": bounds[1]}),
        counted=MappingProxyType({**counted, **rest.counted, "removed_record": len(gone) - gone.null_count}),
        review=rest.review,
    )


def _unclear(registers: tuple[Register, Register, Register | None], of_row: Ints) -> NDArray[np.int32]:
    """Find the residents whom rows in quarantine name: by number, by map, or by rows of the same number."""
    residents, certifications, qualifications = registers
    found = [distinct_places(certifications.unclear, residents.table["resident_no"])]
    numbers = pa.array(whole(certifications.unclear_insured), pa.string()).drop_null().unique()
    if len(numbers):
        found.append(insured_pairs(residents, qualifications, numbers)[1].astype(np.int32))
        named = np.asarray(pc.is_in(cells_of(certifications, "insured_no"), value_set=numbers))
        found.append(of_row[named & (of_row >= 0)].astype(np.int32))
    return np.unique(np.concatenate(found)).astype(np.int32)


def _check_kinds(residents: Register, certifications: Register, qualifications: Register | None) -> None:
    third = "qualifications" if qualifications is None else qualifications.kind
    if (residents.kind, certifications.kind, third) != ("residents", "certifications", "qualifications"):
        raise SamplingError(
            "SAM-LINK-REGISTER",
            _("A linkage needs the resident register first and the certification register second."),
            hint=_("Give each register under its own name."),
        )


def _thresholds(accept: float | None, review: float | None) -> tuple[float, float]:
    taken = limits().link_accept if accept is None else accept
    seen = limits().link_review if review is None else review
    if not 0 < seen < taken < 1:
        raise ConfigError(
            "SAM-LINK-THRESHOLDS",
            _("The thresholds of the linkage must be 0 < review < accept < 1."),
            hint=_("Leave them out to use those of the toolkit."),
        )
    return taken, seen


def _secret(secret: bytes | None, decisions: Decisions | None) -> bytes:
    if secret is None and decisions is not None:
        raise ConfigError(
            "SAM-LINK-SECRET",
            _("Decisions of staff can only be read with the secret that the list was made with."),
            hint=_("Link the registers within the survey."),
        )
    secret = os.urandom(SECRET_BYTES) if secret is None else secret
    check_secret(secret)
    return secret
