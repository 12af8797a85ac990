"""Run a draw again from its certificate and the pseudonymous frame (抽出の再現・検証).

For auditors: the standard library of Python alone, nothing of this project is imported. Copy it and run

    python verify_draw.py draw-certificate.json frame-keys.csv [--sample-keys sample-keys.csv]

Exit code 0: the draw holds. 1: it does not, and each difference is named. 2: a file cannot be read.

What is checked:

1. key_hex is SHA-256 of "hyohon draw v1|" and the seed.
2. SHA-256 over the sorted lines "person_key,stratum" of the frame is the frame's digest; no key stands twice.
3. In every stratum, with h = SHA-256(key_hex + "|" + person_key), the n_h persons with the smallest
   (h, person_key) end at the certified threshold, and the numbers of persons are those of the certificate.
4. SHA-256 over the sorted lines of the persons so drawn is the sample's digest.
5. With --sample-keys: that list names the same persons, position by position.
"""

import argparse
import csv
import hashlib
import json
import sys
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any

__all__ = ["draw_again", "main", "read_keys", "verify"]

RULE = "hyohon draw v1"
Pair = tuple[str, str]


def _sha256(text: str) -> str:
    """Return the SHA-256 of a text in UTF-8, 64 lower hex digits."""
    return hashlib.sha256(text.encode("utf-8")).hexdigest()


def _digest(pairs: Iterable[Pair]) -> str:
    """Return SHA-256 over the sorted lines ``person_key,stratum``, each with LF."""
    return _sha256("".join(f"{key},{stratum}\n" for key, stratum in sorted(pairs)))


def draw_again(frame: Iterable[Pair], key_hex: str, sizes: Mapping[str, int]) -> dict[str, list[Pair]]:
    """Draw: in each stratum the persons with the smallest (h, person key).

    Parameters
    ----------
    frame : iterable of (str, str)
        Person key and stratum of each person.
    key_hex : str
        Key of the draw.
    sizes : mapping of str to int
        Stratum → persons to draw.

    Returns
    -------
    dict of str to list of (str, str)
        Stratum → (h, person key) of the drawn, in order.
    """
    numbered: dict[str, list[Pair]] = {stratum: [] for stratum in sizes}
    for key, stratum in frame:
        numbered.setdefault(stratum, []).append((_sha256(f"{key_hex}|{key}"), key))
    return {stratum: sorted(pairs)[: sizes.get(stratum, 0)] for stratum, pairs in numbered.items()}


def verify(
    certificate: Mapping[str, Any], frame: Sequence[Pair], sample: Sequence[Pair] | None = None
) -> list[str]:
    """Compare a draw with its certificate.

    Parameters
    ----------
    certificate : mapping
        The parsed certificate.
    frame : sequence of (str, str)
        Person key and stratum of everybody in the frame.
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
    if len({key for key, _ in frame}) < len(frame):
        problems.append("a person key stands twice in the frame")
    if _digest(frame) != certificate["frame_digest"]:
        problems.append("the frame is not the certified one (digest differs)")
    sizes = {record["stratum"]: record["sample"] for record in certificate["strata"]}
    drawn = draw_again(frame, key_hex, sizes)
    problems += _check_strata(certificate["strata"], frame, drawn)
    pairs = [(key, stratum) for stratum in sorted(drawn) for _, key in drawn[stratum]]
    if _digest(pairs) != certificate["sample_digest"]:
        problems.append("the persons drawn are not the certified sample (digest differs)")
    if sample is not None:
        problems += _compare(pairs, sample)
    return problems


def _check_strata(
    records: Sequence[Mapping[str, Any]], frame: Sequence[Pair], drawn: Mapping[str, Sequence[Pair]]
) -> list[str]:
    """Compare numbers and thresholds of the strata with the certificate; return what differs."""
    problems = []
    counts: dict[str, int] = {}
    for _, stratum in frame:
        counts[stratum] = counts.get(stratum, 0) + 1
    for stratum in sorted(set(counts) - {record["stratum"] for record in records}):
        problems.append(f"stratum {stratum}: not in the certificate")
    for record in records:
        stratum, chosen = record["stratum"], drawn[record["stratum"]]
        if counts.get(stratum, 0) != record["persons"]:
            problems.append(f"stratum {stratum}: {counts.get(stratum, 0)} persons, not {record['persons']}")
        if len(chosen) != record["sample"] or not chosen or chosen[-1][0] != record["threshold"]:
            problems.append(f"stratum {stratum}: the last person drawn is another")
    return problems


def _compare(pairs: Sequence[Pair], sample: Sequence[Pair]) -> list[str]:
    """Name the first position of each stratum at which two lists differ, and a difference in length."""
    problems = []
    if len(pairs) != len(sample):
        problems.append(f"the list names {len(sample)} persons, the draw {len(pairs)}")
    seen = set()
    for position, (ours, theirs) in enumerate(zip(pairs, sample, strict=False), start=1):
        if ours != theirs and ours[1] not in seen:
            seen.add(ours[1])
            problems.append(f"position {position}, stratum {ours[1]}: another person was drawn")
    return problems


def read_keys(path: Path) -> list[Pair]:
    """Read a CSV with the columns person_key and stratum.

    Parameters
    ----------
    path : pathlib.Path
        The file, UTF-8.

    Returns
    -------
    list of (str, str)
        Its rows.
    """
    with path.open(encoding="utf-8", newline="") as stream:
        return [(row["person_key"], row["stratum"]) for row in csv.DictReader(stream)]


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
