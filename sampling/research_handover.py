"""The hand-over to the researcher (研究者への引き渡し): design, area, age band, sex, status and answers.

Everybody drawn is in it under a number made for this package; no token, name or address. Area, age band and
sex are coarsened until k persons share each class (`sampling.k_anonymity`). Household kind (独居 …) is not
handed over: the vault does not hold it.
"""

import hashlib
import hmac
import json
from collections.abc import Sequence
from typing import Final

import numpy as np
import pandas as pd

from custody import gate
from custody.codebook import Codebook
from custody.errors import SamplingError
from custody.files import record_file, write_whole
from custody.media import approved_medium
from custody.messages import gettext as _
from custody.packages import FactValue
from custody.survey import Survey
from sampling.acts import refusals
from sampling.answers import STAFF_COLUMNS
from sampling.handover import DEFAULT_MEDIUM, HandOver, record_hand_over, seal_for
from sampling.k_anonymity import Anonymity, anonymise, k_settings, smallest_class
from sampling.k_design import DesignRisk, design_risk, replicate_weights
from sampling.releases import sample_size
from sampling.vault import answers_path, load_vault, open_table

__all__ = ["RESEARCH_COLUMNS", "hand_over_research", "research_table", "smallest_cell"]

RESEARCH_COLUMNS: Final = ("rid", "stratum", "psu", "fpc", "base_weight", "area", "age_band", "sex", "status")
"""What a researcher receives of a person, before the answers."""

CELL: Final = ("area", "age_band", "sex")
DESIGN: Final = ("stratum", "psu", "fpc")
REPORT: Final = "research-k.json"
RID_DIGITS: Final = 20


def research_table(vault: pd.DataFrame, answers: pd.DataFrame, secret: bytes) -> pd.DataFrame:
    """Make the researcher's table: everybody drawn, under other names, in another order.

    Parameters
    ----------
    vault : pandas.DataFrame
        From `load_vault`.
    answers : pandas.DataFrame
        Columns token, status, perhaps the others of `STAFF_COLUMNS`, which stay here, then the answers as
        text; one row for everybody drawn.
    secret : bytes
        Secret of the research numbers.

    Returns
    -------
    pandas.DataFrame
        Columns `RESEARCH_COLUMNS`, then the answers; ordered by rid.

    Notes
    -----
    rid is HMAC-SHA256(secret, token), its first 20 hex digits. Strata become S01 … in the order of their
    keyed digests, PSUs P0001 … in the order of rid.
    """
    joined = vault.merge(answers, on="token", how="left", validate="one_to_one")
    joined["rid"] = [_keyed(secret, token) for token in joined["token"]]
    joined = joined.sort_values("rid", ignore_index=True)
    strata = sorted(set(joined["stratum"]), key=lambda name: _keyed(secret, f"stratum|{name}"))
    joined["stratum"] = joined["stratum"].map(_codes("S", strata, 2))
    joined["psu"] = joined["psu"].map(_codes("P", list(dict.fromkeys(joined["psu"])), 4))
    questions = [name for name in answers.columns if name not in STAFF_COLUMNS]
    return joined[[*RESEARCH_COLUMNS, *questions]]


def smallest_cell(table: pd.DataFrame) -> int:
    """Count the persons of the smallest cell of area, age band and sex that has any.

    Parameters
    ----------
    table : pandas.DataFrame
        With columns area, age_band, sex.

    Returns
    -------
    int
        k: with fewer, a person is easier to recognise.
    """
    return smallest_class(table, CELL)


def hand_over_research(survey: Survey, *, medium: str = DEFAULT_MEDIUM, replicates: bool = False) -> HandOver:
    """Seal design, frame variables, statuses and answers for the researcher: ``out/research.sp``.

    Parameters
    ----------
    survey : Survey
        A survey whose answers were taken in.
    medium : str
        As in `hand_over_labels`.
    replicates : bool
        Replicate weights ``repw_001`` … in place of stratum, psu and fpc, for where these would tell what was
        coarsened. The analysis room does not read such a package yet; R survey does (`replicate_weights`).

    Returns
    -------
    HandOver
        The package, with the size of its smallest cell and what was joined to reach it. The same, with what
        the design still tells, is in ``out/research-k.json``: variables and counts, never persons.

    Raises
    ------
    ApprovalError
        The approval does not allow it; the vault stays shut.
    SamplingError, KeyFileError, PackageError
        No answers yet, a key is missing, or fewer than k persons (``SAM-K-PERSONS``).
    """
    gate.permit(
        survey,
        "hand_over_research",
        media=approved_medium(survey, medium),
        n=sample_size(survey),
        recipient="researcher",
    )
    with refusals(survey, "hand_over_research"):
        answers = _answers(survey)
        vault = load_vault(survey)
        _check_strata(survey, vault)
        _check_taken(vault, answers)
        secret = survey.keys.secret("research")
        fine = research_table(vault, answers, secret)
        orders = {"area": tuple(dict.fromkeys(survey.areas.values()))}
        table, report = anonymise(fine, orders=orders)
        risk = design_risk(fine, table, report.variables, report.k)
        facts: dict[str, FactValue] = {
            "title_en": survey.title_en,
            "codebook": Codebook.load(survey.codebook).name,
            "reference_date": survey.reference_date.isoformat(),
            "strata": int(table["stratum"].nunique()),
            "smallest_cell": report.after,
            "k": report.k,
            "coarsened": list(report.coarsened),
        }
        if replicates:
            table, more = _with_replicates(table, report, secret)
            facts |= more
        path = seal_for(survey, "research", table, facts, "research", medium=medium)
    _write_report(survey, report, risk, replicates=replicates)
    counts = {"smallest_cell": report.after, "smallest_before": report.before}
    record_hand_over(survey, "hand_over_research", path, rows=len(table), **counts)
    return HandOver(
        path, "researcher", len(table), tuple(table.columns), report.after, anonymity=report, risk=risk
    )


def _with_replicates(
    table: pd.DataFrame, report: Anonymity, secret: bytes
) -> tuple[pd.DataFrame, dict[str, FactValue]]:
    """Put replicate weights in the place of the design; the facts say how R reads them."""
    rng = np.random.default_rng(int(_keyed(secret, "replicates"), 16))
    groups = k_settings().replicate_groups
    made = replicate_weights(table, report.variables, report.k, groups=groups, rng=rng)
    kept = table.drop(columns=list(DESIGN))
    place = RESEARCH_COLUMNS.index("base_weight") - len(DESIGN) + 1
    parts = [kept.iloc[:, :place], made.weights, kept.iloc[:, place:]]
    facts: dict[str, FactValue] = {
        "strata": made.strata,
        "type": "JKn",
        "scale": "1",
        "rscales": [repr(float(value)) for value in made.rscales],
    }
    return pd.concat(parts, axis=1), facts


def _write_report(survey: Survey, report: Anonymity, risk: DesignRisk, *, replicates: bool) -> None:
    """Write what was joined, and what a reader of the design could infer; no person is in it."""
    path = survey.out / REPORT
    values = {
        **report.facts(),
        "household_kind": "not handed over: the vault does not hold it",
        "design_columns": "replicate weights" if replicates else "stratum, psu, fpc",
        "design_before_replicates" if replicates else "design": risk.facts(),
    }
    text = json.dumps(values, ensure_ascii=False, indent=2) + "\n"
    write_whole(path, text.encode("utf-8"))
    with survey.ledger() as ledger:
        record_file(ledger, survey.folder, path, path.stem)


def _keyed(secret: bytes, text: str) -> str:
    return hmac.digest(secret, text.encode("utf-8"), hashlib.sha256).hex()[:RID_DIGITS]


def _codes(letter: str, names: Sequence[str], width: int) -> dict[str, str]:
    width = max(width, len(str(len(names))))
    return {name: f"{letter}{number:0{width}d}" for number, name in enumerate(names, start=1)}


def _check_strata(survey: Survey, vault: pd.DataFrame) -> None:
    """Refuse a part of the sample that leaves strata without anybody: nothing stands for their persons."""
    missing = set(load_vault(survey, everybody=True)["stratum"]) - set(vault["stratum"])
    if missing:
        text = _("Of {count:,} strata nobody was mailed yet: the answers would not stand for everybody.")
        raise SamplingError(
            "SAM-RELEASE-PART",
            text.format(count=len(missing)),
            hint=_("Hand over the rest of the sample first."),
        )


def _check_taken(vault: pd.DataFrame, answers: pd.DataFrame) -> None:
    """Refuse answers that were taken in before the last persons were mailed: they would have no status."""
    if set(vault["token"]) - set(answers["token"]):
        raise SamplingError(
            "SAM-ANSWERS-PART",
            _("The answers of everybody mailed were not taken in yet."),
            hint=_("Run `hyohon sampling answers` first."),
        )


def _answers(survey: Survey) -> pd.DataFrame:
    path = answers_path(survey)
    if not path.is_file():
        raise SamplingError(
            "SAM-ANSWERS-NONE",
            _("No answers were taken in yet."),
            hint=_("Run `hyohon sampling answers` first."),
        )
    return open_table(path, survey.keys.identity("staff"))
