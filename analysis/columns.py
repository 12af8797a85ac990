"""Columns in: from pandas, Arrow or Polars tables to checked numpy arrays."""

from collections.abc import Hashable, Iterable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

import numpy as np
from numpy.typing import NDArray

from analysis.arrays import BoolArray, FloatArray, IntArray, compact
from analysis.lazy import LazyModule
from custody.errors import AnalysisError
from custody.messages import gettext as _

if TYPE_CHECKING:
    import pandas as pd
else:
    pd = LazyModule("pandas")

__all__ = ["Codes", "as_frame", "as_names", "column", "combine", "encode", "is_labelled", "numbers"]

SHOWN_NAMES: Final = 12


@dataclass(frozen=True, slots=True, eq=False)
class Codes:
    """A column as level numbers.

    Attributes
    ----------
    codes : IntArray
        (rows,) level number of each row, -1 where missing.
    levels : tuple of Hashable
        (levels,) the levels present, in category order, else ascending.
    """

    codes: IntArray
    levels: tuple[Hashable, ...]


def as_frame(data: Any) -> "pd.DataFrame":
    """Take a table as a pandas DataFrame that the caller's later changes cannot reach.

    Parameters
    ----------
    data : pandas.DataFrame, pyarrow.Table, polars.DataFrame or any table with ``__arrow_c_stream__``
        The data, one row a respondent.

    Returns
    -------
    pandas.DataFrame
        Shares memory where pandas allows (copy on write).

    Raises
    ------
    AnalysisError
        The object is no table, has no rows, or repeats a column name.
    """
    if isinstance(data, pd.DataFrame):
        frame = data.copy(deep=False)
    elif hasattr(data, "__arrow_c_stream__"):
        import pyarrow as pa

        frame = (data if isinstance(data, pa.Table) else pa.table(data)).to_pandas()
    else:
        raise AnalysisError(
            "ANA-TABLE",
            _("The data must be a pandas DataFrame, an Arrow table or a Polars DataFrame."),
            hint=_("Read the file into a table first."),
        )
    if not frame.columns.is_unique:
        raise AnalysisError("ANA-TABLE", _("A column name occurs twice."), hint=_("Rename one of them."))
    if len(frame) == 0:
        raise AnalysisError(
            "ANA-EMPTY", _("The table has no rows."), hint=_("Check the file and the filter.")
        )
    return frame


def column(frame: "pd.DataFrame", name: str) -> "pd.Series[Any]":
    """Get one column or say which columns there are.

    Parameters
    ----------
    frame : pandas.DataFrame
        The data.
    name : str
        Column name; dots, blanks and Japanese are fine.

    Returns
    -------
    pandas.Series
        (rows,).

    Raises
    ------
    AnalysisError
        There is no such column.
    """
    if not isinstance(name, Hashable) or name not in frame.columns:
        names = ", ".join(str(value) for value in frame.columns[:SHOWN_NAMES])
        more = " …" if len(frame.columns) > SHOWN_NAMES else ""
        raise AnalysisError(
            "ANA-COLUMN",
            _("There is no such column; the table has {names}.").format(names=names + more),
            hint=_("Check the spelling."),
            column=str(name),
        )
    return frame[name]


def as_names(given: object) -> list[Any]:
    """Take one column name or several as a list; `column` refuses what is no name.

    Parameters
    ----------
    given : str or sequence of str
        A name, or names.

    Returns
    -------
    list of str
        The names.
    """
    return [given] if isinstance(given, str) or not isinstance(given, Iterable) else list(given)


def is_labelled(series: "pd.Series[Any]") -> bool:
    """Tell whether a column holds levels (text or categories) rather than numbers.

    Parameters
    ----------
    series : pandas.Series
        One column.

    Returns
    -------
    bool
        True for text, categories and other objects; False for numbers and booleans.
    """
    return not (pd.api.types.is_numeric_dtype(series.dtype) or pd.api.types.is_bool_dtype(series.dtype))


def numbers(series: "pd.Series[Any]") -> FloatArray:
    """Take a numeric or boolean column as float64, missing as NaN.

    Parameters
    ----------
    series : pandas.Series
        Numbers or booleans.

    Returns
    -------
    FloatArray
        (rows,); a view where the column is float64 already.

    Raises
    ------
    AnalysisError
        The column holds text or categories, or an infinite number.
    """
    if is_labelled(series) or pd.api.types.is_complex_dtype(series.dtype):
        raise AnalysisError(
            "ANA-TYPE",
            _("Numbers are needed here, and the column holds text or categories."),
            hint=_("Convert the column, or use proportion for levels."),
            column=str(series.name),
        )
    if isinstance(series.dtype, np.dtype):
        return series.to_numpy(dtype=np.float64)
    return series.to_numpy(dtype=np.float64, na_value=np.nan)


def encode(series: "pd.Series[Any]") -> Codes:
    """Number the levels of a column.

    Parameters
    ----------
    series : pandas.Series
        Text, categories, whole numbers, booleans or floats.

    Returns
    -------
    Codes
        Levels in category order where the column is categorical, otherwise ascending; levels without rows are
        left out; missing values are -1.
    """
    if isinstance(series.dtype, pd.CategoricalDtype):
        return _drop_unused(series.cat.codes.to_numpy(), series.cat.categories.to_numpy(dtype=object))
    if isinstance(series.dtype, np.dtype) and series.dtype.kind in "iu":
        codes, values = compact(series.to_numpy())
        return Codes(codes, tuple(values.tolist()))
    try:
        raw, uniques = pd.factorize(series, sort=True)
    except TypeError as error:
        raise AnalysisError(
            "ANA-TYPE",
            _("The column holds neither numbers nor text."),
            hint=_("Turn its values into numbers or text."),
            column=str(series.name),
        ) from error
    levels = np.asarray(uniques, dtype=object)
    return Codes(raw.astype(np.int64, copy=False), tuple(levels.tolist()))


def _drop_unused(raw: NDArray[Any], categories: NDArray[Any]) -> Codes:
    present = np.bincount(raw.astype(np.int64) + 1, minlength=categories.size + 1)[1:] > 0
    renumber = np.append(np.cumsum(present) - 1, -1)
    return Codes(renumber[raw], tuple(categories[present].tolist()))


def combine(parts: Sequence[Codes]) -> tuple[IntArray, IntArray]:
    """Cross several columns into one set of groups, keeping the groups that occur.

    Parameters
    ----------
    parts : sequence of Codes
        Columns of equal length.

    Returns
    -------
    groups : IntArray
        (rows,) group number, -1 where any part is missing.
    members : IntArray
        (groups, parts) level number of each group in each part; groups in the order of the first part, then
        the second, and so on.

    Examples
    --------
    >>> a, b = Codes(np.array([1, 0, 1]), ("x", "y")), Codes(np.array([0, 0, -1]), ("p",))
    >>> groups, members = combine([a, b])
    >>> groups.tolist(), members.tolist()
    ([1, 0, -1], [[0, 0], [1, 0]])
    """
    if len(parts) == 1:
        return parts[0].codes, np.arange(len(parts[0].levels))[:, None]
    sizes = [len(part.levels) for part in parts]
    crossed = np.zeros_like(parts[0].codes)
    missing: BoolArray = np.zeros(crossed.size, dtype=bool)
    for part, size in zip(parts, sizes, strict=True):
        crossed = crossed * size + part.codes
        missing |= part.codes < 0
    groups = np.full(crossed.size, -1, dtype=np.int64)
    groups[~missing], present = compact(crossed[~missing])
    members = np.stack(np.unravel_index(present, sizes), axis=1)
    return groups, members.astype(np.int64)
