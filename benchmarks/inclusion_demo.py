"""The demo's own draw many times: sizes of strata, inclusion, and the same in another order and locale.

    python benchmarks/inclusion_demo.py FOLDER SEED     certificate of a draw from the registers in FOLDER

An invented ward of 13,500 residents gives a frame of about 2,000 elders, drawn by area, age band and sex as
`hyohon demo` does.
"""

import contextlib
import json
import locale
import os
import random
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from datetime import date
from pathlib import Path
from typing import Any, Final

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from inclusion_engine import Case, Tally, Verdict, judge, limits
from numpy.typing import NDArray

from labels.tokens import KeyedSource
from sampling import Frame, StratifiedDesign, build_frame, draw, read_certifications, read_residents
from sampling.drawing import draw_key
from sampling.selection import keyed_numbers, smallest_in_strata
from synthetic_data import make_ward

RESIDENTS, SAMPLE, DRAWS, FULL = 13_500, 300, 10_000, 200
DESIGN: Final = StratifiedDesign(SAMPLE, ["area", "age_band", "sex"])
CHUNK: Final = 500
MISSING: Final = 3
"""Exit code where a locale is not there."""
LOCALES: Final = ("C", "POSIX", "C.UTF-8", "ja_JP.UTF-8", "ja_JP.eucJP", "tr_TR.UTF-8")
"""Locales whose upper case, digits or encoding differ; those that are there or can be made are used."""


def write_ward(folder: Path, residents: int = RESIDENTS) -> None:
    """Write both registers of the ward."""
    make_ward(residents, "inclusion").write(folder)


def read_frame(folder: Path) -> Frame:
    """Build the frame of the registers in a folder, with a known secret."""
    return build_frame(
        read_residents(folder / "residents.csv"),
        read_certifications(folder / "certifications.csv"),
        reference_date=date(2009, 11, 1),
        knowledge_date=date(2009, 11, 2),
        secret=bytes(32),
    )


def certificate(frame: Frame, seed: str) -> bytes:
    """The certificate of a draw, as it is written."""
    return draw(frame, DESIGN, seed=seed, token_source=KeyedSource(bytes(32))).certificate.to_json().encode()


class Selecting:
    """The selection of `draw` alone: numbers of the persons, smallest of each stratum."""

    def __init__(self, frame: Frame) -> None:
        plan = DESIGN.plan(frame)
        names = pa.array(plan["stratum"].tolist(), type=pa.string())
        self.keys: list[str] = frame.data["person_key"].to_pylist()
        self.strata = pc.index_in(frame.stratum(DESIGN.by), value_set=names).to_numpy().astype(np.int64)
        self.sizes = plan["sample"].to_numpy(dtype=np.int64)
        self.persons = plan["persons"].to_numpy(dtype=np.int64)

    def positions(self, seed: str) -> NDArray[np.int64]:
        """Places in the frame of the persons drawn, by stratum and number."""
        return smallest_in_strata(keyed_numbers(self.keys, draw_key(seed)), self.strata, self.sizes).positions

    def case(self) -> Case:
        """n_h / N_h; n_h (n_h - 1) / (N_h (N_h - 1)) within strata, products across them."""
        share = self.sizes / self.persons
        within = share * (self.sizes - 1) / np.maximum(self.persons - 1, 1)
        pik = share[self.strata]
        same = self.strata[:, None] == self.strata
        joint = np.where(same, within[self.strata][:, None], np.outer(pik, pik))
        np.fill_diagonal(joint, pik)
        return Case(lambda rng: self.positions(str(rng.integers(2**62))), pik, joint, SAMPLE)


def many(selecting: Selecting, draws: int) -> tuple[Verdict, tuple[float, float], bool]:
    """Draw by seeds 0, 1, ...: verdict, its limits, and whether every stratum had its size in every draw."""
    case, units = selecting.case(), len(selecting.keys)
    hits, pairs = np.zeros(units, dtype=np.int64), np.zeros((units, units), dtype=np.float32)
    exact, present = True, np.zeros((CHUNK, units), dtype=np.float32)
    for begin in range(0, draws, CHUNK):
        present[:] = 0.0
        for row, seed in enumerate(range(begin, min(begin + CHUNK, draws))):
            drawn = selecting.positions(str(seed))
            counts = np.bincount(selecting.strata[drawn], minlength=len(selecting.sizes))
            exact = exact and np.array_equal(counts, selecting.sizes)
            present[row, drawn] = 1.0
        hits += present.sum(axis=0).astype(np.int64)
        pairs += present.T @ present
    counted = Tally(draws, hits, pairs.astype(np.int64), (SAMPLE, SAMPLE))
    bounds = limits([case])
    return judge(case, counted, bounds), bounds, exact


def same_as_full(frame: Frame, selecting: Selecting, draws: int) -> bool:
    """Whether the whole `draw` gives the same persons in the same order."""
    for seed in range(draws):
        found = draw(frame, DESIGN, seed=str(seed)).data["person_key"].tolist()
        if found != [selecting.keys[place] for place in selecting.positions(str(seed)).tolist()]:
            return False
    return True


def shuffle(source: Path, target: Path) -> None:
    """Write the registers again, their rows in another order."""
    for name in ("residents.csv", "certifications.csv"):
        header, *lines = (source / name).read_text(encoding="cp932").splitlines()
        random.Random(5).shuffle(lines)
        text = "\r\n".join([header, *lines]) + "\r\n"
        (target / name).write_text(text, encoding="cp932", newline="")


def digests(content: bytes) -> list[str]:
    """What a certificate says of frame and sample; the files themselves differ when rows are shuffled."""
    facts = json.loads(content)
    return [facts[name] for name in ("frame_digest", "sample_digest", "key_hex")]


def make_locales(folder: Path, names: tuple[str, ...]) -> dict[str, str]:
    """Make locales where the system can; variables that find them."""
    tool = shutil.which("localedef")
    for name in names if tool else ():
        base, _dot, charmap = name.partition(".")
        charmap = {"eucJP": "EUC-JP"}.get(charmap, charmap)
        if "_" in base:
            command = [str(tool), "-i", base, "-f", charmap, str(folder / name)]
            subprocess.run(command, capture_output=True, check=False)
    return {"LOCPATH": str(folder)} if any(folder.iterdir()) else {}


def elsewhere(
    folder: Path, seed: str, scratch: Path, names: tuple[str, ...] = LOCALES
) -> Iterator[tuple[str, bytes]]:
    """Certificates drawn in processes of other locales, hash seeds and languages."""
    made = make_locales(scratch, names)
    for number, name in enumerate(names):
        changed = {"LC_ALL": name, "LANG": "ja", "PYTHONHASHSEED": str(number), "PYTHONCOERCECLOCALE": "0"}
        changed |= {"PYTHONUTF8": "0"} | (made if "_" in name else {})  # C stays C
        command = [sys.executable, __file__, str(folder), seed]
        done = subprocess.run(command, env=os.environ | changed, capture_output=True, check=False)
        if done.returncode != MISSING:
            yield name, done.stdout if done.returncode == 0 else done.stderr


@contextlib.contextmanager
def ward_folders(residents: int = RESIDENTS) -> Iterator[tuple[Path, Path, Path]]:
    """Folders with the registers, with the same shuffled, and an empty one."""
    with tempfile.TemporaryDirectory() as name:
        folders = tuple(Path(name) / part for part in ("ward", "shuffled", "locales"))
        for folder in folders:
            folder.mkdir()
        write_ward(folders[0], residents)
        shuffle(folders[0], folders[1])
        yield folders[0], folders[1], folders[2]


def report(draws: int = DRAWS, full: int = FULL, residents: int = RESIDENTS) -> tuple[str, bool]:
    """Everything above in a few lines, and whether it holds."""
    with ward_folders(residents) as (ward, shuffled, scratch):
        frame, again = read_frame(ward), read_frame(shuffled)
        selecting = Selecting(frame)
        verdict, bounds, exact = many(selecting, draws)
        facts: list[tuple[str, Any]] = [
            (f"sizes of {len(selecting.sizes)} strata exact in each", exact),
            (f"units |z| {verdict.unit:.2f} / {bounds[0]:.2f}", verdict.unit <= bounds[0]),
            (f"pairs {verdict.pair:.2f} / {bounds[1]:.2f}", not verdict.faults),
            (f"{full} whole draws give the same persons", same_as_full(frame, selecting, full)),
            (
                "shuffled registers too",
                all(
                    digests(certificate(frame, str(seed))) == digests(certificate(again, str(seed)))
                    for seed in range(20)
                ),
            ),
        ]
        expected = certificate(frame, "locale")
        facts += [
            (f"certificate in {name}", got == expected) for name, got in elsewhere(ward, "locale", scratch)
        ]
    lines = [f"demo draw: {draws:,} draws of {SAMPLE} from a frame of {len(frame):,}"]
    lines += [f"  {text}: {'ok' if good else 'FAIL'}" for text, good in facts]
    return "\n".join(lines), all(good for _text, good in facts)


def main() -> int:
    """Print the certificate drawn in this process's locale; `MISSING` where there is no such locale."""
    try:
        locale.setlocale(locale.LC_ALL, "")
    except locale.Error:
        return MISSING
    sys.stdout.buffer.write(certificate(read_frame(Path(sys.argv[1])), sys.argv[2]))
    return 0


if __name__ == "__main__":
    sys.exit(main())
