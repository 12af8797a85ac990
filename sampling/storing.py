"""Storing a draw: the ledger's event first, then vault, certificate and key lists, the former ones kept."""

import hashlib
from collections.abc import Iterable
from pathlib import Path
from typing import Final

from custody.errors import SamplingError
from custody.files import record_file, write_whole
from custody.messages import gettext as _
from custody.survey import Survey
from sampling.certificate_pdf import certificate_pdf
from sampling.drawing import Sample
from sampling.vault import keep_previous, vault_bytes

__all__ = ["draw_number", "store_draw"]

CERTIFICATE: Final = "draw-certificate.json"


def draw_number(survey: Survey, redraw_reason: str | None) -> int:
    """Say which draw of the survey the next one is.

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
    """
    certificate = sample.certificate
    text = certificate.to_json().encode("utf-8")
    digest = hashlib.sha256(text).hexdigest()
    contents = {
        survey.vault_path: vault_bytes(sample, survey.keys.recipient("staff")),
        survey.out / CERTIFICATE: text,
        survey.out / "draw-certificate.pdf": certificate_pdf(certificate, digest),
        survey.out / "frame-keys.csv": _key_list(
            *(column.to_pylist() for column in sample.frame_keys.columns)
        ),
        survey.out / "sample-keys.csv": _key_list(sample.data["person_key"], sample.data["stratum"]),
    }
    with survey.ledger() as ledger:
        ledger.append(
            "draw",
            once=f"draw.{certificate.draw_number}",
            n=certificate.sample,
            persons=certificate.persons,
            strata=len(certificate.strata),
            key_hex=certificate.key_hex,
            frame_digest=certificate.frame_digest,
            sample_digest=certificate.sample_digest,
            certificate_sha256=digest,
            redraw=certificate.draw_number > 1,
            reason_sha256=hashlib.sha256(certificate.redraw_reason.encode("utf-8")).hexdigest(),
        )
        for path, content in contents.items():
            kept = keep_previous(path)
            for role, file in (("previous", kept), (path.stem, write_whole(path, content))):
                if file is not None:
                    record_file(ledger, survey.folder, file, role)
    return tuple(contents)


def _key_list(keys: Iterable[str], strata: Iterable[str]) -> bytes:
    lines = (f"{key},{stratum}" for key, stratum in zip(keys, strata, strict=True))
    return ("\n".join(["person_key,stratum", *lines]) + "\n").encode("utf-8")
