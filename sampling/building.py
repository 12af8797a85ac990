"""Building the frame: the two registers joined in DuckDB, never row by row."""

import os
from collections.abc import Mapping
from datetime import date
from typing import Any, Final

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from custody.errors import SamplingError
from custody.messages import gettext as _
from sampling.ages import age_band, ages_on
from sampling.areas import default_areas, places
from sampling.exclusions import Exclusions, insurance_marks, list_marks
from sampling.frame import Frame, Linkage
from sampling.frame_rules import RULES, FrameRules
from sampling.judging import Clocks, Judged, judge
from sampling.limits import limits
from sampling.linkage import Links, exact_links
from sampling.registers import Register

__all__ = ["build_frame", "with_building"]

OLDEST: Final = 150
SECRET_BYTES: Final = 32
SEPARATOR: Final = "\u3000"


def build_frame(
    residents: Register,
    certifications: Register,
    *,
    reference_date: date,
    knowledge_date: date,
    areas: Mapping[str, str] | None = None,
    municipality: str = "東京都練馬区",
    secret: bytes | None = None,
    links: Links | None = None,
    qualifications: Register | None = None,
    rules: FrameRules | None = None,
    exclusions: Exclusions | None = None,
) -> Frame:
    """Join the registers into the frame.

    Parameters
    ----------
    residents, certifications : Register
        From `read_residents` and `read_certifications`.
    reference_date : datetime.date
        Age, residence and certification are as on this day (基準日).
    knowledge_date : datetime.date
        Decisions and removals after this day are not known (抽出日); not before `reference_date`.
    areas : mapping of str to str, optional
        Town → area (町 → 地区). Default: the towns of 練馬区.
    municipality : str
        What stands before the town in an address, if it stands there.
    secret : bytes, optional
        Secret of the person keys, 16 bytes or more; a survey gives its own. Default: a fresh one, so that the
        same seed gives another sample on a frame built again.
    links : Links, optional
        Whose each certification row is, from `link_registers`. Default: by resident number only.
    qualifications : Register, optional
        From `read_qualifications`: who is insured elsewhere (住所地特例) or outside the insurance (適用除外).
    rules : FrameRules, optional
        The switches. Default: those of a survey without a table ``[frame]``.
    exclusions : Exclusions, optional
        From `read_exclusions`: who wished not to be asked, was drawn before, or lives in an institution.

    Returns
    -------
    Frame
        Persons of 65 and over, resident, reachable and not certified, with the flow of counts.

    Raises
    ------
    SamplingError
        The registers are exchanged, the clocks contradict each other, the registers hardly match, or nobody
        is left.
    InputError
        A number of a list has another width than those of the resident register.

    Notes
    -----
    Certified on D means a decision known on K with a validity that holds D, whenever it was made: a new
    decision takes effect back on its application date (介護保険法27条8項). Applications open on K leave the
    person out, each kind under its own rule: a renewal (更新) filed in time is ``pending_renewal``, one filed
    after the period is a new application. Rows of one person that contradict each other on D, or lack what a
    decision needs, leave the person out as ``certification_unclear``. A lapsed period without application, a
    refusal (非該当), a withdrawal (取下げ, 却下, 取消) and a checklist (事業対象者) do not, unless a switch
    says so; the latest application decides which of them is shown.

    Where day or month of birth are unknown, who is surely of age is in, with the age of the latest possible
    day; who may or may not be is ``age_undecidable``, as is a birth after the knowledge date.
    """
    _check_arguments(residents, certifications, qualifications, reference_date, knowledge_date)
    rules = FrameRules() if rules is None else rules
    links = exact_links(residents, certifications) if links is None else links
    _check_rate(links, certifications)
    marks, lists = list_marks(residents, exclusions, reference_date, municipality)
    insured, insurance = insurance_marks(residents, qualifications, reference_date)
    judged = judge(
        residents.table,
        certifications.table,
        links.resident_of_row,
        marks | insured | _link_marks(links, residents.accepted),
        Clocks(reference_date, knowledge_date),
        rules,
        os.urandom(SECRET_BYTES) if secret is None else secret,
    )
    _check_share(judged)
    people = _people(residents, judged, reference_date, areas, municipality)
    data = people.filter(people["area"].is_valid())
    if not len(data):
        raise SamplingError(
            "SAM-FRAME-EMPTY", _("Nobody is left in the frame."), hint=_("Look at the dates and the layout.")
        )
    return Frame(
        reference_date=reference_date,
        knowledge_date=knowledge_date,
        removed=_removed(residents, judged, len(people) - len(data)),
        read=residents.read,
        linkage=_linkage(links, certifications, judged),
        sources=_sources(residents, certifications, qualifications, exclusions),
        data=data,
        rules=rules,
        lists=(*lists, *insurance),
        staff=_staff(residents, judged, people),
    )


def _check_arguments(
    residents: Register,
    certifications: Register,
    qualifications: Register | None,
    reference: date,
    known: date,
) -> None:
    kinds = (
        residents.kind,
        certifications.kind,
        "qualifications" if qualifications is None else qualifications.kind,
    )
    if kinds != ("residents", "certifications", "qualifications"):
        raise SamplingError(
            "SAM-FRAME-REGISTER",
            _("A frame needs the resident register first and the certification register second."),
            hint=_("Nobody is taken as uncertified without the certification register."),
        )
    if known < reference:
        raise SamplingError(
            "SAM-FRAME-CLOCKS",
            _("The knowledge date is before the reference date: the facts of that day cannot be known yet."),
            hint=_("Give the day on which the registers were extracted."),
        )


def _removed(residents: Register, judged: Judged, lost: int) -> dict[str, int]:
    """Count every rule in its order, also those that found nobody."""
    found = {**judged.removed, "quarantined": residents.quarantined, "area_unknown": lost}
    return {rule: found.get(rule, 0) for rule in ("quarantined", *RULES)}


def _link_marks(links: Links, n: int) -> dict[str, NDArray[np.bool_]]:
    marks = {}
    for name, positions in (("undecided", links.undecided), ("unclear", links.unclear_residents)):
        marks[name] = np.zeros(n, dtype=np.bool_)
        marks[name][positions] = True
    return marks


def _linkage(links: Links, certifications: Register, judged: Judged) -> Linkage:
    return Linkage(
        rows=certifications.accepted,
        matched=certifications.accepted - links.resident_of_row.null_count,
        unclear=len(certifications.unclear),
        unattributed=certifications.unattributed,
        undecided=len(links.undecided),
        certified_under_65=judged.certified_under_65,
        steps={step: int(rows) for step, rows in zip(links.steps["step"], links.steps["rows"], strict=True)},
        false_match_rate=links.false_match_rate,
        missed_match_rate=links.missed_match_rate,
    )


def _sources(
    residents: Register,
    certifications: Register,
    qualifications: Register | None,
    exclusions: Exclusions | None,
) -> dict[str, str]:
    sources = {"residents": residents.sha256, "certifications": certifications.sha256}
    if qualifications is not None:
        sources["qualifications"] = qualifications.sha256
    return sources | ({} if exclusions is None else dict(exclusions.sources))


def _check_rate(links: Links, certifications: Register) -> None:
    rows = certifications.accepted
    if len(links.resident_of_row) != rows:
        raise SamplingError(
            "SAM-LINK-ROWS",
            _("The links are those of another certification register."),
            hint=_("Link these two registers, and build the frame from the result."),
        )
    rate = 1 - links.resident_of_row.null_count / rows if rows else 0.0
    if rate < limits().min_match_rate:
        text = _(
            "Only {rate:.1%} of the certification rows are in the resident register; "
            "at least {least:.0%} must be."
        )
        raise _refused_link("SAM-LINK-RATE", text.format(rate=rate, least=limits().min_match_rate))


def _check_share(judged: Judged) -> None:
    least = limits().min_elder_share
    if judged.elders >= limits().judged_from and judged.applied < least * judged.elders:
        text = _("Only {share:.1%} of the elders have a certification row; at least {least:.0%} must.")
        raise _refused_link("SAM-LINK-SHARE", text.format(share=judged.applied / judged.elders, least=least))


def _refused_link(code: str, message: str) -> SamplingError:
    hint = _("It is probably another file, another year or another number. Nothing is drawn.")
    return SamplingError(code, message, hint=hint)


def _staff(residents: Register, judged: Judged, people: Any) -> Any:
    """Return who is left out until staff have looked: by a rule, or because the town is unknown."""
    named = residents.table.select(["resident_no"]).take(judged.staff["position"])
    lost = people.filter(pc.is_null(people["area"])).select(["resident_no"])
    unknown = pa.array(["area_unknown"] * len(lost), pa.string())
    return pa.concat_tables(
        [named.append_column("reason", judged.staff["reason"]), lost.append_column("reason", unknown)]
    )


def _people(
    residents: Register, judged: Judged, reference: date, areas: Mapping[str, str] | None, municipality: str
) -> Any:
    """Return the frame's table: text decoded for these persons only; town and area null where unknown."""
    survivors = judged.survivors
    positions = survivors["position"].to_numpy()
    names = ["resident_no", "household_no", "sex", "postal_code"]
    people = residents.table.select(names).take(survivors["position"]).combine_chunks()
    column = {name: people[name].combine_chunks() for name in names}
    ages = ages_on(_births(residents).take(survivors["position"]), reference)
    addresses = residents.text("address", positions)
    town, area = _located(addresses, default_areas() if areas is None else areas, municipality)
    bands = pa.array([age_band(age) for age in range(limits().min_age, OLDEST)])
    return pa.table(
        {
            "person_key": survivors["person_key"],
            "resident_no": column["resident_no"],
            "household_no": column["household_no"],
            "name": residents.text("name", positions),
            "area": area,
            "town": town,
            "age": ages,
            "age_band": bands.take(pc.subtract(ages, limits().min_age)),
            "sex": column["sex"].cast(pa.string()),
            "postal_code": column["postal_code"],
            "address": with_building(addresses, residents.text("building", positions)),
            "certification_flag": survivors["flag"],
        }
    )


def _births(residents: Register) -> Any:
    """Return the latest possible day of birth: everybody of the frame is surely of this age."""
    table = residents.table
    latest = table["birth_latest"] if "birth_latest" in table.column_names else table["birth_date"]
    return pc.coalesce(latest, table["birth_date"])


def with_building(addresses: Any, buildings: Any) -> Any:
    """Join address and building (方書) to the line of a label.

    Parameters
    ----------
    addresses, buildings : pyarrow.Array of string
        Shape (persons,); a blank or null building adds nothing.

    Returns
    -------
    pyarrow.Array of string
        Shape (persons,), a full-width blank between the two.
    """
    whole = pc.binary_join_element_wise(addresses, buildings, SEPARATOR, null_handling="replace")
    return pc.if_else(pc.equal(pc.fill_null(buildings, ""), ""), addresses, whole)


def _located(addresses: Any, areas: Mapping[str, str], municipality: str) -> tuple[Any, Any]:
    """Return town and area of each address; each different beginning is looked up once."""
    heads = pc.extract_regex(addresses, r"^(?P<head>[^0-9０-９]*)").field("head").dictionary_encode()
    found = places(heads.dictionary.to_pylist(), areas, municipality)
    rows = [found.get(head, (None, None)) for head in heads.dictionary.to_pylist()]
    town, area = (pa.array([row[part] for row in rows], type=pa.string()) for part in (0, 1))
    return town.take(heads.indices), area.take(heads.indices)
