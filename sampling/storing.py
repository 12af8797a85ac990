"""Storing a draw: files staged, the ledger's event, then vault, certificate and key lists in their places."""

import hashlib
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Final

from custody.errors import LedgerError, SamplingError
from custody.escrow import staff_readers
from custody.ledger import Fact
from custody.messages import gettext as _
from custody.survey import Survey
from sampling.certificate import DrawCertificate
from sampling.certificate_pdf import certificate_pdf
from sampling.drawing import Sample
from sampling.staging import complete_draws, discard_stage, publish, stage_files
from sampling.vault import vault_bytes

__all__ = ["draw_number", "store_draw"]

CERTIFICATE: Final = "draw-certificate.json"


def draw_number(survey: Survey, redraw_reason: str | None) -> int:
    """Say which draw of the survey the next one is; a draw that was stopped half-way is finished first.

    Parameters
    ----------
    survey : Survey
        The survey.
    redraw_reason : str or None
        Why the draw before is void.

    Returns
    -------
    int
        1 for the first.

    Raises
    ------
    SamplingError
        A sample was drawn already and no reason is given.
    """
    complete_draws(survey)
    with survey.ledger() as ledger:
        drawn = sum(1 for _event in ledger.events("draw"))
    if drawn and not (redraw_reason or "").strip():
        raise SamplingError(
            "SAM-DRAW-TWICE",
            _("A sample was drawn in this survey already; a second draw would let somebody choose."),
            hint=_('Use the sample there is, or declare it void with --redraw "reason"; both stay visible.'),
        )
    return drawn + 1


def store_draw(survey: Survey, sample: Sample) -> tuple[Path, ...]:
    """Record a draw and write its files.

    Parameters
    ----------
    survey : Survey
        The survey.
    sample : Sample
        The sample, its certificate complete.

    Returns
    -------
    tuple of pathlib.Path
        Vault, certificate (JSON, PDF), keys of the frame, keys of the sample.

    Raises
    ------
    LedgerError
        Somebody else recorded the same draw in the meantime; nothing was written.

    Notes
    -----
    The files are staged, then the event is written, then they go to their places. Stopped before the event,
    nothing happened; stopped after it, the next act in the survey finishes the draw (`complete_draws`).
    """
    certificate = sample.certificate
    text = certificate.to_json().encode("utf-8")
    digest = hashlib.sha256(text).hexdigest()
    drawn = sample.data.loc[: len(sample) - 1, ["person_key", "stratum"]]
    contents: dict[Path, bytes] = {
        survey.vault_path: vault_bytes(sample, staff_readers(survey.keys)),
        survey.out / CERTIFICATE: text,
        survey.out / "draw-certificate.pdf": certificate_pdf(certificate, digest),
        survey.out / "frame-keys.csv": _key_list(sample.frame_keys.to_pydict()),
        survey.out / "sample-keys.csv": _key_list({str(name): column for name, column in drawn.items()}),
    }
    staged = stage_files(survey, certificate.draw_number, digest, contents)
    with survey.ledger() as ledger:
        try:
            event = ledger.append("draw", **_facts(certificate, digest))
        except LedgerError as refusal:
            if refusal.code == "LED-TWICE":
                discard_stage(staged)
            raise
        publish(survey, ledger, staged, event)
    return tuple(contents)


def _facts(certificate: DrawCertificate, digest: str) -> dict[str, Fact]:
    facts: dict[str, Fact] = {
        "once": f"draw.{certificate.draw_number}",
        "n": certificate.sample,
        "persons": certificate.persons,
        "strata": len(certificate.strata),
        "key_hex": certificate.key_hex,
        "frame_digest": certificate.frame_digest,
        "sample_digest": certificate.sample_digest,
        "certificate_sha256": digest,
        "redraw": certificate.draw_number > 1,
        "reason_sha256": hashlib.sha256(certificate.redraw_reason.encode("utf-8")).hexdigest(),
    }
    if certificate.reserve:
        facts["reserve"] = certificate.reserve
    if certificate.method != "srs":
        facts["method"] = certificate.method
    if certificate.coordination is not None:
        facts["coordination"] = certificate.coordination.kind
    if certificate.ceremony is not None:
        facts["commitment"] = certificate.ceremony.commitment
    if certificate.one_per_household is not None:
        facts["households"] = certificate.one_per_household.households
    return facts


def _key_list(columns: Mapping[str, Iterable[str]]) -> bytes:
    lines = (",".join(cells) for cells in zip(*columns.values(), strict=True))
    return ("\n".join([",".join(columns), *lines]) + "\n").encode("utf-8")
