"""The sample (標本): the persons drawn with weights and tokens, and who follows in reserve."""

from dataclasses import dataclass, field
from typing import Any, Final

import numpy as np
import pandas as pd
import pyarrow as pa
from numpy.typing import NDArray

from labels.tokens import TokenSource, new_tokens
from sampling.certificate import DrawCertificate
from sampling.frame import Frame
from sampling.selection import Selection
from sampling.views import html_table

__all__ = ["ORDER", "SAMPLE_COLUMNS", "Sample", "release_order", "sample_table"]

SAMPLE_COLUMNS: Final = (
    "token",
    "stratum",
    "psu",
    "fpc",
    "inclusion_prob",
    "base_weight",
    "area",
    "age_band",
    "sex",
    "postal_code",
    "address",
    "name",
)
"""The columns of a sample: no care field, no number of a register."""

ORDER: Final = "order"
"""The column of the order in which persons are mailed: 1 to n the sample, then the reserve."""


@dataclass(frozen=True, slots=True)
class Sample:
    """The persons drawn. Its repr shows counts only.

    Parameters
    ----------
    data : pandas.DataFrame
        Columns `SAMPLE_COLUMNS`, then resident_no, person_key and order (see `release_order`); with one
        person a household also household_size (m, persons of the frame in the household); one row a person,
        the sample first, then the reserve.
    certificate : DrawCertificate
        How they were drawn.
    frame_keys : pyarrow.Table
        Columns person_key, stratum of the whole frame, ordered by person key: what a second run of the
        draw needs. With one person a household also household_key, for a systematic draw place.
    """

    data: pd.DataFrame = field(repr=False)
    certificate: DrawCertificate
    frame_keys: Any = field(repr=False)

    def __len__(self) -> int:
        return self.certificate.sample

    @property
    def table(self) -> pd.DataFrame:
        """The persons drawn, in the order of stratum and draw.

        Returns
        -------
        pandas.DataFrame
            Columns token (15 symbols), stratum, psu (draw serial, unique), fpc (N_h, persons), inclusion_prob
            (n_h / N_h), base_weight (N_h / n_h), area, age_band, sex, postal_code, address, name. With one
            person a household fpc is N'_h, households, and inclusion_prob (1 / m) n_h / N'_h. A new object
            each time.
        """
        return self.data.loc[: len(self) - 1, list(SAMPLE_COLUMNS)].copy()

    @property
    def reserve(self) -> pd.DataFrame:
        """The persons in reserve (予備標本), in the order of stratum and draw.

        Returns
        -------
        pandas.DataFrame
            As `table`; inclusion_prob and base_weight are 0, since they are not in the sample until they are
            released (`sampling.releases`).
        """
        rest = self.data.loc[len(self) :, list(SAMPLE_COLUMNS)]
        return rest.reset_index(drop=True)

    @property
    def link(self) -> pd.DataFrame:
        """The link between tokens and persons: for the vault only.

        Returns
        -------
        pandas.DataFrame
            Columns token, resident_no, person_key; the sample, not the reserve. A new object each time.
        """
        return self.data.loc[: len(self) - 1, ["token", "resident_no", "person_key"]].copy()

    def tidy(self) -> pd.DataFrame:
        """Return the strata with what was drawn.

        Returns
        -------
        pandas.DataFrame
            Columns stratum, persons, sample, threshold; with one person a household also households.
        """
        return self.certificate.tidy()

    def __repr__(self) -> str:
        return f"<Sample: {len(self):,} persons, {len(self.certificate.strata)} strata>"

    def _repr_html_(self) -> str:
        return html_table(self.tidy(), name="hyohon-sample")


def release_order(strata: NDArray[np.int64], sizes: NDArray[np.int64]) -> NDArray[np.int64]:
    """Order the persons drawn so that every beginning of the order is spread over the strata.

    Parameters
    ----------
    strata : ndarray of int64
        Shape (n,): stratum of each person drawn, 0 to H - 1, rising; within a stratum in the order of the
        draw.
    sizes : ndarray of int64
        Shape (H,): persons drawn of each stratum n_h.

    Returns
    -------
    ndarray of int64
        Shape (n,): place of each person in the order, 1 to n.

    Notes
    -----
    The j-th person drawn of stratum h (from 0) has priority (j + 1/2) / n_h; the smallest comes first, of
    equal ones that of the earlier stratum. So the first m of the order are shared between the strata by the
    method of Sainte-Laguë: each share is within about one person of m n_h / n, and the first persons of a
    stratum are a simple random sample of it: 50 of 3,000 can go out as a pilot and the rest later.

    References
    ----------
    Balinski, M. L. and Young, H. P. (2001). Fair representation. 2nd ed., Brookings (Webster's method).

    Examples
    --------
    >>> release_order(np.array([0, 0, 0, 0, 1, 1]), np.array([4, 2])).tolist()
    [1, 3, 4, 6, 2, 5]
    """
    firsts = np.cumsum(sizes) - sizes
    place = np.arange(len(strata)) - firsts[strata]
    priority = (2 * place + 1) / (2 * sizes[strata])
    order = np.empty(len(strata), dtype=np.int64)
    order[np.lexsort((strata, priority))] = np.arange(1, len(strata) + 1)
    return order


def sample_table(
    frame: Frame,
    plan: pd.DataFrame,
    chosen: Selection,
    reserve: Selection | None = None,
    *,
    source: TokenSource | None = None,
    household_sizes: NDArray[np.int64] | None = None,
) -> pd.DataFrame:
    """Make the table of the persons drawn.

    Parameters
    ----------
    frame : Frame
        The frame.
    plan : pandas.DataFrame
        From `StratifiedDesign.plan`.
    chosen, reserve : Selection
        Who was drawn, by the strata of the plan; who is in reserve.
    source : TokenSource, optional
        Source of tokens. Default: the operating system.
    household_sizes : ndarray of int64, optional
        Shape (N,): m of everybody in the frame, with one person a household.

    Returns
    -------
    pandas.DataFrame
        As `Sample.data`.
    """
    parts = [_part(frame, plan, chosen, "sample", household_sizes)]
    if reserve is not None:
        rest = _part(frame, plan, reserve, "reserve", household_sizes)
        parts.append(rest.assign(inclusion_prob=0.0, base_weight=0.0, order=rest[ORDER] + len(parts[0])))
    table = pd.concat(parts, ignore_index=True)
    width = max(5, len(str(len(table))))
    table["psu"] = pd.array([f"{serial:0{width}d}" for serial in range(1, len(table) + 1)], dtype="str")
    table["token"] = pd.array(new_tokens(len(table), source), dtype="str")
    last = [name for name in ("household_size",) if name in table]
    return table[[*SAMPLE_COLUMNS, "resident_no", "person_key", ORDER, *last]]


def _part(
    frame: Frame,
    plan: pd.DataFrame,
    chosen: Selection,
    size: str,
    household_sizes: NDArray[np.int64] | None,
) -> pd.DataFrame:
    """Make the rows of the sample or of the reserve, without token and psu."""
    persons: pd.DataFrame = frame.data.take(pa.array(chosen.positions)).to_pandas()
    sizes = plan[size].to_numpy(dtype=np.int64)
    strata = np.repeat(np.arange(len(plan)), sizes)
    of = plan.iloc[strata].reset_index(drop=True)
    table = pd.DataFrame(
        {
            "stratum": of["stratum"],
            "fpc": of["persons"].astype("int64"),
            "inclusion_prob": of["inclusion_prob"],
            "base_weight": of["base_weight"],
            **{name: persons[name] for name in (*SAMPLE_COLUMNS[6:], "resident_no", "person_key")},
            ORDER: release_order(strata, sizes),
        }
    )
    if household_sizes is None:
        return table
    # two phases: N'_h, (1 / m)(n_h / N'_h) and its inverse, and m
    m, homes = household_sizes[chosen.positions], of["households"].astype("int64")
    return table.assign(
        fpc=homes,
        inclusion_prob=of["sample"] / homes / m,
        base_weight=m * (homes / of["sample"]),
        household_size=m,
    )
