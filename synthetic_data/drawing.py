"""Ways to answer a question: yes or no, one of an order, one of a list, several marks."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
from scipy.special import expit

from synthetic_data.streams import Streams
from synthetic_data.tables import settings
from synthetic_data.variables import add_up

Ints = npt.NDArray[np.int64]
Floats = npt.NDArray[np.float64]
Flags = npt.NDArray[np.bool_]

SPREAD_OF_LOGIT = 0.346


def logit(share: npt.ArrayLike) -> Floats:
    """Logarithm of the odds.

    Parameters
    ----------
    share : array_like
        Between 0 and 1, both excluded.

    Returns
    -------
    numpy.ndarray
        Same shape.

    Examples
    --------
    >>> float(logit(0.5))
    0.0
    """
    share = np.asarray(share, dtype=np.float64)
    return np.asarray(np.log(share / (1 - share)))


def centred(share: npt.ArrayLike, terms: dict[str, float]) -> Floats:
    """Intercept with which a logit model with these terms gives about this share in the population.

    Parameters
    ----------
    share : array_like
        Share wanted, between 0 and 1.
    terms : dict
        Coefficients.

    Returns
    -------
    numpy.ndarray
        Intercepts, shape of `share`.

    Notes
    -----
    With a normal linear part of mean m and variance v, ``E[expit(a + X)]`` is about
    ``expit((a + m) / sqrt(1 + 0.346 v))``.

    References
    ----------
    Zeger, S. L., Liang, K.-Y., Albert, P. S. (1988). Models for longitudinal data: a generalized estimating
    equation approach. Biometrics 44: 1049-1060.
    """
    moments = settings("answers_model")["moments"]
    mean = sum(coefficient * moments[name][0] for name, coefficient in terms.items())
    variance = sum((coefficient * moments[name][1]) ** 2 for name, coefficient in terms.items())
    return np.asarray(logit(share) * np.sqrt(1 + SPREAD_OF_LOGIT * variance) - mean)


@dataclass(frozen=True, slots=True)
class Pencil:
    """Draws answers for a group of people.

    Parameters
    ----------
    streams : Streams
        Source of chance; each answer uses the stream named after its column.
    variables : dict of str to numpy.ndarray
        What lies behind the answers, each of shape (people,).
    """

    streams: Streams
    variables: dict[str, Any]

    @property
    def n(self) -> int:
        """Number of people."""
        return len(self.variables["F"])

    def uniform(self, name: str) -> Floats:
        """One number between 0 and 1 for each person.

        Parameters
        ----------
        name : str
            Name of the answer.

        Returns
        -------
        numpy.ndarray
            Shape (people,).
        """
        return self.streams.uniform(f"answer.{name}", self.n)

    def share(self, name: str, per_1000: int) -> Flags:
        """True for so many per 1,000.

        Parameters
        ----------
        name : str
            Name of the answer.
        per_1000 : int
            The share.

        Returns
        -------
        numpy.ndarray
            Shape (people,), bool.
        """
        return self.streams.below(f"answer.{name}", self.n, 1000) < per_1000

    def chance(self, name: str, const: float, terms: dict[str, float]) -> Flags:
        """True with the probability of a logit model.

        Parameters
        ----------
        name : str
            Name of the answer.
        const : float
            Intercept.
        terms : dict
            Coefficients.

        Returns
        -------
        numpy.ndarray
            Shape (people,), bool.
        """
        return np.asarray(self.uniform(name) < expit(add_up(terms, self.variables, const)))

    def table(self, name: str, weights: Any, rows: Ints | None = None) -> Ints:
        """A code from 1 on, drawn from a table of weights.

        Parameters
        ----------
        name : str
            Name of the answer.
        weights : array_like
            One row for all people, or many.
        rows : numpy.ndarray, optional
            Row of each person, if there are many.

        Returns
        -------
        numpy.ndarray
            Shape (people,).
        """
        return self.streams.weighted(f"answer.{name}", weights, self.n if rows is None else rows) + 1

    def ordered(self, name: str, table: dict[str, Any]) -> Ints:
        """One answer of an order: P(later than j) = expit(terms - cut j).

        Parameters
        ----------
        name : str
            Name of the answer.
        table : dict
            ``terms``, and ``cuts`` or ``shares`` (per 1,000).

        Returns
        -------
        numpy.ndarray
            Codes from 1 on, shape (people,).
        """
        terms = table["terms"]
        if "cuts" in table:
            cuts = table["cuts"]
        else:
            reached = np.cumsum(table["shares"])[:-1] / sum(table["shares"])
            cuts = -centred(1 - reached, terms)
        level, drawn = add_up(terms, self.variables), logit(self.uniform(name))
        return np.asarray(1 + sum((drawn < level - cut).astype(np.int64) for cut in cuts))

    def choice(self, name: str, table: dict[str, Any]) -> Ints:
        """One answer of a list without order.

        Parameters
        ----------
        name : str
            Name of the answer.
        table : dict
            ``shares`` (per 1,000) and ``tilt``: terms of single options.

        Returns
        -------
        numpy.ndarray
            Codes from 1 on, shape (people,).
        """
        weight = np.tile(np.array(table["shares"], dtype=np.float64), (self.n, 1))
        for option, terms in table["tilt"].items():
            weight[:, int(option) - 1] *= np.exp(add_up(terms, self.variables))
        limits = np.cumsum(weight, axis=1)
        drawn = self.uniform(name) * limits[:, -1]
        return np.asarray(1 + np.sum(drawn[:, None] >= limits[:, :-1], axis=1))

    def marks(self, name: str, table: dict[str, Any]) -> Flags:
        """Several answers, each marked or not.

        Parameters
        ----------
        name : str
            Name of the answer.
        table : dict
            ``shares`` (per 1,000), ``terms`` of single options, ``only_with``: options open only to people
            with a variable of 1.

        Returns
        -------
        numpy.ndarray
            Shape (people, options), bool.
        """
        marked = np.empty((self.n, len(table["shares"])), dtype=bool)
        for place, share in enumerate(table["shares"]):
            terms = table.get("terms", {}).get(str(place + 1), {})
            const = float(centred(share / 1000, terms))
            marked[:, place] = self.chance(f"{name}.{place}", const, terms)
        for option, variable in table.get("only_with", {}).items():
            marked[:, int(option) - 1] &= self.variables[variable] > 0
        return marked
