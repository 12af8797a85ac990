"""A sample drawn by method, its check by another person, and random groups within it."""

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Final

import numpy as np
from numpy.typing import NDArray

from custody.messages import gettext as _
from sampling.method_design.design import MethodDesign
from sampling.method_design.pairs import JointStratum
from sampling.method_design.record import MethodRecord
from sampling.method_design.stage import option_error
from sampling.methods.groups import random_groups
from sampling.views import html_table

if TYPE_CHECKING:
    import pandas as pd

__all__ = ["MethodSample"]

SHOWN: Final = 100
"""Strata that a notebook shows; `tidy` has all of them."""


@dataclass(frozen=True, slots=True, eq=False, repr=False)
class MethodSample:
    """A sample with weights at birth (標本).

    Parameters
    ----------
    table : pandas.DataFrame, pyarrow.Table or polars.DataFrame
        The caller's rows that were drawn, as the kind of table given, in their order (by key where the design
        has one), and the columns replicate (where there are several), stratum, psu, ssu, tsu (units of each
        stage, numbered from 1 over the whole frame; with replacement the number of the hit), fpc, fpc_2,
        fpc_3 (units there are for equal probabilities, the inclusion probability for a draw by size; no
        column with replacement, but hits, hits_2, hits_3), inclusion_prob_1, ... of each stage where there
        are several, inclusion_prob (with replacement expected_hits), base_weight (its reciprocal).
    record : MethodRecord
        What anyone with the frame needs to run the draw again.
    design : MethodDesign
        The design.
    joint : tuple of JointStratum, optional
        Joint inclusion probabilities, where they were asked for.
    """

    table: Any
    record: MethodRecord
    design: MethodDesign
    joint: tuple[JointStratum, ...] | None
    _labels: tuple[Any, ...] = field(repr=False)
    _stratum: NDArray[np.int64] = field(repr=False)
    _psu: NDArray[np.int64] = field(repr=False)
    _replicate: NDArray[np.int64] = field(repr=False)
    _weights: NDArray[np.float64] = field(repr=False)

    def __len__(self) -> int:
        return len(self._stratum)

    def tidy(self) -> "pd.DataFrame":
        """One row a stratum (and replicate).

        Returns
        -------
        pandas.DataFrame
            Columns replicate (where there are several), stratum, psus, rows, weight_sum; without strata that
            gave nobody.
        """
        import pandas as pd

        rows = pd.DataFrame(
            {"replicate": self._replicate, "code": self._stratum, "psu": self._psu, "weight": self._weights}
        )
        found = rows.groupby(["replicate", "code"], as_index=False).agg(
            psus=("psu", "nunique"), rows=("psu", "size"), weight_sum=("weight", "sum")
        )
        found.insert(1, "stratum", [self._labels[code] for code in found.pop("code")])
        return found if self.record.reps > 1 else found.drop(columns="replicate")

    def groups(self, k: int, rng: np.random.Generator) -> NDArray[np.int64]:
        """Part the sample into random groups, clusters whole and strata as even as may be (SAS ``GROUPS=``).

        Parameters
        ----------
        k : int
            Groups, 2 or more.
        rng : numpy.random.Generator
            Source of randomness.

        Returns
        -------
        ndarray of int64
            Shape (rows,): group of each row of the table, 1 to `k`. The numbers of PSUs in two groups differ
            by at most 1, in each stratum and in each replicate.

        Raises
        ------
        SamplingError
            Fewer than 2 groups.

        Notes
        -----
        `sampling.methods.random_groups` of the PSUs.

        References
        ----------
        Wolter, K. M. (2007). Introduction to Variance Estimation, chapter 2. Springer.
        """
        if isinstance(k, bool) or not isinstance(k, int) or k < 2:
            raise option_error("k", _("Give a whole number, 2 or more."))
        cells = np.column_stack([self._replicate, self._stratum, self._psu])
        units, back = np.unique(cells, axis=0, return_inverse=True)
        strata = np.unique(units[:, :2], axis=0, return_inverse=True)[1].reshape(-1)
        dealt = random_groups(len(units), k, rng=rng, stratum=strata)
        return (dealt[back.reshape(-1)] + 1).astype(np.int64)

    def __repr__(self) -> str:
        reps = f" in {self.record.reps} replicates" if self.record.reps > 1 else ""
        return (
            f"<MethodSample: {len(self):,} of {self.record.rows:,} rows{reps}, "
            f"{len(np.unique(self._stratum)):,} strata>"
        )

    def _repr_html_(self) -> str:
        table, caption = self.tidy(), repr(self)[1:-1]
        return html_table(table.head(SHOWN), name="hyohon-method-sample", caption=caption)
