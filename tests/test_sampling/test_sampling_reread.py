"""Each person drawn is judged again by later registers: the first reason that holds keeps the letter back."""

from collections.abc import Callable
from datetime import date
from typing import Any

import pandas as pd
import pyarrow as pa
import pytest

from sampling.exclusions import Exclusions, NumberList
from sampling.frame_rules import FrameRules
from sampling.linkage import exact_links
from sampling.register_files import Registers
from sampling.reread import reread

D, K = date(2009, 11, 1), date(2009, 11, 20)
ME, OTHER = "0000000001", "0000000002"


def november(day: int) -> date:
    return date(2009, 11, day)


NEW = {"application": "new", "applied_on": date(2009, 10, 20)}
GRANTED = {"decision": "certified", "decided_on": november(15), "valid_to": date(2010, 4, 30)}
RESIDENT_CASES = [
    ({}, ""),
    ({"removed_on": november(10), "removal": "died"}, "died"),
    ({"removed_on": november(20), "removal": "moved"}, "moved"),
    ({"removed_on": november(10), "removal": "struck"}, "removed"),
    ({"removed_on": november(10)}, "removed"),
    ({"removal": "died"}, "died"),
    ({"removed_on": november(21), "removal": "moved"}, ""),  # 転出予定: a removal of a later day is none yet
    ({"registered": "non_resident"}, "removed"),
    ({"protection": "yes"}, "protected"),
    ({"protection": "yes", "protection_to": date(2009, 10, 31)}, ""),
    ({"protection": "yes", "protection_to": november(1)}, "protected"),
    (
        {"protection": "yes", "protection_from": date(2009, 12, 1)},
        "protected",
    ),  # renewed: the old dates are gone
    ({"protection": None, "protection_from": november(5)}, "protected"),
    ({"protection": "no", "protection_from": november(5)}, ""),
    ({"removed_on": november(10), "removal": "died", "protection": "yes"}, "died"),
    ({"resident_since": november(18)}, ""),  # left and came back: here, and may be mailed
]
CERTIFICATION_CASES = [
    ([NEW | GRANTED | {"valid_from": date(2009, 10, 20)}], "certified"),
    ([NEW | GRANTED | {"decided_on": november(21), "valid_from": date(2009, 10, 20)}], "pending"),
    ([NEW | GRANTED | {"applied_on": november(10), "valid_from": november(10)}], "certified"),
    ([NEW | GRANTED | {"valid_from": date(2009, 10, 20), "valid_to": november(15)}], "certified"),
    ([NEW], "pending"),
    ([NEW | {"applied_on": november(20)}], "pending"),
    ([NEW | {"applied_on": november(21)}], ""),
    ([NEW | {"decision": "not_eligible", "decided_on": november(15)}], ""),
    ([NEW | {"outcome": "withdrawn"}], ""),
    ([NEW | {"decision": "certified", "decided_on": november(15)}], "unclear"),
    ([{"application": "change", "applied_on": november(5)}], "pending"),
]


def look(
    hand: Callable[..., Any],
    resident: dict[str, Any] | None,
    rows: list[dict[str, Any]] = [],  # noqa: B006
    *,
    rules: dict[str, str] | None = None,
    qualified: list[dict[str, Any]] | None = None,
    opted_out: list[str] | None = None,
    unclear: list[str] | None = None,
    address: str = "東京都練馬区練馬１丁目２番３号",
) -> tuple[str, pd.Series]:
    """Read one person again; eleven others show that it is the right register."""
    people = [{"resident_no": f"{number:010d}"} for number in range(2, 13)]
    people += [] if resident is None else [{"resident_no": ME} | resident]
    residents = hand("residents", people, unclear=pa.array(unclear or [], pa.string()))
    old = {"application": "new", "applied_on": date(2009, 1, 5), "resident_no": OTHER}
    certifications = hand("certifications", [old, *({"resident_no": ME} | row for row in rows)])
    drawn = [ME, *(f"{number:010d}" for number in range(3, 13))]
    vault = pd.DataFrame({"resident_no": drawn, "postal_code": "176-0001", "address": address, "name": "前"})
    wishes = None if opted_out is None else NumberList("wishes.csv", pa.array(opted_out))
    found = reread(
        vault,
        Registers(
            residents, certifications, None if qualified is None else hand("qualifications", qualified)
        ),
        exact_links(residents, certifications),
        Exclusions(opted_out=wishes),
        reference_date=D,
        knowledge_date=K,
        rules=FrameRules(rules or {}),  # type: ignore[arg-type]
    )
    assert set(found.reasons[1:]) == {""}
    return str(found.reasons[0]), found.contacts.iloc[0]


@pytest.mark.parametrize(("resident", "reason"), RESIDENT_CASES)
def test_what_the_resident_register_says_now(hand, resident, reason) -> None:
    assert look(hand, resident)[0] == reason


@pytest.mark.parametrize(("rows", "reason"), CERTIFICATION_CASES)
def test_what_the_certifications_say_now_on_both_days(hand, rows, reason) -> None:
    assert look(hand, {}, rows)[0] == reason
    assert look(hand, {"removal": "died"}, rows)[0] == "died"


def test_reasons_are_tried_in_their_order(hand) -> None:
    certified = [NEW | GRANTED | {"valid_from": date(2009, 10, 20)}]
    assert look(hand, {"protection": "yes"}, certified, opted_out=[ME])[0] == "protected"
    assert look(hand, {}, certified, opted_out=[ME])[0] == "opted_out"
    assert look(hand, {}, certified)[0] == "certified"


def test_a_number_that_is_gone_and_a_row_that_cannot_be_read_are_kept_apart(hand) -> None:
    assert look(hand, None)[0] == "not_found"
    assert look(hand, None, unclear=[ME])[0] == "unclear"
    assert look(hand, None, unclear=[ME], opted_out=[ME])[0] == "opted_out"


def test_switches_of_the_survey_decide_what_keeps_a_letter_back(hand) -> None:
    elsewhere = [
        {"insured_no": "1", "resident_no": ME, "status": "insured_elsewhere", "acquired_on": november(5)}
    ]
    ended = [NEW | GRANTED | {"decided_on": date(2009, 5, 1), "valid_from": date(2009, 4, 1), "valid_to": D}]
    ended[0] |= {"valid_to": date(2009, 10, 31), "applied_on": date(2009, 4, 1)}
    assert look(hand, {}, [NEW], rules={"pending_new": "include"})[0] == ""
    assert look(hand, {}, ended, rules={"lapsed": "exclude"})[0] == ""  # a rule of the frame, not of the post
    assert look(hand, {}, qualified=elsewhere)[0] == "insured_elsewhere"
    assert look(hand, {}, qualified=elsewhere, rules={"insured_elsewhere": "include"})[0] == ""


def test_a_new_address_is_taken_for_who_may_be_mailed_and_for_nobody_else(hand) -> None:
    new = {
        "postal_code": "177-0041",
        "address": "東京都練馬区石神井町１丁目２番３号",
        "building": "石神井荘１号",
    }
    mailed = look(hand, new)[1]
    assert mailed.tolist() == ["177-0041", new["address"] + "　" + new["building"], "練馬　太郎"]
    hidden = look(hand, new | {"protection": "yes"})[1]
    assert hidden.tolist() == ["176-0001", "東京都練馬区練馬１丁目２番３号", "前"]
