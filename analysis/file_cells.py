"""What a call asks of a file, and the cells of rows that answer it."""

from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING

import numpy as np

from analysis.arrays import BoolArray, DesignArrays, FloatArray, IntArray
from analysis.estimators import Linear, Term
from analysis.variables import Missing, Variables
from analysis.variance import Domains

if TYPE_CHECKING:
    import pandas as pd

__all__ = ["Asked", "Block", "Cells"]


@dataclass(frozen=True, slots=True)
class Asked:
    """What a call asks for.

    Attributes
    ----------
    numbers : tuple of str
        Variables whose weighted sums are needed.
    levels : tuple of str
        Variables whose levels are needed.
    by : tuple of str
        Domain columns.
    na : Missing
        Rule for missing values.
    squares : bool
        Whether weighted squares are needed too (design effects).
    centred : bool
        Whether values stay differences from the variable's centre.
    crossed : bool
        Whether the levels of all variables are needed together (cross tables).
    zeros : bool
        Whether there are weights of zero, whose rows do not count.
    """

    numbers: tuple[str, ...]
    levels: tuple[str, ...]
    by: tuple[str, ...]
    na: Missing
    squares: bool = False
    centred: bool = False
    crossed: bool = False
    zeros: bool = True

    @property
    def apart(self) -> bool:
        """Whether each variable counts over its own rows."""
        return self.na == "domain" and not self.crossed


@dataclass(frozen=True, slots=True, eq=False)
class Cells:
    """Cells of rows.

    Attributes
    ----------
    frame : pandas.DataFrame
        (cells, columns) the ``by`` columns and the variables, under their own names.
    arrays : DesignArrays
        The design over the cells.
    within : dict of str to FloatArray
        (cells,) weighted squares around the cell's value, by variable.
    own : dict of str to BoolArray
        (cells,) the cells that count for a variable, where not all do.
    centres : dict of str to float
        What was taken off the values of a variable.
    """

    frame: "pd.DataFrame"
    arrays: DesignArrays
    within: dict[str, FloatArray]
    own: dict[str, BoolArray]
    centres: dict[str, float]

    def read(self, read: Variables) -> Variables:
        """Add to what was read of the frame what only the cells know.

        Parameters
        ----------
        read : Variables
            As read from `frame`.

        Returns
        -------
        Variables
            Terms with their squares within cells; domains as numbers even where there is one.
        """
        pairs = zip(read.terms, read.labels, strict=True)
        terms = tuple(self._term(term, name) for term, (name, _level) in pairs)
        codes = read.domains.codes
        explicit = np.zeros(read.domains.rows, dtype=np.int64) if codes is None else codes
        return replace(read, terms=terms, domains=Domains(explicit, read.domains.count, read.domains.rows))

    def shifted(self, linear: Linear, read: Variables) -> Linear:
        """Put back on means what was taken off the values.

        Parameters
        ----------
        linear : Linear
            Means of centred values.
        read : Variables
            What was read.

        Returns
        -------
        Linear
            Means of the values.
        """
        shift = np.array([self.centres.get(name, 0.0) for name, _level in read.labels])
        return replace(linear, estimate=linear.estimate + shift)

    def _term(self, term: Term, name: str) -> Term:
        own = self.own.get(name)
        if own is not None:
            term = Term(term.values * own, own if term.used is None else term.used & own)
        return replace(term, within=self.within.get(name))


@dataclass(frozen=True, slots=True, eq=False)
class Block:
    """Some cells.

    Attributes
    ----------
    at : IntArray
        (cells,) group of the design.
    frame : pandas.DataFrame
        (cells, columns) domains, levels and values.
    weight, copies : FloatArray
        (cells,) sum of weights; rows.
    variables : tuple of str
        Variables that these cells count for.
    within : dict of str to FloatArray
        (cells,) weighted squares around the cell's value, by variable.
    """

    at: IntArray
    frame: "pd.DataFrame"
    weight: FloatArray
    copies: FloatArray
    variables: tuple[str, ...]
    within: dict[str, FloatArray] = field(default_factory=dict)
