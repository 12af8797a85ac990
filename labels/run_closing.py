"""Closing a print run: every label of it is mailed, spoiled, destroyed or given back; then it is fixed."""

from collections import Counter
from dataclasses import dataclass, fields
from typing import TYPE_CHECKING, Final

from custody.errors import LabelError
from custody.ledger import Act, Fact, Ledger
from custody.messages import gettext as _
from custody.messages import mark
from labels.pieces import PRINTED, REACHED, RUN_CLOSED, Pieces
from labels.print_control import check_operators, find_run, print_runs

if TYPE_CHECKING:
    import pandas as pd

    from labels.jobs import Job

__all__ = ["RunBalance", "close_run", "run_balance"]

LOST: Final = "lost"

BALANCE_MEANINGS: Final = {
    "printed": mark("labels printed in the run"),
    "mailed": mark("labels mailed"),
    "spoiled": mark("labels spoiled, or replaced by a newer copy"),
    "returned_unused": mark("labels given back to staff unused"),
    "destroyed": mark("labels destroyed"),
    "lost": mark("labels lost and replaced"),
    "voided": mark("labels voided, to be destroyed"),
    "in_hand": mark("labels still in hand"),
    "difference": mark("labels not accounted for"),
}


@dataclass(frozen=True, slots=True)
class RunBalance:
    """Where the labels of one print run are.

    Parameters
    ----------
    run : int
        Number of the run.
    printed : int
        Labels that the run recorded.
    mailed, spoiled, returned_unused, destroyed, lost : int
        Labels accounted for. spoiled counts those replaced by a newer copy too; lost those replaced as lost.
    voided, in_hand : int
        Labels still to be destroyed, or to be mailed, destroyed or given back.
    """

    run: int
    printed: int
    mailed: int
    spoiled: int
    returned_unused: int
    destroyed: int
    lost: int
    voided: int
    in_hand: int

    @property
    def difference(self) -> int:
        """Labels printed of which nothing is known; anything but 0 must be explained."""
        known: int = sum(getattr(self, field.name) for field in fields(self)[2:])
        return self.printed - known

    @property
    def balanced(self) -> bool:
        """True where printed = mailed + spoiled + given back + destroyed (+ lost)."""
        return self.in_hand == self.voided == self.difference == 0

    @property
    def counts(self) -> dict[str, int]:
        """Every count by name."""
        return {name: getattr(self, name) for name in BALANCE_MEANINGS}

    def tidy(self) -> "pd.DataFrame":
        """Give the counts.

        Returns
        -------
        DataFrame
            Columns ``run, quantity, value, meaning``.
        """
        import pandas as pd

        rows = [(self.run, name, value, _(BALANCE_MEANINGS[name])) for name, value in self.counts.items()]
        return pd.DataFrame(rows, columns=["run", "quantity", "value", "meaning"])


def run_balance(ledger: Ledger, run: int) -> RunBalance:
    """Account for the labels of one print run, copy by copy.

    Parameters
    ----------
    ledger : Ledger
        Of the job.
    run : int
        Number of the run.

    Returns
    -------
    RunBalance
        The counts.

    Raises
    ------
    InputError
        ``LAB-RUN`` where there is no such run.
    """
    record = find_run(ledger, run)
    fates = _fates(ledger, run)
    names = ("spoiled", "returned_unused", "destroyed", "lost", "voided")
    return RunBalance(
        run=run,
        printed=record.labels,
        mailed=sum(fates[state] for state in REACHED),
        **{name: fates[name] for name in names},
        in_hand=fates["printed"],
    )


def close_run(job: "Job", run: int, *, operator: str = "", second: str = "") -> RunBalance:
    """Close a print run: afterwards only letters that come back are recorded of it.

    Parameters
    ----------
    job : Job
        The job.
    run : int
        Number of the run.
    operator, second : str
        Who closes it; a run that lost labels needs both.

    Returns
    -------
    RunBalance
        printed = mailed + spoiled + given back + destroyed (+ lost, replaced by a newer copy).

    Raises
    ------
    LabelError
        ``LAB-RUN-OPEN`` where labels are in hand, to be destroyed or not accounted for; ``LAB-RUN-LOST``
        where labels are lost and no second person agrees; ``LAB-RUN-CLOSED`` where it is closed.
    InputError
        ``LAB-RUN`` where there is no such run, and as for `check_operators`.
    """
    check_operators(operator, second, training=job.training)
    with job.tracking() as tracking:
        found: list[RunBalance] = []

        def decide() -> list[Act]:
            balance = run_balance(tracking.ledger, run)
            _refuse_open(tracking.ledger, balance, second)
            found.append(balance)
            facts: dict[str, Fact] = {"run": run, **balance.counts, **_given(operator, second)}
            return [(RUN_CLOSED, {**facts, "once": f"run.{run}.closed"})]

        tracking.ledger.append_decided(decide)
    return found[-1]


def _refuse_open(ledger: Ledger, balance: RunBalance, second: str) -> None:
    if find_run(ledger, balance.run).closed_at:
        text, hint = _("Run {run} is closed already."), _("`hyohon labels close JOB` lists the runs.")
        raise LabelError("LAB-RUN-CLOSED", text.format(run=balance.run), hint=hint)
    if not balance.balanced:
        text = _(
            "Run {run} cannot be closed: {in_hand:,} labels in hand, {voided:,} voided and not destroyed, "
            "{difference:,} not accounted for."
        )
        raise LabelError(
            "LAB-RUN-OPEN",
            text.format(run=balance.run, **balance.counts),
            hint=_(
                "Record them: `labels mail`, or `labels scan --state destroyed`, returned_unused, spoiled."
            ),
        )
    if balance.lost and not second:
        raise LabelError(
            "LAB-RUN-LOST",
            _("{n:,} labels of run {run} were lost.").format(n=balance.lost, run=balance.run),
            hint=_("Look for them; else another person must agree: --second-operator."),
        )


def _given(operator: str, second: str) -> dict[str, Fact]:
    names = {"operator": operator, "second": second}
    return {key: value for key, value in names.items() if value}


def _fates(ledger: Ledger, run: int) -> Counter[str]:
    """Count what became of each copy that a run printed."""
    reasons = {record.run: record.reason for record in print_runs(ledger)}
    pieces, fates = Pieces(), Counter[str]()
    for event in ledger.events():
        if event.kind == PRINTED:
            label = str(event.facts["token"]), int(event.facts["wave"])
            before = pieces.every.get(label)
            if before is not None and before.copy and before.run == run:
                fates[_replaced(before.state, reasons.get(int(event.facts["run"]), ""))] += 1
        pieces.follow([event])
    fates.update(piece.state for piece in pieces.every.values() if piece.copy and piece.run == run)
    return fates


def _replaced(state: str, reason: str) -> str:
    """Say where a copy is that a newer one replaced."""
    if state in ("spoiled", "destroyed"):
        return state
    return LOST if reason == LOST else "spoiled"
