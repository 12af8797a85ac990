"""The rules of the frame once more, one person at a time, in slow plain Python; no line of it is shared."""

from datetime import date, timedelta
from typing import Any

from sampling.frame_rules import RULES

Row = dict[str, Any]


def age_on(birth: date, when: date) -> int:
    """Years completed, counted one by one: the age rises at the end of the day before the birthday."""
    age = 0
    while True:
        year = birth.year + age + 1
        try:
            birthday = birth.replace(year=year)
        except ValueError:  # 29 February: the day before is 28 February in any year
            birthday = date(year, 3, 1)
        if birthday - timedelta(days=1) > when:
            return age
        age += 1


def standing(row: Row, known: date) -> str:
    """What became of one application, as far as it was known."""
    told = row["decided_on"] is None or row["decided_on"] <= known
    period = row["valid_from"] and row["valid_to"]
    renewal = (row["application"], row["outcome"], row["decision"]) == ("change", "rejected", "certified")
    if row["outcome"] and told and not (renewal and period):
        return "ended"
    if row["decision"] == "checklist" and told:
        return "checklist"
    if row["decided_on"] is not None and told:
        return {"certified": "granted", "not_eligible": "refused"}.get(row["decision"], "broken")
    return "broken" if row["decided_on"] is None and row["decision"] else "open"


def care_of(rows_of_person: list[Row], reference: date, known: date) -> tuple[list[str], str]:
    """Return the reasons of certification that hold, in their order, and how the last application ended."""
    states: dict[str, list[Row]] = {
        name: [] for name in ("ended", "checklist", "granted", "refused", "broken", "open")
    }
    for row in rows_of_person:
        if row["applied_on"] is None or row["applied_on"] <= known:
            day_of = row["applied_on"] or row["decided_on"] or row["valid_from"]
            states[standing(row, known)].append({**row, "day": day_of})
    whole = [row for row in states["granted"] if row["valid_from"] and row["valid_to"]]
    valid = [row for row in whole if row["valid_from"] <= reference <= row["valid_to"]]
    ends = [row for row in states["granted"] if row["valid_to"] and row["valid_to"] < reference]
    end = max((row["valid_to"] for row in ends), default=None)
    reasons = set()
    if valid:
        latest = max(row["day"] for row in valid)
        against = [row for row in states["refused"] if contradicts(row, latest, reference)]
        reasons.add("certification_unclear" if against else "certified_valid")
    reasons |= open_reasons(states["open"], end, reference)
    reasons |= unclear_reasons(states, end, reference)
    order = ("certified_valid", "pending_new", "pending_renewal", "pending_change", "certification_unclear")
    return [reason for reason in order if reason in reasons], past_of(states, ends, reasons, reference)


def contradicts(row: Row, latest: date, reference: date) -> bool:
    if row["valid_from"] and row["valid_to"] and row["valid_from"] <= reference <= row["valid_to"]:
        return True
    if row["day"] == latest:
        return True
    return row["application"] != "renewal" and latest < row["day"] <= reference


def open_reasons(waiting: list[Row], end: date | None, reference: date) -> set[str]:
    reasons = set()
    for row in waiting:
        limit = reference + timedelta(days=14) if row["application"] == "transfer" else reference
        if row["day"] is None or row["day"] > limit:
            continue
        if row["application"] in ("new", "transfer"):
            reasons.add("pending_new")
        if row["application"] in ("change", "ex_officio"):
            reasons.add("pending_change")
    renewals = [row["day"] for row in waiting if row["application"] == "renewal"]
    renewals = [applied for applied in renewals if applied and applied <= reference]
    if renewals:
        late = end is not None and min(renewals) > end
        reasons.add("pending_new" if late else "pending_renewal")
    return reasons


def unclear_reasons(states: dict[str, list[Row]], end: date | None, reference: date) -> set[str]:
    for row in states["granted"]:
        missing = row["valid_from"] is None or row["valid_to"] is None
        if missing and (row["valid_from"] is None or row["valid_from"] <= reference):
            return {"certification_unclear"}
    for row in states["open"]:
        vague = row["application"] is None or row["applied_on"] is None
        if vague and (row["applied_on"] is None or row["applied_on"] <= reference):
            return {"certification_unclear"}
    if states["broken"]:
        return {"certification_unclear"}
    turned = [r["day"] for r in states["ended"] if (r["application"], r["outcome"]) == ("change", "rejected")]
    turned = [applied for applied in turned if applied]
    if end and turned and end - timedelta(days=60) <= max(turned) <= end:
        later = [row["day"] for row in states["refused"] if row["day"] and row["day"] >= max(turned)]
        return set() if later else {"certification_unclear"}
    return set()


def past_of(states: dict[str, list[Row]], ends: list[Row], reasons: set[str], reference: date) -> str:
    for row in states["checklist"]:
        start = row["valid_from"] or row["day"]
        if (start is None or start <= reference) and (
            row["valid_to"] is None or row["valid_to"] >= reference
        ):
            return "checklist"
    if reasons & {"pending_new", "pending_renewal"}:
        return ""
    last = {
        "lapsed": max((row["day"] for row in ends), default=None),
        "not_eligible": max((row["day"] for row in states["refused"] if row["day"]), default=None),
        "withdrawn": max((row["day"] for row in states["ended"] if row["day"]), default=None),
    }
    dated = {name: applied for name, applied in last.items() if applied}
    return max(dated, key=lambda name: dated[name], default="")  # the first of equals


def age_reason(person: Row, reference: date, known: date) -> str:
    ages = [age_on(person[name], reference) for name in ("birth_date", "birth_latest")]
    if person["birth_date"] > known:
        return "age_undecidable"
    if max(ages) < 65:
        return "under_65"
    return "age_undecidable" if min(ages) < 65 else ""


def protected(person: Row, reference: date, known: date) -> bool:
    start, end = person.get("protection_from"), person.get("protection_to")
    flag = person.get("protection") or ("yes" if start else "no")
    return flag == "yes" and (start is None or start <= known) and (end is None or end >= reference)


def judge_slowly(
    person: Row,
    rows_of_person: list[Row],
    marks: set[str],
    clocks: tuple[date, date],
    kept: set[str],
) -> tuple[str, set[str]]:
    """Return the rule by which one person leaves and the flags; `kept` are the rules switched off."""
    reference, known = clocks
    removed, since = person.get("removed_on"), person["resident_since"]
    if removed <= reference if removed else person.get("removal"):
        return "removed_record", set()
    if person.get("registered") == "non_resident":
        return "non_resident", set()
    if since > reference:
        return "moved_in_after", set()
    if reason := age_reason(person, reference, known):
        return reason, set()
    care, past = care_of(rows_of_person, reference, known)
    holds = {*care, *marks, past} - {""}
    if protected(person, reference, known):
        holds.add("protected")
    if (reference - since).days < 30:
        holds.add("recent_mover")
    if "unclear" in marks:
        holds.add("certification_unclear")
    if "undecided" in marks:
        holds.add("link_undecided")
    for rule in RULES:
        if rule in holds and rule not in kept:
            return rule, set()
    return "", holds & kept
