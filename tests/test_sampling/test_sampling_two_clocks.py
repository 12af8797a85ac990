"""Each situation of the law on two clocks leaves the person out, keeps or flags; a switch turns it."""

from datetime import date

import pytest

from custody.errors import ConfigError
from sampling import build_frame
from sampling.frame_rules import SWITCHED, FrameRules

PERSON = "0000000001"
D, K = date(2009, 11, 1), date(2009, 11, 20)


def days(*numbers: int) -> list[date]:
    """Dates of 2009 (2010 from month 13), written as month and day: 1101 is the reference date."""
    return [date(2009 + (n // 100 - 1) // 12, (n // 100 - 1) % 12 + 1, n % 100) for n in numbers]


def application(kind: str | None, applied: int, **more) -> dict:
    return {"application": kind, "applied_on": days(applied)[0], **more}


def granted(kind: str, applied: int, decided: int, start: int, end: int, **more) -> dict:
    names = ("decided_on", "valid_from", "valid_to")
    dates = dict(zip(names, days(decided, start, end), strict=True))
    return application(kind, applied, decision="certified", **dates, **more)


def refused(kind: str, applied: int, decided: int, **more) -> dict:
    return application(kind, applied, decision="not_eligible", decided_on=days(decided)[0], **more)


VALID = granted("new", 701, 801, 701, 1331)
OLD = granted("new", 101, 201, 101, 1010)

# the situations of the law on 1 November, known on 20 November: rows → the rule, or the flag of who stays
SITUATIONS = {
    "period holds D": ([VALID], "certified_valid", ""),
    "decided after D, known on K, back to the application": (
        [granted("new", 1020, 1118, 1020, 1331)],
        "certified_valid",
        "",
    ),
    "applied after D, back to a day before: moved in with a certification": (
        [granted("transfer", 1105, 1106, 1030, 1331)],
        "certified_valid",
        "",
    ),
    "decided after K: the same rows seen a month later": (
        [granted("new", 1020, 1121, 1020, 1331)],
        "pending_new",
        "",
    ),
    "new, undecided": ([application("new", 1020)], "pending_new", ""),
    "new, applied after D": ([application("new", 1102)], "", ""),
    "moved in with a certification, undecided": ([application("transfer", 1028)], "pending_new", ""),
    "the same, filed within 14 days of D": ([application("transfer", 1115)], "pending_new", ""),
    "the same, filed later": ([application("transfer", 1116)], "", ""),
    "renewal in time, old period over": ([OLD, application("renewal", 1010)], "pending_renewal", ""),
    "renewal after the old period is a new application": (
        [OLD, application("renewal", 1011)],
        "pending_new",
        "",
    ),
    "renewal without an old period in the file": ([application("renewal", 1011)], "pending_renewal", ""),
    "renewal, old period running": ([VALID, application("renewal", 1030)], "certified_valid", ""),
    "renewal filed after D, old period over": ([OLD, application("renewal", 1105)], "", "lapsed"),
    "change inside a period": ([VALID, application("change", 1030)], "certified_valid", ""),
    "change, period over": ([OLD, application("change", 1001)], "pending_change", ""),
    "by office, undecided": ([OLD, application("ex_officio", 1001)], "pending_change", ""),
    "expired, no application": ([OLD], "", "lapsed"),
    "not eligible": ([refused("new", 901, 1001)], "", "not_eligible"),
    "expired, then not eligible": ([OLD, refused("renewal", 1005, 1015)], "", "not_eligible"),
    "not eligible, then expired": (
        [refused("new", 101, 115), granted("new", 201, 301, 201, 1031)],
        "",
        "lapsed",
    ),
    "not eligible, applied anew": ([refused("new", 801, 901), application("new", 1001)], "pending_new", ""),
    "refusal not yet known": ([refused("new", 1020, 1121)], "pending_new", ""),
    "withdrawn": ([application("new", 1020, outcome="withdrawn")], "", "withdrawn"),
    "rejected": ([application("new", 1020, outcome="rejected", decided_on=days(1110)[0])], "", "withdrawn"),
    "rejected, not yet known": (
        [application("new", 1020, outcome="rejected", decided_on=days(1121)[0])],
        "pending_new",
        "",
    ),
    "cancelled": ([VALID | {"outcome": "cancelled"}], "", "withdrawn"),
    "change withdrawn inside a period": (
        [VALID, application("change", 1020, outcome="withdrawn")],
        "certified_valid",
        "",
    ),
    "refused change that counts as a renewal, with its period": (
        [OLD, granted("change", 1001, 1015, 1011, 1331, outcome="rejected")],
        "certified_valid",
        "",
    ),
    "refused change near the end of the period, nothing else": (
        [OLD, application("change", 1001, outcome="rejected", decided_on=days(1015)[0])],
        "certification_unclear",
        "",
    ),
    "refused change long before the end": (
        [OLD, application("change", 501, outcome="rejected", decided_on=days(515)[0])],
        "",
        "withdrawn",
    ),
    "checklist": ([application("new", 901, decision="checklist", decided_on=days(901)[0])], "", "checklist"),
    "checklist after an expired period": (
        [OLD, application("new", 1015, decision="checklist", decided_on=days(1015)[0])],
        "",
        "checklist",
    ),
    "checklist, then certified": (
        [application("new", 301, decision="checklist", decided_on=days(301)[0]), VALID],
        "certified_valid",
        "",
    ),
    "one application, two decisions": ([VALID, refused("new", 701, 801)], "certification_unclear", ""),
    "certified, and a later application refused": (
        [VALID, refused("change", 1001, 1020)],
        "certification_unclear",
        "",
    ),
    "two periods hold D, one of them refused": (
        [VALID, refused("new", 601, 620, valid_from=days(601)[0], valid_to=days(1331)[0])],
        "certification_unclear",
        "",
    ),
    "a renewal refused for the time after the period": (
        [VALID, refused("renewal", 1015, 1030)],
        "certified_valid",
        "",
    ),
    "refused before, certified now": ([refused("new", 101, 201), VALID], "certified_valid", ""),
    "refused, and superseded by a change": (
        [VALID, refused("new", 701, 801), granted("change", 901, 915, 901, 1331)],
        "certified_valid",
        "",
    ),
    "certified without an end": ([VALID | {"valid_to": None}], "certification_unclear", ""),
    "certified without an end, from after D": (
        [granted("new", 1102, 1115, 1102, 1331) | {"valid_to": None}],
        "",
        "",
    ),
    "certified without its day": ([VALID | {"decided_on": None}], "certification_unclear", ""),
    "a day without its decision": (
        [application("new", 901, decided_on=days(1001)[0])],
        "certification_unclear",
        "",
    ),
    "open, of an unknown kind": ([application(None, 1001)], "certification_unclear", ""),
}


@pytest.mark.parametrize("case", SITUATIONS)
def test_situations_of_the_law(hand, case) -> None:
    rows, rule, flag = SITUATIONS[case]
    frame = build_frame(
        hand("residents", [{"resident_no": PERSON}, {"resident_no": "0000000002"}]),
        hand("certifications", [{"resident_no": PERSON, **row} for row in rows]),
        reference_date=D,
        knowledge_date=K,
    )
    flags = frame.table.set_index("resident_no")["certification_flag"].to_dict()
    assert {name: count for name, count in frame.removed.items() if count} == ({rule: 1} if rule else {})
    assert flags == ({} if rule else {PERSON: flag}) | {"0000000002": ""}


def test_a_switch_turns_a_rule_into_a_flag_and_back(hand) -> None:
    states = {
        "pending_new": [application("new", 1020)],
        "pending_renewal": [OLD, application("renewal", 1010)],
        "checklist": [application("new", 901, decision="checklist", decided_on=days(901)[0])],
        "lapsed": [OLD],
        "not_eligible": [refused("new", 901, 1001)],
        "withdrawn": [application("new", 1020, outcome="withdrawn")],
    }
    numbers = {state: f"{place:010d}" for place, state in enumerate(states, 1)}
    residents = hand("residents", [{"resident_no": n} for n in [*numbers.values(), "0000000999"]])
    rows = [{"resident_no": numbers[state], **row} for state, found in states.items() for row in found]
    for switch in ("exclude", "include"):
        frame = build_frame(
            residents,
            hand("certifications", rows),
            reference_date=D,
            knowledge_date=K,
            rules=FrameRules(dict.fromkeys(SWITCHED, switch)),
        )
        out = switch == "exclude"
        assert {name: frame.removed[name] for name in states} == dict.fromkeys(states, int(out))
        assert frame.flags.set_index("flag")["persons"].to_dict() == (
            {} if out else dict.fromkeys(SWITCHED, 0) | dict.fromkeys(states, 1)
        )
        assert frame.flow["removed"].sum() + len(frame) == frame.read == 7
    with pytest.raises(ConfigError, match="lapsed"):
        FrameRules({"laps": "exclude"})
    with pytest.raises(ConfigError, match="no switch"):
        FrameRules({"certified_valid": "include"})
    with pytest.raises(ConfigError, match="exclude, include"):
        FrameRules({"lapsed": "no"})  # type: ignore[dict-item]


# birth dates that are known in part, as earliest and latest possible day → the rule
RANGES = [
    (date(1944, 1, 1), date(1944, 10, 31), ""),
    (date(1944, 1, 1), date(1944, 11, 2), ""),
    (date(1944, 1, 1), date(1944, 11, 3), "age_undecidable"),
    (date(1944, 11, 2), date(1944, 11, 30), "age_undecidable"),
    (date(1944, 11, 3), date(1944, 11, 30), "under_65"),
    (date(1944, 1, 1), date(1944, 12, 31), "age_undecidable"),
    (date(1945, 1, 1), date(1945, 12, 31), "under_65"),
    (date(2009, 11, 20), date(2009, 11, 20), "under_65"),
    (date(2009, 11, 21), date(2009, 11, 21), "age_undecidable"),  # born after the knowledge date
]


@pytest.mark.parametrize(("earliest", "latest", "rule"), RANGES)
def test_surely_65_surely_not_and_undecidable(hand, earliest, latest, rule) -> None:
    person = {"resident_no": PERSON, "birth_date": earliest, "birth_latest": latest}
    frame = one_frame(hand, person)
    assert {name: count for name, count in frame.removed.items() if count} == ({rule: 1} if rule else {})
    assert frame.staff_list.set_index("reason")["persons"]["age_undecidable"] == (rule == "age_undecidable")
    if not rule:
        assert frame.table.set_index("resident_no").loc[PERSON, "age"] == 65


def one_frame(hand, person, rows=(), **how):
    """Frame of one person and an ordinary other."""
    return build_frame(
        hand("residents", [person, {"resident_no": "0000000002"}]),
        hand(
            "certifications", [{"resident_no": PERSON, **row} for row in rows or [refused("new", 101, 201)]]
        ),
        reference_date=D,
        knowledge_date=K,
        **how,
    )


# one change of an ordinary elder, on D = 1 November and K = 20 November → the rule
MEASURES = [
    ({"protection": "yes"}, "protected"),
    ({"protection": "yes", "protection_from": days(1120)[0]}, "protected"),
    ({"protection": "yes", "protection_from": days(1121)[0]}, ""),
    ({"protection": "yes", "protection_to": days(1101)[0]}, "protected"),
    ({"protection": "yes", "protection_to": days(1031)[0]}, ""),
    ({"protection": None, "protection_from": days(601)[0]}, "protected"),
    ({"protection": "no", "protection_from": days(601)[0]}, ""),
    ({"registered": "non_resident"}, "non_resident"),
    ({"registered": "resident"}, ""),
    ({"registered": "non_resident", "removal": "removed"}, "removed_record"),
    ({"removed_on": days(1101)[0]}, "removed_record"),
    ({"removed_on": days(1102)[0], "removal": "removed"}, ""),
    ({"resident_since": days(1102)[0]}, "moved_in_after"),
]


@pytest.mark.parametrize(("change", "rule"), MEASURES)
def test_residence_and_protection_with_their_dates(hand, change, rule) -> None:
    frame = one_frame(hand, {"resident_no": PERSON, **change})
    assert {name: count for name, count in frame.removed.items() if count} == ({rule: 1} if rule else {})


@pytest.mark.parametrize(("since", "flag"), [(1101, True), (1003, True), (1002, False)])
def test_who_moved_in_lately_is_flagged(hand, since, flag) -> None:
    person = {"resident_no": PERSON, "resident_since": days(since)[0]}
    frame = one_frame(hand, person)
    assert dict(frame.flags.to_numpy())["recent_mover"] == int(flag)
    strict = one_frame(hand, person, rules=FrameRules({"recent_mover": "exclude"}))
    assert strict.removed["recent_mover"] == int(flag)


def test_a_certified_person_under_65_is_out_by_age_and_counted(hand) -> None:
    frame = one_frame(hand, {"resident_no": PERSON, "birth_date": date(1950, 1, 1)}, [VALID])
    assert frame.removed["under_65"] == frame.linkage.certified_under_65 == 1
    assert frame.removed["certified_valid"] == 0
    frame = one_frame(hand, {"resident_no": PERSON, "birth_date": date(1950, 1, 1)}, [OLD])
    assert frame.linkage.certified_under_65 == 0
