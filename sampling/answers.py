"""Answers in (回答の取込み): data entry meets events and vault; what does not fit is set aside by row."""

from collections import Counter
from collections.abc import Container, Iterable, Mapping, Set
from dataclasses import dataclass, field
from pathlib import Path
from types import MappingProxyType
from typing import Any, Final, Literal, get_args

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from custody import gate
from custody.codebook import Codebook
from custody.errors import InputError
from custody.escrow import staff_readers
from custody.files import record_file, write_whole
from custody.messages import gettext as _
from custody.messages import mark
from custody.survey import Survey
from labels.seals import SealReport, check_seals
from sampling.acts import refusals
from sampling.dispositions import disposition
from sampling.events import Events, read_events
from sampling.forms import TOKEN, Forms, answered_share, usable_forms
from sampling.limits import limits
from sampling.vault import answers_path, keep_previous, load_vault, seal_table
from sampling.views import html_table
from sampling.voids import load_voids

__all__ = ["NOTES", "STAFF_COLUMNS", "STATUSES", "AnswersIn", "Status", "take_answers"]

STAFF_COLUMNS: Final = ("token", "status", "reason", "aapor", "wave")
"""What staff's encrypted answers say of a person before the answers; of these the researcher gets the status.

reason: why the letter came back (`labels.reasons`), or empty. aapor: code of `sampling.dispositions`.
wave: that of the label that tells it."""

Status = Literal["answered", "no_return", "undeliverable", "refused", "blank", "not_mailed"]
STATUSES: Final[tuple[Status, ...]] = get_args(Status)
"""What became of each person drawn. not_mailed: voided before the mailing; frame and weights stay."""

LEFT_HOUSE: Final = ("mailed", "returned")
"""States of a label that was mailed, whatever was voided later."""

Note = tuple[int, str, str]
"""Place, column, code."""

NOTES: Final[Mapping[str, str]] = MappingProxyType(
    {
        "not-scanned": mark("Answers are here, but no returned piece was scanned."),
        "blank-form": mark("Under half of the questions asked were answered (白票)."),
    }
)
"""Codes of rows that are used, and worth a look."""


@dataclass(frozen=True, slots=True)
class AnswersIn:
    """What was taken in.

    Parameters
    ----------
    read, accepted, set_aside : int
        Forms in the file; read = accepted + set_aside.
    statuses : mapping of str to int
        Status → persons drawn; sums to the sample.
    log : pandas.DataFrame
        Columns row (1 = first data row), column, code; never a value. Column ``events``: a row of the
        contractor's events, with a code of `labels.seals.SEAL_NOTES`.
    files : tuple of pathlib.Path
        The encrypted answers and the log.
    seals : SealReport or None
        What became of the seals of the pieces that came back; None for a survey without seals.
    """

    read: int
    accepted: int
    set_aside: int
    statuses: Mapping[str, int]
    log: pd.DataFrame = field(repr=False)
    files: tuple[Path, ...] = field(repr=False)
    seals: SealReport | None = field(default=None, repr=False)

    def tidy(self) -> pd.DataFrame:
        """Return the statuses.

        Returns
        -------
        pandas.DataFrame
            Columns status, persons.
        """
        return pd.DataFrame({"status": list(self.statuses), "persons": list(self.statuses.values())})

    def _repr_html_(self) -> str:
        return html_table(self.tidy(), name="hyohon-answers")


def take_answers(survey: Survey, answers: Path, events: Path) -> AnswersIn:
    """Check the answers of a survey and store them encrypted.

    Parameters
    ----------
    survey : Survey
        A survey whose sample was drawn.
    answers : pathlib.Path
        CSV of data entry, UTF-8: token, then columns of the codebook.
    events : pathlib.Path
        The contractor's sealed package of events.

    Returns
    -------
    AnswersIn
        Counts, statuses, log; ``answers.age`` and ``out/answers-log.csv`` are written.

    Raises
    ------
    ApprovalError
        The act is outside the approval; nothing was read.
    InputError, PackageError, SamplingError
        A file is refused, or nothing was drawn yet.
    """
    gate.permit(survey, "answers")
    with refusals(survey, "answers"):
        told = read_events(survey, events)
        tokens = load_vault(survey)["token"].tolist()
        voided = load_voids(survey, load_vault(survey, everybody=True)["token"])
        voids = dict(zip(voided["token"], voided["reason"], strict=True))
        book = Codebook.load(survey.codebook)
        _check_columns(book)
        forms = usable_forms(answers, frozenset(tokens), book)
        checked = book.check(forms.table, keep=(TOKEN,))
        share = answered_share(checked.table, book.items)
    notes = _notes(checked.table[TOKEN], share, told)
    seals = _seals(survey, told, tokens)
    log = _log(forms, checked.log, notes, seals)
    return _store(survey, forms, log, _join(tokens, checked.table, share, told, voids), seals)


def _seals(survey: Survey, told: Events, tokens: Iterable[str]) -> SealReport | None:
    """Check the seals of what came back, where the survey has a key for them."""
    if not survey.keys.has_secret("seal"):
        return None
    return check_seals(told.rows, survey.keys.secret("seal"), tokens)


def _check_columns(book: Codebook) -> None:
    taken = set(STAFF_COLUMNS) & set(book.columns)
    if taken:
        raise InputError(
            "SAM-ANSWERS-COLUMN",
            _("A question of the codebook has a name that staff's answers use for something else."),
            hint=_("Give the question another name; taken: {names}.").format(names=", ".join(STAFF_COLUMNS)),
            column=min(taken),
        )


def _notes(tokens: "pd.Series[str]", share: NDArray[np.float64], told: Events) -> list[Note]:
    """Say by place in the table which forms are worth a look."""
    notes = []
    for place, (token, part) in enumerate(zip(tokens, share, strict=True), start=1):
        if told.state(token) != "returned":
            notes.append((place, TOKEN, "not-scanned"))
        if part < limits().min_answered_share:
            notes.append((place, "", "blank-form"))
    return notes


def _log(
    forms: Forms, checked: pd.DataFrame, notes: Iterable[Note], seals: SealReport | None
) -> pd.DataFrame:
    """Put what was set aside, changed or noted together, by row of the file."""
    by_place = [*checked.itertuples(index=False, name=None), *notes]
    rows = [(forms.rows[place - 1] if place else 0, column, code) for place, column, code in by_place]
    sealed = [] if seals is None else [(row, "events", code) for row, code in seals.rows]
    return pd.DataFrame(sorted(rows + forms.log + sealed), columns=["row", "column", "code"])


def _join(
    tokens: list[str],
    table: pd.DataFrame,
    share: NDArray[np.float64],
    told: Events,
    voids: Mapping[str, str],
) -> pd.DataFrame:
    """Give everybody drawn a status and a code, and the answers to those who answered; else blank."""
    complete = table[share >= limits().min_answered_share]
    blank = frozenset(table[TOKEN]) - frozenset(complete[TOKEN])
    answered = frozenset(complete[TOKEN])
    shares = dict(zip(table[TOKEN], share.tolist(), strict=True))
    pieces = [told.pieces.get(token) for token in tokens]
    drawn = pd.DataFrame(
        {
            TOKEN: tokens,
            "status": [_status(token, answered, blank, told, voids) for token in tokens],
            "reason": [piece.reason if piece is not None else "" for piece in pieces],
            "aapor": [
                disposition(piece, shares.get(token), voids.get(token, ""))
                for token, piece in zip(tokens, pieces, strict=True)
            ],
            "wave": [str(piece.wave) if piece is not None else "" for piece in pieces],
        }
    )
    as_text = complete.apply(_codes_as_text).astype("str")  # also where no form is complete
    return drawn.merge(as_text, on=TOKEN, how="left", validate="one_to_one").fillna("")


def _codes_as_text(column: "pd.Series[Any]") -> "pd.Series[str]":
    """Write numbers without needless decimals: 996, 52.5."""
    return column.map(lambda value: value if isinstance(value, str) else f"{value:g}").astype("str")


def _status(token: str, answered: Set[str], blank: Set[str], told: Events, voided: Container[str]) -> Status:
    """Return the status: of the form, else of the letter; whoever died or moved is undeliverable."""
    if token in answered:
        return "answered"
    state, reason = told.state(token), told.reason(token)
    if token in blank or (state, reason) == ("returned", "BLANK"):
        return "blank"
    if state in ("undeliverable", "refused"):
        return "undeliverable" if state == "undeliverable" else "refused"
    return "not_mailed" if token in voided and state not in LEFT_HOUSE else "no_return"


def _store(
    survey: Survey, forms: Forms, log: pd.DataFrame, joined: pd.DataFrame, seals: SealReport | None
) -> AnswersIn:
    path, log_path = answers_path(survey), survey.out / "answers-log.csv"
    counts = Counter(joined["status"])
    statuses: dict[str, int] = {status: counts[status] for status in STATUSES}
    sealed = seal_table(joined, staff_readers(survey.keys))
    accepted = len(forms.rows)
    checked = {} if seals is None else {f"seals_{name}": n for name, n in seals.counts.items()}
    with survey.ledger() as ledger:
        kept = keep_previous(path)
        write_whole(path, sealed)
        write_whole(log_path, log.to_csv(index=False, lineterminator="\r\n").encode("utf-8-sig"))
        for file in (kept, path, log_path):
            if file is not None:
                record_file(ledger, survey.folder, file, file.stem)
        counted = {"read": forms.read, "accepted": accepted, "set_aside": forms.read - accepted}
        ledger.append("answers", **counted, **statuses, **checked)
    return AnswersIn(forms.read, accepted, forms.read - accepted, statuses, log, (path, log_path), seals)
