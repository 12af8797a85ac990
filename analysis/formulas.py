"""Formulas of tests: ``"y ~ group"``, ``"y ~ 0"``, ``"before - after ~ 0"``."""

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

import numpy as np

from analysis.arrays import FloatArray
from analysis.columns import column, numbers
from analysis.expressions import Dual, Expression, expression_error, parse_expression
from custody.messages import gettext as _

if TYPE_CHECKING:
    import pandas as pd

__all__ = ["Formula", "parse_formula"]

_PARTS: Final = re.compile(r"`[^`]*`|\"[^\"]*\"|'[^']*'|(~)")
_GROUP: Final = re.compile(r"`(?P<quoted>[^`]+)`|(?P<name>[^\W\d][\w.]*)")


@dataclass(frozen=True, slots=True, eq=False)
class Formula:
    """A response and, if any, the column of groups.

    Attributes
    ----------
    text : str
        As written, blanks at the ends removed.
    response : Expression
        Left side: a column, or arithmetic over columns.
    group : str or None
        Column on the right side; None for ``~ 0`` and ``~ 1``.
    """

    text: str
    response: Expression
    group: str | None

    def values(self, frame: "pd.DataFrame") -> FloatArray:
        """Evaluate the left side row by row.

        Parameters
        ----------
        frame : pandas.DataFrame
            The data.

        Returns
        -------
        FloatArray
            (rows,); NaN where a column has no value, or the arithmetic none (a logarithm of 0).

        Raises
        ------
        AnalysisError
            A column is unknown or holds text.
        """
        columns = [numbers(column(frame, name)) for name in self.response.names]
        empty = np.empty((0, len(frame)))
        found = self.response.evaluate([Dual(values, empty) for values in columns]).value
        result: FloatArray = np.where(np.isfinite(found), found, np.nan)
        return result


def parse_formula(text: str) -> Formula:
    """Parse the formula of a test.

    Parameters
    ----------
    text : str
        ``"response ~ group"``, or ``"response ~ 0"`` for one sample. The response is a column or arithmetic
        over columns (``"log(enroll)"``, ``"I(api00 - api99)"``); names with blanks or signs in backticks,
        dots and Japanese also without.

    Returns
    -------
    Formula
        Its two sides.

    Raises
    ------
    AnalysisError
        There is not exactly one ``~``, or a side cannot be read.

    Examples
    --------
    >>> parse_formula("enroll ~ `comp.imp`").group
    'comp.imp'
    >>> parse_formula("I(api00 - api99) ~ 0").response.names
    ('api00', 'api99')
    """
    hint = _("Write response ~ group, or response ~ 0 for one sample; put odd names in backticks.")
    cuts = [found.start() for found in _PARTS.finditer(text) if found[1]]
    if len(cuts) != 1:
        raise expression_error(text, _("a formula has one ~"), hint)
    left, right = text[: cuts[0]], text[cuts[0] + 1 :].strip()
    if right in ("0", "1"):
        return Formula(text.strip(), parse_expression(left), None)
    match = _GROUP.fullmatch(right)
    if match is None:
        raise expression_error(text, _("the right side is no column"), hint)
    return Formula(text.strip(), parse_expression(left), match["quoted"] or match["name"])
