"""The qualification register of the dirty form: whose a number is, and who is insured elsewhere."""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from synthetic_data.dates import ONE_DAY, Days
from synthetic_data.dirt_certifications import second_numbers, true_numbers
from synthetic_data.dirt_plan import Plan
from synthetic_data.dirt_residents import replaced
from synthetic_data.extracts import Extract
from synthetic_data.registers import chosen, padded, text_dates
from synthetic_data.streams import Streams

Ints = npt.NDArray[np.int64]

COLUMNS = ("被保険者番号", "宛名番号", "資格区分", "資格取得日", "資格喪失日")
STATUS = ("被保険者", "住所地特例", "他市町村被保険者", "適用除外")
INSURED, LIVES_ELSEWHERE, INSURED_ELSEWHERE, EXEMPT = range(4)
NEVER = np.datetime64("NaT", "D")


def qualification_rows(extract: Extract, plan: Plan) -> Any:
    """The qualification register as a table of text.

    Parameters
    ----------
    extract : Extract
        The registers on the day.
    plan : Plan
        Who is met by which fault.

    Returns
    -------
    pyarrow.Table
        Columns `COLUMNS`: people whose 宛名番号 the certifications lack (a share of them), those who
        came back (with their old number too), those who live elsewhere, those insured elsewhere, the exempt.
    """
    known = np.intersect1d(plan.who["mapped"], extract.insured.person)
    back = np.intersect1d(plan.who["second_number"], extract.insured.person)
    away = -1 - np.arange(len(extract.insured.elsewhere))
    present = np.union1d(known, back)
    again = _days("again", extract, back)
    since = extract.people.since[present].copy()
    since[np.searchsorted(present, back)] = again
    blocks = [
        (extract.insured.of(present), present, INSURED, since, None),
        (second_numbers(plan), back, INSURED, again - 800 * ONE_DAY, again - 400 * ONE_DAY),
        (extract.insured.of(away), away, LIVES_ELSEWHERE, plan.away.since, None),
    ]
    for status, name in ((INSURED_ELSEWHERE, "insured_elsewhere"), (EXEMPT, "exempt")):
        who = plan.who[name]
        blocks.append((np.zeros(len(who), dtype=np.int64), who, status, _days(name, extract, who), None))
    return _table(extract, plan, blocks)


def _table(extract: Extract, plan: Plan, blocks: list[Any]) -> Any:
    insured, person = (np.concatenate([block[k] for block in blocks]) for k in (0, 1))
    status = np.concatenate([np.full(len(block[1]), block[2]) for block in blocks])
    gained = np.concatenate([block[3] for block in blocks])
    lost = np.concatenate(
        [np.full(len(block[1]), NEVER) if block[4] is None else block[4] for block in blocks]
    )
    hidden = np.flatnonzero((person < 0) & ~plan.met("away_row", person))
    columns = (
        replaced(padded(insured), np.flatnonzero(insured == 0), [""]),
        replaced(padded(true_numbers(extract, person)), hidden, [""]),
        chosen(STATUS, status),
        text_dates(gained),
        text_dates(lost),
    )
    table = pa.table(dict(zip(COLUMNS, columns, strict=True)))
    return table.take(pa.array(np.lexsort((gained.astype(np.int64), person, insured))))


def _days(name: str, extract: Extract, who: Ints) -> Days:
    """Days on which a qualification began, all before the reference date."""
    streams = Streams(f"{extract.seed}|dirt")
    days: Days = extract.reference - 30 * ONE_DAY - streams.below(f"qualified.{name}", len(who), 900)
    return days
