"""Hand-overs (引き渡し): what leaves the staff, and nothing more than the receiver needs.

The contractor gets postal code, address, name, token and copy; the researcher gets design, area, age band,
sex, status and answers under numbers made for this package.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final, Literal

import pandas as pd

from custody import gate
from custody.errors import ConfigError, SamplingError
from custody.files import record_file, sha256_file
from custody.media import approved_medium
from custody.messages import gettext as _
from custody.package_receipts import terms_for
from custody.packages import FactValue, Kind, seal
from custody.survey import Survey
from labels.seals import SEALS_COLUMN, seals_field
from sampling.acts import refusals
from sampling.furigana import readings_item, readings_of
from sampling.k_anonymity import Anonymity
from sampling.k_design import DesignRisk
from sampling.label_facts import label_facts
from sampling.releases import Release, plan_release, releases, sample_size
from sampling.vault import load_vault
from sampling.voids import count_reasons, load_voids, readings

__all__ = [
    "LABEL_COLUMNS",
    "HandOver",
    "export_link",
    "hand_over_labels",
    "label_table",
    "record_hand_over",
    "seal_for",
    "with_seals",
]

LABEL_COLUMNS: Final = ("postal_code", "address", "name", "token", "copy")
"""All that a contractor receives of a person, and the seals of the label's copies (`labels.seals`)."""

DEFAULT_MEDIUM: Final = gate.USB


@dataclass(frozen=True, slots=True, repr=False)
class HandOver:
    """A package that was made.

    Parameters
    ----------
    path : pathlib.Path
        The package.
    receiver : {"contractor", "researcher"}
        Who can open it.
    rows : int
        Persons in it.
    columns : tuple of str
        What it says of each.
    smallest_cell : int or None
        For research: persons in the smallest cell of area, age band and sex (k).
    voided : mapping of str to int
        For labels: reason → persons left out, since a refresh voided them. The receiver never learns it.
    extract_age_days : int or None
        For labels: days since the registers were read for the draw or the last refresh.
    release : Release or None
        For labels: the part of the order that it is.
    left : int
        For labels: persons of the sample who are not out yet.
    anonymity : Anonymity or None
        For research: what was coarsened until k persons share each cell.
    risk : DesignRisk or None
        For research: what strata, PSUs and weights tell beyond it.
    """

    path: Path
    receiver: Literal["contractor", "researcher"]
    rows: int
    columns: tuple[str, ...]
    smallest_cell: int | None = None
    voided: Mapping[str, int] = field(default_factory=dict)
    extract_age_days: int | None = None
    release: Release | None = None
    left: int = 0
    anonymity: Anonymity | None = None
    risk: DesignRisk | None = None

    def __repr__(self) -> str:
        return f"<HandOver: {self.path.name}, {self.rows:,} persons, for the {self.receiver}>"

    def tidy(self) -> pd.DataFrame:
        """Return the counts.

        Returns
        -------
        pandas.DataFrame
            Columns package, receiver, rows, columns, smallest_cell, voided, extract_age_days; one row.
        """
        return pd.DataFrame(
            {
                "package": [self.path.name],
                "receiver": [self.receiver],
                "rows": [self.rows],
                "columns": [len(self.columns)],
                "smallest_cell": [self.smallest_cell],
                "voided": [sum(self.voided.values())],
                "extract_age_days": [self.extract_age_days],
            }
        )


def label_table(vault: pd.DataFrame, *, copy: int = 1, furigana: bool = False) -> pd.DataFrame:
    """Take from the vault what a label needs.

    Parameters
    ----------
    vault : pandas.DataFrame
        From `load_vault`.
    copy : int
        Number of the copy, 1 or more.
    furigana : bool
        Whether the readings of the names go with them; off, unless the approval names them.

    Returns
    -------
    pandas.DataFrame
        Columns `LABEL_COLUMNS`, then perhaps furigana, ordered by postal code and then token, so that no
        order of the draw remains.

    Raises
    ------
    SamplingError
        ``SAM-FURIGANA-NONE`` where readings are asked for and the vault holds none.
    """
    chosen = vault[["postal_code", "address", "name", "token"]].assign(copy=copy)
    if furigana:
        chosen = chosen.assign(furigana=readings_of(vault))
    ordered: pd.DataFrame = chosen.sort_values(["postal_code", "token"], ignore_index=True)
    return ordered


def with_seals(survey: Survey, labels: pd.DataFrame, wave: int) -> pd.DataFrame:
    """Add the seals of the copies that the contractor may print.

    Parameters
    ----------
    survey : Survey
        One made before there were seals has no key for them, and its labels none.
    labels : pandas.DataFrame
        From `label_table`.
    wave : int
        Number of the mailing.

    Returns
    -------
    pandas.DataFrame
        With a column ``seals``, where the survey has seals.
    """
    if not survey.keys.has_secret("seal"):
        return labels
    key, copies = survey.keys.secret("seal"), survey.label_copies
    return labels.assign(
        **{SEALS_COLUMN: [seals_field(key, token, wave, copies) for token in labels["token"]]}
    )


def hand_over_labels(
    survey: Survey,
    *,
    medium: str = DEFAULT_MEDIUM,
    persons: int | None = None,
    reserve: int | None = None,
    again: int | None = None,
    furigana: bool = False,
) -> HandOver:
    """Seal labels for the contractor: ``out/labels.sp``, without those whom a refresh voided.

    Parameters
    ----------
    survey : Survey
        A survey whose sample was drawn.
    medium : str
        What the package leaves on: a registered id (`custody.media`) or the approval's word for it.
    persons : int, optional
        Only the next so many of the sample (50 as a pilot). Default: all that are left; where none are, the
        last package again.
    reserve : int, optional
        The next so many of the reserve, once the whole sample is out.
    again : int, optional
        Number of an earlier release: its package again.
    furigana : bool
        Also the readings of the names (振り仮名); the approval must name `custody.gate.FURIGANA`.

    Returns
    -------
    HandOver
        The package; the second release is ``out/labels-02.sp``.

    Raises
    ------
    ApprovalError
        The approval does not allow it; the vault stays shut.
    SamplingError, KeyFileError, PackageError
        Nothing was drawn, nobody is left, the file of voids is not the one that was recorded, or a key is
        missing.

    Notes
    -----
    The event records how many days ago the registers were read. No age is refused: a package may be made
    again. The command warns above the limit of this room.
    """
    gate.permit(
        survey,
        "hand_over_labels",
        items=readings_item(furigana),
        media=approved_medium(survey, medium),
        n=sample_size(survey) + (reserve or 0),
        recipient="contractor",
    )
    with refusals(survey, "hand_over_labels"):
        everybody = load_vault(survey, everybody=True)
        voids = load_voids(survey, everybody["token"])
        release = plan_release(survey, len(everybody), persons=persons, reserve=reserve, again=again)
        vault = release.of(everybody)
        voids = voids[voids["token"].isin(vault["token"])]
        table = with_seals(
            survey, label_table(vault[~vault["token"].isin(voids["token"])], furigana=furigana), 1
        )
        _check_somebody(table)
        kind = {"wave_kind": survey.waves[0].kind} if len(survey.waves) > 1 else {}
        facts: dict[str, FactValue] = {**label_facts(survey), "wave": 1, **kind}
        path = seal_for(survey, "labels", table, facts, "contractor", release.package, medium=medium)
    age = _extract_age(survey)
    known = {} if age is None else {"extract_age_days": age}
    known |= {"furigana": True} if furigana else {}
    known |= {"release": release.number, "first": release.first, "last": release.last}
    record_hand_over(survey, "hand_over_labels", path, rows=len(table), voided=len(voids), **known)
    return HandOver(
        path,
        "contractor",
        len(table),
        tuple(table.columns),
        voided=count_reasons(voids),
        extract_age_days=age,
        release=release,
        left=max(0, sample_size(survey) - max(one.last for one in releases(survey))),
    )


def export_link(survey: Survey, path: Path) -> int:
    """Write who is behind each token: only for training, where the people are invented.

    Parameters
    ----------
    survey : Survey
        A training survey whose sample was drawn.
    path : pathlib.Path
        A CSV with columns token, resident_no.

    Returns
    -------
    int
        Rows written.

    Raises
    ------
    ConfigError
        The survey is a real one.
    """
    with refusals(survey, "export_link"):
        if not survey.training:
            raise ConfigError(
                "SAM-LINK-REAL",
                _("The link between tokens and persons never leaves the vault of a real survey."),
                hint=_("Only a training survey may write it, for invented answers."),
            )
        link = load_vault(survey)[["token", "resident_no"]]
    path.parent.mkdir(parents=True, exist_ok=True)
    link.to_csv(path, index=False, lineterminator="\n", encoding="utf-8")
    with survey.ledger() as ledger:
        ledger.append("export_link", rows=len(link), sha256=sha256_file(path))
    return len(link)


def _check_somebody(table: pd.DataFrame) -> None:
    if not len(table):
        raise SamplingError(
            "SAM-LABELS-NONE",
            _("Every person drawn was voided: there is nothing to mail."),
            hint=_("Look at out/refresh-01.csv and its followers; were the later extracts the right files?"),
        )


def _extract_age(survey: Survey) -> int | None:
    """Return how many days ago the registers that decide who is mailed were read; None where nobody knows."""
    days = [day for day, _digests in readings(survey)]
    return (survey.clock.today() - max(days)).days if days else None


def seal_for(
    survey: Survey,
    kind: Kind,
    table: pd.DataFrame,
    facts: dict[str, FactValue],
    role: str,
    name: str = "",
    *,
    medium: str = "",
) -> Path:
    """Seal a table for a role.

    Parameters
    ----------
    survey : Survey
        The survey.
    kind : str
        Kind of package.
    table : pandas.DataFrame
        Its rows.
    facts : dict
        Facts of the manifest.
    role : str
        Who can open it.
    name : str
        Name of the file without ending. Default: the kind.
    medium : str
        What it leaves on.

    Returns
    -------
    pathlib.Path
        The package in the survey's ``out``.
    """
    path = survey.out / f"{name or kind}.sp"
    seal(
        path,
        kind=kind,
        payload=table.to_csv(index=False, lineterminator="\n").encode("utf-8"),
        facts=facts,
        recipient=survey.keys.recipient(role),
        signer=survey.keys.signer("staff"),
        created=survey.clock.now(),
        origin=survey.origin,
        terms=terms_for(survey, kind, medium),
    )
    return path


def record_hand_over(survey: Survey, act: str, path: Path, **facts: int) -> None:
    """Record a package and the act that made it.

    Parameters
    ----------
    survey : Survey
        The survey.
    act : str
        Kind of event.
    path : pathlib.Path
        The package.
    **facts : int
        Counts.
    """
    with survey.ledger() as ledger:
        record_file(ledger, survey.folder, path, path.stem)
        ledger.append(act, sha256=sha256_file(path), **facts)
