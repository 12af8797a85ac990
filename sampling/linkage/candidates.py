"""What the probabilistic step compares: one table of keys for each side."""

from typing import Any

import pyarrow as pa
import pyarrow.compute as pc

from sampling.linkage.keys import WILDCARD, address_keys, kana_key, kanji_key, name_part
from sampling.linkage.persons import Particulars

__all__ = ["compared"]

DAY, MONTH_DAY, YEAR = "%Y%m%d", "%m%d", "%Y"


def compared(people: Particulars, ids: Any, municipality: str) -> Any:
    """Make the table of keys that the comparisons and blocking rules of the model name.

    Parameters
    ----------
    people : Particulars
        Of length n.
    ids : ndarray of int
        Who they are, shape (n,).
    municipality : str
        What may stand before the town in an address.

    Returns
    -------
    pyarrow.Table
        Columns unique_id, kana, surname, given, initial, kanji, alias, pattern, birth (YYYYMMDD where known
        wholly), monthday, year, born, latest (days since 1970), sex, address, block, town; n rows.
    """
    kana, kanji = kana_key(people.kana), kanji_key(people.name)
    address = address_keys(people.address, municipality)
    return pa.table(
        {
            "unique_id": pa.array(ids, type=pa.int64()),
            "kana": kana,
            "surname": kana_key(name_part(people.kana, 0)),
            "given": kana_key(name_part(people.kana, 1)),
            "initial": pc.utf8_slice_codeunits(kana, 0, 1),
            "kanji": kanji,
            "alias": kanji_key(people.alias),
            "pattern": _pattern(kanji),
            **_births(people),
            "sex": people.sex,
            "address": address.address,
            "block": address.block,
            "town": address.town,
        }
    )


def _pattern(kanji: Any) -> Any:
    """Return the key as a pattern of LIKE where it holds a letter that the file could not write."""
    holds = pc.fill_null(pc.match_substring(kanji, WILDCARD), False)
    return pc.if_else(holds, pc.replace_substring(kanji, WILDCARD, "_"), pa.scalar(None, pa.string()))


def _births(people: Particulars) -> dict[str, Any]:
    complete = pc.fill_null(pc.equal(people.born, people.born_latest), False)
    days = pc.if_else(complete, people.born, pa.scalar(None, pa.date32()))
    return {
        "birth": pc.strftime(days.cast(pa.timestamp("s")), format=DAY),
        "monthday": pc.strftime(days.cast(pa.timestamp("s")), format=MONTH_DAY),
        "year": pc.year(people.born).cast(pa.int32()),
        "born": people.born.cast(pa.int32()),
        "latest": people.born_latest.cast(pa.int32()),
    }
