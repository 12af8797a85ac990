"""What staff do for a public draw (公開抽選): commit before the meeting, enter the dice after it.

`commit_draw` builds the frame as the draw will and writes what staff bind themselves to; `open_ceremony`,
`reveal` and `withdraw_commitment` are those of `sampling.ceremony_store`.
"""

import hashlib
import os
from collections.abc import Mapping
from datetime import date
from pathlib import Path
from typing import Any

from custody import gate
from custody.ledger import Fact
from custody.survey import Survey
from sampling.acts import _build, _items, refusals
from sampling.ceremony import RULE, Commitment, commitment_digest, sha256_text
from sampling.ceremony_design import plan_strata, planned_text
from sampling.ceremony_sheet import commitment_pdf
from sampling.ceremony_store import (
    commitment_files,
    open_ceremony,
    refuse_open,
    reveal,
    store_commitment,
    withdraw_commitment,
)
from sampling.ceremony_words import fingerprint_words
from sampling.design import StratifiedDesign
from sampling.frame import Frame
from sampling.frame_keys import frame_digest, frame_keys
from sampling.program_digest import program_sha256
from sampling.register_files import RegisterFiles
from sampling.storing import draw_number

__all__ = ["commit_draw", "open_ceremony", "reveal", "withdraw_commitment"]


def commit_draw(
    survey: Survey,
    files: RegisterFiles,
    *,
    knowledge_date: date | None = None,
    redraw_reason: str | None = None,
) -> Commitment:
    """Bind staff to frame, design, program and a secret nonce, before any dice.

    Parameters
    ----------
    survey : Survey
        The survey.
    files : RegisterFiles
        The extracts and lists; the draw will need the same.
    knowledge_date : datetime.date, optional
        Day of the extracts. Default: today by the survey's clock; the draw uses the same day.
    redraw_reason : str, optional
        Where a sample was drawn already: why it is void. The draw will need a reason too.

    Returns
    -------
    Commitment
        Also in ``out/commitment.json`` and ``out/commitment-design.json`` (public) and ``out/commitment.pdf``
        (a page for the minutes); the nonce is in ``ceremony.age``, for staff alone.

    Raises
    ------
    ApprovalError
        The act is outside the approval; nothing was read.
    SamplingError
        There is a commitment already, a sample was drawn and no reason is given, or the design does not fit.
    InputError, ConfigError
        A file is refused.
    """
    gate.permit(survey, "draw", items=_items(files), n=survey.design.n + survey.design.reserve)
    with refusals(survey, "commit"):
        refuse_open(survey)
        number = draw_number(survey, redraw_reason)
        frame = _build(survey, files, knowledge_date).frame
        nonce = os.urandom(32).hex()
        values = _commitment(survey, frame, sha256_text(nonce)) | {"draw_number": number}

        def make(attempt: int) -> Mapping[Path, bytes]:
            commitment = Commitment(**values, attempt=attempt)
            text = commitment.to_json().encode("utf-8")
            page = commitment_pdf(commitment, hashlib.sha256(text).hexdigest())
            design = commitment.design.encode("utf-8")
            return dict(zip(commitment_files(survey), (text, design, page), strict=True))

        store_commitment(survey, nonce, make, _facts(values))
        made = open_ceremony(survey)
    assert made is not None
    return made


def _commitment(survey: Survey, frame: Frame, nonce_sha256: str) -> dict[str, Any]:
    """Return the fields of a commitment but for the numbers of draw and attempt."""
    design = StratifiedDesign.from_settings(survey.design, survey.frame)
    text, program = planned_text(survey, design, frame), program_sha256()
    digest = frame_digest(frame_keys(frame, design))
    bound = commitment_digest(digest, sha256_text(text), program, nonce_sha256)
    return {
        "rule": RULE,
        "commitment": bound,
        "frame_digest": digest,
        "design": text,
        "design_sha256": sha256_text(text),
        "program_sha256": program,
        "nonce_sha256": nonce_sha256,
        "words": fingerprint_words(bound),
        "strata": plan_strata(design, frame),
        "n": design.n,
        "reference_date": frame.reference_date,
        "knowledge_date": frame.knowledge_date,
        "survey_id": survey.survey_id,
        "title": survey.title,
        "training": survey.training,
        "committed_at": survey.clock.now().isoformat(timespec="seconds"),
    }


def _facts(values: Mapping[str, Any]) -> dict[str, Fact]:
    """Return what the ledger says of a commitment."""
    digests = ("commitment", "frame_digest", "design_sha256", "program_sha256", "nonce_sha256")
    return {
        **{name: values[name] for name in digests},
        "draw_number": values["draw_number"],
        "n": values["n"],
        "persons": sum(plan.persons for plan in values["strata"]),
        "strata": len(values["strata"]),
        "knowledge_date": values["knowledge_date"].isoformat(),
    }
