"""The draw (抽出): one keyed number for each person, the smallest of each stratum drawn."""

import hashlib
import re
from dataclasses import dataclass, replace
from typing import Any, Final

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from custody.errors import SamplingError
from custody.messages import gettext as _
from labels.tokens import TokenSource
from sampling.certificate import RULE, DrawCertificate, HouseholdRecord, StratumRecord, program_version
from sampling.coordination import Coordination, Starts, find_starts
from sampling.design import StratifiedDesign
from sampling.frame import Frame, key_digest
from sampling.frame_keys import frame_digest, frame_keys
from sampling.households import (
    HOUSEHOLD_RULE,
    Households,
    choose_members,
    group_households,
    household_key_hex,
)
from sampling.keyed_systematic import systematic_in_strata
from sampling.sample import SAMPLE_COLUMNS, Sample, sample_table
from sampling.selection import Selection, keyed_numbers, rank_numbers, take_from

__all__ = ["SAMPLE_COLUMNS", "Sample", "draw", "draw_key"]

_KEY: Final = re.compile("[0-9a-f]{64}")


@dataclass(frozen=True, slots=True)
class _Drawn:
    """Who was drawn by which plan.

    Parameters
    ----------
    plan : pandas.DataFrame
        The strata.
    sample, reserve : Selection
        Who; positions are the frame's.
    after : tuple of str or None
        Where each stratum started on the circle; None: at zero, without coordination.
    """

    plan: pd.DataFrame
    sample: Selection
    reserve: Selection
    after: tuple[str, ...] | None = None


def draw(
    frame: Frame,
    design: StratifiedDesign,
    *,
    seed: str | int,
    secret: bytes | None = None,
    token_source: TokenSource | None = None,
    coordination: Coordination | None = None,
    prn_key: str | None = None,
) -> Sample:
    """Draw a sample.

    Parameters
    ----------
    frame : Frame
        The frame.
    design : StratifiedDesign
        How many from which strata, at random or systematically, and how many in reserve.
    seed : str or int
        Public after the draw; as text it decides, with the person keys, who is drawn.
    secret : bytes, optional
        Secret of the person keys, where it is not the one the frame was built with.
    token_source : TokenSource, optional
        Source of tokens. Default: the operating system; a key only for training. Never the seed.
    coordination : Coordination, optional
        How the draw stands to the one before; the person keys must be those of the draw before.
    prn_key : str, optional
        Key of the permanent random numbers, 64 lower hex digits; with `coordination` only.

    Returns
    -------
    Sample
        The persons drawn, with weights, tokens and certificate.

    Raises
    ------
    SamplingError
        The design does not fit the frame, the seed is empty, coordination without its key or the other way
        round, or coordination of a systematic draw.

    Notes
    -----
    key_hex = SHA-256("hyohon draw v1|" + seed) and h = SHA-256(key_hex + "|" + person_key), both as
    lower-case hex of the UTF-8 text. In stratum h the n_h persons with the smallest (h, person_key) are
    drawn: a simple random sample without replacement, with inclusion probability n_h / N_h, whatever the
    order of the register. The reserve are those who follow. With `coordination`, key_hex is the permanent key
    and the draw starts elsewhere on the circle of numbers (`sampling.coordination.find_starts`). A systematic
    draw takes equal steps instead (`sampling.keyed_systematic`).

    One person a household (``design.one_per_household``) is a draw in two phases. First, with key_hex2 =
    SHA-256("hyohon household v1|" + seed) (key_hex in place of the seed under coordination), the member of
    each household with the smallest (SHA-256(key_hex2 + "|" + person_key), person_key) is chosen: 1 of m,
    probability 1 / m. Then the N'_h
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
    key_hex = draw_key(str(seed)) if coordination is None else _permanent_key(prn_key, design)
    frame = frame if secret is None else frame.rekeyed(secret)
    keys = frame_keys(frame, design)
    household_seed = str(seed) if coordination is None else key_hex
    homes, members = _first_phase(frame, household_seed) if design.one_per_household else (None, None)
    drawn = _select(keys, design, design.plan(frame, members), members, str(seed), key_hex, coordination)
    certificate = DrawCertificate(
        rule=RULE,
        version=program_version(),
        seed=str(seed),
        key_hex=key_hex,
        frame_digest=frame_digest(keys),
        sample_digest=_digest(keys, drawn.sample),
        strata=_records(drawn, reserve=design.reserve > 0),
        by=tuple(design.by),
        allocation=design.rule,
        reference_date=frame.reference_date,
        knowledge_date=frame.knowledge_date,
        flow={"register": frame.read, **frame.removed, "frame": len(frame)},
        sources=dict(frame.sources),
        one_per_household=None if homes is None else _household_record(homes, household_seed),
        method=design.method,
        design=design.facts_text(),
        coordination=coordination,
        reserve_digest=_digest(keys, drawn.reserve) if design.reserve else "",
    )
    table = sample_table(
        frame,
        drawn.plan,
        drawn.sample,
        drawn.reserve if design.reserve else None,
        source=token_source,
        household_sizes=None if homes is None else homes.sizes,
    )
    return Sample(table, certificate, keys)


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


def _permanent_key(prn_key: str | None, design: StratifiedDesign) -> str:
    if prn_key is None or not _KEY.fullmatch(prn_key) or design.method != "srs":
        raise SamplingError(
            "SAM-DRAW-PRN",
            _("A coordinated draw needs the permanent key, 64 digits 0-9 a-f, and simple random sampling."),
            hint=_("Take the key of the earlier survey, or draw without coordination."),
        )
    return prn_key


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


def _digest(keys: Any, chosen: Selection) -> str:
    rows = keys.take(pa.array(chosen.positions))
    return key_digest(rows["person_key"], rows["stratum"])


def _select(
    keys: Any,
    design: StratifiedDesign,
    plan: pd.DataFrame,
    members: NDArray[np.int64] | None,
    seed: str,
    key_hex: str,
    coordination: Coordination | None,
) -> _Drawn:
    """Draw from everybody, or from the members chosen in their households; positions are the frame's."""
    plan = plan.assign(reserve=0) if "reserve" not in plan else plan
    among = keys if members is None else keys.take(pa.array(members))
    names = plan["stratum"].tolist()
    strata = pc.index_in(among["stratum"], value_set=pa.array(names, type=pa.string())).to_numpy()
    strata = strata.astype(np.int64)
    sizes, rest = (plan[name].to_numpy(dtype=np.int64) for name in ("sample", "reserve"))
    if design.method == "systematic":
        places = among["place"].cast(pa.int64()).to_numpy()
        chosen = systematic_in_strata(strata, places, sizes, names, seed)
        return _Drawn(plan, chosen, Selection(chosen.positions[:0], ("",) * len(plan)))
    ranking = rank_numbers(keyed_numbers(among["person_key"].to_pylist(), key_hex), strata, len(plan))
    starts = Starts(np.zeros(len(plan), dtype=np.int64), ())
    if coordination is not None:
        starts = find_starts(ranking, names, sizes + rest, coordination, seed)
    chosen = take_from(ranking, starts.ranks, sizes)
    reserve = take_from(ranking, starts.ranks + sizes, rest)
    if members is not None:
        chosen = replace(chosen, positions=members[chosen.positions])
        reserve = replace(reserve, positions=members[reserve.positions])
    return _Drawn(plan, chosen, reserve, starts.after or None)


def _records(drawn: _Drawn, *, reserve: bool) -> tuple[StratumRecord, ...]:
    plan, last = drawn.plan, drawn.sample.thresholds
    rows = zip(plan["stratum"], plan["persons"], plan["sample"], plan["reserve"], last, strict=True)
    homes = plan["households"].astype(int).tolist() if "households" in plan else None
    return tuple(
        StratumRecord(
            stratum,
            int(persons),
            int(size),
            threshold,
            households=None if homes is None else homes[place],
            after=None if drawn.after is None else drawn.after[place],
            reserve=int(rest) if reserve else None,
            reserve_threshold=(drawn.reserve.thresholds[place] or threshold) if reserve else None,
        )
        for place, (stratum, persons, size, rest, threshold) in enumerate(rows)
    )
