"""The draw (抽出): one keyed number for each person, the smallest of each stratum drawn."""

import hashlib
from dataclasses import dataclass, field
from typing import Any, Final

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc

from custody.errors import SamplingError
from custody.messages import gettext as _
from labels.tokens import TokenSource, new_tokens
from sampling.certificate import RULE, DrawCertificate, StratumRecord, program_version
from sampling.design import StratifiedDesign
from sampling.frame import Frame, key_digest
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
        Columns `SAMPLE_COLUMNS`, then resident_no and person_key; one row a person.
    certificate : DrawCertificate
        How they were drawn.
    frame_keys : pyarrow.Table
        Columns person_key, stratum of the whole frame, ordered by person key: what a second run of the
        draw needs.
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
            (n_h / N_h), base_weight (N_h / n_h), area, age_band, sex, postal_code, address, name. A new
            object each time.
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
            Columns stratum, persons, sample, threshold.
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
    """
    key_hex = draw_key(str(seed))
    frame = frame if secret is None else frame.rekeyed(secret)
    people = pa.table({"person_key": frame.data["person_key"], "stratum": frame.stratum(design.by)})
    plan = design.preview(frame).plan
    chosen = _select(people, plan, key_hex)
    drawn = people.take(pa.array(chosen.positions))
    certificate = DrawCertificate(
        rule=RULE,
        version=program_version(),
        seed=str(seed),
        key_hex=key_hex,
        frame_digest=key_digest(people["person_key"], people["stratum"]),
        sample_digest=key_digest(drawn["person_key"], drawn["stratum"]),
        strata=_records(plan, chosen),
        by=tuple(design.by),
        allocation=design.allocation,
        reference_date=frame.reference_date,
        knowledge_date=frame.knowledge_date,
        flow={"register": frame.read, **frame.removed, "frame": len(frame)},
        sources=dict(frame.sources),
    )
    return Sample(_table(frame, chosen, plan, token_source), certificate, people)


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


def _select(people: Any, plan: pd.DataFrame, key_hex: str) -> Selection:
    names = pa.array(plan["stratum"].tolist(), type=pa.string())
    strata = pc.index_in(people["stratum"], value_set=names).to_numpy().astype(np.int64)
    numbers = keyed_numbers(people["person_key"].to_pylist(), key_hex)
    return smallest_in_strata(numbers, strata, plan["sample"].to_numpy(dtype=np.int64))


def _records(plan: pd.DataFrame, chosen: Selection) -> tuple[StratumRecord, ...]:
    columns = (plan["stratum"], plan["persons"], plan["sample"], chosen.thresholds)
    return tuple(
        StratumRecord(stratum, int(persons), int(sample), threshold)
        for stratum, persons, sample, threshold in zip(*columns, strict=True)
    )


def _table(frame: Frame, chosen: Selection, plan: pd.DataFrame, source: TokenSource | None) -> pd.DataFrame:
    persons: pd.DataFrame = frame.data.take(pa.array(chosen.positions)).to_pandas()
    of = plan.loc[np.repeat(plan.index, plan["sample"])].reset_index(drop=True)
    width = max(5, len(str(len(persons))))
    serials = [f"{serial:0{width}d}" for serial in range(1, len(persons) + 1)]
    return pd.DataFrame(
        {
            "token": pd.array(new_tokens(len(persons), source), dtype="str"),
            "stratum": of["stratum"],
            "psu": pd.array(serials, dtype="str"),
            "fpc": of["persons"].astype("int64"),
            "inclusion_prob": of["inclusion_prob"],
            "base_weight": of["base_weight"],
            **{
                name: persons[name]
                for name in (
                    "area",
                    "age_band",
                    "sex",
                    "postal_code",
                    "address",
                    "name",
                    "resident_no",
                    "person_key",
                )
            },
        }
    )
