"""What strata, PSUs and weights still tell of a coarsened package, and replicate weights in their place.

A stratum is a code, but its fpc is a count of persons that anybody can look up in the published statistics:
who knows how the sample was stratified can put the names back.
"""

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from typing import Any, Final

import numpy as np
import pandas as pd

from custody.errors import SamplingError
from custody.messages import gettext as _
from sampling.k_search import Ints

__all__ = ["DesignRisk", "Replicates", "design_risk", "replicate_weights"]

INFERRED: Final = {
    "recoverable": "who knows how the strata were made finds the joined values again from stratum or fpc",
    "below_k": "stratum and the variables together make classes of fewer than k persons",
    "telling_strata": "the fpc of a stratum of fewer than k persons is its own, so published counts name it",
    "shared_psus_below_k": "a PSU (such as a household) of 2 to k - 1 persons shows who belongs together",
}
"""Count → what a reader can infer where it is above 0."""


@dataclass(frozen=True, slots=True)
class DesignRisk:
    """What a reader can infer from the columns of the design; counts only.

    Parameters
    ----------
    smallest_stratum_class : int
        Persons of the smallest class of stratum and quasi-identifiers.
    below_k : int
        Persons in such classes of fewer than k.
    recoverable : int
        Persons whose value was coarsened though their stratum holds one class only: the stratum tells it.
    telling_strata : int
        Strata with fewer than k persons whose fpc no other stratum has.
    shared_psus_below_k : int
        PSUs of 2 to k - 1 persons: a cluster, such as a household, that may be known.
    smallest_weight_class : int
        As the first, of base_weight in place of stratum.
    """

    smallest_stratum_class: int
    below_k: int
    recoverable: int
    telling_strata: int
    shared_psus_below_k: int
    smallest_weight_class: int

    @property
    def tells(self) -> bool:
        """Whether stratum, fpc or PSU may tell more than the coarsened columns."""
        return bool(self.recoverable or self.below_k or self.telling_strata or self.shared_psus_below_k)

    def facts(self) -> dict[str, Any]:
        """Return the counts as plain values, and what they mean.

        Returns
        -------
        dict
            As the parameters, for JSON, and ``reader_can_infer``: sentences in English.
        """
        said = [text for name, text in INFERRED.items() if getattr(self, name)]
        return {**asdict(self), "reader_can_infer": said}


@dataclass(frozen=True, slots=True)
class Replicates:
    """Delete-a-group jackknife weights (JKn).

    Parameters
    ----------
    weights : pandas.DataFrame
        Columns repw_001 …, combined with the base weight; shape (persons, replicates).
    rscales : ndarray of float64
        Factor of each squared deviation, shape (replicates,), as in R survey, with scale = 1.
    strata : int
        Strata after joining.
    """

    weights: pd.DataFrame
    rscales: np.ndarray[Any, np.dtype[np.float64]]
    strata: int


def design_risk(table: pd.DataFrame, coarse: pd.DataFrame, variables: Sequence[str], k: int) -> DesignRisk:
    """Count what stratum, fpc, PSU and base weight tell beyond the coarsened columns.

    Parameters
    ----------
    table : pandas.DataFrame
        Before: stratum, psu, fpc, base_weight and the variables, one row a person.
    coarse : pandas.DataFrame
        After, with the same rows.
    variables : sequence of str
        The quasi-identifiers.
    k : int
        Persons of a class, at least.

    Returns
    -------
    DesignRisk
        The counts.

    Notes
    -----
    The reader is taken to know how strata were made, and their sizes, as the certificate publishes them.
    """
    names = list(variables)
    keys = [coarse[name] for name in names]
    with_stratum = coarse.groupby(["stratum", *names])["stratum"].transform("size")
    classes = pd.Series(table.groupby(names).ngroup(), index=table.index)
    single = classes.groupby(table["stratum"]).transform("nunique") == 1
    changed = (coarse[names] != table[names]).any(axis=1)
    strata = table.groupby("stratum").agg(persons=("psu", "size"), fpc=("fpc", "first"))
    telling = ~strata["fpc"].duplicated(keep=False) & (strata["persons"] < k)
    psus = table.groupby("psu").size()
    weights = table["base_weight"].astype("float64").round(9)
    return DesignRisk(
        int(with_stratum.min()),
        int((with_stratum < k).sum()),
        int((changed & single).sum()),
        int(telling.sum()),
        int(psus.between(2, k - 1).sum()),
        int(coarse.groupby([weights, *keys]).size().min()),
    )


def replicate_weights(
    coarse: pd.DataFrame,
    variables: Sequence[str],
    k: int,
    *,
    groups: int,
    rng: np.random.Generator,
) -> Replicates:
    """Make replicate weights that may stand in place of stratum, psu and fpc.

    Parameters
    ----------
    coarse : pandas.DataFrame
        Columns stratum, psu, fpc (PSUs of the stratum in the frame), base_weight and the variables; one row a
        person, every class of the variables with k persons.
    variables : sequence of str
        The quasi-identifiers.
    k : int
        Persons of a class, at least.
    groups : int
        Random groups of PSUs a stratum, at most, 2 or more.
    rng : numpy.random.Generator
        Deals PSUs into groups.

    Returns
    -------
    Replicates
        Weights and their factors.

    Raises
    ------
    SamplingError
        ``SAM-K-PSU``: there is only one PSU.

    Notes
    -----
    The weights that change together show a stratum. So strata are joined first, until each class of joined
    stratum and variables has k persons, and each joined stratum two PSUs. In joined stratum h with n PSUs of
    N, replicate g leaves out its m_g PSUs: the others weigh w n / (n - m_g), and the squared deviation counts
    (n - m_g) / n * (1 - n / N). In R: ``svrepdesign(type = "JKn", scale = 1, rscales = rscales,
    combined.weights = TRUE)``. Joined strata overestimate the variance of what differs between them. Which
    PSUs share a group is chance and tells nothing of a person; the base weight stays and may tell.

    References
    ----------
    Kott, P. S., "The delete-a-group jackknife", Journal of Official Statistics 17 (2001).
    """
    stratum = _joined_strata(coarse, list(variables), k)
    base = coarse["base_weight"].to_numpy(dtype=np.float64)
    psu = pd.factorize(coarse["psu"])[0]
    first = coarse["fpc"].astype("float64").groupby(coarse["stratum"]).first()
    home = pd.Series(stratum, index=coarse.index).groupby(coarse["stratum"]).first()
    frame = first.groupby(home).sum()
    columns, rscales = [], []
    for code in np.unique(stratum):
        members = stratum == code
        units = rng.permutation(np.unique(psu[members]))
        n, kept = len(units), 1.0 - len(units) / float(frame[code])
        for part in np.array_split(units, min(groups, n)):
            share = (n - len(part)) / n
            gone = np.isin(psu, part) & members
            columns.append(np.where(members, np.where(gone, 0.0, base / share), base))
            rscales.append(share * max(kept, 0.0))
    width = max(3, len(str(len(columns))))
    names = [f"repw_{number:0{width}d}" for number in range(1, len(columns) + 1)]
    weights = pd.DataFrame(np.column_stack(columns), columns=names, index=coarse.index)
    return Replicates(weights, np.array(rscales), len(np.unique(stratum)))


def _joined_strata(coarse: pd.DataFrame, names: list[str], k: int) -> Ints:
    """Join the stratum of the smallest class with the one that shares most of its class, until k holds."""
    codes = pd.factorize(coarse["stratum"], sort=True)[0].astype(np.int64)
    cells = coarse.groupby(names).ngroup().to_numpy()
    units = coarse.assign(code=codes).groupby("code")["psu"].nunique().to_numpy().copy()
    if units.sum() < 2:
        raise SamplingError(
            "SAM-K-PSU",
            _("Replicate weights need two PSUs or more."),
            hint=_("Hand over strata and PSUs instead."),
        )
    counts = np.zeros((codes.max() + 1, cells.max() + 1), dtype=np.int64)
    np.add.at(counts, (codes, cells), 1)
    while True:
        small = (counts > 0) & (counts < k)
        lonely = (units == 1)[:, None] & (counts > 0)
        if not (small | lonely).any():
            return codes
        rank = np.where(small | lonely, counts, len(codes) + 1)
        mine, cell = np.unravel_index(int(np.argmin(rank)), rank.shape)
        others = np.where(units > 0, counts[:, cell], -1)
        others[mine] = -1
        other = int(np.argmax(others))
        counts[other] += counts[mine]
        counts[mine], units[other], units[mine] = 0, units[other] + units[mine], 0
        codes[codes == mine] = other
