"""Arithmetic in names, parsed safely and evaluated together with its derivatives.

The text is cut into tokens by our own rules, because names may hold dots, blanks (in backticks) or Japanese;
Python's `ast` then gives the tree, of which only arithmetic and a white list of functions is accepted.
Nothing is ever executed as code.
"""

import ast
import re
from collections.abc import Callable, Sequence
from collections.abc import Set as AbstractSet
from dataclasses import dataclass
from typing import Final

import numpy as np

from analysis.arrays import FloatArray
from custody.errors import AnalysisError
from custody.messages import gettext as _

__all__ = ["Dual", "Expression", "Leaf", "expression_error", "parse_expression"]

LONGEST: Final = 5_000
_TOKEN: Final = re.compile(
    r"\s*(?:`(?P<quoted>[^`]+)`|(?P<text>\"[^\"]*\"|'[^']*')"
    r"|(?P<number>(?:\d+\.?\d*|\.\d+)(?:[eE][+-]?\d+)?)(?![^\W\d])"
    r"|(?P<name>[^\W\d][\w.]*)|(?P<sign>\*\*|[-+*/^(),]))"
)


@dataclass(frozen=True, slots=True, eq=False)
class Dual:
    """Numbers with their derivatives (forward mode).

    Attributes
    ----------
    value : FloatArray
        Any shape S.
    slope : FloatArray
        (inputs, *S) derivatives by each input.

    Examples
    --------
    >>> x, y = Dual.inputs(np.array([[6.0], [3.0]]))
    >>> (x / y).value.tolist(), (x / y).slope.round(3).ravel().tolist()
    ([2.0], [0.333, -0.667])
    """

    value: FloatArray
    slope: FloatArray

    @classmethod
    def inputs(cls, values: FloatArray) -> list["Dual"]:
        """Make one dual number an input.

        Parameters
        ----------
        values : FloatArray
            (inputs, *S).

        Returns
        -------
        list of Dual
            Input j has slope 1 by itself and 0 by the others.
        """
        unit = np.eye(len(values)).reshape(len(values), len(values), *[1] * (values.ndim - 1))
        return [cls(value, np.broadcast_to(unit[j], values.shape)) for j, value in enumerate(values)]

    def chain(self, value: FloatArray, derivative: FloatArray) -> "Dual":
        """Apply a function of this number.

        Parameters
        ----------
        value, derivative : FloatArray
            The function and its derivative here.

        Returns
        -------
        Dual
            By the chain rule.
        """
        return Dual(value, _times(derivative, self.slope))

    def __neg__(self) -> "Dual":
        return Dual(-self.value, -self.slope)

    def __add__(self, other: "Dual") -> "Dual":
        return Dual(self.value + other.value, self.slope + other.slope)

    def __sub__(self, other: "Dual") -> "Dual":
        return Dual(self.value - other.value, self.slope - other.slope)

    def __mul__(self, other: "Dual") -> "Dual":
        slope = _times(other.value, self.slope) + _times(self.value, other.slope)
        return Dual(self.value * other.value, slope)

    def __truediv__(self, other: "Dual") -> "Dual":
        ratio = self.value / other.value
        return Dual(ratio, _times(1 / other.value, self.slope) - _times(ratio / other.value, other.slope))

    def __pow__(self, other: "Dual") -> "Dual":
        value = self.value**other.value
        slope = _times(other.value * self.value ** (other.value - 1), self.slope)
        return Dual(value, slope + _times(value * np.log(self.value), other.slope))


def _times(factor: FloatArray, slope: FloatArray) -> FloatArray:
    """Multiply, with 0 wherever the slope is 0 (not NaN where the factor is infinite)."""
    product: FloatArray = np.where(slope == 0, 0.0, factor * slope)
    return product


def _abs(x: Dual) -> Dual:
    return x.chain(np.abs(x.value), np.where(x.value == 0, np.nan, np.sign(x.value)))


FUNCTIONS: Final[dict[str, Callable[[Dual], Dual]]] = {
    "log": lambda x: x.chain(np.log(x.value), 1 / x.value),
    "exp": lambda x: x.chain(np.exp(x.value), np.exp(x.value)),
    "sqrt": lambda x: x.chain(np.sqrt(x.value), 0.5 / np.sqrt(x.value)),
    "abs": _abs,
    "I": lambda x: x,
}
_OPERATORS: Final[dict[type[ast.operator], Callable[[Dual, Dual], Dual]]] = {
    ast.Add: Dual.__add__,
    ast.Sub: Dual.__sub__,
    ast.Mult: Dual.__mul__,
    ast.Div: Dual.__truediv__,
    ast.Pow: Dual.__pow__,
}


@dataclass(frozen=True, slots=True)
class Leaf:
    """A name in an expression, or a statistic such as ``mean(x)``.

    Attributes
    ----------
    function : str
        Name of the statistic; empty for a bare name.
    arguments : tuple of str
        The name, or the arguments of the statistic.
    """

    function: str
    arguments: tuple[str, ...]


@dataclass(frozen=True, slots=True, eq=False)
class Expression:
    """A parsed expression.

    Attributes
    ----------
    text : str
        As written, blanks at the ends removed.
    leaves : tuple of Leaf
        Distinct names and statistics, in the order of their first use.
    tree : ast.expr
        The arithmetic; a name ``leaf<j>`` stands for leaf j.
    """

    text: str
    leaves: tuple[Leaf, ...]
    tree: ast.expr

    @property
    def names(self) -> tuple[str, ...]:
        """First argument of each leaf: the names used."""
        return tuple(leaf.arguments[0] for leaf in self.leaves)

    def evaluate(self, values: Sequence[Dual]) -> Dual:
        """Put in numbers.

        Parameters
        ----------
        values : sequence of Dual
            One for each leaf, all of one shape.

        Returns
        -------
        Dual
            Value and derivatives; not finite where the expression is undefined.
        """
        with np.errstate(all="ignore"):
            return self._walk(self.tree, values)

    def _walk(self, node: ast.expr, values: Sequence[Dual]) -> Dual:
        if isinstance(node, ast.BinOp):
            return _OPERATORS[type(node.op)](self._walk(node.left, values), self._walk(node.right, values))
        if isinstance(node, ast.UnaryOp):
            inner = self._walk(node.operand, values)
            return -inner if isinstance(node.op, ast.USub) else inner
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Name):
            return FUNCTIONS[node.func.id.removeprefix("call")](self._walk(node.args[0], values))
        if isinstance(node, ast.Name):
            return values[int(node.id.removeprefix("leaf"))]
        assert isinstance(node, ast.Constant)
        assert isinstance(node.value, int | float)
        like = values[0]
        return Dual(np.full_like(like.value, float(node.value)), np.zeros_like(like.slope))


def expression_error(text: str, reason: str, hint: str | None = None) -> AnalysisError:
    """Describe an expression or formula that cannot be read.

    Parameters
    ----------
    text : str
        The expression.
    reason : str
        What is wrong with it.
    hint : str, optional
        What to write instead.

    Returns
    -------
    AnalysisError
        To be raised by the caller.
    """
    allowed = _("Write names, numbers, + - * / ^, and log, exp, sqrt or abs; put odd names in backticks.")
    return AnalysisError(
        "ANA-EXPRESSION",
        _("The expression {text} cannot be used: {reason}.").format(text=text[:80], reason=reason),
        hint=hint or allowed,
    )


def parse_expression(text: str, statistics: AbstractSet[str] = frozenset()) -> Expression:
    """Parse arithmetic over names.

    Parameters
    ----------
    text : str
        For example ``"log(api00 / `comp.imp`)"``: names with blanks or signs in backticks; dots and Japanese
        need none. ``^`` and ``**`` both mean power.
    statistics : set of str
        Functions whose calls are leaves of their own, such as ``mean`` in ``"mean(x) / total(y)"``.

    Returns
    -------
    Expression
        The tree and its leaves.

    Raises
    ------
    AnalysisError
        The text is empty, too long or no arithmetic, uses another function, or names nothing.

    Examples
    --------
    >>> parse_expression("log(学校.数 / `comp imp`) ^ 2").names
    ('学校.数', 'comp imp')
    """
    source, names = _translate(text)
    leaves: list[Leaf] = []
    try:
        tree = _checked(ast.parse(source, mode="eval").body, text, names, statistics, leaves)
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        raise expression_error(text, _("it is no arithmetic")) from None
    if not leaves:
        raise expression_error(text, _("it names nothing"))
    return Expression(text.strip(), tuple(leaves), tree)


def _translate(text: str) -> tuple[str, list[str]]:
    """Write the text for `ast`, with ``name<j>`` for the j-th name."""
    parts: list[str] = []
    names: list[str] = []
    at = 0
    stripped = text.strip()
    if not 0 < len(stripped) <= LONGEST:
        raise expression_error(text, _("it is empty or too long"))
    while at < len(stripped):
        match = _TOKEN.match(stripped, at)
        if match is None:
            raise expression_error(
                text, _("{part} has no meaning here").format(part=stripped[at:].strip()[:12])
            )
        at, kind, token = match.end(), match.lastgroup, match[match.lastgroup or 0]
        if kind in ("quoted", "name"):
            parts.append(f"name{len(names)}")
            names.append(token)
        elif kind == "number":
            parts.append(repr(float(token)))
        elif kind == "text":
            parts.append(repr(token[1:-1]))
        else:
            parts.append("**" if token == "^" else token)
    return " ".join(parts), names


def _checked(
    node: ast.AST, text: str, names: Sequence[str], statistics: AbstractSet[str], leaves: list[Leaf]
) -> ast.expr:
    """Copy the tree node by node, with nothing in it that is not allowed."""

    def inner(child: ast.AST) -> ast.expr:
        return _checked(child, text, names, statistics, leaves)

    if isinstance(node, ast.BinOp) and type(node.op) in _OPERATORS:
        return ast.BinOp(inner(node.left), node.op, inner(node.right))
    if isinstance(node, ast.UnaryOp) and isinstance(node.op, ast.USub | ast.UAdd):
        return ast.UnaryOp(node.op, inner(node.operand))
    if isinstance(node, ast.Constant) and isinstance(node.value, float):
        return node
    if isinstance(node, ast.Name):
        return _leaf(Leaf("", (_name(node, names),)), leaves)
    if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and not node.keywords:
        function = _name(node.func, names)
        if function in statistics:
            return _leaf(Leaf(function, _arguments(node, text, names)), leaves)
        if function in FUNCTIONS and len(node.args) == 1:
            return ast.Call(ast.Name(f"call{function}"), [inner(node.args[0])], [])
        raise expression_error(
            text, _("there is no function {name} of these arguments").format(name=function)
        )
    raise expression_error(text, _("it is no arithmetic"))


def _arguments(node: ast.Call, text: str, names: Sequence[str]) -> tuple[str, ...]:
    found = []
    for one in node.args:
        if isinstance(one, ast.Name):
            found.append(_name(one, names))
        elif isinstance(one, ast.Constant) and isinstance(one.value, str):
            found.append(one.value)
        else:
            raise expression_error(text, _("a statistic takes names of columns"))
    if not found:
        raise expression_error(text, _("a statistic takes names of columns"))
    return tuple(found)


def _name(node: ast.Name, names: Sequence[str]) -> str:
    return names[int(node.id.removeprefix("name"))]


def _leaf(leaf: Leaf, leaves: list[Leaf]) -> ast.expr:
    if leaf not in leaves:
        leaves.append(leaf)
    return ast.Name(f"leaf{leaves.index(leaf)}")
