"""The show-if conditions (分岐の条件) of a codebook: parsed once, evaluated on whole columns.

The grammar is that of plain comparisons on codes: ``Q34 == 1``, ``Q47_12 != 1``, ``Q5 in [2, 3]``,
``Q15_B not in [4]``, ``<``, ``<=``, ``>``, ``>=``, joined by ``and``, ``or``, ``any([...])`` and
``all([...])``. Nothing in a codebook is ever run as a program.
"""

import ast
import operator
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

from custody.errors import ConfigError
from custody.messages import gettext as _

__all__ = ["Comparison", "Condition", "Group", "parse_condition"]

_LONGEST: Final = 500
_ORDERS: Final[Mapping[str, Callable[[NDArray[np.float64], float], NDArray[np.bool_]]]] = {
    "<": operator.lt,
    "<=": operator.le,
    ">": operator.gt,
    ">=": operator.ge,
}
_SIGNS: Final[Mapping[type[ast.cmpop], str]] = {
    ast.Eq: "in",
    ast.In: "in",
    ast.NotEq: "not in",
    ast.NotIn: "not in",
    ast.Lt: "<",
    ast.LtE: "<=",
    ast.Gt: ">",
    ast.GtE: ">=",
}


@dataclass(frozen=True, slots=True)
class Comparison:
    """One column compared with codes.

    Parameters
    ----------
    column : str
        Data column.
    sign : {"in", "not in", "<", "<=", ">", ">="}
        The relation; ``==`` is ``in`` with one code.
    codes : tuple of float
        The codes; exactly one for an order relation.
    """

    column: str
    sign: str
    codes: tuple[float, ...]

    @property
    def columns(self) -> tuple[str, ...]:
        """The columns it reads."""
        return (self.column,)

    def evaluate(self, values: Mapping[str, NDArray[np.float64]]) -> NDArray[np.bool_]:
        """Evaluate for every row.

        Parameters
        ----------
        values : mapping of str to ndarray, shape (n,)
            Codes by column.

        Returns
        -------
        ndarray of bool, shape (n,)
            True where the condition holds.

        Examples
        --------
        >>> Comparison("Q5", "in", (2, 3)).evaluate({"Q5": np.array([1.0, 2.0, 99.0])}).tolist()
        [False, True, False]
        """
        column = values[self.column]
        if self.sign in _ORDERS:
            return _ORDERS[self.sign](column, self.codes[0])
        inside = np.isin(column, self.codes)
        return inside if self.sign == "in" else ~inside


@dataclass(frozen=True, slots=True)
class Group:
    """Several conditions, of which any or all must hold.

    Parameters
    ----------
    every : bool
        True: all must hold; False: at least one.
    parts : tuple of Comparison or Group
        The conditions, at least one.
    """

    every: bool
    parts: "tuple[Condition, ...]"

    @property
    def columns(self) -> tuple[str, ...]:
        """The columns it reads."""
        return tuple(dict.fromkeys(name for part in self.parts for name in part.columns))

    def evaluate(self, values: Mapping[str, NDArray[np.float64]]) -> NDArray[np.bool_]:
        """Evaluate for every row.

        Parameters
        ----------
        values : mapping of str to ndarray, shape (n,)
            Codes by column.

        Returns
        -------
        ndarray of bool, shape (n,)
            True where the condition holds.
        """
        found = np.array([part.evaluate(values) for part in self.parts])
        return np.asarray(found.all(axis=0) if self.every else found.any(axis=0), dtype=np.bool_)


Condition = Comparison | Group


def parse_condition(text: str) -> Condition:
    """Parse a show-if condition.

    Parameters
    ----------
    text : str
        At most 500 characters of the grammar above.

    Returns
    -------
    Comparison or Group
        The condition, ready for `evaluate`.

    Raises
    ------
    ConfigError
        The text is not in the grammar.

    Examples
    --------
    >>> parse_condition("Q34 == 1")
    Comparison(column='Q34', sign='in', codes=(1,))
    >>> parse_condition("any([Q1 in [2,3], Q2 < 5])").columns
    ('Q1', 'Q2')
    """
    if len(text) > _LONGEST:
        raise _refusal()
    try:
        tree = ast.parse(text.strip(), mode="eval")
        return _condition(tree.body)
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        raise _refusal() from None


def _condition(node: ast.expr) -> Condition:
    match node:
        case ast.Compare(left=ast.Name(id=column), ops=[sign], comparators=[right]):
            return _comparison(column, sign, right)
        case ast.BoolOp(op=joint, values=parts):
            return Group(isinstance(joint, ast.And), tuple(map(_condition, parts)))
        case ast.Call(
            func=ast.Name(id="any" | "all" as name), args=[ast.List(elts=[_, *_] as parts)], keywords=[]
        ):
            return Group(name == "all", tuple(map(_condition, parts)))
    raise _refusal()


def _comparison(column: str, sign: ast.cmpop, right: ast.expr) -> Comparison:
    if type(sign) not in _SIGNS:
        raise _refusal()
    if isinstance(sign, ast.In | ast.NotIn):
        if not isinstance(right, ast.List) or not right.elts:
            raise _refusal()
        return Comparison(column, _SIGNS[type(sign)], tuple(map(_number, right.elts)))
    return Comparison(column, _SIGNS[type(sign)], (_number(right),))


def _number(node: ast.expr) -> float:
    if isinstance(node, ast.Constant) and type(node.value) in (int, float):
        return float(node.value) if isinstance(node.value, float) else int(str(node.value))
    raise _refusal()


def _refusal() -> ConfigError:
    return ConfigError(
        "CBK-SHOWIF",
        _("A show-if condition is not in the known form."),
        hint=_("Write it like `Q5 in [2,3]`, `Q34 == 1` or `any([Q1 == 1, Q2 == 1])`."),
    )
