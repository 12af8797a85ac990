"""Building the frame: the two registers joined in DuckDB, never row by row."""

import os
from collections.abc import Mapping
from datetime import date
from importlib.resources import files
from typing import Any, Final

import duckdb
import numpy as np
import pyarrow as pa
import pyarrow.acero
import pyarrow.compute as pc
import pyarrow.dataset

from custody.errors import SamplingError
from custody.messages import gettext as _
from sampling.ages import age_band, ages_on, born_by
from sampling.areas import default_areas, places
from sampling.decoding import to_text
from sampling.frame import BATCH_ROWS, RULES, Frame, Linkage
from sampling.keys import hmac_pads
from sampling.limits import limits
from sampling.registers import Register

__all__ = ["build_frame"]

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
) -> Frame:
    """Join the two registers into the frame.

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

    Returns
    -------
    Frame
        Persons of 65 and over, resident, reachable and not certified, with the flow of counts.

    Raises
    ------
    SamplingError
        The registers are exchanged, the clocks contradict each other, the registers hardly match, or nobody
        is left.

    Notes
    -----
    Certified on D means a decision known on K with a validity that holds D, whenever it was made: a new
    decision takes effect back on its application date (介護保険法27条8項). Applications open on K leave the
    person out, each kind under its own rule. A lapsed period without application, and a refusal (非該当),
    do not.
    """
    _check_arguments(residents, certifications, reference_date, knowledge_date)
    inner, outer = hmac_pads(os.urandom(SECRET_BYTES) if secret is None else secret)
    with duckdb.connect(":memory:") as engine:
        _register(engine, residents, certifications)
        engine.execute(
            _query("eligibility"),
            {
                "reference": reference_date,
                "known": knowledge_date,
                "born_by": born_by(limits().min_age, reference_date),
            },
        )
        reasons = _reasons(engine)
        linkage = _linkage(engine, certifications)
        _check_linkage(engine, linkage)
        survivors = engine.sql(_query("survivors"), params={"inner": inner, "outer": outer}).to_arrow_table()
    ages = ages_on(residents.table["birth_date"].take(survivors["position"]), reference_date)
    people = _people(survivors, residents, ages, default_areas() if areas is None else areas, municipality)
    data = people.filter(people["area"].is_valid())
    if not len(data):
        raise SamplingError(
            "SAM-FRAME-EMPTY", _("Nobody is left in the frame."), hint=_("Look at the dates and the layout.")
        )
    reasons |= {"quarantined": residents.quarantined, "area_unknown": len(people) - len(data)}
    return Frame(
        reference_date=reference_date,
        knowledge_date=knowledge_date,
        removed={rule: reasons.get(rule, 0) for rule in ("quarantined", *RULES)},
        read=residents.read,
        linkage=linkage,
        sources={"residents": residents.sha256, "certifications": certifications.sha256},
        data=data,
    )


def _query(name: str) -> str:
    return files("sampling").joinpath(f"data/{name}.sql").read_text(encoding="utf-8")


def _check_arguments(residents: Register, certifications: Register, reference: date, known: date) -> None:
    if (residents.kind, certifications.kind) != ("residents", "certifications"):
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


def _register(engine: Any, residents: Register, certifications: Register) -> None:
    table = residents.table
    narrow = table.select(
        ["resident_no", "birth_date", "resident_since", "removed_on", "removal", "protection"]
    ).append_column("position", pa.array(np.arange(table.num_rows, dtype=np.int32)))
    batches = narrow.to_batches(max_chunksize=BATCH_ROWS)  # small batches let DuckDB use every core
    engine.register("residents", pa.Table.from_batches(batches))
    engine.register("certifications", certifications.table)
    engine.register("unclear", pa.table({"resident_no": certifications.unclear}))


def _linkage(engine: Any, certifications: Register) -> Linkage:
    query = "SELECT count(*) FROM certifications SEMI JOIN residents USING (resident_no)"
    ((matched,),) = engine.sql(query).fetchall()
    return Linkage(
        rows=certifications.accepted,
        matched=int(matched),
        unclear=len(certifications.unclear),
        unattributed=certifications.unattributed,
    )


def _reasons(engine: Any) -> dict[str, int]:
    """Count the persons of every reason; "" for those who are left."""
    found = engine.sql("SELECT reason, count(*) FROM judged GROUP BY reason").fetchall()
    return {reason: int(count) for reason, count in found}


def _check_linkage(engine: Any, linkage: Linkage) -> None:
    hint = _("It is probably another file, another year or another number. Nothing is drawn.")
    if linkage.rate < limits().min_match_rate:
        text = _(
            "Only {rate:.1%} of the certification rows are in the resident register; "
            "at least {least:.0%} must be."
        )
        message = text.format(rate=linkage.rate, least=limits().min_match_rate)
        raise SamplingError("SAM-LINK-RATE", message, hint=hint)
    query = "SELECT count(resident_no), count(*) FILTER (applied) FROM judged"
    ((elders, applied),) = engine.sql(query).fetchall()
    if elders >= limits().judged_from and applied < limits().min_elder_share * elders:
        text = _("Only {share:.1%} of the elders have a certification row; at least {least:.0%} must.")
        message = text.format(share=applied / elders, least=limits().min_elder_share)
        raise SamplingError("SAM-LINK-SHARE", message, hint=hint)


def _people(
    survivors: Any, residents: Register, ages: Any, areas: Mapping[str, str], municipality: str
) -> Any:
    """Return the frame's table: text decoded for these persons only; town and area null where unknown."""
    names = ["resident_no", "household_no", "name", "sex", "postal_code", "address", "building"]
    people = residents.table.select(names).take(survivors["position"]).combine_chunks()
    column = {name: people[name].combine_chunks() for name in names}
    addresses = to_text(column["address"], residents.encoding)
    town, area = _located(addresses, areas, municipality)
    bands = pa.array([age_band(age) for age in range(limits().min_age, OLDEST)])
    return pa.table(
        {
            "person_key": survivors["person_key"],
            "resident_no": column["resident_no"],
            "household_no": column["household_no"],
            "name": to_text(column["name"], residents.encoding),
            "area": area,
            "town": town,
            "age": ages,
            "age_band": bands.take(pc.subtract(ages, limits().min_age)),
            "sex": column["sex"].cast(pa.string()),
            "postal_code": column["postal_code"],
            "address": _with_building(addresses, to_text(column["building"], residents.encoding)),
            "certification_flag": survivors["flag"],
        }
    )


def _with_building(addresses: Any, buildings: Any) -> Any:
    whole = pc.binary_join_element_wise(addresses, buildings, SEPARATOR)
    return pc.if_else(pc.equal(buildings, ""), addresses, whole)


def _located(addresses: Any, areas: Mapping[str, str], municipality: str) -> tuple[Any, Any]:
    """Return town and area of each address; each different beginning is looked up once."""
    heads = pc.extract_regex(addresses, r"^(?P<head>[^0-9０-９]*)").field("head").dictionary_encode()
    found = places(heads.dictionary.to_pylist(), areas, municipality)
    rows = [found.get(head, (None, None)) for head in heads.dictionary.to_pylist()]
    town, area = (pa.array([row[part] for row in rows], type=pa.string()) for part in (0, 1))
    return town.take(heads.indices), area.take(heads.indices)
