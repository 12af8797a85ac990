"""Who sends the form back and how: answers as data entry gives them, scans, and the truth about both."""

from __future__ import annotations

import datetime
import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

import numpy as np
import numpy.typing as npt
import pandas as pd
from scipy.special import expit

from custody.codebook import Codebook
from custody.errors import InputError
from custody.messages import gettext as _
from synthetic_data.answers import CODEBOOK, RESIDENT_NO, answer_frame, raw_answers, set_not_asked
from synthetic_data.paper import Paper, blank_forms
from synthetic_data.registers import padded
from synthetic_data.scanning import ANSWERED, BLANK, NO_RETURN, RATE, REFUSED, UNDELIVERABLE, scan_table
from synthetic_data.streams import Streams
from synthetic_data.tables import settings
from synthetic_data.truth import AREAS, bands
from synthetic_data.variables import add_up
from synthetic_data.ward import Ward

Ints = npt.NDArray[np.int64]
Floats = npt.NDArray[np.float64]

STATES = ("no_return", "answered", "blank", "undeliverable", "refused")
MAILED_ON = datetime.date(2009, 11, 10)


@dataclass(frozen=True, slots=True, repr=False)
class Returns:
    """What came back from a sample.

    Attributes
    ----------
    answers : pandas.DataFrame
        One row for each form that came back, blank ones too: ``token`` and the columns of the codebook.
    scans : pandas.DataFrame
        ``token``, ``state`` (returned, undeliverable, refused), ``date``; by date, with a few faulty rows.
    status : pandas.DataFrame
        One row for each token: ``token``, ``resident_no``, ``status``. For tests only.
    truth : dict
        Every count: ends, faulty scans, errors on paper.
    """

    answers: pd.DataFrame
    scans: pd.DataFrame
    status: pd.DataFrame
    truth: dict[str, Any]

    def __repr__(self) -> str:
        ends = self.truth["ends"]
        return f"Returns({len(self.status):,} mailed, {ends['answered']:,} answered)"

    def write(self, folder: str | Path) -> dict[str, Path]:
        """Write ``answers.csv``, ``scans.csv`` and ``returns-truth.json``.

        Parameters
        ----------
        folder : str or pathlib.Path
            Where to; made if missing.

        Returns
        -------
        dict of str to pathlib.Path
            The three files.
        """
        where = Path(folder)
        where.mkdir(parents=True, exist_ok=True)
        paths = {
            "answers": where / "answers.csv",
            "scans": where / "scans.csv",
            "truth": where / "returns-truth.json",
        }
        text = self.answers.copy()
        for column in text.columns[text.dtypes == np.float64]:
            text[column] = [f"{value:g}" for value in text[column]]
        text.to_csv(paths["answers"], index=False, encoding="utf-8-sig", lineterminator="\r\n")
        self.scans.to_csv(paths["scans"], index=False, encoding="utf-8", lineterminator="\n")
        truth = json.dumps(self.truth, ensure_ascii=False, indent=1)
        paths["truth"].write_text(truth + "\n", encoding="utf-8", newline="\n")
        return paths


def return_chance(variables: dict[str, Any]) -> Floats:
    """Probability that a person sends the form back.

    Parameters
    ----------
    variables : dict of str to numpy.ndarray
        Variables of the answer model.

    Returns
    -------
    numpy.ndarray
        Shape (people,), between 0 and 1: lower for the frail, the very old and those living alone.
    """
    model = settings("returns_model")["response"]
    logit = add_up(model["terms"], variables, model["const"])
    logit += np.array(model["age"])[bands(variables["age"])]
    return np.asarray(expit(logit + np.array(model["area"])[variables["area"]]))


def draw_ends(chance: Floats, gone: npt.NDArray[np.bool_], streams: Streams) -> Ints:
    """How each piece of mail ends.

    Parameters
    ----------
    chance : numpy.ndarray
        Probability of a return.
    gone : numpy.ndarray
        True for people who have left since: their mail comes back.
    streams : Streams
        Source of chance.

    Returns
    -------
    numpy.ndarray
        Place in `STATES`; the shares of undeliverable, refused and blank are exact.
    """
    n = len(chance)
    shares = settings("returns_model")["other_ends"]
    end = np.where(streams.uniform("sent_back", n) < chance, ANSWERED, NO_RETURN)
    end[gone] = UNDELIVERABLE
    more = max(0, round(n * shares["undeliverable"] / RATE) - int(gone.sum()))
    end[streams.pick("undeliverable", np.flatnonzero(~gone), more)] = UNDELIVERABLE
    delivered = np.flatnonzero(end != UNDELIVERABLE)
    end[streams.pick("refused", delivered, round(n * shares["refused"] / RATE))] = REFUSED
    sent = np.flatnonzero(end == ANSWERED)
    end[streams.pick("blank", sent, round(len(sent) * shares["blank"] / RATE))] = BLANK
    return end


def read_link(path: str | Path) -> pd.DataFrame:
    """Read the file that says who is behind each token (training surveys only).

    Parameters
    ----------
    path : str or pathlib.Path
        CSV in UTF-8 with the columns ``token`` and ``resident_no``.

    Returns
    -------
    pandas.DataFrame
        All columns as text.

    Raises
    ------
    custody.errors.InputError
        If the file cannot be read.
    """
    try:
        return pd.read_csv(path, dtype=str, encoding="utf-8-sig")
    except (OSError, ValueError) as cause:
        hint = _("Give a CSV file in UTF-8 with the columns token and resident_no.")
        text = _("The link file cannot be read.")
        raise InputError("SYN-LINK-FILE", text, hint=hint, file=Path(path).name) from cause


def find_people(ward: Ward, tokens: pd.DataFrame) -> Ints:
    """Place in the frame of the person behind each token.

    Parameters
    ----------
    ward : Ward
        The ward.
    tokens : pandas.DataFrame
        Columns ``token`` and ``resident_no``.

    Returns
    -------
    numpy.ndarray
        Places in the frame, shape (tokens,).

    Raises
    ------
    custody.errors.InputError
        If a column is missing or somebody is not in the frame of this ward.
    """
    for column in ("token", RESIDENT_NO):
        if column not in tokens.columns:
            hint = _("The link file has the columns token and resident_no.")
            raise InputError("SYN-LINK-COLUMN", _("The link file lacks a column."), hint=hint, column=column)
    index = pd.Index(padded(ward.people.number[ward.frame]).to_pylist())
    place = index.get_indexer(pd.Index(tokens[RESIDENT_NO].astype("str")))
    unknown = np.flatnonzero(place < 0)
    if len(unknown):
        raise InputError(
            "SYN-LINK-PERSON",
            _("A person of the link file is not in the frame of this ward."),
            hint=_("Use the ward from which the sample was drawn."),
            row=int(unknown[0]) + 1,
        )
    return np.asarray(place, dtype=np.int64)


def returns(
    ward: Ward,
    tokens: pd.DataFrame,
    seed: str = "20091101",
    *,
    mailed_on: datetime.date = MAILED_ON,
    mode: Literal["returned", "clean"] = "returned",
) -> Returns:
    """Let the people of a sample send their forms back.

    Parameters
    ----------
    ward : Ward
        The ward from which the sample was drawn.
    tokens : pandas.DataFrame
        One row for each sampled person: ``token`` and ``resident_no`` (宛名番号). Other columns are ignored.
    seed : str
        Decides who answers and what goes wrong; what people would say is decided by the ward's own seed.
    mailed_on : datetime.date
        Day of mailing.
    mode : {"returned", "clean"}
        ``returned``: some do not answer, answers have blanks and errors. ``clean``: everybody answers
        everything, without error.

    Returns
    -------
    synthetic_data.Returns
        Answers, scans, status of each token, and the truth.

    Raises
    ------
    custody.errors.InputError
        If somebody is not in the frame of this ward.

    Notes
    -----
    Nothing depends on the order of the tokens.

    Examples
    --------
    >>> from synthetic_data import make_ward
    >>> ward = make_ward(2_000, seed="example")
    >>> number = ward.people.number[ward.frame[:100]]
    >>> link = pd.DataFrame({"token": [f"{n:015d}" for n in number]})
    >>> link["resident_no"] = link["token"].str[-10:]
    >>> returns(ward, link)
    Returns(100 mailed, 55 answered)
    """
    place = find_people(ward, tokens)
    order = np.argsort(place, kind="stable")
    place, link = place[order], tokens.iloc[order].reset_index(drop=True)
    streams = Streams(f"returns|{ward.seed}|{seed}")
    answers, variables = raw_answers(ward)
    answers = {name: np.array(values[place]) for name, values in answers.items()}
    variables = {name: values[place] for name, values in variables.items()}
    gone = ~np.isnat(ward.people.removed[ward.frame[place]])
    chance = return_chance(variables)
    end = draw_ends(chance, gone, streams) if mode == "returned" else np.full(len(link), ANSWERED)
    book = Codebook.load(CODEBOOK)
    table, errors = fill_forms(answers, variables, end, mode, book, streams)
    token = link["token"].to_numpy(dtype=object)
    table.insert(0, "token", np.concatenate((token[end == ANSWERED], token[end == BLANK])))
    scans, faulty = scan_table(token, end, mailed_on, streams, faults=mode == "returned")
    status = pd.DataFrame(
        {"token": token, RESIDENT_NO: link[RESIDENT_NO], "status": np.array(STATES, dtype=object)[end]}
    )
    truth = _truth(end, variables, chance) | {"scans": faulty, "errors_on_paper": errors}
    return Returns(table.sort_values("token", ignore_index=True), scans, status, truth)


def fill_forms(
    answers: dict[str, Any], variables: dict[str, Any], end: Ints, mode: str, book: Codebook, streams: Streams
) -> tuple[pd.DataFrame, dict[str, int]]:
    """Forms as data entry gives them: first those with answers, then the blank ones.

    Parameters
    ----------
    answers, variables : dict of str to numpy.ndarray
        Of everybody in the sample.
    end : numpy.ndarray
        How each piece of mail ended.
    mode : str
        ``returned`` or ``clean``.
    book : Codebook
        The questionnaire.
    streams : Streams
        Source of chance.

    Returns
    -------
    tuple of pandas.DataFrame and dict
        Codes by column, and errors by kind.
    """
    who = end == ANSWERED
    filled = {name: np.array(values[who]) for name, values in answers.items()}
    paper = Paper(filled, {name: values[who] for name, values in variables.items()}, book, streams)
    if mode == "returned":
        paper.fill()
    else:
        set_not_asked(filled, book)
    empty = blank_forms(filled, int(np.count_nonzero(end == BLANK)), book)
    both = {name: np.concatenate((paper.answers[name], empty[name])) for name in book.columns}
    return answer_frame(both, book), dict(sorted(paper.counts.items()))


def _truth(end: Ints, variables: dict[str, Any], chance: Floats) -> dict[str, Any]:
    def tally(ends: Ints) -> dict[str, int]:
        counts = np.bincount(ends, minlength=len(STATES))
        return {state: int(count) for state, count in zip(STATES, counts, strict=True)}

    by_area = {name: tally(end[variables["area"] == area]) for area, name in enumerate(AREAS)}
    return {
        "mailed": len(end),
        "ends": tally(end),
        "ends_by_area": by_area,
        "expected_return_rate": round(float(chance.mean()), 6) if len(chance) else None,
    }
