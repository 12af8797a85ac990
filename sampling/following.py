"""Surveys that follow each other (継続調査): persons keep their numbers; who was drawn is avoided, or kept.

`follow` gives a new survey the secrets of an earlier one and writes ``coordination.json``: what the earlier
draw took of each stratum's circle. That file holds no secret; the secrets go from key store to key store.
"""

import json
from pathlib import Path
from typing import Any, Final, get_args

from custody.errors import ConfigError, InputError, SamplingError
from custody.files import record_file, sha256_file, write_whole
from custody.messages import gettext as _
from custody.survey import Survey
from sampling.certificate import DrawCertificate, read_certificate
from sampling.coordination import Arc, Coordination, Kind
from sampling.coordination_file import NONE, coordination_path, load_coordination, other_kind

__all__ = ["coordination_path", "follow", "load_coordination", "previous_arcs"]

PANELS: Final = 4
"""A person stays for so many surveys, where nobody says."""


def follow(new: Survey, old: Survey, *, kind: Kind | None = None, panels: int | None = None) -> Coordination:
    """Make a new survey follow an earlier one.

    Parameters
    ----------
    new : Survey
        A survey without frame, commitment and draw.
    old : Survey
        The survey before; drawn, unless the new one is independent of its sample.
    kind : {"negative", "positive", "rotate", "independent"}, optional
        Avoid the persons drawn before, keep them, replace a part of them, or a starting point of its own with
        the same numbers. Default: as the new survey's ``[design]`` says, else negative.
    panels : int, optional
        Rotation: a person stays for so many surveys. Default: as ``[design]`` says, else 4.

    Returns
    -------
    Coordination
        Also in ``coordination.json``; the new survey's secrets ``person`` and ``prn`` are now the old one's.

    Raises
    ------
    SamplingError
        The new survey has a frame already, or the old draw cannot be followed.
    ConfigError
        Kind or panels are not those of the settings, or a training survey and a real one.
    InputError
        The old certificate is gone or was changed.

    Notes
    -----
    A draw that was not coordinated made its numbers from the key of its certificate; where it is followed,
    that key becomes the permanent one. A person who has moved to another stratum since (another age band,
    another area) is met there by the arc of that stratum, not by their own: to leave out everybody asked
    before, give the frame the old survey (``--earlier``) too.

    Arcs go from the old draw's start to its last person; to avoid persons, to the last in reserve, where the
    stratum has room for that.
    """
    _check_pair(new, old)
    chosen, turns = _settings(new, kind, panels)
    _check_new(new)
    certificate = None if chosen == "independent" else _certificate(new, old)
    arcs = () if certificate is None else previous_arcs(certificate, chosen)
    digest = "" if certificate is None else sha256_file(_certificate_path(old))
    coordination = Coordination(chosen, arcs, turns, digest)
    _adopt(new, old, certificate)
    told = coordination.facts() | {"previous_survey": old.survey_id}
    path = write_whole(coordination_path(new), _json(told))
    _record(new, old, coordination, path)
    return coordination


def previous_arcs(certificate: DrawCertificate, kind: Kind) -> tuple[Arc, ...]:
    """Say what a draw took of each stratum's circle.

    Parameters
    ----------
    certificate : DrawCertificate
        Of the draw before.
    kind : {"negative", "positive", "rotate"}
        What the arcs are for.

    Returns
    -------
    tuple of Arc
        One for each stratum from which somebody was drawn. For ``negative`` they hold the reserve too, where
        the stratum has N_h >= 2 n_h + reserve: else somebody of the sample would be met again for its sake.
    """
    arcs = []
    for one in certificate.strata:
        reserve = one.reserve or 0
        roomy = kind == "negative" and reserve > 0 and one.persons >= 2 * one.sample + reserve
        end = one.reserve_threshold if roomy else one.threshold
        if one.sample and end:
            arcs.append(Arc(one.stratum, one.after or "", end))
    return tuple(arcs)


def _check_pair(new: Survey, old: Survey) -> None:
    if new.folder.resolve() == old.folder.resolve() or new.survey_id == old.survey_id:
        raise ConfigError(
            "SAM-FOLLOW-SELF",
            _("A survey cannot follow itself."),
            hint=_("Name the new folder, then the old."),
        )
    if new.training != old.training:
        raise ConfigError(
            "SAM-FOLLOW-TRAINING",
            _("A training survey and a real one share no keys."),
            hint=_("Let a training survey follow a training survey."),
        )


def _settings(new: Survey, kind: Kind | None, panels: int | None) -> tuple[Kind, int]:
    """Join what is asked for with what ``[design]`` says."""
    planned = new.design.coordination
    chosen: Any = kind or (planned if planned != NONE else "negative")
    if chosen not in get_args(Kind):
        raise other_kind()
    turns = (panels or new.design.panels or PANELS) if chosen == "rotate" else 0
    if planned not in (NONE, chosen) or (new.design.panels and turns != new.design.panels):
        raise other_kind()
    return chosen, turns


def _check_new(new: Survey) -> None:
    with new.ledger() as ledger:
        begun = any(True for kind in ("frame", "commit", "draw") for _event in ledger.events(kind))
    if begun:
        raise SamplingError(
            "SAM-FOLLOW-LATE",
            _("This survey has a frame, a commitment or a draw already: its persons have their keys."),
            hint=_("Make a new survey, and let it follow before anything else."),
        )


def _certificate(new: Survey, old: Survey) -> DrawCertificate:
    """Return the certificate that the old ledger recorded last."""
    path = _certificate_path(old)
    with old.ledger() as ledger:
        drawn = list(ledger.events("draw"))
    if not drawn or not path.is_file() or sha256_file(path) != drawn[-1].facts["certificate_sha256"]:
        raise InputError(
            "SAM-FOLLOW-CERTIFICATE",
            _("The survey to follow has no draw, or its certificate is not the one its ledger recorded."),
            hint=_("Take draw-certificate.json from the backup, or use --coordination independent."),
            file=path.name,
        )
    certificate = read_certificate(path)
    if certificate.by != new.design.by or certificate.method == "systematic":
        raise SamplingError(
            "SAM-FOLLOW-STRATA",
            _("A draw is followed only in the same strata, and not where it was systematic."),
            hint=_("Write the same `by` in both [design], or use --coordination independent."),
        )
    return certificate


def _adopt(new: Survey, old: Survey, certificate: DrawCertificate | None) -> None:
    """Give the new survey the old one's person keys and the key that the old numbers were made with."""
    new.keys.replace_secret("person", old.keys.secret("person"))
    if certificate is not None:
        new.keys.replace_secret("prn", bytes.fromhex(certificate.key_hex))
    elif old.keys.has_secret("prn"):
        new.keys.replace_secret("prn", old.keys.secret("prn"))
    elif not new.keys.has_secret("prn"):
        new.keys.create_secret("prn")


def _record(new: Survey, old: Survey, coordination: Coordination, path: Path) -> None:
    facts = {"kind": coordination.kind, "panels": coordination.panels, "arcs": len(coordination.arcs)}
    with new.ledger() as ledger:
        ledger.append(
            "follow",
            previous=old.survey_id,
            previous_sha256=coordination.previous_sha256,
            coordination_sha256=sha256_file(path),
            **facts,
        )
        record_file(ledger, new.folder, path, "coordination")
    with old.ledger() as ledger:
        ledger.append("followed", next=new.survey_id, **facts)


def _certificate_path(survey: Survey) -> Path:
    return survey.out / "draw-certificate.json"


def _json(values: dict[str, Any]) -> bytes:
    return (json.dumps(values, ensure_ascii=False, sort_keys=True, indent=1) + "\n").encode("utf-8")
