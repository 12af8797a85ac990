"""Stand-ins for the linkage and the reader's text until both are here."""

from types import SimpleNamespace
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from sampling.decoding import to_text

__all__ = ["exact_links", "text_of"]


def exact_links(residents: Any, certifications: Any) -> Any:
    """Link by resident number."""
    try:
        from sampling.linkage import exact_links as real  # type: ignore[attr-defined]
    except ImportError:
        numbers = residents.table["resident_no"].combine_chunks()
        found = pc.index_in(certifications.table["resident_no"].combine_chunks(), value_set=numbers)
        unclear = pc.index_in(certifications.unclear, value_set=numbers).drop_null()
        unclear = unclear.combine_chunks() if isinstance(unclear, pa.ChunkedArray) else unclear
        return SimpleNamespace(
            resident_of_row=found.cast(pa.int32()),
            undecided=np.zeros(0, dtype=np.int32),
            unclear_residents=np.asarray(unclear, dtype=np.int32),
        )
    return real(residents, certifications)


def text_of(register: Any, name: str, positions: Any) -> Any:
    """Return text of some rows."""
    if hasattr(register, "text"):
        return register.text(name, positions)
    cells = register.table[name].take(pa.array(positions)).combine_chunks()
    cells = cells.combine_chunks() if isinstance(cells, pa.ChunkedArray) else cells
    return to_text(cells, register.encoding)
