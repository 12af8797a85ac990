"""What staff do in a survey folder: frame and draw. Each act passes the gate first and leaves its events.

The commands and the notebooks call these functions; they return what happened and print nothing.
"""

import hashlib
import hmac
import os
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import date
from pathlib import Path

from custody import gate
from custody.approval import Permit
from custody.checkpoints import survey_checkpoint
from custody.console import working
from custody.errors import ConfigError, HyohonError
from custody.files import record_file
from custody.messages import gettext as _
from custody.survey import Survey
from labels.tokens import KeyedSource, TokenSource
from sampling.building import build_frame
from sampling.ceremony import CeremonyRecord, Commitment, check_commitment
from sampling.ceremony_design import planned_text
from sampling.ceremony_store import ceremony_for_draw, reveal
from sampling.certificate import DrawCertificate
from sampling.coordination_file import load_coordination
from sampling.design import StratifiedDesign
from sampling.drawing import Sample, draw
from sampling.frame import Frame
from sampling.frame_files import frame_facts, write_flow, write_linkage, write_review, write_staff_list
from sampling.frame_keys import frame_digest, frame_keys
from sampling.frame_rules import FrameRules
from sampling.furigana import is_approved, with_readings
from sampling.linkage import Links
from sampling.program_digest import program_sha256
from sampling.quarantine import write_quarantine
from sampling.register_files import RegisterFiles, link_files, read_lists, read_registers
from sampling.registers import Register
from sampling.storing import draw_number, store_draw

__all__ = ["DrawRun", "FrameRun", "RegisterFiles", "draw_sample", "frame_survey", "refusals"]

ITEMS = (gate.RESIDENT_REGISTER, gate.CARE_CERTIFICATION)


@dataclass(frozen=True, slots=True, repr=False)
class FrameRun:
    """A frame built in a survey.

    Parameters
    ----------
    frame : Frame
        The frame, in memory only.
    residents, certifications : Register
        The registers as read.
    qualifications : Register or None
        The third register, where it was given.
    links : Links
        Whose each certification row is.
    files : tuple of pathlib.Path
        What was written: counts and, where rows failed, their numbers.
    """

    frame: Frame
    residents: Register
    certifications: Register
    qualifications: Register | None
    links: Links
    files: tuple[Path, ...] = ()

    @property
    def registers(self) -> tuple[Register, ...]:
        """The registers that were read."""
        last = () if self.qualifications is None else (self.qualifications,)
        return (self.residents, self.certifications, *last)

    def __repr__(self) -> str:
        return f"<FrameRun: {self.frame!r}, {len(self.files)} files>"


@dataclass(frozen=True, slots=True, repr=False)
class DrawRun:
    """A draw made in a survey.

    Parameters
    ----------
    built : FrameRun
        The frame and registers.
    sample : Sample
        The sample; its certificate names the survey.
    files : tuple of pathlib.Path
        Vault, certificate and key lists.
    """

    built: FrameRun
    sample: Sample
    files: tuple[Path, ...]

    def __repr__(self) -> str:
        return f"<DrawRun: {self.sample!r}, {len(self.files)} files>"


@contextmanager
def refusals(survey: Survey, act: str) -> Iterator[None]:
    """Write a refusal into the ledger (kind ``refusal``; facts act, code) and let it go on.

    Parameters
    ----------
    survey : Survey
        The survey.
    act : str
        Name of the act.

    Yields
    ------
    None
        Once.
    """
    try:
        yield
    except HyohonError as refusal:
        with survey.ledger() as ledger:
            ledger.append("refusal", act=act, code=refusal.code)
        raise


def frame_survey(survey: Survey, files: RegisterFiles, *, knowledge_date: date | None = None) -> FrameRun:
    """Build the frame and write its flow of counts.

    Parameters
    ----------
    survey : Survey
        The survey.
    files : RegisterFiles
        The extracts and lists, read where they lie.
    knowledge_date : datetime.date, optional
        Day of the extracts. Default: today by the survey's clock.

    Returns
    -------
    FrameRun
        Frame, registers, and the files ``out/flow.csv``, ``out/flow.html``, ``out/flow-chart.svg``,
        ``out/flow-chart.pdf``, ``out/linkage.csv``, ``out/quarantine.csv`` and, for staff only,
        ``quarantine.age`` (cells of failed rows), ``review.csv`` (certification rows that need a decision)
        and ``staff-list.csv`` (who is left out until staff have looked) in the survey's folder.

    Raises
    ------
    ApprovalError
        The act is outside the approval; nothing was read.
    InputError, SamplingError, ConfigError
        A file or the frame is refused.
    """
    gate.permit(survey, "frame", items=_items(files))
    with refusals(survey, "frame"):
        run = _build(survey, files, knowledge_date)
    written = [
        *write_flow(survey, run.frame),
        write_linkage(survey, run.links),
        *write_quarantine(survey, run.registers),
        *write_review(survey, run.links),
        *write_staff_list(survey, run.frame),
    ]
    with survey.ledger() as ledger:
        ledger.append("frame", **_facts(run))
        for path in written:
            record_file(ledger, survey.folder, path, path.stem)
    return replace(run, files=tuple(written))


def draw_sample(
    survey: Survey,
    files: RegisterFiles,
    *,
    seed: str | None = None,
    entropies: Sequence[str] = (),
    knowledge_date: date | None = None,
    redraw_reason: str | None = None,
) -> DrawRun:
    """Draw the survey's sample, seal the vault, write certificate and key lists.

    Parameters
    ----------
    survey : Survey
        The survey; its ``[design]`` says how many from which strata.
    files : RegisterFiles
        The extracts and lists.
    seed : str, optional
        A seed from outside. Default: 128 bits of the operating system.
    entropies : sequence of str
        Dice of each party of a public draw (`sampling.ceremony_acts.commit_draw`); they make the seed.
    knowledge_date : datetime.date, optional
        As in `frame_survey`; after a commitment that of the commitment.
    redraw_reason : str, optional
        Declares an earlier draw void, and says why; it stays visible.

    Returns
    -------
    DrawRun
        Sample and files.

    Raises
    ------
    ApprovalError
        The act is outside the approval; nothing was read.
    SamplingError
        A sample was drawn already and no reason is given, the design does not fit, or a commitment to
        another draw is open.
    InputError, ConfigError
        A file is refused.
    """
    asked = survey.design.n + survey.design.reserve
    permit = gate.permit(survey, "draw", items=_items(files), n=asked)
    with refusals(survey, "draw"):
        number = draw_number(survey, redraw_reason)
        design = StratifiedDesign.from_settings(survey.design, survey.frame)
        commitment, coordination = ceremony_for_draw(survey, entropies, seed), load_coordination(survey)
        known = knowledge_date or (commitment.knowledge_date if commitment else None)
        built = _build(survey, files, known)
        record = None if commitment is None else _revealed(survey, commitment, design, built.frame, entropies)
        drawn_with = record.seed if record else seed
        plain = draw(
            built.frame,
            design,
            seed=os.urandom(16).hex() if drawn_with is None else drawn_with,
            token_source=_token_source(survey, number),
            coordination=coordination,
            prn_key=None if coordination is None else survey.keys.secret("prn").hex(),
        )
    certificate = replace(_certified(survey, plain, permit, number, redraw_reason), ceremony=record)
    sample = replace(plain, certificate=certificate)
    if is_approved(survey):
        sample = with_readings(sample, built.residents)
    return DrawRun(built, sample, store_draw(survey, sample))


def _build(survey: Survey, files: RegisterFiles, knowledge_date: date | None) -> FrameRun:
    known = survey.clock.today() if knowledge_date is None else knowledge_date
    if known > survey.clock.today():
        raise ConfigError(
            "SAM-CLOCK-FUTURE",
            _("The knowledge date is in the future."),
            hint=_("Give the day on which the registers were extracted."),
        )
    with working(_("reading the registers")):
        registers, lists = read_registers(files), read_lists(files)
    with working(_("finding whose each certification is")):
        secret = survey.keys.secret("person")
        links = link_files(registers, files, secret=secret, municipality=survey.municipality)
    with working(_("joining them to the frame")):
        frame = build_frame(
            registers.residents,
            registers.certifications,
            reference_date=survey.reference_date,
            knowledge_date=known,
            areas=survey.areas,
            municipality=survey.municipality,
            secret=secret,
            links=links,
            qualifications=registers.qualifications,
            rules=FrameRules.from_settings(survey.frame),
            exclusions=lists,
        )
    return FrameRun(frame, registers.residents, registers.certifications, registers.qualifications, links)


def _revealed(
    survey: Survey,
    commitment: Commitment,
    design: StratifiedDesign,
    frame: Frame,
    entropies: Sequence[str],
) -> CeremonyRecord:
    """Hold the draw to what was committed to, then open the nonce and join it with the dice."""
    check_commitment(
        commitment,
        frame_digest=frame_digest(frame_keys(frame, design)),
        design_text=planned_text(survey, design, frame),
        program_sha256=program_sha256(),
    )
    return reveal(survey, entropies)


def _items(files: RegisterFiles) -> tuple[str, ...]:
    """Name the items that the approval must hold."""
    return ITEMS if files.qualifications is None else (*ITEMS, gate.CARE_QUALIFICATION)


def _token_source(survey: Survey, number: int) -> TokenSource | None:
    """Tokens come from the operating system; in training from a key, another one for every draw."""
    if not survey.training or not survey.keys.has_secret("token"):
        return None
    secret = survey.keys.secret("token")
    return KeyedSource(
        secret if number == 1 else hmac.digest(secret, f"draw {number}".encode(), hashlib.sha256)
    )


def _certified(
    survey: Survey, sample: Sample, permit: Permit, number: int, reason: str | None
) -> DrawCertificate:
    signed = survey_checkpoint(survey)
    with survey.ledger() as ledger:
        head = ledger.head()
    return replace(
        sample.certificate,
        survey_id=survey.survey_id,
        title=survey.title,
        training=survey.training,
        approval=permit.approval_number,
        approval_sha256=permit.approval_sha256,
        drawn_at=survey.clock.now().isoformat(timespec="seconds"),
        ledger_seq=head.seq,
        ledger_hash=head.hash,
        checkpoint=signed.line if signed else "",
        draw_number=number,
        redraw_reason=(reason or "").strip() if number > 1 else "",
    )


def _facts(run: FrameRun) -> dict[str, int | str]:
    """Counts and digests of a frame as facts of the ledger."""
    facts = frame_facts(run.frame)
    if run.qualifications is not None:
        facts["qualification_rows"] = run.qualifications.read
        facts["qualification_failed"] = run.qualifications.quarantined
    return facts | {
        "certification_rows": run.certifications.read,
        "certification_failed": run.certifications.quarantined,
        "undecided": len(run.links.undecided),
        "false_match_rate": f"{run.links.false_match_rate:.6f}",
        "missed_match_rate": f"{run.links.missed_match_rate:.6f}",
        "repaired": sum(int(register.repairs["cells"].sum()) for register in run.registers),
        "columns_ignored": sum(register.ignored for register in run.registers),
    }
