"""Run a draw again from its certificate and the pseudonymous frame (抽出の再現・検証).

For auditors: the standard library alone. Copy it anywhere (nothing of this project is imported) and run
    python verify_draw.py draw-certificate.json frame-keys.csv [--sample-keys sample-keys.csv]
Exit code 0: the draw holds. 1: differences are named. 2: a file cannot be read. What is checked ("|" stands
between texts that are hashed together; x is the number of the first 13 digits of a hash):
1. Ceremony, where there was one: the commitment is SHA-256 of frame digest | SHA-256 of the design | program
   digest | SHA-256 of the nonce; the seed is that of "hyohon ceremony v1" | commitment | nonce | all dice.
2. key_hex is SHA-256 of "hyohon draw v1" | seed; with coordination it is the permanent key.
3. SHA-256 over the sorted lines of the frame is the frame's digest; no key stands twice.
4. One person a household: with key2 = SHA-256 of "hyohon household v1" | seed (coordination: permanent key),
   who has the smallest (SHA-256 of key2 | person_key, person_key) of a household_key is chosen. Who has no
   household_key, or one that more than "largest" persons share (an institution), stands alone.
5. In every stratum, with h = SHA-256 of key_hex | person_key, the persons with the smallest (h, person_key)
   are drawn, then the reserve. Coordinated draws start elsewhere on the circle of h (`_start`). Systematic
   ones take the places floor((x / 16^13 + k) N / n), x from "hyohon systematic v1" | seed | stratum.
6. SHA-256 over the sorted lines of those drawn is the sample's digest; --sample-keys names them in order.
"""

import argparse
import csv
import hashlib
import json
import sys
from bisect import bisect_right
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any

__all__ = ["main", "read_keys", "verify"]

RULE, HOUSEHOLD_RULE, SYSTEMATIC_RULE = "hyohon draw v1", "hyohon household v1", "hyohon systematic v1"
CEREMONY_RULE, START_RULE = "hyohon ceremony v1", "hyohon start v1"
Facts = Mapping[str, Any]
Row = tuple[str, ...]
Rows = Sequence[Row]


def _sha256(*parts: str) -> str:
    """Return the SHA-256 of parts joined by "|", in UTF-8, 64 lower hex digits."""
    return hashlib.sha256("|".join(parts).encode("utf-8")).hexdigest()


def _digest(rows: Iterable[Row]) -> str:
    """Return SHA-256 over the sorted lines, cells parted by a comma, each with LF."""
    return _sha256("".join(",".join(row) + "\n" for row in sorted(rows)))


def _check_seed(certificate: Facts) -> list[str]:
    """Check 1 and 2."""
    seed, ceremony, key_hex = certificate["seed"], certificate.get("ceremony"), certificate["key_hex"]
    follows = bool(certificate.get("coordination")) or key_hex == _sha256(RULE, seed)
    checks = {"the key does not follow from the rule and the seed": certificate["rule"] == RULE and follows}
    if ceremony:
        made, nonce, text, dice = (ceremony[name] for name in ("commitment", "nonce", "design", "entropies"))
        parts = (certificate["frame_digest"], _sha256(text), ceremony["program_sha256"], _sha256(nonce))
        plan, home, circle = (json.loads(text), *map(certificate.get, ("one_per_household", "coordination")))
        rows = [[h["stratum"], h["persons"], h["sample"], h.get("reserve", 0)] for h in certificate["strata"]]
        how = [plan["design"].get("method"), "one_per_household" in plan["design"], plan.get("coordination")]
        checks |= {
            "frame, design, program and nonce are not committed to": made == _sha256(*parts),
            "the seed is not that of nonce and dice": seed == _sha256(CEREMONY_RULE, made, nonce, *dice),
            "the strata are not those committed to": bool(home) or plan.get("strata") == rows,
            "the permanent key is another": not circle or plan.get("prn_key_sha256") == _sha256(key_hex),
            "rules or coordination are others": how == [certificate.get("method"), bool(home), circle],
        }
    return [text for text, holds in checks.items() if not holds]


def _choose_members(certificate: Facts, frame: Rows, problems: list[str]) -> Rows:
    """Check 4: return who may be drawn; rows person key, stratum and, for systematic draws, place."""
    record = certificate.get("one_per_household")
    if not record:
        return frame
    key2 = _sha256(HOUSEHOLD_RULE, certificate["key_hex" if certificate.get("coordination") else "seed"])
    homes: dict[str, list[Row]] = {}
    for key, stratum, *rest in frame:
        homes.setdefault("".join(rest), []).append((_sha256(key2, key), key, stratum))
    chosen: list[Row] = []
    for home, members in homes.items():
        alone = home == "" or len(members) > record["largest"]
        chosen += [row[1:] for row in (members if alone else [min(members)])]
    if (record["rule"], record["key_hex"]) != (HOUSEHOLD_RULE, key2):
        problems.append("the key of the households does not follow from the rule and the seed")
    if len(chosen) != record["households"]:
        problems.append(f"{len(chosen)} households, not {record['households']}")
    return chosen


def _start(certificate: Facts, numbers: Sequence[str], stratum: str, size: int) -> tuple[int, str | None]:
    """Return how many ordered numbers come before the first one drawn, and after which number that is."""
    plan, seed, count = certificate.get("coordination"), certificate["seed"], len(numbers)
    if not plan:
        return 0, None
    arc = next((one for one in plan["arcs"] if one["stratum"] == stratum), None)
    if arc is None or not numbers:
        return bisect_right(numbers, _sha256(START_RULE, seed)), _sha256(START_RULE, seed)
    first = bisect_right(numbers, arc["after"])
    taken = bisect_right(numbers, arc["to"]) - first + (count if arc["after"] >= arc["to"] else 0)
    skip = {"positive": 0, "negative": taken, "rotate": -(-taken // (plan["panels"] or 1))}[plan["kind"]]
    if plan["kind"] == "negative":
        skip += int(_sha256(START_RULE, seed, stratum)[:13], 16) % (max(0, count - taken - size) + 1)
    return (first + skip) % count, numbers[(first + skip - 1) % count] if skip else arc["after"]


def _draw_stratum(certificate: Facts, record: Facts, rows: Rows) -> tuple[Rows, str | None]:
    """Check 5: return sample and reserve of a stratum, rows (h, person key), and where the circle starts."""
    size, count, stratum = record["sample"], len(rows), record["stratum"]
    if certificate.get("method", "srs") == "systematic":
        chance, whole = int(_sha256(SYSTEMATIC_RULE, certificate["seed"], stratum)[:13], 16), 16**13
        ordered = sorted(rows, key=lambda row: int(row[2]))
        places = [(chance + step * whole) * count // (size * whole) for step in range(size)]
        return [("", ordered[place][0]) for place in places if place < count], None
    numbered = sorted((_sha256(certificate["key_hex"], row[0]), row[0]) for row in rows)
    size += record.get("reserve", 0)
    first, after = _start(certificate, [number for number, _key in numbered], stratum, size)
    return (numbered[first:] + numbered[:first])[:size], after


def _check_stratum(record: Facts, persons: int, homes: int, rows: Rows, after: str | None) -> list[str]:
    """Compare numbers, start and threshold of a stratum with its record."""
    name, size, reserve = record["stratum"], record["sample"], record.get("reserve", 0)
    last, end = (rows[at - 1][0] if 0 < at <= len(rows) else "" for at in (size, len(rows)))
    found, certified = persons == record["persons"], record.get("households", persons)
    checks = {
        f"{persons} persons, not {record['persons']}": found,
        f"{homes} households, not {certified}": homes == certified or not found,
        "the last person drawn is another": (len(rows), last) == (size + reserve, record["threshold"]),
        "it starts elsewhere": after == record.get("after"),
        "its reserve ends elsewhere": end == record.get("reserve_threshold", end),
    }
    return [f"stratum {name}: {text}" for text, holds in checks.items() if not holds]


def verify(certificate: Facts, frame: Rows, sample: Rows | None = None) -> list[str]:
    """Return what differs from the certificate; rows are person key, stratum, household key or place."""
    problems = _check_seed(certificate)
    if len({row[0] for row in frame}) < len(frame):
        problems.append("a person key stands twice in the frame")
    if _digest(frame) != certificate["frame_digest"]:
        problems.append("the frame is not the certified one (digest differs)")
    strata: dict[str, list[Row]] = {one["stratum"]: [] for one in certificate["strata"]}
    persons = Counter(row[1] for row in frame)
    problems += [f"stratum {name}: not in the certificate" for name in sorted(set(persons) - set(strata))]
    for row in _choose_members(certificate, frame, problems):
        strata.setdefault(row[1], []).append(row)
    drawn, reserve = [], []
    for record in certificate["strata"]:
        name, size = record["stratum"], record["sample"]
        rows, after = _draw_stratum(certificate, record, strata[name])
        problems += _check_stratum(record, persons[name], len(strata[name]), rows, after)
        drawn += [(row[1], name) for row in rows[:size]]
        reserve += [(row[1], name) for row in rows[size:]]
    for what, found in (("sample", drawn), ("reserve", reserve)):
        if _digest(found) != certificate.get(f"{what}_digest", _digest([])):
            problems.append(f"the persons drawn are not the certified {what} (digest differs)")
    return problems if sample is None else problems + _compare(drawn, sample)


def _compare(rows: Rows, sample: Rows) -> list[str]:
    """Name the first position of each stratum at which two lists differ, and a difference in length."""
    problems = [f"the list names {len(sample)} persons, the draw {len(rows)}"]
    pairs = [*enumerate(zip(rows, sample, strict=False), start=1)]
    first = {ours[1]: at for at, (ours, theirs) in reversed(pairs) if ours != theirs}
    found = [f"position {at}, stratum {name}: another person was drawn" for name, at in first.items()]
    return problems * (len(rows) != len(sample)) + found[::-1]


def read_keys(path: Path) -> list[Row]:
    """Read a CSV with the columns person_key, stratum and perhaps household_key or place, UTF-8."""
    with path.open(encoding="utf-8", newline="") as stream:
        header, *rows = csv.reader(stream)
    if header[:2] != ["person_key", "stratum"] or any(len(row) != len(header) for row in rows):
        raise ValueError("not a list of keys")
    return [tuple(row) for row in rows]


def main(arguments: Sequence[str] | None = None) -> int:
    """Check a draw, print the outcome, and return the exit code."""
    parser = argparse.ArgumentParser(description="Run a certified draw again.")
    for name in ("certificate", "frame_keys", "--sample-keys"):
        parser.add_argument(name, type=Path)
    options = parser.parse_args(arguments)
    try:
        certificate = json.loads(options.certificate.read_text(encoding="utf-8"))
        sample = read_keys(options.sample_keys) if options.sample_keys else None
        problems = verify(certificate, read_keys(options.frame_keys), sample)
    except (OSError, ValueError, KeyError, TypeError, IndexError) as fault:
        print(f"cannot be read: {type(fault).__name__}")
        return 2
    total, strata = sum(one["sample"] for one in certificate["strata"]), len(certificate["strata"])
    holds = f"The draw holds: {total} persons, {strata} strata."
    print("\n".join(f"DIFFERS: {problem}" for problem in problems) or holds)
    return 1 if problems else 0


if __name__ == "__main__":
    sys.exit(main())
