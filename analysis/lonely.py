"""Strata with one unit: what each rule makes of them."""

import numpy as np

from analysis.arrays import FloatArray, LonelyPsu, Stage
from custody.errors import AnalysisError
from custody.messages import gettext as _

__all__ = ["lonely_error", "with_lonely_rule"]


def with_lonely_rule(
    within: FloatArray, totals: FloatArray, grand: FloatArray, stage: Stage, rule: LonelyPsu
) -> FloatArray:
    """Add what strata with one unit count for.

    Parameters
    ----------
    within : FloatArray
        (estimates, estimates) variance of the strata with more units.
    totals : FloatArray
        (strata, estimates) sums of each stratum.
    grand : FloatArray
        (estimates,) mean of all unit totals.
    stage : Stage
        The stage.
    rule : LonelyPsu
        The rule.

    Returns
    -------
    FloatArray
        (estimates, estimates).

    Raises
    ------
    AnalysisError
        There are such strata and the rule is ``"fail"``, or all are such under ``"average"``, or there is one
        unit in all under ``"adjust"``.

    Notes
    -----
    ``remove`` and ``certainty`` add nothing, ``adjust`` takes the deviation from the mean of all unit totals
    (as R survey 4.5; 4.1 took it from zero, which differs for totals), ``average`` gives such strata the mean
    variance of the others.
    """
    lonely = stage.lonely
    if not lonely.any() or rule in ("remove", "certainty"):
        return within
    if rule == "fail":
        raise lonely_error(stage)
    if stage.units == 1 or (rule == "average" and lonely.all()):
        raise lonely_error(stage)
    if rule == "adjust":
        share = stage.open_share if stage.factor is None else stage.open_share * stage.factor
        apart = (totals[lonely] - grand) * np.sqrt(share[lonely])[:, None]
        return within + apart.T @ apart
    return within * (stage.strata / (stage.strata - int(lonely.sum())))


def lonely_error(stage: Stage, level: int = 1) -> AnalysisError:
    """Describe strata with one unit.

    Parameters
    ----------
    stage : Stage
        A stage with at least one lonely unit.
    level : int
        Number of the stage.

    Returns
    -------
    AnalysisError
        To be raised by the caller.
    """
    names = [str(stage.labels[h]) for h in np.flatnonzero(stage.lonely)]
    return AnalysisError(
        "ANA-LONELY",
        _("{count} strata have only one PSU, the first is {name}.").format(count=len(names), name=names[0])
        if level == 1
        else _("{count} units of stage {level} are alone in theirs, the first in {name}.").format(
            count=len(names), level=level, name=names[0]
        ),
        hint=_("Join strata, or choose lonely_psu: adjust, average, remove or certainty."),
    )
