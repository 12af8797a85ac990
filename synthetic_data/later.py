"""The same ward some weeks later: deaths, moves, births, decisions; and who of the frame they met."""

from __future__ import annotations

import datetime
from collections.abc import Mapping
from dataclasses import dataclass, fields, replace
from pathlib import Path
from typing import Any, Literal

import numpy as np
import numpy.typing as npt

from synthetic_data.certification_rows import NEVER, NEW, REFUSED, RENEWAL, UNDECIDED, Rows, new_period_end
from synthetic_data.dates import ONE_DAY, Days, month_end
from synthetic_data.extracts import Extract, Insured, write_extract, write_json, write_opt_outs
from synthetic_data.people import FRAME, People
from synthetic_data.residency import DIED, ELDER, MOVED_OUT, STRUCK_OFF
from synthetic_data.streams import Streams
from synthetic_data.tables import settings

Ints = npt.NDArray[np.int64]

MONTH_DAYS = 30
PER = 10_000
REASONS = (
    "died",
    "moved",
    "removed",
    "not_found",
    "protected",
    "certified",
    "applied",
    "opted_out",
    "moved_within",
)
LATER_FILE = "truth-later.json"


@dataclass(frozen=True, slots=True, repr=False)
class Later:
    """A later extract of a ward.

    Attributes
    ----------
    extract : Extract
        Both registers on the later day.
    first : Extract
        The first extract.
    met : mapping of str to numpy.ndarray
        Reason (`REASONS`) → rising places of the people of the first frame whom it met. ``moved`` left the
        ward, ``removed`` was struck off (職権消除), ``not_found`` has no row any more, ``applied`` has an
        undecided new application, ``opted_out`` wished since not to be asked, ``moved_within`` has another
        home in the ward.
    """

    extract: Extract
    first: Extract
    met: Mapping[str, Ints]

    def __repr__(self) -> str:
        return f"Later({int(self.extract.kept.sum()):,} residents on {self.extract.day})"

    @property
    def truth(self) -> dict[str, Any]:
        """What is true of the later extract, as written to ``truth-later.json``.

        Returns
        -------
        dict
            Days, rows, and under ``frame`` the counts and under ``frame_residents`` the 宛名番号 of the
            people of the first frame by reason. ``retroactive`` are those certified with a validity that
            holds the reference date.
        """
        number, rows = self.extract.people.number, self.extract.rows
        early = rows.person[(rows.start <= self.extract.reference) & (rows.level >= 0)]
        met = {**self.met, "retroactive": np.intersect1d(self.met["certified"], early)}
        return {
            "seed": self.extract.seed,
            "reference_date": str(self.extract.reference),
            "first_extract_date": str(self.first.day),
            "extract_date": str(self.extract.day),
            "residents_rows": int(self.extract.kept.sum()),
            "certification_rows": len(rows.person),
            "frame": {name: len(who) for name, who in met.items()},
            "frame_residents": {
                name: [f"{value:010d}" for value in number[who].tolist()] for name, who in met.items()
            },
        }

    def write(
        self,
        folder: str | Path,
        form: Literal["demo", "dirty"] = "demo",
        residents_form: Literal["csv", "fixed"] = "csv",
    ) -> dict[str, Path]:
        """Write the later registers (CP932) and ``truth-later.json`` (UTF-8).

        Parameters
        ----------
        folder : str or pathlib.Path
            Where to, not the folder of the first extract; made if missing.
        form, residents_form
            As in `Ward.write`; that of the first extract.

        Returns
        -------
        dict of str to pathlib.Path
            The files of `Ward.write`, and ``opt_outs``.
        """
        where = Path(folder)
        where.mkdir(parents=True, exist_ok=True)
        if form == "dirty":
            return self._write_dirty(where, residents_form)
        paths = write_extract(self.extract, where)
        paths["opt_outs"] = write_opt_outs(self.extract, self.met["opted_out"], where)
        return paths | {"truth": write_json(self.truth, where / LATER_FILE)}

    def _write_dirty(self, where: Path, residents_form: Literal["csv", "fixed"]) -> dict[str, Path]:
        from synthetic_data.dirt import IN_FRAME, dirty_outcome, dirty_residents, write_dirty
        from synthetic_data.dirt_certifications import dirty_rows
        from synthetic_data.dirt_plan import make_plan

        plan = make_plan(self.first)
        frame = np.flatnonzero(dirty_outcome(self.first, plan) == IN_FRAME)
        met = {name: np.intersect1d(who, frame) for name, who in self.met.items()}
        paths = write_dirty(self.extract, plan, where, residents_form)
        opted = np.union1d(plan.who["opted_out"], met["opted_out"])
        paths["opt_outs"] = write_opt_outs(self.extract, opted, where)
        truth = replace(self, met=met).truth
        truth["residents_rows"] = dirty_residents(self.extract, plan)
        truth["certification_rows"] = len(dirty_rows(self.extract, plan).insured)
        return paths | {"truth": write_json(truth, where / LATER_FILE)}


def later_extract(first: Extract, date: datetime.date) -> Later:
    """Let time pass.

    Parameters
    ----------
    first : Extract
        The first extract.
    date : datetime.date
        The later day.

    Returns
    -------
    Later
        The later extract: the people of the first keep their places, new ones stand behind them.

    Notes
    -----
    Each person meets one event at most, except that somebody may move within the ward and apply.
    """
    day = np.datetime64(date, "D")
    span = int((day - first.day).astype(np.int64))
    streams = Streams(f"{first.seed}|later|{date}")
    people, kept, free = _leave(first, span, streams)
    people, free = _protect(people, free, span, streams)
    frame = np.intersect1d(np.flatnonzero(people.outcome == FRAME), free)
    rates = settings("later")["certification"]
    certified = streams.pick("certified", frame, _quota(len(frame), rates["certified"], span))
    waiting = np.setdiff1d(frame, certified)
    applied = streams.pick("applied", waiting, _quota(len(frame), rates["applied"], span))
    asked = np.setdiff1d(waiting, applied)
    opted = streams.pick("opted_out", asked, _quota(len(asked), rates["opted_out"], span))
    rows = _decide(first.rows, first.day, span, streams)
    rows = _joined(rows, _new_rows(certified, first.day, span, streams, True))
    rows = _joined(rows, _new_rows(applied, first.day, span, streams, False))
    homes, moved = _move(first, people, span, streams)
    people, homes = _arrive(people, homes, first.day, span, streams)
    extra = np.ones(len(people.number) - first.first, dtype=np.bool_)
    insured = _insure(first.insured, rows, streams)
    extract = replace(
        first,
        day=day,
        people=people,
        homes=homes,
        rows=rows,
        insured=insured,
        kept=np.concatenate((kept, extra)),
        protected_before=np.concatenate((first.people.protected, ~extra)),
    )
    return Later(extract, first, _met(first, extract, moved, opted))


def _quota(base: int, rate: int, span: int) -> int:
    return min(base, max(1, round(base * rate * span / (MONTH_DAYS * PER))))


def _leave(first: Extract, span: int, streams: Streams) -> tuple[People, Any, Ints]:
    """Let people die, move, be struck off or drop out; return the people, whose row is kept, who is left."""
    people, table = first.people, settings("later")
    removed, reason = people.removed.copy(), people.reason.copy()
    kept = np.ones(len(removed), dtype=np.bool_)
    here = np.isnat(removed) & (people.since <= first.day)
    elder, inside = people.age >= ELDER, people.outcome == FRAME
    groups = {"frame": here & inside, "elders": here & elder & ~inside, "others": here & ~elder}
    ends = {"died": DIED, "moved": MOVED_OUT, "struck_off": STRUCK_OFF, "dropped": None}
    for group, flags in groups.items():
        pool = np.flatnonzero(flags)
        base, rates = len(pool), table["others" if group == "others" else "elders"]
        for name in [name for name in ends if name in rates]:
            who = streams.pick(f"{group}.{name}", pool, _quota(base, rates[name], span))
            pool = np.setdiff1d(pool, who)
            code = ends[name]
            if code is None:
                kept[who] = False
                continue
            removed[who] = first.day + ONE_DAY + streams.below(f"{group}.{name}.day", len(who), span)
            reason[who] = code
    left = np.flatnonzero(here & np.isnat(removed) & kept)
    return replace(people, removed=removed, reason=reason), kept, left


def _protect(people: People, free: Ints, span: int, streams: Streams) -> tuple[People, Ints]:
    """Put households under protection: everybody in the home of each chosen elder."""
    rate = settings("later")["elders"]["protected"]
    pool = free[(people.outcome[free] == FRAME) & ~people.protected[free]]
    chosen = streams.pick("protected", pool, _quota(len(pool), rate, span))
    shielded = np.isin(people.household, people.household[chosen])
    return replace(people, protected=people.protected | shielded), free[~shielded[free]]


def _decide(rows: Rows, first: np.datetime64, span: int, streams: Streams) -> Rows:
    """Decide part of the open applications: in force back from their day, or from the old period's end."""
    rates = settings("later")["certification"]
    waits = np.flatnonzero(rows.level == UNDECIDED)
    done = streams.pick("decided_open", waits, _quota(len(waits), rates["decided_open"], span))
    n = len(done)
    refused = (streams.below("refused", n, PER) < rates["refused"]) & (rows.kind[done] == NEW)
    before = np.maximum(done - 1, 0)
    follows = (rows.kind[done] == RENEWAL) & (rows.person[before] == rows.person[done])
    follows &= ~np.isnat(rows.end[before])
    old_end = np.where(follows, rows.end[before], rows.applied[done])
    start = np.where(follows, old_end + ONE_DAY, rows.applied[done])
    end = np.where(
        follows, month_end(old_end, np.full(n, 12)), new_period_end(rows.applied[done], np.full(n, 6))
    )
    column = {field.name: getattr(rows, field.name).copy() for field in fields(Rows)}
    column["level"][done] = np.where(refused, REFUSED, streams.below("level", n, 7))
    decided = first + ONE_DAY + streams.below("decided", n, span)
    column["decided"][done] = decided
    column["start"][done] = np.where(refused, NEVER, start)
    column["end"][done] = np.where(refused, NEVER, end)
    return Rows(**column)


def _new_rows(who: Ints, first: np.datetime64, span: int, streams: Streams, decided: bool) -> Rows:
    """New applications, decided by the later day or still open."""
    rates, n = settings("later")["certification"], len(who)
    empty = np.full(n, NEVER)
    kind = np.full(n, NEW)
    if not decided:
        applied = first + ONE_DAY + streams.below("applied.day", n, span)
        return Rows(who, kind, np.full(n, UNDECIDED), applied, empty, empty, empty)
    back = first - rates["late_entry_days"] * ONE_DAY
    applied = back + streams.below("certified.day", n, min(rates["spread_days"], span + 1))
    on = np.maximum(first + span * ONE_DAY - streams.below("certified.on", n, min(span, 5)), applied)
    level = streams.below("certified.level", n, 7)
    return Rows(who, kind, level, applied, on, applied, new_period_end(applied, np.full(n, 6)))


def _joined(rows: Rows, more: Rows) -> Rows:
    columns = {f.name: np.concatenate((getattr(rows, f.name), getattr(more, f.name))) for f in fields(Rows)}
    order = np.lexsort((columns["applied"], columns["person"]))
    return Rows(**{name: column[order] for name, column in columns.items()})


def _insure(insured: Insured, rows: Rows, streams: Streams) -> Insured:
    """Keep the numbers given before, and give new people the numbers that follow."""
    new = np.setdiff1d(rows.person, insured.person)
    order = np.argsort(streams.raw("insured_order", len(new)), kind="stable")
    number = np.empty(len(new), dtype=np.int64)
    number[order] = insured.number.max(initial=0) + 1 + 3 * np.arange(len(new))
    person = np.concatenate((insured.person, new))
    place = np.argsort(person, kind="stable")
    return Insured(person[place], np.concatenate((insured.number, number))[place], insured.elsewhere)


def _move(first: Extract, people: People, span: int, streams: Streams) -> tuple[Any, Ints]:
    """Let households change homes with one another; return the homes and the households that moved."""
    living = np.zeros(len(people.household_number), dtype=np.bool_)
    living[people.household[np.isnat(people.removed) & (people.since <= first.day)]] = True
    base = np.flatnonzero(living)
    quota = max(2, _quota(len(base), settings("later")["households"]["moved_within"], span))
    who = streams.pick("moved_within", base, quota)
    if people.outcome[np.isin(people.household, who)].max(initial=0) < FRAME:
        inside = people.household[(people.outcome == FRAME) & np.isnat(people.removed)]
        who = np.unique(np.concatenate((who, inside[:1])))
    target = np.roll(who, 1)
    homes = first.homes
    parts = ("town", "chome", "ban", "go", "building", "room")
    column = {name: getattr(homes, name).copy() for name in parts}
    for values in column.values():
        values[who] = values[target]
    return replace(homes, **column), who


def _arrive(
    people: People, homes: Any, first: np.datetime64, span: int, streams: Streams
) -> tuple[People, Any]:
    """Add children who were born, and people who moved in alone, into homes that others have left."""
    rates = settings("later")["households"]
    n, households = len(people.number), len(people.household_number)
    newborn = _quota(n, rates["children"], span)
    alone = _quota(households, rates["moved_in"], span)
    here = np.isnat(people.removed)
    mothers = np.flatnonzero(here & (people.sex == 2) & (people.age >= 20) & (people.age < 42))
    small = np.flatnonzero(people.age <= 3)
    grown = np.flatnonzero(people.age >= 19)
    mother = streams.pick("mother", mothers, newborn)
    newborn = len(mother)
    like = np.concatenate(
        (_some("like_child", small, newborn, streams), _some("like", grown, alone, streams))
    )
    namesake = np.concatenate((mother, _some("namesake", grown, alone, streams)))
    since = first + ONE_DAY + streams.below("arrived.day", newborn + alone, span)
    home = np.concatenate((people.household[mother], households + np.arange(alone)))
    birth = np.where(np.arange(newborn + alone) < newborn, since, people.birth[like])
    old = _some("home", np.arange(households), alone, streams)
    added = _appended(people, like, namesake, home, birth, since)
    parts = ("town", "chome", "ban", "go", "building", "room")
    return added, replace(
        homes, **{name: np.concatenate((getattr(homes, name), getattr(homes, name)[old])) for name in parts}
    )


def _some(name: str, pool: Ints, k: int, streams: Streams) -> Ints:
    return np.asarray(pool[streams.below(name, k, len(pool))])


def _appended(people: People, like: Ints, namesake: Ints, home: Ints, birth: Days, since: Days) -> People:
    k = len(like)
    new_homes = max(0, int(home.max(initial=-1)) + 1 - len(people.household_number))
    given = {
        "number": people.number[-1] + 1 + 2 * np.arange(k),
        "household": home,
        "household_number": people.household_number[-1] + 1 + 2 * np.arange(new_homes),
        "surname": people.surname[namesake],
        "birth": birth,
        "since": since,
        "age": np.where(birth == since, 0, people.age[like]),
        "removed": np.full(k, NEVER),
        "reason": np.zeros(k, dtype=np.int64),
        "protected": np.zeros(k, dtype=np.bool_),
        "state": np.zeros(k, dtype=np.int64),
        "outcome": np.full(k, 1, dtype=np.int64),  # moved in after the reference date
    }
    columns = {f.name: getattr(people, f.name) for f in fields(People)}
    return People(
        **{
            name: np.concatenate((column, given[name] if name in given else column[like]))
            for name, column in columns.items()
        }
    )


def _met(first: Extract, last: Extract, moved: Ints, opted: Ints) -> dict[str, Ints]:
    """Who of the first frame met what, as the later files show it."""
    people, rows = last.people, last.rows
    frame = people.outcome == FRAME
    kept = last.kept
    gone = frame & kept & (people.removed <= last.day)
    stays = frame & kept & ~gone
    resident = rows.person >= 0
    newly = rows.decided > first.day
    granted = np.zeros(len(frame), dtype=np.bool_)
    granted[rows.person[resident & newly & (rows.level >= 0)]] = True
    waits = np.zeros(len(frame), dtype=np.bool_)
    waits[rows.person[resident & (rows.level == UNDECIDED)]] = True
    change = np.zeros(len(people.household_number), dtype=np.bool_)
    change[moved] = True
    flags = {
        "died": gone & (people.reason == DIED),
        "moved": gone & (people.reason == MOVED_OUT),
        "removed": gone & (people.reason == STRUCK_OFF),
        "not_found": frame & ~kept,
        "protected": stays & people.protected & ~last.protected_before,
        "certified": stays & granted,
        "applied": stays & waits & ~granted,
        "opted_out": stays & np.isin(np.arange(len(frame)), opted),
        "moved_within": stays & change[people.household],
    }
    return {name: np.flatnonzero(flags[name]) for name in REASONS}
