"""A contractor's job: one folder with the ledger of its labels, made from a sealed package of staff.

``job.json`` says which survey it is and to whom the answer goes; ``ledger.sqlite`` holds tokens, counts and
codes. Names and addresses are in memory while printing, and in the PDF; nowhere else.
"""

import json
import os
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import platformdirs

from custody.clock import Clock, SimulatedClock
from custody.errors import ConfigError, KeyFileError, PackageError
from custody.files import is_part, write_whole
from custody.keys import KeyStore, PublicKeys
from custody.messages import gettext as _
from custody.packages import Manifest, Origin
from custody.survey import open_at
from labels.own_stocks import SETTINGS_FILES
from labels.printers import PRINTERS_FILE
from labels.tracking import ScanLedger

if TYPE_CHECKING:
    import pandas as pd

__all__ = ["Job", "contractor_keys", "package_denials", "write_table"]

JOB_FILE: Final = "job.json"
SCHEMA: Final = "hyohon-job-1"
BY_HAND: Final = (*SETTINGS_FILES, PRINTERS_FILE)
"""What may lie in the folder of a new job: settings that the contractor wrote before the first package."""


@dataclass(frozen=True, slots=True)
class Job:
    """An opened job folder.

    Parameters
    ----------
    folder : pathlib.Path
        The folder.
    survey_id, title : str
        The survey.
    training : bool
        True for a survey of invented people (訓練用).
    staff : PublicKeys
        To whom the answer is sealed, and who signed the package.
    clock : Clock
        The one clock of everything done in this job.
    escrow : str
        The survey's escrow recipient, to which the answer is sealed too; empty for none.
    """

    folder: Path
    survey_id: str
    title: str
    training: bool
    staff: PublicKeys
    clock: Clock
    escrow: str = ""

    @property
    def out(self) -> Path:
        """Folder of what the job prints and hands back."""
        return self.folder / "out"

    @property
    def ledger_path(self) -> Path:
        """The ledger."""
        return self.folder / "ledger.sqlite"

    @classmethod
    def open(cls, folder: Path | str, at: str | None = None) -> "Job":
        """Open a job folder.

        Parameters
        ----------
        folder : path
            A folder made by `Job.start`.
        at : str, optional
            ISO date and time of the simulated clock; only for training surveys.

        Returns
        -------
        Job
            The job.

        Raises
        ------
        ConfigError
            There is no job here, its file is damaged, or ``at`` outside training.
        """
        folder = Path(folder)
        values = _read(folder / JOB_FILE)
        try:
            staff = PublicKeys(values["staff"]["age"], values["staff"]["ed25519"])
            survey_id, title, training = values["survey_id"], values["title"], values["training"]
        except (KeyError, TypeError, KeyFileError):
            raise _damaged(folder / JOB_FILE) from None
        clock = open_at(at, training=training is not False, ledger=folder / "ledger.sqlite")
        return cls(
            folder,
            str(survey_id),
            str(title),
            training is not False,
            staff,
            clock,
            str(values.get("escrow", "")),
        )

    @classmethod
    def start(cls, folder: Path | str, manifest: Manifest, at: str | None = None) -> "Job":
        """Make the job folder of a package, or open it where it is there.

        Parameters
        ----------
        folder : path
            A new folder, or the one of an earlier package of the same survey.
        manifest : Manifest
            Of the package of labels.
        at : str, optional
            As in `open`.

        Returns
        -------
        Job
            The job.

        Raises
        ------
        ConfigError
            The folder belongs to another survey, or holds other files.
        """
        folder = Path(folder)
        if not (folder / JOB_FILE).exists():
            _make(folder, manifest)
            if manifest.training and at is None:
                return cls._of(folder, manifest, SimulatedClock(manifest.created))
            ledger = folder / "ledger.sqlite"
            return cls._of(folder, manifest, open_at(at, training=manifest.training, ledger=ledger))
        job = Job.open(folder, at)
        if (job.survey_id, job.staff) != (manifest.survey_id, manifest.sender):
            raise ConfigError(
                "JOB-SURVEY",
                _("This job folder belongs to another survey."),
                hint=_("Name a new folder for this package."),
                file=folder.name,
            )
        return job

    @classmethod
    def _of(cls, folder: Path, manifest: Manifest, clock: Clock) -> "Job":
        return cls(
            folder,
            manifest.survey_id,
            manifest.title,
            manifest.training,
            manifest.sender,
            clock,
            manifest.escrow,
        )

    def tracking(self) -> ScanLedger:
        """Open the ledger of the labels; use it in a ``with`` block.

        Returns
        -------
        ScanLedger
            Open for scans.
        """
        return ScanLedger.open(self.ledger_path, self.clock)

    def origin(self, keys: KeyStore) -> Origin:
        """Return what the answer of the contractor says of itself.

        Parameters
        ----------
        keys : KeyStore
            The contractor's keys.

        Returns
        -------
        Origin
            The survey, and the contractor's age recipient.
        """
        return Origin(self.survey_id, self.title, self.training, keys.recipient("contractor"), self.escrow)


@contextmanager
def package_denials(folder: Path | str, at: str | None = None) -> Iterator[None]:
    """Write a package that was refused into the ledger of the job, where there is one already.

    Parameters
    ----------
    folder : path
        The job folder.
    at : str, optional
        As in `Job.open`.

    Yields
    ------
    None
        Inside, packages are opened; the refusal goes on to the caller.
    """
    try:
        yield
    except PackageError as refusal:
        if (Path(folder) / JOB_FILE).exists():
            with Job.open(folder, at).tracking() as tracking:
                tracking.ledger.append("denial", act="package", code=refusal.code)
        raise


def contractor_keys(folder: Path | str | None = None) -> KeyStore:
    """Find the contractor's keys.

    Parameters
    ----------
    folder : path, optional
        Default: the folder of HYOHON_KEYS, else ``hyohon/keys/contractor`` in the user's data folder.

    Returns
    -------
    KeyStore
        The folder; whether it holds keys shows when they are used.
    """
    named = folder if folder is not None else os.environ.get("HYOHON_KEYS")
    return KeyStore(
        Path(named) if named else Path(platformdirs.user_data_dir("hyohon", False)) / "keys" / "contractor"
    )


def write_table(path: Path, table: "pd.DataFrame") -> Path:
    """Write a table as CSV that Excel reads as it is (UTF-8 with mark).

    Parameters
    ----------
    path : pathlib.Path
        Where to.
    table : DataFrame
        Codes and numbers, no personal data.

    Returns
    -------
    pathlib.Path
        The path.
    """
    return write_whole(path, table.to_csv(index=False, lineterminator="\n").encode("utf-8-sig"))


def _make(folder: Path, manifest: Manifest) -> None:
    if folder.exists() and not all(is_part(path) or path.name in BY_HAND for path in folder.iterdir()):
        text = _("The folder holds files already and is no job folder.")
        raise ConfigError("JOB-FOLDER", text, hint=_("Name a new folder."), file=folder.name)
    values = {
        "schema": SCHEMA,
        "survey_id": manifest.survey_id,
        "title": manifest.title,
        "training": manifest.training,
        "staff": {"age": manifest.sender.age, "ed25519": manifest.sender.ed25519},
        "escrow": manifest.escrow,
    }
    text = json.dumps(values, ensure_ascii=False, indent=2) + "\n"
    write_whole(folder / JOB_FILE, text.encode("utf-8"))


def _read(path: Path) -> dict[str, Any]:
    try:
        values = json.loads(path.read_text(encoding="utf-8"))
    except OSError:
        hint = _("Print a package first: `hyohon labels print out/labels.sp --job job`.")
        text = _("There is no job in this folder.")
        raise ConfigError("JOB-NONE", text, hint=hint, file=path.parent.name) from None
    except ValueError:
        raise _damaged(path) from None
    if not isinstance(values, dict) or values.get("schema") != SCHEMA:
        raise _damaged(path)
    return values


def _damaged(path: Path) -> ConfigError:
    hint = _("Take it from a backup, or begin a new job folder with the package.")
    return ConfigError("JOB-FILE", _("The file of the job is damaged."), hint=hint, file=path.name)
