"""Eight words for a digest, to be read aloud (読み上げの言葉): a word of our own list for each of 256 bytes.

The words are an aid to the ear. What binds is the whole digest of 64 hex digits, printed in the minutes.
"""

import csv
from functools import cache
from importlib.resources import files
from typing import Final

import pandas as pd

from custody.errors import InputError
from custody.messages import gettext as _

__all__ = ["WORDS", "fingerprint_words", "word_list"]

WORDS: Final = 8
"""Words of a fingerprint: the first 64 bits of the digest."""


def word_list() -> pd.DataFrame:
    """Return the list of words.

    Returns
    -------
    pandas.DataFrame
        Columns hex (two digits), kana, english; 256 rows, in the order of the syllabary. A new object each
        time.

    Examples
    --------
    >>> len(word_list())
    256
    """
    return pd.DataFrame(_rows(), columns=["hex", "kana", "english"], dtype="str")


def fingerprint_words(digest: str) -> tuple[str, ...]:
    """Turn the beginning of a digest into words.

    Parameters
    ----------
    digest : str
        At least 16 lower hex digits.

    Returns
    -------
    tuple of str
        `WORDS` words in kana, one for each of the first 8 bytes.

    Raises
    ------
    InputError
        The text is too short or not hexadecimal.

    Notes
    -----
    256 words, not 2,048: one word is one byte, so that a clerk finds each word's two hex digits in a printed
    list; and 256 words can all be two kana apart, also where voicing or a long vowel is not heard. 64 bits
    let people hear that two papers, or a paper and a screen, are the same. They are not enough against
    somebody who prepares two commitments with the same words (about 2^32 trials), nor would 88 bits be.
    Therefore the page for the minutes carries all 256 bits beside the words.

    Examples
    --------
    >>> len(set(fingerprint_words("00010203fffefdfc")))
    8
    """
    try:
        first = bytes.fromhex(digest[: 2 * WORDS])
    except ValueError:
        first = b""
    if len(first) < WORDS:
        raise InputError(
            "SAM-CEREMONY-DIGEST",
            _("This is not a digest of 64 hex digits."),
            hint=_("Copy it from commitment.json."),
        )
    rows = _rows()
    return tuple(rows[byte][1] for byte in first)


@cache
def _rows() -> tuple[tuple[str, str, str], ...]:
    text = (files("sampling") / "data" / "ceremony_words.csv").read_text(encoding="utf-8")
    return tuple((row["hex"], row["kana"], row["english"]) for row in csv.DictReader(text.splitlines()))
