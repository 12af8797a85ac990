"""Units drawn with unequal probabilities: how pairs of them were drawn, known or approximated.

The variance of a sum of unit totals z is ``z' D z`` with ``D_ij = 1 - pi_i pi_j / pi_ij`` (Horvitz and
Thompson 1952), or ``-1/2 sum_ij D_ij (z_i - z_j)^2`` (Yates and Grundy 1953; Sen 1953).
"""

from dataclasses import replace
from typing import TYPE_CHECKING, Any, Literal

import numpy as np

from analysis.arrays import FloatArray, IntArray, Joint, Stage, sum_by
from analysis.lonely import lonely_error
from analysis.options import option_error
from custody.errors import AnalysisError
from custody.messages import gettext as _

if TYPE_CHECKING:
    import pandas as pd

__all__ = [
    "PairVariance",
    "Pps",
    "check_pps",
    "hartley_rao",
    "joint_stage",
    "no_probabilities",
    "overton",
    "pair_form",
]

Pps = Any
"""None, "brewer", "overton", "hr", or a (units, units) matrix of joint inclusion probabilities."""
PairVariance = Literal["HT", "YG"]
MOST_UNITS = 20_000
"""Pairs of that many units take 3.2 GB."""
ALIKE = 1e-6
"""Probabilities and the diagonal of their matrix may differ by this share (files hold rounded numbers)."""


def overton(probability: FloatArray, stratum: IntArray) -> FloatArray:
    """Approximate ``1 - pi_i pi_j / pi_ij`` after Overton.

    Parameters
    ----------
    probability : FloatArray
        (units,) inclusion probabilities.
    stratum : IntArray
        (units,) units of different strata were drawn independently.

    Returns
    -------
    FloatArray
        (units, units).

    Notes
    -----
    ``pi_ij = (n - 1) pi_i pi_j / (n - (pi_i + pi_j)/2)``.

    References
    ----------
    Overton, W.S. (1985). A sampling plan for streams in the National Stream Survey. Oregon State University,
    Department of Statistics, Technical Report 114.

    Examples
    --------
    >>> overton(np.array([0.5, 0.5]), np.array([0, 0])).tolist()
    [[0.5, -0.5], [-0.5, 0.5]]
    """
    pair = (probability[:, None] + probability) / 2
    return _approximate(probability, stratum, pair, np.zeros_like(probability))


def hartley_rao(probability: FloatArray, stratum: IntArray) -> FloatArray:
    """Approximate ``1 - pi_i pi_j / pi_ij`` after Hartley and Rao.

    Parameters
    ----------
    probability, stratum
        As in `overton`.

    Returns
    -------
    FloatArray
        (units, units).

    Notes
    -----
    ``pi_i pi_j / pi_ij = (n - pi_i - pi_j + sum(pi^2)/n) / (n - 1)``; the sum over the population is
    estimated by the sum of pi over the sample.

    References
    ----------
    Hartley, H.O. and Rao, J.N.K. (1962). Sampling with unequal probabilities and without replacement. Annals
    of Mathematical Statistics 33, 350-374.
    """
    size = np.bincount(stratum).astype(np.float64)
    squares = np.bincount(stratum, weights=probability) / size
    return _approximate(probability, stratum, probability[:, None] + probability, squares[stratum])


def _approximate(
    probability: FloatArray, stratum: IntArray, pair: FloatArray, squares: FloatArray
) -> FloatArray:
    n = np.bincount(stratum).astype(np.float64)[stratum]
    inside = stratum[:, None] == stratum
    quotient = (n[:, None] - pair + squares[:, None]) / np.maximum(n[:, None] - 1.0, 1.0)
    form = np.where(inside, 1.0 - quotient, 0.0)
    np.fill_diagonal(form, 1.0 - probability)
    return form


def pair_form(probability: FloatArray, joint: FloatArray) -> FloatArray:
    """Turn joint inclusion probabilities into ``1 - pi_i pi_j / pi_ij``.

    Parameters
    ----------
    probability : FloatArray
        (units,).
    joint : FloatArray
        (units, units) symmetric, above zero.

    Returns
    -------
    FloatArray
        (units, units).
    """
    form = 1.0 - probability[:, None] * probability / joint
    np.fill_diagonal(form, 1.0 - probability)
    return form


def joint_stage(
    stage: Stage, pps: Pps, variance: PairVariance, labels: "pd.Series[Any] | None"
) -> tuple[Stage, Joint]:
    """Make the variance by pairs of units of the first stage.

    Parameters
    ----------
    stage : Stage
        The first stage, with probabilities of units unless a matrix brings them.
    pps : {"overton", "hr"} or matrix
        Approximation, or the joint inclusion probabilities: an array in the order in which units first
        occur in the data, or a table with the labels of the units on both sides.
    variance : {"HT", "YG"}
        Horvitz and Thompson, or Yates and Grundy.
    labels : pandas.Series or None
        (rows,) label of the unit of each row; None: units are rows.

    Returns
    -------
    stage : Stage
        The stage with probabilities.
    joint : Joint
        The quadratic form.

    Raises
    ------
    AnalysisError
        Probabilities are missing, or the matrix is not one of joint probabilities of these units; or a
        stratum has one unit, and an approximation, or Yates and Grundy's variance, needs pairs.
    """
    if stage.units > MOST_UNITS:
        raise AnalysisError(
            "ANA-SIZE",
            _("Pairs of {count:,} units are too many to hold.").format(count=stage.units),
            hint=_('Choose pps="brewer", which needs no pairs.'),
        )
    if isinstance(pps, str):
        probability = stage.probability
        if probability is None:
            raise no_probabilities()
        rule = overton if pps == "overton" else hartley_rao
        form = rule(probability, stage.stratum)
    else:
        matrix = _matrix(stage, pps, labels)
        probability = np.diag(matrix).copy()
        _check_diagonal(stage, probability)
        form = pair_form(probability, matrix)
    if stage.lonely.any() and (isinstance(pps, str) or variance == "YG"):
        raise lonely_error(stage)
    if variance == "YG":
        form = form - np.diag(form.sum(axis=1))
    population = sum_by(stage.stratum, 1.0 / probability, stage.strata)
    return replace(stage, probability=probability, population=population), Joint(form)


def no_probabilities() -> AnalysisError:
    """Describe that nobody said with which probabilities units were drawn.

    Returns
    -------
    AnalysisError
        To be raised by the caller.
    """
    return AnalysisError(
        "ANA-PPS",
        _("Unequal probabilities need a column of inclusion probabilities, above 0 and at most 1."),
        hint=_("Name it as fpc of the first stage."),
    )


def _matrix(stage: Stage, pps: Any, labels: "pd.Series[Any] | None") -> FloatArray:
    try:
        values = np.asarray(pps, dtype=np.float64)
    except (TypeError, ValueError) as error:
        raise _matrix_error(_("Joint probabilities must be symmetric, above 0 and at most 1.")) from error
    if values.shape != (stage.units, stage.units):
        raise _matrix_error(
            _("The matrix of joint probabilities must have {count:,} rows and columns, one a unit.").format(
                count=stage.units
            )
        )
    order = _unit_order(stage, pps, labels)
    values = values[np.ix_(order, order)]
    single = np.diag(values) * (1.0 + ALIKE)
    inside = np.isfinite(values).all() and values.min() > 0 and values.max() <= 1
    inside = inside and (values <= np.minimum(single[:, None], single)).all()
    if not inside or not np.allclose(values, values.T, rtol=ALIKE, atol=0.0):
        raise _matrix_error(_("Joint probabilities must be symmetric, above 0 and at most 1."))
    return values


def _unit_order(stage: Stage, pps: Any, labels: "pd.Series[Any] | None") -> IntArray:
    """Place of each unit (in our numbering) in the matrix."""
    unit = stage.row_unit()
    first = np.full(stage.units, unit.size, dtype=np.int64)
    np.minimum.at(first, unit, np.arange(unit.size))
    if labels is not None and hasattr(pps, "columns"):
        known = pps.index.is_unique and pps.index.equals(pps.columns)
        places = pps.index.get_indexer(labels.iloc[first]) if known else np.full(stage.units, -1)
        if (places < 0).any():
            raise _matrix_error(_("The labels of the matrix are not those of the units."))
        return np.asarray(places, dtype=np.int64)
    return np.argsort(np.argsort(first)).astype(np.int64)


def _check_diagonal(stage: Stage, probability: FloatArray) -> None:
    given = stage.probability
    if given is not None and not np.allclose(given, probability, rtol=ALIKE, atol=0.0):
        raise _matrix_error(_("The diagonal of the matrix differs from the fpc column."))


def _matrix_error(text: str) -> AnalysisError:
    return AnalysisError(
        "ANA-PPS",
        text,
        hint=_("Give pi_ij for each pair of units drawn, pi_i on the diagonal, in the order of the data."),
    )


def check_pps(pps: Pps, variance: object) -> None:
    """Refuse options that do not exist, or not together.

    Parameters
    ----------
    pps : object
        As given to `SurveyDesign`.
    variance : object
        As given to `SurveyDesign`.

    Raises
    ------
    AnalysisError
        An option is unknown.
    """
    if isinstance(pps, str) and pps not in ("brewer", "overton", "hr"):
        raise option_error("pps", pps, ("brewer", "overton", "hr"))
    if variance not in ("HT", "YG"):
        raise option_error("variance", variance, ("HT", "YG"))
    if variance == "YG" and (pps is None or (isinstance(pps, str) and pps == "brewer")):
        raise AnalysisError(
            "ANA-OPTION",
            _("Yates and Grundy's variance needs pairs of units."),
            hint=_('Choose pps="overton" or "hr", or give the joint probabilities.'),
        )
