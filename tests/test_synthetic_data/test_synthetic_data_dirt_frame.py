"""Readers and frame find in the dirty registers what their truth says, once every row has its person."""

import csv
import json
from datetime import date

import numpy as np
import pyarrow as pa
import pytest

from sampling.building import build_frame
from sampling.linkage.result import Links
from sampling.registers import read_certifications, read_qualifications, read_residents
from synthetic_data import make_ward


def perfect_links(path, residents, certifications):
    """Links by the truth: rows in quarantine only name their person as unclear."""
    with path.open(encoding="cp932", newline="") as file:
        numbers = [row["resident_no"] for row in csv.DictReader(file)]
    failed = set(certifications.quarantine["row"].tolist())
    place = {number: k for k, number in enumerate(residents.table["resident_no"].to_pylist())}
    kept = [place.get(number) for row, number in enumerate(numbers, start=1) if row not in failed]
    unclear = sorted({place[numbers[row - 1]] for row in failed})
    return Links(
        resident_of_row=pa.array(kept, pa.int32()), unclear_residents=np.array(unclear, dtype=np.int32)
    )


@pytest.mark.parametrize("form", ["csv", "fixed"])
def test_frame_has_the_flow_of_the_truth(form, tmp_path):
    files = make_ward(12_000, "frame").write(tmp_path, form="dirty", residents_form=form)
    truth = json.loads(files["truth"].read_text(encoding="utf-8"))["dirty"]
    residents = read_residents(files["residents"], layout=f"resident_{form}", rows=truth["residents_rows"])
    certifications = read_certifications(files["certifications"], layout="certification_csv")
    assert residents.quarantined == truth["residents_quarantined"]
    assert certifications.quarantined == truth["certification_quarantined"]
    frame = build_frame(
        residents,
        certifications,
        reference_date=date(2009, 11, 1),
        knowledge_date=date(2009, 11, 2),
        qualifications=read_qualifications(files["qualifications"], layout="qualification_csv"),
        links=perfect_links(files["links"], residents, certifications),
    )
    removed = dict(zip(frame.flow["rule"], frame.flow["removed"], strict=True))
    expected = {rule: count for rule, count in truth["flow"].items() if rule not in ("register", "frame")}
    assert {rule: removed[rule] for rule in expected} == expected
    assert frame.flow["remaining"].iloc[-1] == truth["flow"]["frame"]
