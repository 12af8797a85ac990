"""The draw of a design by method: rows of the caller's table with the columns of a design."""

from typing import Any, Final

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from custody.errors import SamplingError
from custody.messages import gettext as _
from sampling.method_design.chances import first_sizes
from sampling.method_design.design import MethodDesign
from sampling.method_design.pairs import joint_pairs
from sampling.method_design.record import generator, make_record
from sampling.method_design.sample import MethodSample
from sampling.method_design.source import Source, open_source
from sampling.method_design.stage import option_error
from sampling.method_design.units import Plan, read_plan
from sampling.method_design.walking import StageHits, Walked, nests, walk_stages

__all__ = ["draw_method"]

UNITS: Final = ("psu", "ssu", "tsu")


def draw_method(
    design: MethodDesign, frame: Any, seed: str | int, *, reps: int, joint: bool, prefix: str
) -> MethodSample:
    """Draw a sample; see `MethodDesign.draw`.

    Parameters
    ----------
    design : MethodDesign
        The design.
    frame : pandas.DataFrame, pyarrow.Table, polars.DataFrame
        The frame.
    seed : str or int
        Gives the random numbers.
    reps : int
        Independent samples, 1 or more.
    joint : bool
        Also compute joint inclusion probabilities.
    prefix : str
        Before the names of the new columns.

    Returns
    -------
    MethodSample

    Raises
    ------
    SamplingError, InputError
        As `MethodDesign.draw`.
    """
    if isinstance(reps, bool) or not isinstance(reps, int) or reps < 1:
        raise option_error("reps", _("Give a whole number, 1 or more, or one for each stratum."))
    if joint and (reps > 1 or len(design.parts) > 1):
        raise option_error("joint", _("Joint probabilities need one stage and one replicate."))
    if reps > 1 and any(part.prn is not None for part in design.parts):
        raise option_error("reps", _("Permanent random numbers give one sample, not several."))
    text, key_hex, rng = generator(seed)
    plan = read_plan(design, open_source(frame))
    first, inner = first_sizes(design, plan), nests(plan)
    drawn = [walk_stages(plan, first, inner, rng) for _rep in range(reps)]
    record = make_record(design, plan, [walked.places for walked in drawn], text, key_hex)
    places = np.concatenate([walked.places for walked in drawn])
    stages = tuple(_joined([walked.stages[level] for walked in drawn]) for level in range(len(plan.units)))
    stratum = plan.units[0].group[stages[0].unit]
    replicate = np.repeat(np.arange(1, reps + 1), [len(walked.places) for walked in drawn])
    columns = {"replicate": replicate} if reps > 1 else {}
    columns |= {"stratum": plan.names.take(pa.array(stratum))} | _columns(plan, stages, replicate)
    return MethodSample(
        plan.source.take(places, _named(columns, plan.source, design, prefix)),
        record,
        design,
        joint_pairs(plan, first, Walked(places, stages)) if joint else None,
        tuple(plan.names.to_pylist()),
        stratum,
        stages[0].number,
        replicate,
        np.asarray(columns["base_weight"], dtype=np.float64),
    )


def _joined(hits: list[StageHits]) -> StageHits:
    """The same stage of all replicates."""
    if len(hits) == 1:
        return hits[0]
    return StageHits(
        np.concatenate([one.unit for one in hits]),
        np.concatenate([one.number for one in hits]),
        np.concatenate([one.expected for one in hits]),
        np.concatenate([one.siblings for one in hits]),
    )


def _columns(plan: Plan, stages: tuple[StageHits, ...], replicate: NDArray[np.int64]) -> dict[str, Any]:
    """Columns of units, population sizes, hits, probabilities and weights."""
    units: dict[str, Any] = {}
    fpcs: dict[str, Any] = {}
    chances: dict[str, Any] = {}
    together = np.ones(len(replicate))
    for level, (hits, of) in enumerate(zip(stages, plan.units, strict=True)):
        tail = f"_{level + 1}" if level else ""
        replacement = of.stage.rule.replacement
        units[UNITS[level] if level < len(UNITS) else f"unit{tail}"] = hits.number
        if replacement:
            fpcs["hits" + tail] = _times(hits, stages[level - 1] if level else None, replicate)
        else:
            fpcs["fpc" + tail] = (
                hits.siblings.astype(np.float64) if of.size is None else np.minimum(hits.expected, 1.0)
            )
        name = "expected_hits" if replacement else "inclusion_prob"
        if len(stages) > 1:
            chances[f"{name}_{level + 1}"] = hits.expected
        together = together * hits.expected
    any_hits = any(of.stage.rule.replacement for of in plan.units)
    overall = {"expected_hits" if any_hits else "inclusion_prob": together, "base_weight": 1 / together}
    return units | fpcs | chances | overall


def _times(hits: StageHits, above: StageHits | None, replicate: NDArray[np.int64]) -> NDArray[np.int64]:
    """How often each row's unit was hit within the unit above: distinct hits of it."""
    outer = replicate if above is None else above.number
    triples = np.unique(np.column_stack([replicate, outer, hits.unit, hits.number]), axis=0)
    pairs, counts = np.unique(triples[:, :3], axis=0, return_counts=True)
    wanted = np.column_stack([replicate, outer, hits.unit])
    everything, back = np.unique(np.vstack([pairs, wanted]), axis=0, return_inverse=True)
    times = np.zeros(len(everything), dtype=np.int64)
    back = back.reshape(-1)
    times[back[: len(pairs)]] = counts
    return times[back[len(pairs) :]]


def _named(columns: dict[str, Any], source: Source, design: MethodDesign, prefix: str) -> dict[str, Any]:
    """Columns by their final names, refused where the table has one of them already."""
    taken = set(source.names)
    if not prefix and design.strata == ("stratum",):
        columns = {
            name: values for name, values in columns.items() if name != "stratum"
        }  # it is the caller's
    clash = [name for name in columns if prefix + name in taken]
    if clash:
        raise SamplingError(
            "SAM-MDESIGN-NAMES",
            _("The frame has columns that the draw makes: {names}.").format(
                names=", ".join(prefix + n for n in clash)
            ),
            hint=_("Rename them, or give another prefix."),
        )
    return {prefix + name: values for name, values in columns.items()}
