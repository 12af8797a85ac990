"""Run a draw again from its certificate and the pseudonymous frame (抽出の再現・検証).

For auditors: the standard library of Python alone, nothing of this project is imported. Copy it and run

    python verify_draw.py draw-certificate.json frame-keys.csv [--sample-keys sample-keys.csv]

Exit code 0: the draw holds. 1: each difference is named. 2: a file cannot be read. What is checked:

1. key_hex is SHA-256 of "hyohon draw v1|" and the seed.
2. SHA-256 over the sorted lines "person_key,stratum" of the frame is the frame's digest; no key stands twice.
3. Only where the certificate says one_per_household: the lines are "person_key,stratum,household_key". With
   key2 = SHA-256 of "hyohon household v1|" and the seed, the person with the smallest
   (SHA-256(key2 + "|" + person_key), person_key) of each household is chosen; the others leave before 4. Who
   has no household key, or one that more than "largest" persons share (an institution), stands alone.
4. In every stratum, with h = SHA-256(key_hex + "|" + person_key), the n_h persons with the smallest
   (h, person_key) end at the certified threshold, and the numbers of persons are those of the certificate.
5. SHA-256 over the sorted lines of the persons so drawn is the sample's digest.
6. With --sample-keys: that list names the same persons, position by position.
"""

import argparse
import csv
import hashlib
import json
import sys
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any

__all__ = ["main", "read_keys", "verify"]

RULE, HOUSEHOLD_RULE = "hyohon draw v1", "hyohon household v1"
Facts = Mapping[str, Any]
Row = tuple[str, ...]
Rows = Sequence[Row]


def _sha256(text: str) -> str:
    """Return the SHA-256 of a text in UTF-8, 64 lower hex digits."""
    return hashlib.sha256(text.encode("utf-8")).hexdigest()


def _digest(rows: Iterable[Row]) -> str:
    """Return SHA-256 over the sorted lines, cells parted by a comma, each with LF."""
    return _sha256("".join(",".join(row) + "\n" for row in sorted(rows)))


def _choose_members(frame: Iterable[Row], key_hex: str, largest: int) -> list[Row]:
    """Choose in each household the person with the smallest (h, person key): rows person key, stratum."""
    homes: dict[str, list[Row]] = {}
    for key, stratum, *rest in frame:
        homes.setdefault("".join(rest), []).append((_sha256(f"{key_hex}|{key}"), key, stratum))
    chosen: list[Row] = []
    for home, members in homes.items():
        alone = home == "" or len(members) > largest
        chosen += [row[1:] for row in (members if alone else [min(members)])]
    return chosen


def _draw_again(frame: Iterable[Row], key_hex: str, sizes: Mapping[str, int]) -> dict[str, list[Row]]:
    """Draw in each stratum the persons with the smallest (h, person key): stratum → those, in order."""
    numbered: dict[str, list[Row]] = {stratum: [] for stratum in sizes}
    for key, stratum in frame:
        numbered.setdefault(stratum, []).append((_sha256(f"{key_hex}|{key}"), key))
    return {stratum: sorted(rows)[: sizes.get(stratum, 0)] for stratum, rows in numbered.items()}


def verify(certificate: Facts, frame: Rows, sample: Rows | None = None) -> list[str]:
    """Compare a draw with its certificate.

    Parameters
    ----------
    certificate : mapping
        The parsed certificate.
    frame : sequence of (str, str) or (str, str, str)
        Person key, stratum and, with one person a household, household key of everybody in the frame.
    sample : sequence of (str, str), optional
        Person key and stratum of the persons said to be drawn, in the order of stratum and draw.

    Returns
    -------
    list of str
        What differs; empty where the draw holds.
    """
    problems = []
    key_hex = _sha256(f"{RULE}|{certificate['seed']}")
    if certificate["rule"] != RULE or certificate["key_hex"] != key_hex:
        problems.append("the key does not follow from the rule and the seed")
    if len({row[0] for row in frame}) < len(frame):
        problems.append("a person key stands twice in the frame")
    if _digest(frame) != certificate["frame_digest"]:
        problems.append("the frame is not the certified one (digest differs)")
    chosen = _first_phase(certificate, frame, problems)
    drawn = _draw_again(chosen, key_hex, {one["stratum"]: one["sample"] for one in certificate["strata"]})
    problems += _check_strata(certificate, frame, chosen, drawn)
    rows = [(key, stratum) for stratum in sorted(drawn) for _, key in drawn[stratum]]
    if _digest(rows) != certificate["sample_digest"]:
        problems.append("the persons drawn are not the certified sample (digest differs)")
    return problems if sample is None else problems + _compare(rows, sample)


def _first_phase(certificate: Facts, frame: Rows, problems: list[str]) -> list[Row]:
    """Return who may be drawn: everybody, or one of each household; add what differs to the problems."""
    record = certificate.get("one_per_household")
    if record is None:
        return [row[:2] for row in frame]
    key_hex = _sha256(f"{HOUSEHOLD_RULE}|{certificate['seed']}")
    if record["rule"] != HOUSEHOLD_RULE or record["key_hex"] != key_hex:
        problems.append("the key of the households does not follow from the rule and the seed")
    chosen = _choose_members(frame, key_hex, record["largest"])
    if len(chosen) != record["households"]:
        problems.append(f"{len(chosen)} households, not {record['households']}")
    return chosen


def _check_strata(certificate: Facts, frame: Rows, chosen: Rows, drawn: Mapping[str, Rows]) -> list[str]:
    """Compare numbers and thresholds of the strata with the certificate; return what differs."""
    persons, homes = Counter(row[1] for row in frame), Counter(row[1] for row in chosen)
    unknown = sorted(set(persons) - {record["stratum"] for record in certificate["strata"]})
    problems = [f"stratum {stratum}: not in the certificate" for stratum in unknown]
    for record in certificate["strata"]:
        stratum, certified = record["stratum"], record.get("households", record["persons"])
        if persons[stratum] != record["persons"]:
            problems.append(f"stratum {stratum}: {persons[stratum]} persons, not {record['persons']}")
        elif homes[stratum] != certified:
            problems.append(f"stratum {stratum}: {homes[stratum]} households, not {certified}")
        threshold = drawn[stratum][-1][0] if drawn[stratum] else ""
        if len(drawn[stratum]) != record["sample"] or threshold != record["threshold"]:
            problems.append(f"stratum {stratum}: the last person drawn is another")
    return problems


def _compare(rows: Rows, sample: Rows) -> list[str]:
    """Name the first position of each stratum at which two lists differ, and a difference in length."""
    lengths = f"the list names {len(sample)} persons, the draw {len(rows)}"
    problems = [lengths] if len(rows) != len(sample) else []
    seen = set()
    for position, (ours, theirs) in enumerate(zip(rows, sample, strict=False), start=1):
        if ours != theirs and ours[1] not in seen:
            seen.add(ours[1])
            problems.append(f"position {position}, stratum {ours[1]}: another person was drawn")
    return problems


def read_keys(path: Path) -> list[Row]:
    """Read a CSV with the columns person_key, stratum and perhaps household_key.

    Parameters
    ----------
    path : pathlib.Path
        The file, UTF-8.

    Returns
    -------
    list of tuple of str
        Its rows.
    """
    with path.open(encoding="utf-8", newline="") as stream:
        lines = csv.DictReader(stream)
        homes = ["household_key"] if "household_key" in (lines.fieldnames or ()) else []
        return [tuple(line[name] for name in ("person_key", "stratum", *homes)) for line in lines]


def main(arguments: Sequence[str] | None = None) -> int:
    """Check a draw and print the outcome.

    Parameters
    ----------
    arguments : sequence of str, optional
        Default: those of the process.

    Returns
    -------
    int
        0, 1 or 2 (see above).
    """
    parser = argparse.ArgumentParser(description="Run a certified draw again.")
    parser.add_argument("certificate", type=Path)
    parser.add_argument("frame_keys", type=Path)
    parser.add_argument("--sample-keys", type=Path)
    options = parser.parse_args(arguments)
    try:
        certificate = json.loads(options.certificate.read_text(encoding="utf-8"))
        sample = read_keys(options.sample_keys) if options.sample_keys else None
        problems = verify(certificate, read_keys(options.frame_keys), sample)
    except (OSError, ValueError, KeyError, TypeError, IndexError) as fault:
        print(f"cannot be read: {type(fault).__name__}")
        return 2
    for problem in problems:
        print(f"DIFFERS: {problem}")
    if not problems:
        total = sum(record["sample"] for record in certificate["strata"])
        print(f"The draw holds: {total} persons, {len(certificate['strata'])} strata.")
    return 1 if problems else 0


if __name__ == "__main__":
    sys.exit(main())
