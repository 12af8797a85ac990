"""Response to a survey (回収状況): by area, age band and sex, counted and weighted, small cells hidden."""

from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any, Final

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from custody import gate
from custody.errors import SamplingError
from custody.files import record_file, write_whole
from custody.messages import gettext as _
from custody.survey import Survey
from sampling.acts import refusals
from sampling.dispositions import GROUPS, TITLES, disposition, group_of
from sampling.events import read_events
from sampling.hiding import HIDDEN, Sum, hidden_cells, rate_steps
from sampling.limits import limits
from sampling.response_rates import RATES, OutcomeRates, eligible_share, outcome_rates
from sampling.vault import answers_path, load_vault, open_table
from sampling.views import html_table
from sampling.voids import load_voids

__all__ = ["BY", "Response", "response_of", "response_survey"]

BY: Final = ("area", "age_band", "sex")
ANSWERED: Final = ("I", "P")


@dataclass(frozen=True, slots=True)
class Response:
    """How a sample responded.

    Parameters
    ----------
    domains : pandas.DataFrame
        Columns by, domain, drawn; all persons first, then each value of `BY`. drawn: persons.
    counts, weighted : OutcomeRates
        From persons and from sums of base weights, one row a domain.
    hidden : ndarray of bool
        Shape (domains, 8): counts that are not shown.
    steps : ndarray of float64
        Shape (domains, 16): how precisely rates are shown (`sampling.hiding.rate_steps`).
    codes : pandas.DataFrame
        Columns aapor, group, title, persons, weight, hidden: everybody by code.
    waves : pandas.DataFrame
        Columns wave, persons, hidden: who answered, by the wave whose questionnaire came back.
    files : tuple of pathlib.Path
        What was written.
    """

    domains: pd.DataFrame
    counts: OutcomeRates
    weighted: OutcomeRates
    hidden: NDArray[np.bool_]
    steps: NDArray[np.float64]
    codes: pd.DataFrame
    waves: pd.DataFrame
    files: tuple[Path, ...] = field(default=(), repr=False)

    def tidy(self) -> pd.DataFrame:
        """Return the table by domain.

        Returns
        -------
        pandas.DataFrame
            Columns by, domain, drawn, the groups I to NE (persons), answered (I + P of the persons drawn, 0
            to 1), answered_w, the rates RR1 to CON3, and the same rates weighted (``RR1_w`` …); missing where
            hidden, and where a rate has no denominator; whole percents where more would tell a hidden count.
        """
        counts = pd.DataFrame(self.counts.counts, columns=list(GROUPS)).astype("Int64").mask(self.hidden)
        plain = pd.DataFrame(_shown(self.counts.values, self.steps), columns=list(RATES))
        weighted = pd.DataFrame(
            _shown(self.weighted.values, self.steps), columns=[f"{name}_w" for name in RATES]
        )
        share = pd.DataFrame({"answered": self.answered(), "answered_w": self.answered(weighted=True)})
        return pd.concat([self.domains, counts, share, plain, weighted], axis=1)

    def answered(self, *, weighted: bool = False) -> NDArray[np.float64]:
        """Return the share of the persons drawn who answered.

        Parameters
        ----------
        weighted : bool
            Of the sum of base weights.

        Returns
        -------
        ndarray of float64
            Shape (domains,): (I + P) / drawn, 0 to 1, nan where it would tell a hidden count. Unlike RR2 it
            keeps in the denominator who was found not to be eligible.
        """
        counts = (self.weighted if weighted else self.counts).counts
        inside = np.isin(GROUPS, ANSWERED)
        secret = self.hidden[:, inside].sum(axis=1)
        safe = (secret == 0) | ((secret == 2) & (self.hidden.sum(axis=1) == 2))
        return np.where(safe, counts[:, inside].sum(axis=1) / counts.sum(axis=1), np.nan)

    def tidy_codes(self) -> pd.DataFrame:
        """Return the table by code.

        Returns
        -------
        pandas.DataFrame
            Columns aapor, group, title, persons, weight; persons and weight missing where hidden.
        """
        table = self.codes.drop(columns="hidden")
        table["persons"] = table["persons"].astype("Int64").mask(self.codes["hidden"])
        table["weight"] = table["weight"].mask(self.codes["hidden"])
        return table

    def __repr__(self) -> str:
        rate = self.counts.values[0, list(RATES).index("RR2")]
        return f"<Response: {self.domains['drawn'].iloc[0]:,} persons drawn, RR2 {rate:.3f}>"

    def _repr_html_(self) -> str:
        columns = ["by", "domain", "drawn", "I", "P", "RR2", "RR2_w"]
        table = self.tidy()[columns].astype("object").fillna(HIDDEN)
        return html_table(table, name="hyohon-response")


def response_of(drawn: pd.DataFrame, e: float | None = None) -> Response:
    """Work out the response of a sample.

    Parameters
    ----------
    drawn : pandas.DataFrame
        One row for everybody drawn: columns `BY`, base_weight, aapor, wave.
    e : float, optional
        Share of those of unknown eligibility who are eligible; default `eligible_share`.

    Returns
    -------
    Response
        Counts and rates.

    Notes
    -----
    A cell of 1 to 9 persons is hidden, and with it the smallest cells that would give it away: within a
    domain (the persons drawn are public), within a group over the domains that add up to everybody, and
    within the codes of a group. A rate that would tell a hidden count is in whole percents, or hidden.
    """
    groups = pd.Series([group_of(code) for code in drawn["aapor"]], index=drawn.index)
    parts = [("all", "all", np.ones(len(drawn), dtype=np.bool_)), *_parts(drawn)]
    weights = drawn["base_weight"].to_numpy(dtype=np.float64)
    inside = np.array([(groups == group).to_numpy() for group in GROUPS])
    counts = np.array([[np.sum(part & of) for of in inside] for _by, _domain, part in parts], dtype=np.int64)
    sums = np.array([[weights[part & of].sum() for of in inside] for _by, _domain, part in parts])
    domains = pd.DataFrame(
        [(by, domain, int(part.sum())) for by, domain, part in parts], columns=["by", "domain", "drawn"]
    )
    codes = _codes(drawn, weights)
    hidden, hidden_codes = _hide(domains["by"].tolist(), counts, codes)
    plain = outcome_rates(counts.astype(np.float64), e if e is not None else _share(counts[0]))
    return Response(
        domains,
        plain,
        outcome_rates(sums, e if e is not None else _share(sums[0])),
        hidden,
        rate_steps(plain.counts, hidden, plain.e, limits().hide_below),
        codes.assign(hidden=hidden_codes),
        _waves(drawn[groups.isin(ANSWERED)]),
    )


def response_survey(survey: Survey, *, events: Path | None = None, e: float | None = None) -> Response:
    """Show how a survey's sample responded: ``out/response.html``, ``response.csv``, ``dispositions.csv``.

    Parameters
    ----------
    survey : Survey
        A survey whose answers were taken in, or that is in the field.
    events : pathlib.Path, optional
        The contractor's package of events: the state of the field, forms not looked at. Default: the answers
        that were taken in.
    e : float, optional
        As in `response_of`.

    Returns
    -------
    Response
        Counts and rates; hidden cells are ``X`` in the files.

    Raises
    ------
    ApprovalError
        The act is outside the approval; the vault stays shut.
    SamplingError, PackageError, InputError
        Neither answers nor events are there, or a file cannot be opened.
    """
    from sampling.response_page import response_page

    gate.permit(survey, "answers")
    with refusals(survey, "response"):
        found = response_of(_drawn(survey, events), e)
    day = survey.clock.today().isoformat()
    page = response_page(
        found, title=survey.title, date=day, training=survey.training, field=events is not None
    )
    texts = {
        "response.html": page.encode("utf-8"),
        "response.csv": _csv(found.tidy()),
        "dispositions.csv": _csv(found.tidy_codes()),
    }
    files = tuple(write_whole(survey.out / name, text) for name, text in texts.items())
    total = found.counts.counts[0]
    with survey.ledger() as ledger:
        for path in files:
            record_file(ledger, survey.folder, path, path.stem)
        ledger.append("response", drawn=int(total.sum()), complete=int(total[0]), partial=int(total[1]))
    return replace(found, files=files)


def _parts(drawn: pd.DataFrame) -> Iterator[tuple[str, str, NDArray[np.bool_]]]:
    for by in BY:
        for domain in sorted(set(drawn[by])):
            yield by, str(domain), (drawn[by] == domain).to_numpy()


def _shown(values: NDArray[np.float64], steps: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return rates as precisely as they may be shown."""
    return np.where(np.isnan(steps), np.nan, np.where(steps > 0, np.round(values, 2), values))


def _share(total: NDArray[Any]) -> float:
    return eligible_share(total.astype(np.float64))


def _codes(drawn: pd.DataFrame, weights: NDArray[np.float64]) -> pd.DataFrame:
    """Count everybody by code, in the order of the codes."""
    table = pd.DataFrame({"aapor": drawn["aapor"].to_numpy(), "weight": weights})
    found = table.groupby("aapor")["weight"].agg(["size", "sum"]).reset_index()
    found.columns = pd.Index(["aapor", "persons", "weight"])
    found.insert(1, "group", [group_of(code) for code in found["aapor"]])
    found.insert(2, "title", [TITLES.get(code, code) for code in found["aapor"]])
    return found


def _waves(answered: pd.DataFrame) -> pd.DataFrame:
    counts = answered["wave"].value_counts().sort_index()
    persons = np.asarray(counts.tolist(), dtype=np.int64)
    hidden = hidden_cells(persons, [Sum(np.arange(len(persons), dtype=np.int64))], limits().hide_below)
    return pd.DataFrame({"wave": counts.index.astype("str"), "persons": persons, "hidden": hidden})


def _hide(
    by: list[str], counts: NDArray[np.int64], codes: pd.DataFrame
) -> tuple[NDArray[np.bool_], NDArray[np.bool_]]:
    """Hide cells of the domains and of the codes together: both add up to the same totals."""
    rows, width = counts.shape
    place = np.arange(counts.size, dtype=np.int64).reshape(rows, width)
    sums = [Sum(row) for row in place]
    for name in BY:
        inside = place[[row for row, column in enumerate(by) if column == name]]
        sums += [Sum(inside[:, column], int(place[0, column])) for column in range(width)]
    code_place = counts.size + np.arange(len(codes), dtype=np.int64)
    for column, group in enumerate(GROUPS):
        members = code_place[(codes["group"] == group).to_numpy()]
        if len(members):
            sums.append(Sum(members, int(place[0, column])))
    cells = np.concatenate([counts.ravel(), codes["persons"].to_numpy(dtype=np.int64)])
    hidden = hidden_cells(cells, sums, limits().hide_below)
    return hidden[: counts.size].reshape(rows, width), hidden[counts.size :]


def _drawn(survey: Survey, events: Path | None) -> pd.DataFrame:
    """Join design, frame variables and code of everybody drawn."""
    vault = load_vault(survey)[["token", *BY, "base_weight"]]
    return vault.merge(_ends(survey, vault, events), on="token", how="left", validate="one_to_one")


def _ends(survey: Survey, vault: pd.DataFrame, events: Path | None) -> pd.DataFrame:
    if events is not None:
        told = read_events(survey, events)
        voids = load_voids(survey, load_vault(survey, everybody=True)["token"])
        why = dict(zip(voids["token"], voids["reason"], strict=True))
        pieces = [told.pieces.get(token) for token in vault["token"]]
        codes = [
            disposition(piece, None, why.get(token, ""), taken_in=False)
            for token, piece in zip(vault["token"], pieces, strict=True)
        ]
        waves = [str(piece.wave) if piece is not None else "" for piece in pieces]
        return pd.DataFrame({"token": vault["token"], "aapor": codes, "wave": waves})
    path = answers_path(survey)
    taken = open_table(path, survey.keys.identity("staff")) if path.is_file() else pd.DataFrame()
    if "aapor" not in taken or set(vault["token"]) - set(taken["token"]):
        raise SamplingError(
            "SAM-RESPONSE-NONE",
            _("The answers of everybody mailed were not taken in yet."),
            hint=_("Run `hyohon sampling answers` first, or look at the field: --events events.sp."),
        )
    return taken[["token", "aapor", "wave"]]


def _csv(table: pd.DataFrame) -> bytes:
    """Write a table for Excel; X for what is hidden, blank for a rate without denominator."""
    shown = table.copy()
    counted = [name for name in (*GROUPS, "persons", "weight") if name in shown]
    shown[counted] = shown[counted].astype("object").where(shown[counted].notna(), HIDDEN)
    return shown.to_csv(index=False, lineterminator="\r\n", float_format="%.6f").encode("utf-8-sig")
