"""Answers with their words: codes become labelled categories (無回答 is a category of its own)."""

from typing import TYPE_CHECKING, Any

import numpy as np

from analysis.columns import as_frame
from analysis.lazy import LazyModule
from custody.messages import Language

if TYPE_CHECKING:
    import pandas as pd

    from custody.codebook import Codebook, Item
else:
    pd = LazyModule("pandas")

__all__ = ["label_answers", "no_answer_word"]


def label_answers(table: Any, codebook: "Codebook", lang: Language = "ja") -> "pd.DataFrame":
    """Replace codes by words.

    Parameters
    ----------
    table : pandas.DataFrame, pyarrow.Table
        Codebook columns with their codes. Not changed.
    codebook : Codebook
        Items, options and codes.
    lang : {"ja", "en"}
        Language of the words.

    Returns
    -------
    pandas.DataFrame
        The codebook columns that the table has, same index. One-answer items: categories in the order of the
        form, then 無回答 (also for two marks and illegible ones); missing where the question was not asked.
        Marks of several-answer items: nullable booleans, missing where not asked. Numbers: missing where
        there is no answer.
    """
    frame = as_frame(table)
    columns: dict[str, Any] = {}
    for item in codebook.items:
        for name in item.data_columns:
            if name in frame.columns:
                columns[name] = _labelled(frame[name], item, codebook, lang)
    return pd.DataFrame(columns, index=frame.index)


def no_answer_word(codebook: "Codebook", lang: Language) -> str:
    """Say 無回答.

    Parameters
    ----------
    codebook : Codebook
        The codebook.
    lang : {"ja", "en"}
        Language.

    Returns
    -------
    str
        The word for "no answer".
    """
    return codebook.words["no_answer"].say(lang)


def _labelled(series: "pd.Series[Any]", item: "Item", codebook: "Codebook", lang: Language) -> Any:
    raw = pd.to_numeric(series, errors="coerce").to_numpy(dtype=np.float64, na_value=np.nan)
    codes = item.missing
    blank, not_asked = np.isnan(raw), raw == codes.not_asked
    if item.type == "MA":
        return pd.arrays.BooleanArray(raw == 1, blank | not_asked)
    if item.type == "NUM":
        return np.where(np.isin(raw, list(codes.codes)), np.nan, raw)
    words = [option.text.say(lang) for option in item.options]
    number = np.full(raw.size, len(words), dtype=np.int64)
    for position, option in enumerate(item.options):
        number[raw == option.value] = position
    number[blank | not_asked] = -1
    categories = pd.Index([*words, no_answer_word(codebook, lang)])
    return pd.Categorical.from_codes(number, categories=categories)
