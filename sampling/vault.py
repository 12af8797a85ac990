"""The vault (金庫): the one link between tokens and persons, encrypted to the staff's key.

It is a CSV in the ``age`` format; an auditor opens it with ``age -d -i staff.age.txt vault.age``. It is
decrypted in memory only.
"""

import io
from collections.abc import Sequence
from pathlib import Path
from typing import Final

import pandas as pd
import pyrage

from custody.errors import KeyFileError, SamplingError
from custody.files import write_whole
from custody.messages import gettext as _
from custody.survey import Survey
from sampling.releases import releases, reweighted, sample_size
from sampling.sample import ORDER, SAMPLE_COLUMNS, Sample
from sampling.staging import complete_draws

__all__ = [
    "VAULT_COLUMNS",
    "answers_path",
    "keep_previous",
    "load_vault",
    "open_table",
    "seal_table",
    "vault_bytes",
]

VAULT_COLUMNS: Final = ("token", "resident_no", "person_key", *SAMPLE_COLUMNS[1:], ORDER)
"""The columns of the vault; with one person a household, household_size follows, then furigana where the
approval names them (`sampling.furigana`)."""

HOUSEHOLD_SIZE: Final = "household_size"
FURIGANA: Final = "furigana"

NUMBERS: Final = {
    "fpc": "int64",
    "inclusion_prob": "float64",
    "base_weight": "float64",
    ORDER: "int64",
    HOUSEHOLD_SIZE: "int64",
}


def vault_bytes(sample: Sample, recipient: str | Sequence[str]) -> bytes:
    """Encrypt the link of a sample.

    Parameters
    ----------
    sample : Sample
        The sample.
    recipient : str or sequence of str
        The staff's age recipient, and that of escrow (`custody.escrow.staff_readers`).

    Returns
    -------
    bytes
        The content of ``vault.age``.
    """
    columns = [*VAULT_COLUMNS, *(name for name in (HOUSEHOLD_SIZE, FURIGANA) if name in sample.data)]
    return seal_table(sample.data[columns], recipient)


def load_vault(survey: Survey, *, everybody: bool = False) -> pd.DataFrame:
    """Open the vault in memory; a draw that was stopped half-way is finished first.

    Parameters
    ----------
    survey : Survey
        A survey whose sample was drawn, with the staff's keys.
    everybody : bool
        Also the reserve, and the part of the sample that is not out yet.

    Returns
    -------
    pandas.DataFrame
        Columns `VAULT_COLUMNS`, with one person a household then household_size; one row a person of the
        sample, by stratum. Once a part of the sample, or some of the reserve, was handed over: those who
        were, with their weights (`sampling.releases`).

    Raises
    ------
    SamplingError
        There is no vault yet, or it cannot be opened.
    """
    complete_draws(survey)
    if not survey.vault_path.is_file():
        raise SamplingError(
            "SAM-VAULT-NONE",
            _("Nothing was drawn in this survey yet."),
            hint=_("Run `hyohon sampling draw` first."),
        )
    table = open_table(survey.vault_path, survey.keys.identity("staff"))
    if ORDER not in table:  # drawn by a version without reserves
        table[ORDER] = range(1, len(table) + 1)
    table = table.astype({name: kind for name, kind in NUMBERS.items() if name in table})
    return table if everybody else _in_use(survey, table)


def _in_use(survey: Survey, table: pd.DataFrame) -> pd.DataFrame:
    whole = sample_size(survey)
    out = max((release.last for release in releases(survey)), default=whole)
    used = table[table[ORDER] <= out].sort_values("stratum", kind="stable", ignore_index=True)
    return used if out == whole else reweighted(used)


def answers_path(survey: Survey) -> Path:
    """Return where the checked answers of a survey lie, encrypted.

    Parameters
    ----------
    survey : Survey
        The survey.

    Returns
    -------
    pathlib.Path
        ``answers.age`` in its folder.
    """
    return survey.folder / "answers.age"


def seal_table(table: pd.DataFrame, recipient: str | Sequence[str]) -> bytes:
    """Encrypt a table as CSV.

    Parameters
    ----------
    table : pandas.DataFrame
        Any table; the index is left out.
    recipient : str or sequence of str
        One age recipient or several; each can open it.

    Returns
    -------
    bytes
        An ``age`` file.

    Raises
    ------
    KeyFileError
        The recipient is not an age recipient.
    """
    try:
        names = (recipient,) if isinstance(recipient, str) else recipient
        to = [pyrage.x25519.Recipient.from_str(name) for name in names]
    except pyrage.RecipientError:
        raise KeyFileError(
            "SAM-KEY-RECIPIENT",
            _("The staff's key is not an age recipient (age1...)."),
            hint=_("Look at the keys with `hyohon custody keys`."),
        ) from None
    text = table.to_csv(index=False, lineterminator="\r\n")
    return bytes(pyrage.encrypt(text.encode("utf-8"), to))


def open_table(path: Path, identity: str) -> pd.DataFrame:
    """Decrypt a table in memory.

    Parameters
    ----------
    path : pathlib.Path
        An ``age`` file of `seal_table`.
    identity : str
        The age identity of the addressee.

    Returns
    -------
    pandas.DataFrame
        The table, every cell as text.

    Raises
    ------
    SamplingError
        The file cannot be opened with this identity, or it was damaged.
    """
    try:
        reader = pyrage.x25519.Identity.from_str(identity)
        text = bytes(pyrage.decrypt(path.read_bytes(), [reader])).decode("utf-8")
    except Exception:  # pyrage has no single error for damaged input; whatever it is, the file stays shut
        raise SamplingError(
            "SAM-VAULT-SHUT",
            _("The encrypted file cannot be opened with the staff's key, or it was damaged."),
            hint=_("Take file and keys from the backup."),
            file=path.name,
        ) from None
    return pd.read_csv(io.StringIO(text), dtype="str", keep_default_na=False)


def keep_previous(path: Path) -> Path | None:
    """Keep a copy of a file that is about to be replaced.

    Parameters
    ----------
    path : pathlib.Path
        The file; need not exist.

    Returns
    -------
    pathlib.Path or None
        The copy, ``name-01.ext`` and so on; None where there was no file.
    """
    if not path.is_file():
        return None
    number = 1
    while (copy := path.with_name(f"{path.stem}-{number:02d}{path.suffix}")).exists():
        number += 1
    return write_whole(copy, path.read_bytes())
