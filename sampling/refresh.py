"""Refresh before a mailing (発送前の更新): later registers say to whom nothing may be mailed any more.

Frame, weights and certificate stay as they were drawn: eligibility is as of the reference date.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date
from pathlib import Path
from typing import Final

import pandas as pd

from custody import gate
from custody.console import working
from custody.errors import ConfigError, SamplingError
from custody.escrow import staff_readers
from custody.files import record_file, write_whole
from custody.ledger import Act, Fact
from custody.messages import gettext as _
from custody.package_receipts import terms_for
from custody.packages import seal
from custody.survey import Survey
from labels.voids import VOID_COLUMNS
from sampling.acts import ITEMS, refusals
from sampling.frame_rules import FrameRules
from sampling.furigana import FURIGANA
from sampling.register_files import RegisterFiles, Registers, link_files, read_lists, read_registers
from sampling.releases import releases
from sampling.reread import REASON_TITLES, REASONS, Reread, reread
from sampling.vault import keep_previous, load_vault, seal_table
from sampling.views import html_table
from sampling.voids import count_reasons, handed_over, load_voids, readings, voids_path

__all__ = ["RefreshRun", "refresh_survey"]

ADDRESS: Final = ["postal_code", "address"]
ONLY_SOURCES: Final = ("residents", "certifications", "qualifications", "opted_out")


@dataclass(frozen=True, slots=True)
class RefreshRun:
    """What a refresh found.

    Parameters
    ----------
    number : int
        Which refresh of the survey, from 1.
    knowledge_date : datetime.date
        Day of the extracts.
    drawn : int
        Persons drawn.
    persons : mapping of str to int
        Reason → persons of the sample to whom it applies now.
    new : mapping of str to int
        Reason → persons voided by this refresh.
    voided : mapping of str to int
        Reason, as first found → persons voided so far, this refresh included. A void is never taken back.
    address_changed, name_changed : int
        Persons to be mailed whose address or name the vault now has anew.
    to_void : int
        Tokens in the contractor's package; 0 where there is none.
    files : tuple of pathlib.Path
        What was written.
    """

    number: int
    knowledge_date: date
    drawn: int
    persons: Mapping[str, int]
    new: Mapping[str, int]
    voided: Mapping[str, int]
    address_changed: int
    name_changed: int
    to_void: int
    files: tuple[Path, ...] = field(repr=False)

    @property
    def to_mail(self) -> int:
        """Persons who may be mailed."""
        return self.drawn - sum(self.voided.values())

    def __repr__(self) -> str:
        counts = f"{sum(self.new.values()):,} voided, {self.to_mail:,} of {self.drawn:,} may be mailed"
        return f"<RefreshRun {self.number}: {counts}>"

    def tidy(self) -> pd.DataFrame:
        """Return the counts by reason.

        Returns
        -------
        pandas.DataFrame
            Columns reason, persons (now), new (voided by this refresh), voided (so far); one row a reason.
        """
        counts = {"persons": self.persons, "new": self.new, "voided": self.voided}
        columns = {name: [values[reason] for reason in REASONS] for name, values in counts.items()}
        return pd.DataFrame({"reason": list(REASONS), **columns})

    def _repr_html_(self) -> str:
        titles = [_(REASON_TITLES[reason]) for reason in REASONS]
        return html_table(self.tidy().assign(reason=titles), name="hyohon-refresh")


@dataclass(frozen=True, slots=True)
class _Change:
    """A refresh before it is stored."""

    number: int
    known: date
    found: Reread = field(repr=False)
    vault: pd.DataFrame = field(repr=False)
    before: pd.DataFrame = field(repr=False)
    voids: pd.DataFrame = field(repr=False)
    sources: Mapping[str, str]

    @property
    def mailed(self) -> "pd.Series[bool]":
        """Who may still be mailed; the address of anybody else is not kept up to date."""
        return ~self.vault["token"].isin(self.voids["token"])

    def changed(self, *columns: str) -> "pd.Series[bool]":
        """Who is mailed and has another address or name than before."""
        names = list(columns)
        same = (self.found.contacts[names] == self.vault[names]).all(axis=1)
        return self.mailed & ~same


def refresh_survey(
    survey: Survey,
    files: RegisterFiles,
    *,
    knowledge_date: date | None = None,
    medium: str = gate.USB,
) -> RefreshRun:
    """Read later registers and void the tokens to which nothing may be mailed any more.

    Parameters
    ----------
    survey : Survey
        A survey whose sample was drawn.
    files : RegisterFiles
        Later extracts of the registers; of the lists, ``opt_outs`` counts.
    knowledge_date : datetime.date, optional
        Day of the extracts, not before that of the draw or of the last refresh. Default: today.
    medium : str
        What the contractor's package leaves on; the approval names the media.

    Returns
    -------
    RefreshRun
        Counts by reason. ``voids.age`` holds who was voided, ``out/refresh-01.csv`` (and so on) the counts,
        ``out/voids.sp`` after a hand-over the tokens for the contractor.

    Raises
    ------
    ApprovalError
        The act is outside the approval; nothing was read.
    SamplingError
        Nothing was drawn, the extracts are not later ones, or they are the wrong files.
    InputError, ConfigError
        A file is refused.
    """
    items = ITEMS if files.qualifications is None else (*ITEMS, gate.CARE_QUALIFICATION)
    gate.permit(survey, "refresh", items=items)
    after = handed_over(survey)
    if after:
        gate.permit(survey, "hand_over_labels", media=medium, recipient="contractor")
    with refusals(survey, "refresh"):
        change = _look(survey, files, _day(survey, knowledge_date))
        _store_voids(survey, change)
    written = [voids_path(survey), *_store_contacts(survey, change)]
    counts = _run(change, written)
    path = survey.out / f"refresh-{change.number:02d}.csv"
    text = counts.tidy().to_csv(index=False, lineterminator="\r\n")
    written.append(write_whole(path, text.encode("utf-8-sig")))
    written += _seal_voids(survey, change.voids) if after else []
    with survey.ledger() as ledger:
        for file in written:
            record_file(ledger, survey.folder, file, file.stem)
    return _run(change, written)


def _day(survey: Survey, knowledge_date: date | None) -> date:
    """Return the day of the extracts; refuse one that lies ahead or before a reading that counted."""
    known = survey.clock.today() if knowledge_date is None else knowledge_date
    if known > survey.clock.today():
        raise ConfigError(
            "SAM-CLOCK-FUTURE",
            _("The knowledge date is in the future."),
            hint=_("Give the day on which the registers were extracted."),
        )
    last = max((day for day, _digests in readings(survey)), default=known)
    if known < last:
        raise SamplingError(
            "SAM-REFRESH-EARLIER",
            _("These extracts are of {known}; the registers were read as of {last} already.").format(
                known=known.isoformat(), last=last.isoformat()
            ),
            hint=_("Ask for new extracts, and give the day on which they were made (--knowledge-date)."),
        )
    return known


def _look(survey: Survey, files: RegisterFiles, known: date) -> _Change:
    """Read everything and judge; nothing is written."""
    vault = load_vault(survey, everybody=True)
    before = load_voids(survey, vault["token"], repair=True)
    with working(_("reading the registers")):
        registers, lists = read_registers(files), read_lists(files)
    _refuse_old_files(survey, registers, known)
    with working(_("finding whose each certification is")):
        secret = survey.keys.secret("person")
        links = link_files(registers, files, secret=secret, municipality=survey.municipality)
    with working(_("looking for the persons drawn")):
        found = reread(
            vault,
            registers,
            links,
            lists,
            reference_date=survey.reference_date,
            knowledge_date=known,
            rules=FrameRules.from_settings(survey.frame),
        )
    sources = {register.kind: register.sha256 for register in registers.given} | dict(lists.sources)
    voids = _joined(before, vault, found, known, max((one.last for one in releases(survey)), default=0))
    return _Change(_number(survey), known, found, vault, before, voids, sources)


def _refuse_old_files(survey: Survey, registers: Registers, known: date) -> None:
    for day, digests in readings(survey):
        for register in (registers.residents, registers.certifications):
            if day < known and digests.get(register.kind) == register.sha256:
                raise SamplingError(
                    "SAM-REFRESH-SAME",
                    _("This file was read already as of {day}: it cannot be an extract of {known}.").format(
                        day=day.isoformat(), known=known.isoformat()
                    ),
                    hint=_("Ask for new extracts of both registers; with old ones nobody is kept back."),
                    file=register.kind,
                )


def _joined(before: pd.DataFrame, vault: pd.DataFrame, found: Reread, known: date, out: int) -> pd.DataFrame:
    """Add those who are found now to those voided before, in the order of their tokens."""
    now = pd.DataFrame({"token": vault["token"], "reason": found.reasons.astype("str")})
    now["since"] = known.isoformat()
    now["handed_over"] = vault["order"].le(out).map({True: "yes", False: "no"}).astype("str")
    now = now[(now["reason"] != "") & ~now["token"].isin(before["token"])]
    return pd.concat([before, now]).astype("str").sort_values("token", ignore_index=True)


def _number(survey: Survey) -> int:
    with survey.ledger() as ledger:
        return 1 + sum(1 for _event in ledger.events("refresh"))


def _store_voids(survey: Survey, change: _Change) -> None:
    """Write the voids while nobody else can, and record them: a lost update would mail somebody."""
    sealed = seal_table(change.voids, staff_readers(survey.keys))
    with survey.ledger() as ledger:

        def decide() -> list[Act]:
            if sum(1 for _event in ledger.events("refresh")) != change.number - 1:
                raise SamplingError(
                    "SAM-REFRESH-BUSY",
                    _("Somebody else refreshed this survey in the meantime."),
                    hint=_("Run the refresh again."),
                )
            path = write_whole(voids_path(survey), sealed)
            return [("refresh", _facts(change, path))]

        ledger.append_decided(decide)


def _facts(change: _Change, path: Path) -> dict[str, Fact]:
    from custody.files import sha256_file

    counts = _run(change, [])
    facts: dict[str, Fact] = {f"now_{reason}": n for reason, n in counts.persons.items()}
    facts |= {f"new_{reason}": n for reason, n in counts.new.items()}
    facts |= {f"{name}_sha256": change.sources[name] for name in ONLY_SOURCES if name in change.sources}
    return facts | {
        "once": f"refresh.{change.number}",
        "knowledge_date": change.known.isoformat(),
        "drawn": counts.drawn,
        "voided": sum(counts.voided.values()),
        "address_changed": counts.address_changed,
        "name_changed": counts.name_changed,
        "voids_sha256": sha256_file(path),
    }


def _store_contacts(survey: Survey, change: _Change) -> list[Path]:
    """Bring address and name of who may be mailed up to date in the vault; area and stratum stay."""
    names = [*ADDRESS, "name", *(name for name in (FURIGANA,) if name in change.vault)]
    anew = change.changed(*names)
    if not anew.any():
        return []
    vault = change.vault.copy()
    vault.loc[anew, names] = change.found.contacts.loc[anew, names]
    kept = keep_previous(survey.vault_path)
    sealed = seal_table(vault, staff_readers(survey.keys))
    return [*([] if kept is None else [kept]), write_whole(survey.vault_path, sealed)]


def _seal_voids(survey: Survey, voids: pd.DataFrame) -> list[Path]:
    """Seal all voided tokens that the contractor has, without any reason."""
    tokens = voids.loc[voids["handed_over"] == "yes", "token"]
    if not len(tokens):
        return []
    path = survey.out / "voids.sp"
    manifest = seal(
        path,
        kind="voids",
        payload=tokens.to_frame()[list(VOID_COLUMNS)].to_csv(index=False, lineterminator="\n").encode(),
        facts={},
        recipient=survey.keys.recipient("contractor"),
        signer=survey.keys.signer("staff"),
        created=survey.clock.now(),
        origin=survey.origin,
        terms=terms_for(survey, "voids"),
    )
    with survey.ledger() as ledger:
        ledger.append("hand_over_voids", rows=manifest.rows, payload_sha256=manifest.payload_sha256)
    return [path]


def _run(change: _Change, files: list[Path]) -> RefreshRun:
    now = pd.DataFrame({"reason": change.found.reasons})
    fresh = change.voids[~change.voids["token"].isin(change.before["token"])]
    sent = int((change.voids["handed_over"] == "yes").sum())
    return RefreshRun(
        number=change.number,
        knowledge_date=change.known,
        drawn=len(change.vault),
        persons=count_reasons(now),
        new=count_reasons(fresh),
        voided=count_reasons(change.voids),
        address_changed=int(change.changed(*ADDRESS).sum()),
        name_changed=int(change.changed("name").sum()),
        to_void=sent,
        files=tuple(files),
    )
