"""The whole survey on an invented ward: a chain of the commands that users run on their own files."""

from __future__ import annotations

import csv
import json
import shlex
import shutil
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from custody.cli import run
from custody.console import say
from custody.errors import ConfigError
from custody.messages import gettext as _
from custody.messages import language

__all__ = ["DemoStep", "demo_steps", "run_demo"]

MARKER = ".hyohon-demo"
STOCK = "KPC-E1121-20N"


@dataclass(frozen=True, slots=True)
class DemoStep:
    """One command of the demo.

    Attributes
    ----------
    title : str
        What the step does, for a person.
    argv : tuple[str, ...]
        The words after ``hyohon``.
    """

    title: str
    argv: tuple[str, ...]


def demo_steps(out: Path, *, residents: int, sample: int, seed: str) -> tuple[DemoStep, ...]:
    """Return the commands of the demo in their order.

    Parameters
    ----------
    out : Path
        Folder of the demo.
    residents, sample : int
        Residents of the invented ward, and elders to draw.
    seed : str
        Seed of ward, draw and (training only) tokens.

    Returns
    -------
    tuple[DemoStep, ...]
        One entry a command.

    Examples
    --------
    >>> steps = demo_steps(Path("demo"), residents=700_000, sample=3_000, seed="1")
    >>> steps[1].argv[0]
    'new'
    """
    return (
        *_staff_steps(out, residents=residents, sample=sample, seed=seed),
        *_contractor_steps(out, seed=seed),
        *_research_steps(out),
    )


def _staff_steps(out: Path, *, residents: int, sample: int, seed: str) -> tuple[DemoStep, ...]:
    registers, survey = out / "registers", str(out / "survey")
    ward = ("synthetic", "ward", str(registers), "--residents", str(residents), "--seed", seed)
    files = (
        "--residents",
        str(registers / "residents.csv"),
        "--certifications",
        str(registers / "certifications.csv"),
        "--knowledge-date",
        "2009-11-02",
    )
    new = ("new", survey, "--training", "--sample", str(sample), "--seed", seed)
    frame = ("sampling", "frame", survey, *files, "--at", "2009-11-05T10:00")
    draw = ("sampling", "draw", survey, *files, "--seed", seed, "--at", "2009-11-05T11:00")
    hand_over = ("sampling", "hand-over", survey, "--to", "contractor", "--at", "2009-11-06T10:00")
    return (
        DemoStep(_("An invented ward writes its two registers"), ward),
        DemoStep(_("A survey folder with its approval"), new),
        DemoStep(_("The frame: elders who are not certified"), frame),
        DemoStep(_("The draw and its certificate"), draw),
        DemoStep(_("The sealed label package for the contractor"), hand_over),
    )


def _contractor_steps(out: Path, *, seed: str) -> tuple[DemoStep, ...]:
    survey, job, returns = out / "survey", str(out / "contractor"), out / "returns"
    keys, package = str(survey / "keys"), str(survey / "out" / "labels.sp")
    prints = ("labels", "print", package, "--job", job, "--keys", keys, "--stock", STOCK)
    link = ("sampling", "export-link", str(survey), "--out", str(returns / "link.csv"))
    forms = ("synthetic", "returns", str(out / "registers"), "--link", str(returns / "link.csv"))
    scan = ("labels", "scan", job, str(returns / "scans.csv"), "--at", "2009-12-28T17:00")
    report = ("labels", "report", job, "--keys", keys, "--at", "2009-12-28T18:00")
    return (
        DemoStep(_("Labels with tracking codes"), (*prints, "--at", "2009-11-09T09:00")),
        DemoStep(_("All pieces are posted"), ("labels", "mail", job, "--at", "2009-11-10T16:00")),
        DemoStep(_("Who is behind a token (training only)"), (*link, "--at", "2009-11-11T09:00")),
        DemoStep(_("The invented elders answer"), (*forms, "--out", str(returns), "--seed", seed)),
        DemoStep(_("Returned pieces are scanned"), scan),
        DemoStep(_("The contractor's reconciliation"), report),
    )


def _research_steps(out: Path) -> tuple[DemoStep, ...]:
    survey, job = out / "survey", out / "contractor"
    events, forms = str(job / "out" / "events.sp"), str(out / "returns" / "answers.csv")
    answers = ("sampling", "answers", str(survey), forms, "--events", events, "--at", "2010-01-06T10:00")
    hand_over = ("sampling", "hand-over", str(survey), "--to", "researcher", "--at", "2010-01-08T10:00")
    package, keys = str(survey / "out" / "research.sp"), str(survey / "keys")
    tables = ("analysis", "tables", package, "--keys", keys, "--out", str(out / "research"))
    return (
        DemoStep(_("Answers are checked against the codebook"), answers),
        DemoStep(_("The sealed package for the researcher"), hand_over),
        DemoStep(_("Weighted estimates, tables and the report"), tables),
        DemoStep(_("The evidence of the survey folder holds"), ("custody", "verify", str(survey))),
        DemoStep(_("The evidence of the contractor's folder holds"), ("custody", "verify", str(job))),
    )


def run_demo(out: Path, *, residents: int = 700_000, sample: int = 3_000, seed: str = "20091101") -> int:
    """Run the whole survey on an invented ward and list the files made.

    Parameters
    ----------
    out : Path
        Folder of the demo; an earlier demo in it is replaced, anything else there is refused.
    residents, sample : int
        Residents of the invented ward, and elders to draw.
    seed : str
        Seed of ward, draw and tokens: the same seed gives the same registers, sample and answers.

    Returns
    -------
    int
        Exit code: 0, or that of the first command that failed, or 1 where counts and truth differ.
    """
    _fresh_folder(out)
    started = time.perf_counter()
    steps = demo_steps(out, residents=residents, sample=sample, seed=seed)
    for number, step in enumerate(steps, start=1):
        begun = time.perf_counter()
        say(f"\n[{number}/{len(steps)}] {step.title}\n$ hyohon {shlex.join(step.argv)}")
        code = run(("--lang", language(), *step.argv))
        if code != 0:
            say(_("The step above failed; nothing after it was run."))
            return code
        say(f"  ({time.perf_counter() - begun:.1f} s)")
    agrees = _compare_with_truth(out)
    _list_files(out)
    say(_("The whole survey took {seconds:.0f} s.").format(seconds=time.perf_counter() - started))
    return 0 if agrees else 1


def _fresh_folder(out: Path) -> None:
    """Make the folder anew where it is an earlier demo's; refuse to touch anything else."""
    if out.exists():
        if not (out / MARKER).is_file() and any(out.iterdir()):
            raise ConfigError(
                "DEMO-FOLDER",
                _("the folder of the demo holds other files"),
                hint=_("Give an empty or new folder with --out."),
                file=out.name,
            )
        shutil.rmtree(out)
    out.mkdir(parents=True)
    (out / MARKER).write_text("made by hyohon demo\n", encoding="utf-8")
    (out / "returns").mkdir()


def _list_files(out: Path) -> None:
    say("\n" + _("Files made:"))
    for path in sorted(out.rglob("*")):
        if path.is_file() and path.name != MARKER:
            say(f"  {path.as_posix():<60} {path.stat().st_size:>13,}")


def _compare_with_truth(out: Path) -> bool:
    """Hold what the commands counted against what the generators know, and say so."""
    agrees = [
        _agree(_("persons removed by each rule, and the frame"), *_flow_counts(out)),
        _agree(_("persons of each stratum"), *_stratum_counts(out)),
        _agree(_("pieces by the way they ended"), *_end_counts(out)),
    ]
    return all(agrees)


def _agree(what: str, counted: dict[str, int], known: dict[str, int]) -> bool:
    same = counted == known
    verdict = _("agrees with the truth") if same else _("DIFFERS from the truth")
    say(f"  {what}: {verdict}")
    return same


def _json(path: Path) -> dict[str, Any]:
    content: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))
    return content


def _flow_counts(out: Path) -> tuple[dict[str, int], dict[str, int]]:
    """Persons removed by rule, from the frame's flow table and from the ward's truth."""
    known = {rule: count for rule, count in _json(out / "registers" / "truth.json")["flow"].items() if count}
    with (out / "survey" / "out" / "flow.csv").open(encoding="utf-8-sig", newline="") as stream:
        rows = list(csv.DictReader(stream))
    counted = {row["rule"]: int(row["removed"]) for row in rows}
    counted |= {name: int(row["remaining"]) for row in (rows[0], rows[-1]) for name in [row["rule"]]}
    return {rule: count for rule, count in counted.items() if count}, known


def _stratum_counts(out: Path) -> tuple[dict[str, int], dict[str, int]]:
    """Persons of the frame by stratum, from the certificate and from the ward's truth."""
    certificate = _json(out / "survey" / "out" / "draw-certificate.json")
    cells = _json(out / "registers" / "truth.json")["frame_cells"]
    known = {
        "/".join((cell["area"], cell["age_band"], cell["sex"])): cell["n"] for cell in cells if cell["n"]
    }
    return {stratum["stratum"]: stratum["persons"] for stratum in certificate["strata"]}, known


def _end_counts(out: Path) -> tuple[dict[str, int], dict[str, int]]:
    """Pieces by status, from the researcher's package and from the returns' truth."""
    from analysis import read_research_package

    research = read_research_package(out / "survey" / "out" / "research.sp", out / "survey" / "keys")
    known = _json(out / "returns" / "returns-truth.json")["ends"]
    counted = research.table["status"].value_counts().to_dict()
    return {str(status): int(n) for status, n in counted.items()}, {end: n for end, n in known.items() if n}
