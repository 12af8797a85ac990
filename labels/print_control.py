"""Print control (印刷管理): who printed what, and how much may be printed a second time.

Nobody can stop a photocopier. What can be done: few copies, every copy numbered, every copy accounted for.
"""

import re
import tomllib
from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from math import ceil
from typing import Final

from custody.errors import InputError, LabelError
from custody.ledger import Fact, Ledger
from custody.messages import gettext as _
from labels.pieces import PRINTED, RUN, RUN_CLOSED, Key, Piece
from labels.stocks import stock as find_stock

__all__ = [
    "RunRecord",
    "allowance",
    "check_operators",
    "check_spoils",
    "find_run",
    "print_runs",
    "tokens_on_sheets",
]

OPERATOR: Final = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,31}")
SHEETS: Final = re.compile(r"[1-9][0-9]{0,4}(?:-[1-9][0-9]{0,4})?")


@dataclass(frozen=True, slots=True)
class RunRecord:
    """A print run as the ledger has it.

    Parameters
    ----------
    run, wave : int
        Its number and that of the mailing.
    at : str
        When it was recorded.
    labels, sheets, held_back : int
        Counts.
    stock : str
        The label sheet.
    first, per_sheet : int
        Where it began on its first sheet, and labels on a sheet.
    pdf, package : str
        Digests of the PDF and of the package's content, 64 hex digits.
    reason : str
        Why labels were printed again, empty for a first print.
    operator, second, purpose : str
        Who printed, who agreed to more spoils, and what for; empty where not given.
    closed_at : str
        When it was closed, empty before.
    """

    run: int
    wave: int
    at: str
    labels: int
    sheets: int
    held_back: int
    stock: str
    first: int
    per_sheet: int
    pdf: str
    package: str
    reason: str
    operator: str
    second: str
    purpose: str
    closed_at: str


def check_operators(operator: str, second: str, purpose: str = "", *, training: bool) -> None:
    """Refuse a run without a name, or one whose second person is the first.

    Parameters
    ----------
    operator, second : str
        Initials or number of the staff of the contractor, as the ledger will have them; may be empty.
    purpose : str
        What is printed for; a short code or empty.
    training : bool
        True: a run needs no operator.

    Raises
    ------
    InputError
        ``LAB-OPERATOR`` where one is not a short code, ``LAB-OPERATOR-NONE`` where a real survey's run has
        none, ``LAB-OPERATOR-SAME`` where both are one person.
    """
    if any(name and not OPERATOR.fullmatch(name) for name in (operator, second, purpose)):
        hint = _("Give initials, a staff number or a word: at most 32 letters, digits, points and hyphens.")
        raise InputError("LAB-OPERATOR", _("This is no short code for an operator or purpose."), hint=hint)
    if not operator and (second or not training):
        raise InputError(
            "LAB-OPERATOR-NONE",
            _("Who prints is not said."),
            hint=_("Add --operator with initials or a staff number; it goes into the ledger."),
        )
    if operator and operator.casefold() == second.casefold():
        raise InputError(
            "LAB-OPERATOR-SAME",
            _("The second operator is the first one."),
            hint=_("Another person must agree: --second-operator."),
        )


def allowance(labels: int) -> int:
    """Say how many labels of a run may be printed again without a second person.

    Parameters
    ----------
    labels : int
        Labels of the run.

    Returns
    -------
    int
        A share of them, and some at least (``data/print_control.toml``).

    Examples
    --------
    >>> allowance(3000), allowance(100)
    (60, 20)
    """
    spoils = _limits()
    share = ceil(labels * spoils["share"] - 1e-9)
    return max(int(spoils["least"]), share)


def print_runs(ledger: Ledger) -> list[RunRecord]:
    """List the print runs of a job.

    Parameters
    ----------
    ledger : Ledger
        Of the job.

    Returns
    -------
    list of RunRecord
        In their order.
    """
    closed = {int(event.facts["run"]): event.at for event in ledger.events(RUN_CLOSED)}
    return [
        _record(event.facts, event.at, number, closed.get(number, ""))
        for number, event in enumerate(ledger.events(RUN), start=1)
    ]


def find_run(ledger: Ledger, run: int) -> RunRecord:
    """Find a print run.

    Parameters
    ----------
    ledger : Ledger
        Of the job.
    run : int
        Its number.

    Returns
    -------
    RunRecord
        The run.

    Raises
    ------
    InputError
        ``LAB-RUN`` where there is none.
    """
    runs = print_runs(ledger)
    if not 1 <= run <= len(runs):
        raise InputError(
            "LAB-RUN",
            _("There is no print run {run} in this job.").format(run=run),
            hint=_("`hyohon labels close JOB` lists the runs."),
        )
    return runs[run - 1]


def check_spoils(ledger: Ledger, tokens: Iterable[str], wave: int, operator: str, second: str) -> None:
    """Refuse to print more labels again than the first run allows, where no second person agrees.

    Parameters
    ----------
    ledger : Ledger
        Of the job.
    tokens : iterable of str
        Labels to print now; those never printed do not count.
    wave : int
        Number of the mailing.
    operator, second : str
        As for `check_operators`. Without an operator (training) there is no rule.

    Raises
    ------
    LabelError
        ``LAB-SPOILS`` with the numbers.

    Notes
    -----
    A label counts against the run that printed its first copy, however often it is printed again; what a
    second person agreed to does not count.
    """
    if not operator or second:
        return
    first, used = _first_runs(ledger)
    wanted = Counter(first[token, wave] for token in tokens if (token, wave) in first)
    for record in print_runs(ledger):
        allowed, before = allowance(record.labels), used[record.run]
        if wanted[record.run] and before + wanted[record.run] > allowed:
            text = _(
                "{n:,} labels of run {run} would be printed again; {before:,} were, and {allowed:,} may be "
                "without a second person."
            )
            numbers = {"n": wanted[record.run], "run": record.run, "before": before, "allowed": allowed}
            raise LabelError(
                "LAB-SPOILS",
                text.format(**numbers),
                hint=_("Let another person agree, and add --second-operator with initials or number."),
            )


def tokens_on_sheets(
    ledger: Ledger, pieces: Iterable[Piece], sheets: str, run: int, wave: int
) -> frozenset[str]:
    """Find the labels whose newest copy stands on some sheets of a run.

    Parameters
    ----------
    ledger : Ledger
        Of the job.
    pieces : iterable of Piece
        Its labels.
    sheets : str
        Numbers in the margin, as ``12`` or ``3,12-14``.
    run, wave : int
        Number of the run, and of the mailing that it must be of.

    Returns
    -------
    frozenset of str
        Tokens.

    Raises
    ------
    InputError
        ``LAB-SHEETS`` where the numbers are none or the run has no such sheet, ``LAB-RUN`` where there is no
        such run, ``LAB-RUN-WAVE`` where it is of another mailing.
    """
    record = find_run(ledger, run)
    if record.wave != wave:
        raise InputError(
            "LAB-RUN-WAVE",
            _("Print run {run} is of mailing {other}, the package is of mailing {wave}.").format(
                run=run, other=record.wave, wave=wave
            ),
            hint=_("Name a run of this mailing with --of-run, or leave it out for the last one."),
        )
    wanted = _sheet_numbers(sheets)
    if max(wanted) > record.sheets:
        raise InputError(
            "LAB-SHEETS",
            _("Print run {run} has {n:,} sheets.").format(run=run, n=record.sheets),
            hint=_("Write them as 12 or 3,12-14; they stand in the margin."),
        )
    return frozenset(
        piece.token
        for piece in pieces
        if piece.run == run and (piece.place + record.first - 2) // record.per_sheet + 1 in wanted
    )


def _sheet_numbers(sheets: str) -> set[int]:
    wanted: set[int] = set()
    for part in sheets.replace(" ", "").split(","):
        start, _dash, end = part.partition("-")
        if not SHEETS.fullmatch(part) or int(start) > int(end or start):
            raise InputError(
                "LAB-SHEETS",
                _("These are no numbers of sheets."),
                hint=_("Write them as 12 or 3,12-14; they stand in the margin."),
            )
        wanted.update(range(int(start), int(end or start) + 1))
    return wanted


def _record(facts: Mapping[str, Fact], at: str, number: int, closed_at: str) -> RunRecord:
    stock = str(facts.get("stock", "")).replace("_", " ")
    per_sheet = int(facts.get("per_sheet", 0)) or (find_stock(stock).per_sheet if stock else 1)
    labels, sheets, held_back = (int(facts.get(name, 0)) for name in ("labels", "sheets", "held_back"))
    pdf, package, reason, operator, second, purpose = (
        str(facts.get(name, "")) for name in ("pdf", "package", "reason", "operator", "second", "purpose")
    )
    return RunRecord(
        run=number,
        wave=int(facts.get("wave", 1)),
        at=at,
        labels=labels,
        sheets=sheets,
        held_back=held_back,
        stock=stock,
        first=int(facts.get("first", 1)),
        per_sheet=per_sheet,
        pdf=pdf,
        package=package,
        reason=reason,
        operator=operator,
        second=second,
        purpose=purpose,
        closed_at=closed_at,
    )


def _first_runs(ledger: Ledger) -> tuple[dict[Key, int], Counter[int]]:
    """Return by token and wave the run of the first copy, and by run its spoils that nobody agreed to."""
    agreed = {record.run for record in print_runs(ledger) if record.second or not record.operator}
    first: dict[Key, int] = {}
    used: Counter[int] = Counter()
    for event in ledger.events(PRINTED):
        label, run = (str(event.facts["token"]), int(event.facts["wave"])), int(event.facts["run"])
        if label not in first:
            first[label] = run
        elif run not in agreed:
            used[first[label]] += 1
    return first, used


@cache
def _limits() -> dict[str, float]:
    text = files("labels").joinpath("data", "print_control.toml").read_text(encoding="utf-8")
    return {name: float(value) for name, value in tomllib.loads(text)["spoils"].items()}
