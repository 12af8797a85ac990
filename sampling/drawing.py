"""The draw (抽出): one keyed number for each person, the smallest of each stratum drawn."""

import hashlib
from dataclasses import dataclass, field, replace
from typing import Any, Final

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from custody.errors import SamplingError
from custody.messages import gettext as _
from labels.tokens import TokenSource, new_tokens
from sampling.certificate import RULE, DrawCertificate, HouseholdRecord, StratumRecord, program_version
from sampling.design import StratifiedDesign
from sampling.frame import Frame, key_digest
from sampling.households import (
    HOUSEHOLD_RULE,
    Households,
    choose_members,
    group_households,
    household_key_hex,
)
from sampling.selection import Selection, keyed_numbers, smallest_in_strata
from sampling.views import html_table

__all__ = ["SAMPLE_COLUMNS", "Sample", "draw", "draw_key"]

SAMPLE_COLUMNS: Final = (
    "token",
    "stratum",
    "psu",
    "fpc",
    "inclusion_prob",
    "base_weight",
    "area",
    "age_band",
    "sex",
    "postal_code",
    "address",
    "name",
)
"""The columns of a sample: no care field, no number of a register."""


@dataclass(frozen=True, slots=True)
class Sample:
    """The persons drawn. Its repr shows counts only.

    Parameters
    ----------
    data : pandas.DataFrame
        Columns `SAMPLE_COLUMNS`, then resident_no and person_key; with one person a household also
        household_size (m, persons of the frame in the household); one row a person.
    certificate : DrawCertificate
        How they were drawn.
    frame_keys : pyarrow.Table
        Columns person_key, stratum of the whole frame, ordered by person key: what a second run of the
        draw needs. With one person a household also household_key.
    """

    data: pd.DataFrame = field(repr=False)
    certificate: DrawCertificate
    frame_keys: Any = field(repr=False)

    def __len__(self) -> int:
        return len(self.data)

    @property
    def table(self) -> pd.DataFrame:
        """The persons drawn, in the order of stratum and draw.

        Returns
        -------
        pandas.DataFrame
            Columns token (15 symbols), stratum, psu (draw serial, unique), fpc (N_h, persons), inclusion_prob
            (n_h / N_h), base_weight (N_h / n_h), area, age_band, sex, postal_code, address, name. With one
            person a household fpc is N'_h, households, and inclusion_prob (1 / m) n_h / N'_h. A new object
            each time.
        """
        return self.data[list(SAMPLE_COLUMNS)].copy()

    @property
    def link(self) -> pd.DataFrame:
        """The link between tokens and persons: for the vault only.

        Returns
        -------
        pandas.DataFrame
            Columns token, resident_no, person_key. A new object each time.
        """
        return self.data[["token", "resident_no", "person_key"]].copy()

    def tidy(self) -> pd.DataFrame:
        """Return the strata with what was drawn.

        Returns
        -------
        pandas.DataFrame
            Columns stratum, persons, sample, threshold; with one person a household also households.
        """
        return self.certificate.tidy()

    def __repr__(self) -> str:
        return f"<Sample: {len(self):,} persons, {len(self.certificate.strata)} strata>"

    def _repr_html_(self) -> str:
        return html_table(self.tidy(), name="hyohon-sample")


def draw(
    frame: Frame,
    design: StratifiedDesign,
    *,
    seed: str | int,
    secret: bytes | None = None,
    token_source: TokenSource | None = None,
) -> Sample:
    """Draw a sample.

    Parameters
    ----------
    frame : Frame
        The frame.
    design : StratifiedDesign
        How many from which strata.
    seed : str or int
        Public after the draw; as text it decides, with the person keys, who is drawn.
    secret : bytes, optional
        Secret of the person keys, where it is not the one the frame was built with.
    token_source : TokenSource, optional
        Source of tokens. Default: the operating system; a key only for training. Never the seed.

    Returns
    -------
    Sample
        The persons drawn, with weights, tokens and certificate.

    Raises
    ------
    SamplingError
        The design does not fit the frame, or the seed is empty.

    Notes
    -----
    key_hex = SHA-256("hyohon draw v1|" + seed) and h = SHA-256(key_hex + "|" + person_key), both as
    lower-case hex of the UTF-8 text. In stratum h the n_h persons with the smallest (h, person_key) are
    drawn: a simple random sample without replacement, with inclusion probability n_h / N_h, whatever the
    order of the register.

    One person a household (``design.one_per_household``) is a draw in two phases. First, with key_hex2 =
    SHA-256("hyohon household v1|" + seed), the member of each household with the smallest
    (SHA-256(key_hex2 + "|" + person_key), person_key) is chosen: 1 of m, probability 1 / m. Then the N'_h
    persons chosen in stratum h are drawn from as above. inclusion_prob = (1 / m)(n_h / N'_h) is the
    probability pi* given the first phase, base_weight its inverse: given the choice, the weighted total has
    the expectation sum of m y over the chosen, and over the choice that is the total of the frame. Weighted
    totals are therefore unbiased; the sum of the weights varies around N, as the m of the drawn vary. The
    unconditional probability of a person is (1 / m) E[n_h / N'_h], which nobody needs to know.

    Variance: the drawn person is the psu and fpc is N'_h. The formula of a stratified sample with weights
    m N'_h / n_h estimates the variance of the second phase. That of the first, V1 = the sum over households
    of m^2 times the variance of y within the household, cannot be estimated from one person a household. For
    what the strata do not explain it is smaller by the order of n_h / N'_h, and an analysis without fpc
    covers it. For what they do explain (the number of men, where sex makes strata) V1 is most of the whole:
    the number N'_h of those chosen is then itself random. Post-stratify to the persons N_h of the
    certificate before such totals are published; their V1 is then zero.

    References
    ----------
    Särndal, Swensson, Wretman (1992), Model Assisted Survey Sampling, chapter 9 (two-phase sampling, the
    pi* estimator).
    """
    key_hex = draw_key(str(seed))
    frame = frame if secret is None else frame.rekeyed(secret)
    people = pa.table({"person_key": frame.data["person_key"], "stratum": frame.stratum(design.by)})
    homes, members = _first_phase(frame, str(seed)) if design.one_per_household else (None, None)
    plan = design.plan(frame, members)
    chosen = _select(people, plan, key_hex, members)
    drawn = people.take(pa.array(chosen.positions))
    frame_keys = people if homes is None else people.append_column("household_key", homes.keys)
    certificate = DrawCertificate(
        rule=RULE,
        version=program_version(),
        seed=str(seed),
        key_hex=key_hex,
        frame_digest=_frame_digest(frame_keys),
        sample_digest=key_digest(drawn["person_key"], drawn["stratum"]),
        strata=_records(plan, chosen),
        by=tuple(design.by),
        allocation=design.allocation,
        reference_date=frame.reference_date,
        knowledge_date=frame.knowledge_date,
        flow={"register": frame.read, **frame.removed, "frame": len(frame)},
        sources=dict(frame.sources),
        one_per_household=None if homes is None else _household_record(homes, str(seed)),
    )
    sizes = None if homes is None else homes.sizes[chosen.positions]
    return Sample(_table(frame, chosen, plan, token_source, sizes), certificate, frame_keys)


def draw_key(seed: str) -> str:
    """Turn a seed into the key of the draw.

    Parameters
    ----------
    seed : str
        Not empty; blanks at its ends count.

    Returns
    -------
    str
        SHA-256 of ``"hyohon draw v1|" + seed`` in UTF-8, 64 hex digits.

    Raises
    ------
    SamplingError
        The seed is empty.

    Examples
    --------
    >>> draw_key("1")[:16]
    'b14014e7976400ec'
    """
    if not seed.strip():
        raise SamplingError(
            "SAM-DRAW-SEED", _("The seed is empty."), hint=_("Throw dice, or leave --seed out.")
        )
    return hashlib.sha256(f"{RULE}|{seed}".encode()).hexdigest()


def _first_phase(frame: Frame, seed: str) -> tuple[Households, NDArray[np.int64]]:
    keys = frame.data["person_key"]
    homes = group_households(frame.data["household_no"], keys)
    return homes, choose_members(homes, keys, household_key_hex(seed))


def _household_record(homes: Households, seed: str) -> HouseholdRecord:
    return HouseholdRecord(
        rule=HOUSEHOLD_RULE,
        key_hex=household_key_hex(seed),
        households=homes.count,
        largest=homes.largest,
        institutions=homes.institutions,
        institution_persons=homes.institution_persons,
    )


def _frame_digest(frame_keys: Any) -> str:
    first, *others = frame_keys.columns
    return key_digest(first, others[0] if len(others) == 1 else pc.binary_join_element_wise(*others, ","))


def _select(people: Any, plan: pd.DataFrame, key_hex: str, members: NDArray[np.int64] | None) -> Selection:
    """Draw from everybody, or from the members chosen in their households; positions are the frame's."""
    among = people if members is None else people.take(pa.array(members))
    names = pa.array(plan["stratum"].tolist(), type=pa.string())
    strata = pc.index_in(among["stratum"], value_set=names).to_numpy().astype(np.int64)
    numbers = keyed_numbers(among["person_key"].to_pylist(), key_hex)
    chosen = smallest_in_strata(numbers, strata, plan["sample"].to_numpy(dtype=np.int64))
    return chosen if members is None else replace(chosen, positions=members[chosen.positions])


def _records(plan: pd.DataFrame, chosen: Selection) -> tuple[StratumRecord, ...]:
    homes = plan["households"].astype(int) if "households" in plan else [None] * len(plan)
    columns = (plan["stratum"], plan["persons"], plan["sample"], chosen.thresholds, homes)
    return tuple(
        StratumRecord(stratum, int(persons), int(sample), threshold, households)
        for stratum, persons, sample, threshold, households in zip(*columns, strict=True)
    )


def _table(
    frame: Frame,
    chosen: Selection,
    plan: pd.DataFrame,
    source: TokenSource | None,
    sizes: NDArray[np.int64] | None,
) -> pd.DataFrame:
    persons: pd.DataFrame = frame.data.take(pa.array(chosen.positions)).to_pandas()
    of = plan.loc[np.repeat(plan.index, plan["sample"])].reset_index(drop=True)
    width = max(5, len(str(len(persons))))
    serials = [f"{serial:0{width}d}" for serial in range(1, len(persons) + 1)]
    table = pd.DataFrame(
        {
            "token": pd.array(new_tokens(len(persons), source), dtype="str"),
            "stratum": of["stratum"],
            "psu": pd.array(serials, dtype="str"),
            "fpc": of["persons"].astype("int64"),
            "inclusion_prob": of["inclusion_prob"],
            "base_weight": of["base_weight"],
            **{name: persons[name] for name in (*SAMPLE_COLUMNS[6:], "resident_no", "person_key")},
        }
    )
    return table if sizes is None else _weighted(table, of, sizes)


def _weighted(table: pd.DataFrame, of: pd.DataFrame, sizes: NDArray[np.int64]) -> pd.DataFrame:
    """Put in the numbers of the two phases: N'_h, (1 / m)(n_h / N'_h) and its inverse, and m."""
    homes = of["households"].astype("int64")
    return table.assign(
        fpc=homes,
        inclusion_prob=of["sample"] / homes / sizes,
        base_weight=sizes * (homes / of["sample"]),
        household_size=sizes,
    )
