"""The pseudonymous list of a frame (抽出枠の仮名一覧) and its digest, as the draw uses them."""

from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from sampling.design import StratifiedDesign
from sampling.frame import Frame, key_digest
from sampling.households import group_households
from sampling.keyed_systematic import places_in_strata

__all__ = ["frame_digest", "frame_keys"]


def frame_keys(frame: Frame, design: StratifiedDesign) -> Any:
    """List the persons of a frame by their keys.

    Parameters
    ----------
    frame : Frame
        The frame.
    design : StratifiedDesign
        Its columns make the strata.

    Returns
    -------
    pyarrow.Table
        Columns person_key, stratum; with one person a household also household_key; for a systematic draw
        also place (text of a whole number, from 0 in each stratum). One row a person, all columns string.
    """
    keys = frame.data["person_key"]
    people = pa.table({"person_key": keys, "stratum": frame.stratum(design.by)})
    if design.one_per_household:
        homes = group_households(frame.data["household_no"], keys)
        return people.append_column("household_key", homes.keys)
    if design.method == "systematic":
        strata = people["stratum"].combine_chunks().dictionary_encode().indices.to_numpy().astype(np.int64)
        order = [frame.data[name].to_numpy(zero_copy_only=False) for name in design.order]
        places = places_in_strata(strata, order)
        return people.append_column("place", pc.cast(pa.array(places), pa.string()))
    return people


def frame_digest(keys: Any) -> str:
    """Digest such a list.

    Parameters
    ----------
    keys : pyarrow.Table
        From `frame_keys`.

    Returns
    -------
    str
        SHA-256 over the sorted lines, cells parted by a comma, each with LF: ``frame_digest`` of the
        certificate, 64 lower hex digits.
    """
    first, *others = keys.columns
    return key_digest(first, others[0] if len(others) == 1 else pc.binary_join_element_wise(*others, ","))
