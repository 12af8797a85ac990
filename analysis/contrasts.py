"""Contrasts: linear combinations and smooth functions of the estimates of one call."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from numbers import Real
from typing import TYPE_CHECKING, Any, Final

import numpy as np

from analysis.arrays import BoolArray, FloatArray, IntArray
from analysis.estimators import Linear
from analysis.expressions import Dual, Expression, parse_expression
from analysis.lazy import LazyModule
from analysis.results import Estimate
from custody.errors import AnalysisError
from custody.messages import gettext as _

if TYPE_CHECKING:
    import pandas as pd
else:
    pd = LazyModule("pandas")

__all__ = ["Contrast", "contrast_of", "delta_method", "evaluate", "read_contrasts"]

SHOWN_NAMES: Final = 12
_ROUNDING: Final = 1e-13
_MOST: Final = np.iinfo(np.int64).max
Linearly = Mapping[Any, Any]
Contrast = str | Mapping[Any, Any] | Sequence[Any] | FloatArray
"""An expression, weights by name, named ones of both, or a matrix."""


@dataclass(frozen=True, slots=True, eq=False)
class _Names:
    """Which estimates a name can mean: single rows of the table, or one term in every domain."""

    rows: dict[str, list[int]]
    terms: dict[str, list[int]]


def contrast_of(estimate: Estimate, what: Contrast, df: float | None = None) -> Estimate:
    """Linear combinations or smooth functions of estimates, by the delta method.

    Parameters
    ----------
    estimate : Estimate
        Estimates of one call.
    what : str, mapping, sequence or array
        See `Estimate.contrast`.
    df : float, optional
        Degrees of freedom of the results. None: the smallest of the estimates used.

    Returns
    -------
    Estimate
        One term a contrast; one domain, or the domains of `estimate` where every name is a term.

    Raises
    ------
    AnalysisError
        A name is unknown or means several estimates, the matrix has another width, or an expression cannot be
        read.
    """
    if isinstance(what, np.ndarray) or _is_matrix(what):
        return _by_matrix(estimate, _matrix(what, estimate.estimate.size), df)
    named = read_contrasts(what)
    wanted = [key for one in named.values() for key in _keys_of(one)]
    within, place = _resolve(estimate, wanted)
    table = estimate.linear.estimate if within else estimate.linear.estimate.reshape(1, -1)
    jacobian = np.zeros((len(table), len(named), table.shape[1]))
    used = np.zeros(jacobian.shape[1:], dtype=np.bool_)
    value = np.empty((len(table), len(named)))
    for j, one in enumerate(named.values()):
        columns = [place[key] for key in _keys_of(one)]
        used[j, columns] = [weight != 0 for weight in _weights_of(one)]
        value[:, j], slope = _value_and_slope(one, table[:, columns])
        jacobian[:, j, columns] = slope.T
    return _wrapped(estimate, list(named), value, jacobian, used, df)


def _value_and_slope(one: Expression | Linearly, inputs: FloatArray) -> tuple[FloatArray, FloatArray]:
    """Give the (groups,) value and the (inputs, groups) derivatives of one contrast."""
    if isinstance(one, Expression):
        return evaluate(one, inputs.T)
    weights = np.array(_weights_of(one))
    value = np.where(weights == 0, 0.0, inputs * weights).sum(axis=1)
    return value, np.broadcast_to(weights[:, None], inputs.T.shape)


def _weights_of(one: Expression | Linearly) -> list[float]:
    if isinstance(one, Expression):
        return [1.0] * len(one.leaves)
    return [float(weight) for weight in one.values()]


def evaluate(expression: Expression, inputs: FloatArray) -> tuple[FloatArray, FloatArray]:
    """Evaluate an expression with its derivatives.

    Parameters
    ----------
    expression : Expression
        The function.
    inputs : FloatArray
        (leaves, groups).

    Returns
    -------
    value : FloatArray
        (groups,); NaN where the function is undefined.
    slope : FloatArray
        (leaves, groups) analytic derivatives; NaN where the function is undefined.

    Examples
    --------
    >>> value, slope = evaluate(parse_expression("log(a) - b"), np.array([[1.0], [2.0]]))
    >>> value.tolist(), slope.ravel().tolist()
    ([-2.0], [1.0, -1.0])
    """
    result = expression.evaluate(Dual.inputs(inputs))
    known = np.isfinite(result.value)
    return np.where(known, result.value, np.nan), np.where(known, result.slope, np.nan)


def delta_method(covariance: FloatArray, jacobian: FloatArray) -> FloatArray:
    """Covariance of smooth functions: J V J'.

    Parameters
    ----------
    covariance : FloatArray
        (groups x inputs, groups x inputs) covariance of the inputs, group first.
    jacobian : FloatArray
        (groups, functions, inputs) derivatives within each group.

    Returns
    -------
    FloatArray
        (groups x functions, groups x functions); NaN where an input that matters has no variance, or a
        derivative is not finite.

    References
    ----------
    Särndal, C.-E., Swensson, B. and Wretman, J. (1992). Model Assisted Survey Sampling. Springer,
    section 5.5.
    """
    groups, functions, inputs = jacobian.shape
    size = groups * functions
    unknown = np.isnan(np.diag(covariance)).reshape(groups, 1, inputs)
    slopes = np.where(np.isfinite(jacobian), jacobian, 0.0)
    lost = ((unknown & (jacobian != 0)) | ~np.isfinite(jacobian)).any(axis=2).reshape(-1)
    blocks = np.nan_to_num(covariance).reshape(groups, inputs, groups * inputs)
    half = np.matmul(slopes, blocks).reshape(size, groups, inputs)
    result: FloatArray = np.einsum("xgk,gfk->xgf", half, slopes, optimize=True).reshape(size, size)
    result = (result + result.T) / 2
    _clear_rounding(result, slopes, np.nan_to_num(np.diag(covariance)))
    result[lost, :] = np.nan
    result[:, lost] = np.nan
    return result


def _clear_rounding(result: FloatArray, slopes: FloatArray, variance: FloatArray) -> None:
    """Set variances to 0, in place, that are below zero by rounding only."""
    sizes = np.einsum("gfk,gk->gf", np.abs(slopes), np.sqrt(np.abs(variance)).reshape(len(slopes), -1))
    own = np.diag(result)
    at = np.flatnonzero((own < 0) & (own > -_ROUNDING * sizes.reshape(-1) ** 2))
    result[at, at] = 0.0


def _wrapped(
    estimate: Estimate,
    names: list[str],
    value: FloatArray,
    jacobian: FloatArray,
    used: BoolArray,
    df: float | None,
) -> Estimate:
    """Make the result; `used` says which inputs each contrast takes: (functions, inputs)."""
    numbers = estimate.linear
    across = len(value) == 1 and len(numbers.estimate) != 1
    linear = Linear(
        value,
        delta_method(numbers.covariance, jacobian),
        _smallest(numbers.df, used) if df is None else np.full(value.shape, df),
        _rows(numbers.n, used) if across else _smallest(numbers.n, used),
        None,
    )
    by = pd.DataFrame(index=range(1)) if across else estimate.by
    return Estimate("contrast", by, tuple((name, None) for name in names), linear)


def _smallest(numbers: IntArray, used: BoolArray) -> IntArray:
    """Take the smallest number among the inputs used: (groups, functions)."""
    table = numbers.reshape(-1, 1, used.shape[1])
    return _least(np.where(used, table, _MOST))


def _rows(n: IntArray, used: BoolArray) -> IntArray:
    """Count rows behind contrasts across domains: in each domain used, the smallest n of its terms."""
    found = _least(np.where(used.reshape(-1, *n.shape), n, _MOST))
    return np.atleast_2d(found.sum(axis=1, dtype=np.int64))


def _least(numbers: IntArray) -> IntArray:
    found: IntArray = numbers.min(axis=2)
    found[found == _MOST] = 0
    return found


def _by_matrix(estimate: Estimate, matrix: FloatArray, df: float | None) -> Estimate:
    names = [str(j + 1) for j in range(len(matrix))]
    used = matrix != 0
    value = matrix @ np.nan_to_num(estimate.estimate)
    value[(used & np.isnan(estimate.estimate)).any(axis=1)] = np.nan
    return _wrapped(estimate, names, value[None, :], matrix[None, :, :], used, df)


def _is_matrix(what: Contrast) -> bool:
    if isinstance(what, str | Mapping) or not len(what):
        return False
    return all(isinstance(one, Real | Sequence | np.ndarray) and not isinstance(one, str) for one in what)


def _matrix(what: Any, width: int) -> FloatArray:
    try:
        matrix = np.atleast_2d(np.asarray(what, dtype=np.float64))
    except (TypeError, ValueError):
        matrix = np.empty((0, 0))
    if matrix.ndim != 2 or matrix.shape[1] != width or not np.isfinite(matrix).all():
        raise AnalysisError(
            "ANA-CONTRAST",
            _("The matrix of a contrast needs one finite number for each of the {count} estimates.").format(
                count=width
            ),
            hint=_("Take the order of tidy(), or give the weights by name."),
        )
    return matrix


def read_contrasts(what: Any) -> dict[str, Expression | Linearly]:
    """Name every contrast of a call.

    Parameters
    ----------
    what : str, sequence of str or mapping
        One expression, several, weights by name, or named ones of both.

    Returns
    -------
    dict of str to Expression or mapping
        Contrasts by name, in the order given.

    Raises
    ------
    AnalysisError
        There is none, or one is neither an expression nor weights.
    """
    if isinstance(what, str):
        return {what.strip(): parse_expression(what)}
    if isinstance(what, Mapping) and what and all(_is_number(w) for w in what.values()):
        return {_label(what): what}
    items = what.items() if isinstance(what, Mapping) else [(one, one) for one in what]
    found: dict[str, Expression | Linearly] = {}
    for name, one in items:
        if isinstance(one, str):
            found[str(name).strip()] = parse_expression(one)
        elif isinstance(one, Mapping) and one and all(_is_number(w) for w in one.values()):
            found[_label(one) if isinstance(name, Mapping) else str(name)] = one
        else:
            found.clear()
            break
    if not found:
        raise AnalysisError(
            "ANA-CONTRAST",
            _("A contrast is an expression, or weights by name."),
            hint=_('Write for example "E - H", or {"E": 1, "H": -1}.'),
        )
    return found


def _is_number(value: object) -> bool:
    return isinstance(value, Real) and bool(np.isfinite(float(value)))


def _label(weights: Linearly) -> str:
    """Write weights as text: ``E - 0.5 H``."""
    parts = []
    for key, weight in weights.items():
        number = float(weight)
        size = "" if abs(number) == 1 else f"{abs(number):g} "
        name = (
            key
            if isinstance(key, str)
            else ":".join(str(part) for part in key)
            if isinstance(key, tuple)
            else key
        )
        parts.append(f"{'-' if number < 0 else '+'} {size}{name}")
    text = " ".join(parts)
    return text.removeprefix("+ ") if text.startswith("+") else "-" + text.removeprefix("- ")


def _keys_of(one: Expression | Linearly) -> list[str]:
    if isinstance(one, Expression):
        return list(one.names)
    return [":".join(str(part) for part in key) if isinstance(key, tuple) else str(key) for key in one]


def _resolve(estimate: Estimate, wanted: Sequence[str]) -> tuple[bool, dict[str, int]]:
    """Find what the names mean: single rows all of them, or terms all of them (then domain by domain)."""
    names = _names(estimate)
    for within, table in ((False, names.rows), (True, names.terms)):
        if all(len(table.get(key, ())) == 1 for key in wanted):
            return within, {key: table[key][0] for key in wanted}
    for key in wanted:
        if key not in names.rows and key not in names.terms:
            raise _unknown(key, names)
    several = next((k for k in wanted if len(names.rows.get(k, ())) != 1), wanted[0])
    raise AnalysisError(
        "ANA-CONTRAST",
        _("{name} means several of the estimates.").format(name=several),
        hint=_("Give all its parts, joined by colons: {names}.").format(names=_shown(names)),
    )


def _unknown(key: str, names: _Names) -> AnalysisError:
    return AnalysisError(
        "ANA-CONTRAST",
        _("There is no estimate {name}; there are {names}.").format(name=key, names=_shown(names)),
        hint=_("Check the spelling."),
    )


def _shown(names: _Names) -> str:
    single = [key for key, rows in names.rows.items() if len(rows) == 1]
    shown = list({names.rows[key][0]: key for key in reversed(single)}.values())[::-1]
    return ", ".join(shown[:SHOWN_NAMES]) + (" …" if len(shown) > SHOWN_NAMES else "")


def _names(estimate: Estimate) -> _Names:
    """List the names of rows and terms: whole, without the parts that never vary, and as R writes them."""
    groups = [tuple(str(v) for v in row) for row in estimate.by.itertuples(index=False)]
    rows: dict[str, list[int]] = {}
    terms: dict[str, list[int]] = {}
    for t, (name, level) in enumerate(estimate.terms):
        forms = _forms(name, level)
        _put(terms, forms, t)
        for g, group in enumerate(groups):
            label = ":".join(group)
            joined = [":".join([*group, form]) for form in forms] if group else forms
            alone = [label] if group and len(estimate.terms) == 1 else []
            _put(rows, [*alone, *joined, *(forms if len(groups) == 1 else [])], g * len(estimate.terms) + t)
    return _Names(rows, terms)


def _forms(name: str, level: str | None) -> list[str]:
    return [name] if level is None else [level, f"{name}:{level}", f"{name}{level}", f"{name}[{level}]"]


def _put(table: dict[str, list[int]], forms: Sequence[str], at: int) -> None:
    for form in forms:
        places = table.setdefault(form, [])
        if at not in places:
            places.append(at)
