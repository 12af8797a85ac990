"""Linkage on the dirty ward: what is missed, what is false, what staff see: ``python benchmarks/linkage.py``.

The ward's truth says whose each certification row is. Missed: the person is in the resident register, and is
neither matched nor on the staff list. False: matched to somebody else. Both in persons. With ``--no-numbers``
the rows have no resident number and no map: every person is found by name, birth date, sex and address. With
``--gone 0.2`` a fifth of the residents is not in their register: far worse than any ward, to see both errors.
"""

import argparse
import sys
import tempfile
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc
from metering import Meter

from custody.console import say
from sampling.linkage import Links, link_registers
from sampling.linkage.persons import group_rows
from sampling.registers import Register, read_certifications, read_qualifications, read_residents
from synthetic_data import make_ward

RESIDENTS = 700_000
MISSED, FALSE, LISTED = 0.003, 0.0005, 0.02
"""What the project allows: shares of the persons in the register, and of the certification rows."""
THRESHOLDS = ((0.5, 0.1), (0.9, 0.05), (0.95, 0.02), (0.99, 0.01), (0.999, 0.005))
SECRET = bytes(32)


@dataclass(frozen=True, slots=True)
class Registers:
    """The three registers and the truth of the accepted certification rows."""

    residents: Register
    certifications: Register
    qualifications: Register | None
    truth: pd.DataFrame


def read_ward(folder: Path, residents: int, seed: str, meter: Meter) -> Registers:
    """Write the dirty ward and read it back."""
    with meter.step("make and write the ward", residents):
        files = make_ward(residents, seed=seed).write(folder, form="dirty")
    with meter.step("read three registers", residents):
        people = read_residents(files["residents"], layout="resident_csv")
        rows = read_certifications(files["certifications"], layout="certification_csv")
        map_ = read_qualifications(files["qualifications"], layout="qualification_csv")
    truth = pd.read_csv(files["links"], dtype="str", keep_default_na=False)
    truth = truth[~truth["row"].astype("int64").isin(rows.quarantine["row"])]
    return Registers(people, rows, map_, truth.reset_index(drop=True))


def without_numbers(registers: Registers) -> Registers:
    """Forget every number that could name a resident."""
    table = registers.certifications.table
    place = table.column_names.index("resident_no")
    table = table.set_column(place, "resident_no", pa.nulls(len(table), pa.string()))
    return replace(
        registers, certifications=replace(registers.certifications, table=table), qualifications=None
    )


def without_some(registers: Registers, share: float) -> Registers:
    """Take a share of the residents out of their register, so that nobody is the right answer for some."""
    table = registers.residents.table
    stay = np.random.default_rng(1).random(len(table)) >= share
    return replace(registers, residents=replace(registers.residents, table=table.filter(pa.array(stay))))


def with_numbers_only(registers: Registers, links: Links) -> Registers:
    """Keep the rows whose resident number is a resident's."""
    table = registers.certifications.table
    known = pc.is_in(table["resident_no"], value_set=pc.unique(registers.residents.table["resident_no"]))
    found = pc.and_(known, links.resident_of_row.is_valid())
    return replace(registers, certifications=replace(registers.certifications, table=table.filter(found)))


def judged(registers: Registers, links: Links) -> dict[str, float]:
    """Compare the links with the truth."""
    numbers = registers.residents.table["resident_no"].combine_chunks()
    got = numbers.take(links.resident_of_row).to_pandas().to_numpy()
    true = registers.truth["resident_no"].where(registers.truth["resident_no"].isin(numbers.to_pandas()))
    persons = pd.DataFrame({"person": group_rows(registers.certifications).of_row, "got": got, "true": true})
    person = persons.groupby("person").first()
    here, matched = person["true"].notna(), person["got"].notna()
    listed = int(links.steps.set_index("step")["persons"]["review"])
    unfound = int((here & ~matched).sum())
    on_list = _on_list(registers, links, person[here & ~matched]["true"])
    return {
        "persons": len(person),
        "in the register": int(here.sum()),
        "false": int((matched & (person["got"] != person["true"])).sum()),
        "missed": unfound - on_list,
        "missed, list counted": unfound,
        "persons on the list": listed,
        "pairs on the list": len(links.review),
        "rows": registers.certifications.accepted,
    }


def _on_list(registers: Registers, links: Links, true: Any) -> int:
    """Count the persons whose own resident is on the staff list."""
    numbers = registers.residents.table["resident_no"].take(pa.array(links.undecided)).to_pylist()
    return int(np.isin(true.to_numpy(dtype="U"), np.array(numbers, dtype="U")).sum()) if numbers else 0


def report(found: dict[str, float], links: Links) -> bool:
    """Print what was found beside what is allowed; say whether all of it is."""
    here = max(found["in the register"], 1)
    lines = (
        ("missed", found["missed"], found["missed"] / here, MISSED),
        ("missed, list counted", found["missed, list counted"], found["missed, list counted"] / here, None),
        ("false", found["false"], found["false"] / here, FALSE),
        ("pairs for staff", found["pairs on the list"], found["pairs on the list"] / found["rows"], LISTED),
    )
    say(links.tidy().to_string(index=False))
    say(f"{found['rows']:,.0f} rows, {found['persons']:,.0f} persons, {here:,.0f} of them in the register")
    say(f"estimated by the model: false {links.false_match_rate:.4%}, missed {links.missed_match_rate:.4%}\n")
    say(f"{'':<24}{'count':>8}{'share':>10}{'allowed':>10}")
    for name, count, share, allowed in lines:
        say(f"{name:<24}{count:>8,.0f}{share:>10.4%}" + (f"{allowed:>10.2%}" if allowed else ""))
    return all(share <= allowed for _name, _count, share, allowed in lines if allowed is not None)


def linked(registers: Registers, **thresholds: float) -> Links:
    """Link them."""
    return link_registers(
        registers.residents,
        registers.certifications,
        qualifications=registers.qualifications,
        secret=SECRET,
        **thresholds,
    )


def compare_thresholds(registers: Registers) -> None:
    """Print the two rates at several thresholds."""
    say(f"\n{'accept':>8}{'review':>8}{'missed':>10}{'false':>10}{'for staff':>10}")
    for accept, review in THRESHOLDS:
        found = judged(registers, linked(registers, accept=accept, review=review))
        here = max(found["in the register"], 1)
        shares = (found["missed"] / here, found["false"] / here, found["pairs on the list"] / found["rows"])
        say(f"{accept:>8}{review:>8}" + "".join(f"{share:>10.4%}" for share in shares))


def main() -> int:
    """Print the tables; fail where more is missed, false or listed than the project allows."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--residents", type=int, default=RESIDENTS)
    parser.add_argument("--seed", default="linkage")
    parser.add_argument("--no-numbers", action="store_true", help="nobody has a number that is known here")
    parser.add_argument("--thresholds", action="store_true", help="both rates at several thresholds")
    parser.add_argument("--gone", type=float, default=0.0, help="share of the residents taken out, 0 to 1")
    options = parser.parse_args()
    meter = Meter()
    with tempfile.TemporaryDirectory() as folder:
        registers = read_ward(Path(folder), options.residents, options.seed, meter)
    registers = without_numbers(registers) if options.no_numbers else registers
    registers = without_some(registers, options.gone) if options.gone else registers
    with meter.step("link", registers.certifications.accepted):
        links = linked(registers)
    good = report(judged(registers, links), links)
    if not options.no_numbers:
        numbered = with_numbers_only(registers, links)
        with meter.step("link, every row by its number", numbered.certifications.accepted):
            linked(numbered)
    if options.thresholds:
        compare_thresholds(registers)
    say(f"\n{'step':<44}{'seconds':>9}{'rows/s':>14}{'peak MB':>10}")
    for measure in meter.measures:
        say(measure.row())
    return 0 if good else 1


if __name__ == "__main__":
    sys.exit(main())
