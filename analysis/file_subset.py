"""Domains of a file: boolean columns, or columns with the values that rows must have."""

from collections.abc import Mapping
from typing import Any

import numpy as np

from analysis.file_source import FileSource, quoted
from custody.errors import AnalysisError
from custody.messages import gettext as _

__all__ = ["subset_source"]


def subset_source(source: FileSource, condition: str | Mapping[str, Any]) -> FileSource:
    """Restrict the rows of a file.

    Parameters
    ----------
    source : FileSource
        Rows.
    condition : str or mapping
        Boolean column, or value (or list of values) by column.

    Returns
    -------
    FileSource
        The rows that fulfil it.

    Raises
    ------
    AnalysisError
        The column is not boolean or has missing values, or a value does not occur among the rows.
    """
    if isinstance(condition, str):
        return _boolean(source, condition)
    for name, wanted in condition.items():
        values = list(wanted) if isinstance(wanted, list | tuple | set | frozenset) else [wanted]
        source = _among(source, name, values)
    return source


def _boolean(source: FileSource, name: str) -> FileSource:
    if source.types[source.require(name)] == "BOOLEAN":
        missing = source.summed({"m": quoted(name)}, [], ["count(*) - count(m) AS missing"])
        if not missing["missing"].iloc[0]:
            return source.where(quoted(name))
    raise AnalysisError(
        "ANA-MASK",
        _("A subset needs a boolean column without missing values, or values by column."),
        hint=_("For example d.subset({'sex': 'F'})."),
        column=name,
    )


def _among(source: FileSource, name: str, values: list[Any]) -> FileSource:
    """Rows with one of the values; each must occur, and be of the column's kind."""
    text = source.is_labelled(source.require(name))
    first = len(source.parameters)
    plain = [value.item() if isinstance(value, np.generic) else value for value in values]
    bound = {f"s{first + j}": value for j, value in enumerate(plain)}
    tests = {key: f"{source.label(name)} = ${key}" for key in bound}
    for key, value in bound.items():
        found = 0
        if isinstance(value, str) == text or not isinstance(value, str | int | float):
            measure = f"count(*) FILTER (WHERE {tests[key]}) AS rows"
            found = source.summed({quoted(name): quoted(name)}, [], [measure], **bound)["rows"].iloc[0]
        if not found:
            raise AnalysisError(
                "ANA-LEVEL",
                _("No row has {level} in this column.").format(level=repr(value)),
                hint=_("Check the spelling and whether the level is text or a number."),
                column=name,
            )
    return source.where(" OR ".join(tests.values()) or "FALSE", **bound)
