"""The commitment of a survey between the council's meeting and the draw: kept, opened, withdrawn.

``out/commitment.json`` is public, ``ceremony.age`` holds the nonce for staff alone, and the ledger says which
commitment is open: the last event ``commit`` that neither a draw nor ``commit.withdrawn`` follows.
"""

import hashlib
import json
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

import pyrage

from custody.errors import HyohonError, InputError, SamplingError
from custody.files import record_file, sha256_file, write_whole
from custody.ledger import Act, Event, Fact, Ledger
from custody.messages import gettext as _
from custody.survey import Survey
from sampling.ceremony import RULE, CeremonyRecord, Commitment, read_commitment, sha256_text
from sampling.ceremony_dice import read_entropies

__all__ = [
    "ceremony_for_draw",
    "commitment_files",
    "nonce_path",
    "open_ceremony",
    "refuse_open",
    "reveal",
    "store_commitment",
    "withdraw_commitment",
]


def commitment_files(survey: Survey) -> tuple[Path, Path, Path]:
    """Return where the public commitment lies.

    Parameters
    ----------
    survey : Survey
        The survey.

    Returns
    -------
    tuple of pathlib.Path
        ``out/commitment.json``, ``out/commitment-design.json`` (the design's text alone, whose digest any
        tool gives), ``out/commitment.pdf``.
    """
    names = ("commitment.json", "commitment-design.json", "commitment.pdf")
    return survey.out / names[0], survey.out / names[1], survey.out / names[2]


def nonce_path(survey: Survey) -> Path:
    """Return where the secret nonce lies, encrypted to the staff's key.

    Parameters
    ----------
    survey : Survey
        The survey.

    Returns
    -------
    pathlib.Path
        ``ceremony.age`` in its folder: 64 hex digits without a line end, in the age format.
    """
    return survey.folder / "ceremony.age"


def open_ceremony(survey: Survey) -> Commitment | None:
    """Return the commitment that waits for its dice.

    Parameters
    ----------
    survey : Survey
        The survey.

    Returns
    -------
    Commitment or None
        None where nobody committed to the next draw.

    Raises
    ------
    InputError
        ``out/commitment.json`` is gone or is not the one that the ledger recorded.
    """
    with survey.ledger() as ledger:
        event = _open_event(ledger)
    if event is None:
        return None
    path = commitment_files(survey)[0]
    if not path.is_file() or sha256_file(path) != event.facts["commitment_sha256"]:
        raise InputError(
            "SAM-CEREMONY-FILE",
            _("The file of the commitment is gone, or is not the one that the ledger recorded."),
            hint=_("Take commitment.json from the backup, or withdraw the commitment with a reason."),
            file=path.name,
        )
    return read_commitment(path)


def refuse_open(survey: Survey) -> None:
    """Refuse a second commitment before the registers are read.

    Parameters
    ----------
    survey : Survey
        The survey.

    Raises
    ------
    SamplingError
        ``SAM-CEREMONY-OPEN``.
    """
    with survey.ledger() as ledger:
        if _open_event(ledger) is not None:
            raise _open_already()


def ceremony_for_draw(survey: Survey, entropies: Sequence[str], seed: str | None = None) -> Commitment | None:
    """Say whether the draw that is asked for belongs to a commitment, and refuse what does not fit.

    Parameters
    ----------
    survey : Survey
        The survey.
    entropies : sequence of str
        The dice given with the draw; empty for a plain draw.
    seed : str, optional
        A seed given with the draw.

    Returns
    -------
    Commitment or None
        None for a plain draw.

    Raises
    ------
    SamplingError
        ``SAM-CEREMONY-DICE``: there is a commitment and no dice, or a seed instead; ``SAM-CEREMONY-NONE``:
        dice and no commitment; ``SAM-DICE-...``: the dice cannot be used.
    """
    commitment = open_ceremony(survey)
    if commitment is None and entropies:
        raise _no_commitment()
    if commitment is not None and (not entropies or seed is not None):
        raise SamplingError(
            "SAM-CEREMONY-DICE",
            _("This draw was committed to in public: its seed comes from the dice of the parties."),
            hint=_(
                'Throw the dice and give --dice, or withdraw: `hyohon sampling commit --withdraw "reason"`.'
            ),
        )
    if entropies:
        read_entropies(entropies)
    return commitment


def reveal(survey: Survey, entropies: Sequence[str]) -> CeremonyRecord:
    """Open the nonce and join it with the dice; the ledger keeps which dice were entered.

    Parameters
    ----------
    survey : Survey
        A survey with an open commitment, and the staff's keys.
    entropies : sequence of str
        The dice of each party, in the order of the sheet.

    Returns
    -------
    CeremonyRecord
        What the certificate holds; its ``seed`` is that of the draw.

    Raises
    ------
    SamplingError
        No commitment, dice that cannot be used, other dice than were entered before for this commitment
        (``SAM-CEREMONY-OTHER``), or a nonce that is gone or not the committed one (``SAM-CEREMONY-NONCE``).

    Notes
    -----
    The first call writes the event ``reveal``; the same dice again write nothing. So nobody can try dice
    after dice in the program until a sample pleases, without withdrawing in public.
    """
    commitment, digits = open_ceremony(survey), read_entropies(entropies)
    if commitment is None:
        raise _no_commitment()
    nonce = _open_nonce(survey, commitment)
    _record_dice(survey, commitment, sha256_text("|".join(digits)))
    return CeremonyRecord(
        rule=RULE,
        commitment=commitment.commitment,
        frame_digest=commitment.frame_digest,
        design=commitment.design,
        program_sha256=commitment.program_sha256,
        nonce=nonce,
        entropies=digits,
        words=commitment.words,
    )


def store_commitment(
    survey: Survey, nonce: str, make: Callable[[int], Mapping[Path, bytes]], facts: Mapping[str, Fact]
) -> tuple[Path, ...]:
    """Write a commitment's files and its event; of two at once, only the first happens.

    Parameters
    ----------
    survey : Survey
        The survey.
    nonce : str
        The secret, 64 hex digits.
    make : callable
        Takes the number of the attempt (1 for the first commitment to a draw) and returns the files with
        their contents; ``out/commitment.json`` is one of them.
    facts : mapping of str to int, bool or str
        What the event says, draw_number among it.

    Returns
    -------
    tuple of pathlib.Path
        The files.

    Raises
    ------
    SamplingError
        ``SAM-CEREMONY-OPEN``: there is a commitment already.

    Notes
    -----
    The files are written while this process alone may write the ledger, and before the event: stopped in
    between, nobody committed to anything, and the next commitment writes them anew.
    """
    written: list[Path] = []

    def decide() -> list[Act]:
        if _open_event(ledger) is not None:
            raise _open_already()
        attempt = 1 + len(_since_draw(ledger, "commit"))
        sealed = pyrage.encrypt(nonce.encode(), [_recipient(survey)])
        contents = {**make(attempt), nonce_path(survey): bytes(sealed)}
        written.extend(write_whole(path, content) for path, content in contents.items())
        digest = hashlib.sha256(contents[commitment_files(survey)[0]]).hexdigest()
        once = f"commit.{facts['draw_number']}.{attempt}"
        return [("commit", {"once": once, "attempt": attempt, "commitment_sha256": digest, **facts})]

    with survey.ledger() as ledger:
        ledger.append_decided(decide)
        for path in written:
            record_file(ledger, survey.folder, path, path.stem)
    return tuple(written)


def withdraw_commitment(survey: Survey, reason: str) -> Path:
    """Withdraw the open commitment; that it was there, and why it went, stays visible.

    Parameters
    ----------
    survey : Survey
        The survey.
    reason : str
        For the minutes; not empty.

    Returns
    -------
    pathlib.Path
        ``out/commitment-withdrawn-DRAW-ATTEMPT.json``: the commitment, its nonce, the reason, and whether
        dice had been entered. With the nonce anybody can work out what the dice would have drawn.

    Raises
    ------
    SamplingError
        There is no open commitment, or no reason.
    """
    with survey.ledger() as ledger:
        event = _open_event(ledger)
        if event is None:
            raise _no_commitment()
        if not reason.strip():
            raise SamplingError(
                "SAM-CEREMONY-REASON",
                _("A commitment made in public is withdrawn only with a reason."),
                hint=_("Say why in one sentence; it stays visible."),
            )
        facts = {name: event.facts[name] for name in ("draw_number", "attempt", "commitment")}
        entered = any(True for _event in ledger.events("reveal", after=event.seq))
        path = survey.out / f"commitment-withdrawn-{facts['draw_number']}-{facts['attempt']}.json"
        told = {
            **facts,
            "reason": reason.strip(),
            "dice_entered": entered,
            "nonce": _any_nonce(survey),
            "withdrawn_at": survey.clock.now().isoformat(timespec="seconds"),
        }
        write_whole(path, (json.dumps(told, ensure_ascii=False, sort_keys=True, indent=1) + "\n").encode())
        once = f"withdraw.{facts['draw_number']}.{facts['attempt']}"
        digest = sha256_text(reason.strip())
        ledger.append("commit.withdrawn", once=once, dice_entered=entered, reason_sha256=digest, **facts)
        record_file(ledger, survey.folder, path, "commitment-withdrawn")
    return path


def _since_draw(ledger: Ledger, kind: str) -> list[Event]:
    last = max((event.seq for event in ledger.events("draw")), default=0)
    return list(ledger.events(kind, after=last))


def _open_event(ledger: Ledger) -> Event | None:
    commits = _since_draw(ledger, "commit")
    withdrawn = max((event.seq for event in ledger.events("commit.withdrawn")), default=0)
    return commits[-1] if commits and commits[-1].seq > withdrawn else None


def _record_dice(survey: Survey, commitment: Commitment, digest: str) -> None:
    """Write the event ``reveal`` unless it is there; refuse where it is there with other dice."""
    once = f"reveal.{commitment.draw_number}.{commitment.attempt}"
    with survey.ledger() as ledger:

        def decide() -> list[Act]:
            found = [event for event in ledger.events("reveal") if event.facts["once"] == once]
            if any(event.facts["dice_sha256"] != digest for event in found):
                raise SamplingError(
                    "SAM-CEREMONY-OTHER",
                    _("Other dice were entered for this commitment before."),
                    hint=_(
                        "Enter the digits of the sheet as before, or withdraw the commitment with a reason."
                    ),
                )
            facts = {"once": once, "commitment": commitment.commitment, "dice_sha256": digest}
            return [] if found else [("reveal", facts)]

        ledger.append_decided(decide)


def _open_nonce(survey: Survey, commitment: Commitment) -> str:
    nonce = _any_nonce(survey)
    if sha256_text(nonce) != commitment.nonce_sha256:
        raise SamplingError(
            "SAM-CEREMONY-NONCE",
            _("The secret of the commitment is gone, or is not the one that was committed to."),
            hint=_(
                "Take ceremony.age and the keys from the backup, or withdraw the commitment with a reason."
            ),
            file=nonce_path(survey).name,
        )
    return nonce


def _any_nonce(survey: Survey) -> str:
    """Return what ``ceremony.age`` holds; "" where it cannot be opened."""
    try:
        reader = pyrage.x25519.Identity.from_str(survey.keys.identity("staff"))
        return bytes(pyrage.decrypt(nonce_path(survey).read_bytes(), [reader])).decode("ascii")
    except (OSError, ValueError, HyohonError, pyrage.DecryptError):
        return ""


def _recipient(survey: Survey) -> pyrage.x25519.Recipient:
    return pyrage.x25519.Recipient.from_str(survey.keys.recipient("staff"))


def _open_already() -> SamplingError:
    return SamplingError(
        "SAM-CEREMONY-OPEN",
        _("There is a commitment to this draw already."),
        hint=_("Throw the dice for it, or withdraw it with a reason."),
    )


def _no_commitment() -> SamplingError:
    return SamplingError(
        "SAM-CEREMONY-NONE",
        _("Nobody committed to this draw: dice count only after a commitment."),
        hint=_("Run `hyohon sampling commit` first, or draw without --dice."),
    )
