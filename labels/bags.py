"""Bags for the post office (郵袋): labels by the first digits of the postal code, and the discount."""

import tomllib
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from typing import TYPE_CHECKING, Any, Final

from custody.messages import gettext as _

if TYPE_CHECKING:
    import pandas as pd

__all__ = ["Bag", "bag_table", "bags_of", "discount_rule", "discount_sentence", "starts_of_bags"]

LIST_DIGITS: Final = 3
MARK: Final = "〒"


@dataclass(frozen=True, slots=True)
class Bag:
    """Labels whose postal codes begin alike.

    Parameters
    ----------
    digits : str
        First digits of the postal code.
    labels : int
        Labels of the run.
    first, last : int
        Places in the order of printing, 1 = first label.
    """

    digits: str
    labels: int
    first: int
    last: int


def bags_of(postal_codes: Iterable[str], digits: int = LIST_DIGITS) -> tuple[Bag, ...]:
    """Count labels by the first digits of their postal codes.

    Parameters
    ----------
    postal_codes : iterable of str
        In the order of printing, sorted; with or without 〒.
    digits : int
        How many digits a bag has in common, 1 to 7.

    Returns
    -------
    tuple of Bag
        In the order of printing.

    Examples
    --------
    >>> [(bag.digits, bag.labels, bag.first) for bag in bags_of(["176-0001", "176-0002", "177-0001"])]
    [('176', 2, 1), ('177', 1, 3)]
    """
    counts = Counter(_digits(code, digits) for code in postal_codes)
    bags, first = [], 1
    for prefix, labels in counts.items():
        bags.append(Bag(prefix, labels, first, first + labels - 1))
        first += labels
    return tuple(bags)


def starts_of_bags(postal_codes: Iterable[str], digits: int) -> dict[int, str]:
    """Find the labels with which a bag begins.

    Parameters
    ----------
    postal_codes : iterable of str
        In the order of printing, sorted; with or without 〒.
    digits : int
        How many digits a bag has in common; 0 = no bags.

    Returns
    -------
    dict of int to str
        Place from 0 to the first digits.
    """
    return {bag.first - 1: bag.digits for bag in bags_of(postal_codes, digits)} if digits else {}


def bag_table(bags: Sequence[Bag]) -> "pd.DataFrame":
    """List bags for the post office.

    Parameters
    ----------
    bags : sequence of Bag
        Of one run.

    Returns
    -------
    DataFrame
        Columns ``postal_code_begins, labels, first, last``: one row a bag.
    """
    import pandas as pd

    rows = [(bag.digits, bag.labels, bag.first, bag.last) for bag in bags]
    return pd.DataFrame(rows, columns=["postal_code_begins", "labels", "first", "last"])


def discount_sentence(barcodes: int) -> str:
    """Say whether a run has enough pieces for the discount on letters with a customer barcode.

    Parameters
    ----------
    barcodes : int
        Labels with a customer barcode.

    Returns
    -------
    str
        One sentence.

    Notes
    -----
    Japan Post, バーコード付郵便物の割引: standard-size letters (定形郵便物) and cards of one kind, posted
    together and paid by 別納 or 後納. Ask the post office before the first mailing; it tests the print.
    """
    least, percent = discount_rule()
    if barcodes >= least:
        return _(
            "{n:,} letters carry the barcode: {percent} % discount for standard-size letters (定形郵便物) "
            "posted together, from {least:,} pieces."
        ).format(n=barcodes, percent=percent, least=least)
    return _(
        "{n:,} letters carry the barcode: the discount of {percent} % for standard-size letters (定形郵便物) "
        "begins at {least:,} pieces posted together."
    ).format(n=barcodes, percent=percent, least=least)


def discount_rule() -> tuple[int, int]:
    """Return from how many pieces on letters with a customer barcode are cheaper, and by how much.

    Returns
    -------
    tuple of int
        Pieces and percent.
    """
    data = _data()
    return int(data["discount_pieces"]), int(data["discount_percent"])


def _digits(postal_code: str, digits: int) -> str:
    return postal_code.removeprefix(MARK).replace("-", "")[:digits]


@cache
def _data() -> dict[str, Any]:
    text = files("labels").joinpath("data", "layout.toml").read_text(encoding="utf-8")
    data: dict[str, Any] = tomllib.loads(text)["bags"]
    return data
