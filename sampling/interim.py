"""Stand-ins for the linkage and the reader's text until both are here."""

from typing import Any

import pyarrow as pa

from sampling.decoding import to_text

__all__ = ["link", "text_of"]


def link(residents: Any, certifications: Any, *, qualifications: Any, review: Any, secret: bytes) -> Any:
    """Link by every step."""
    try:
        from sampling.linkage import link_registers, read_decisions  # type: ignore[attr-defined]
    except ImportError:
        from sampling.linkage import exact_links

        return exact_links(residents, certifications)
    decisions = None if review is None else read_decisions(review)
    return link_registers(
        residents, certifications, qualifications=qualifications, decisions=decisions, secret=secret
    )


def text_of(register: Any, name: str, positions: Any) -> Any:
    """Return text of some rows."""
    if hasattr(register, "text"):
        return register.text(name, positions)
    cells = register.table[name].take(pa.array(positions)).combine_chunks()
    cells = cells.combine_chunks() if isinstance(cells, pa.ChunkedArray) else cells
    return to_text(cells, register.encoding)
