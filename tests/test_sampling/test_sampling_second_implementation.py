"""A second implementation of the draw, in another language, names the same persons for every kind of draw."""

import hashlib
import json
import shutil
import subprocess
from dataclasses import replace
from pathlib import Path

import pyarrow as pa
import pytest

from sampling import StratifiedDesign, draw
from sampling.coordination import Arc, Coordination
from sampling.verify_draw import verify

SCRIPT = Path(__file__).with_name("second_draw.mjs")
NODE = shutil.which("node")
PRN = hashlib.sha256(b"permanent").hexdigest()
DESIGNS = {
    "one stratum": StratifiedDesign(17),
    "stratified": StratifiedDesign(120, ["area", "age_band", "sex"]),
    "reserve": StratifiedDesign(60, ["area"], reserve=20),
    "one a household": StratifiedDesign(60, ["sex"], one_per_household=True),
    "systematic": StratifiedDesign(61, ["area", "sex"], method="systematic", order=("town", "age")),
}
KINDS = ("independent", "negative", "positive", "rotate")
pytestmark = pytest.mark.skipif(NODE is None, reason="the second implementation needs node (Debian: nodejs)")


def second(sample, folder: Path) -> dict[str, list[tuple[str, ...]]]:
    """Who the other implementation draws, from the two files that an auditor gets."""
    (folder / "c.json").write_text(sample.certificate.to_json(), encoding="utf-8")
    columns = [column.to_pylist() for column in sample.frame_keys.columns]
    lines = [",".join(row) for row in zip(*columns, strict=True)]
    text = "\n".join([",".join(sample.frame_keys.column_names), *lines]) + "\n"
    (folder / "f.csv").write_text(text, encoding="utf-8")
    command = [str(NODE), str(SCRIPT), str(folder / "c.json"), str(folder / "f.csv")]
    done = subprocess.run(command, capture_output=True, text=True, encoding="utf-8", check=True)
    found: dict[str, list[tuple[str, ...]]] = {"sample": [], "reserve": []}
    for line in done.stdout.splitlines():
        what, *cells = line.split(",")
        found[what].append(tuple(cells))
    return found


def agree(sample, folder: Path) -> None:
    data = sample.data[["person_key", "stratum"]]
    ours = list(data.itertuples(index=False, name=None))
    assert second(sample, folder) == {"sample": ours[: len(sample)], "reserve": ours[len(sample) :]}
    keys = list(zip(*(column.to_pylist() for column in sample.frame_keys.columns), strict=True))
    assert verify(json.loads(sample.certificate.to_json()), keys, ours[: len(sample)]) == []


@pytest.mark.parametrize("name", DESIGNS)
def test_the_second_implementation_agrees(ward_frame, tmp_path, name) -> None:
    for seed in ("1", "3141592653", "さいころ"):
        agree(draw(ward_frame, DESIGNS[name], seed=seed), tmp_path)


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("name", ["stratified", "reserve", "one a household"])
def test_the_second_implementation_agrees_on_coordinated_draws(ward_frame, tmp_path, name, kind) -> None:
    """The frame lost a third of its persons since the draw before, so that arcs wrap and strata shrink."""
    design, plan = DESIGNS[name], Coordination("independent")
    if kind != "independent":
        before = draw(ward_frame, design, seed="2009", coordination=plan, prn_key=PRN).certificate.strata
        arcs = tuple(Arc(one.stratum, one.after or "", one.threshold) for one in before[1:])
        plan = Coordination(kind, arcs or (Arc("other", "", "7f"),), 3 if kind == "rotate" else 0)
    left = [int(key[:2], 16) % 3 > 0 for key in ward_frame.data["person_key"].to_pylist()]
    frame = replace(ward_frame, data=ward_frame.data.filter(pa.array(left)))
    for seed in ("2010", "2011", "2012"):
        agree(draw(frame, design, seed=seed, coordination=plan, prn_key=PRN), tmp_path)
