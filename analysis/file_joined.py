"""Columns of our own beside those of a file: weights of the groups, thresholds of the domains.

Small tables come into a query as parameters, one list a column; nothing is written to the file or the engine.
"""

from collections.abc import Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, Any, Final

import numpy as np

from analysis.arrays import FloatArray
from analysis.file_door import Drawn
from analysis.file_source import FileSource, quoted

if TYPE_CHECKING:
    import pandas as pd

__all__ = ["OWN", "binned", "joined", "numbered", "weighted"]

OWN: Final = "_hyohon_"
"""Beginning of the names of our columns."""


def joined(
    source: FileSource,
    on: Sequence[str],
    keys: "Sequence[pd.Series[Any] | pd.Index[Any]]",
    values: dict[str, FloatArray],
) -> FileSource:
    """Add columns of numbers by the values of other columns; rows without a match get missing ones.

    Parameters
    ----------
    source : FileSource
        Rows.
    on : sequence of str
        Columns of the file; none: the numbers are the same for all rows.
    keys : sequence of pandas.Series or pandas.Index
        (entries,) values of each of these columns.
    values : dict of str to FloatArray
        (entries,) the new columns; NaN becomes missing.

    Returns
    -------
    FileSource
        The rows with these columns.
    """
    mark = f"j{len(source.types)}_"
    bound: dict[str, Any] = {f"{mark}k{i}": key.tolist() for i, key in enumerate(keys)}
    for i, column in enumerate(values.values()):
        bound[f"{mark}v{i}"] = [None if np.isnan(one) else float(one) for one in column]
    listed = [f"unnest(${mark}k{i}) AS k{i}" for i in range(len(on))]
    listed += [f"unnest(${mark}v{i}::DOUBLE[]) AS v{i}" for i in range(len(values))]
    named = ", ".join(f"small.v{i} AS {quoted(name)}" for i, name in enumerate(values))
    match = " AND ".join(["TRUE", *(f"big.{quoted(name)} = small.k{i}" for i, name in enumerate(on))])
    small = f"(SELECT {', '.join(listed)})"
    relation = f"(SELECT big.*, {named} FROM {source.relation} AS big LEFT JOIN {small} AS small ON {match})"  # noqa: S608
    types = source.types | dict.fromkeys(values, "DOUBLE")
    return replace(source, relation=relation, parameters=source.parameters | bound, types=types)


def weighted(source: FileSource, drawn: Drawn) -> tuple[FileSource, Drawn]:
    """Make the weights a column where they follow from the fpc.

    Parameters
    ----------
    source : FileSource
        Rows.
    drawn : Drawn
        The design.

    Returns
    -------
    source : FileSource
        Rows with a column of weights.
    drawn : Drawn
        The design that names it.
    """
    if drawn.scale is None:
        return source, drawn
    name = f"{OWN}weight"
    keys = [drawn.groups.get_level_values(j) for j in range(len(drawn.keys))]
    rows = joined(source, drawn.keys, keys, {name: drawn.scale})
    return rows, replace(drawn, names=replace(drawn.names, weights=name), scale=None)


def numbered(source: FileSource, by: Sequence[str], names: "pd.DataFrame") -> tuple[FileSource, str]:
    """Add a column with the number of the domain, missing outside all domains.

    Parameters
    ----------
    source : FileSource
        Rows.
    by : sequence of str
        Domain columns.
    names : pandas.DataFrame
        (domains, by columns) their values.

    Returns
    -------
    source : FileSource
        Rows with the number.
    name : str
        Name of the column.
    """
    name = f"{OWN}domain"
    keys = [names[one] for one in by]
    return joined(source, by, keys, {name: np.arange(len(names), dtype=np.float64)}), name


def binned(
    source: FileSource, name: str, variable: str, domain: str, edges: FloatArray, kept: str
) -> FileSource:
    """Add a column that counts the edges of the row's domain below a variable.

    Parameters
    ----------
    source : FileSource
        Rows.
    name : str
        Name of the new column.
    variable : str
        Column of numbers.
    domain : str
        Column with the number of the domain.
    edges : FloatArray
        (domains, edges); NaN is not counted.
    kept : str
        SQL of the rows that count; others get a missing value.

    Returns
    -------
    FileSource
        The rows with this column.
    """
    value, at = source.number(variable), f"{quoted(domain)}::INTEGER + 1"
    bound = {
        f"{name}{j}": [None if np.isnan(one) else float(one) for one in column]
        for j, column in enumerate(edges.T)
    }
    counted = [f"coalesce(({value} > list_extract(${one}::DOUBLE[], {at}))::INTEGER, 0)" for one in bound]
    column = f"CASE WHEN {value} IS NOT NULL AND {kept} THEN {' + '.join(counted)} END"
    relation = f"(SELECT *, {column} AS {quoted(name)} FROM {source.relation})"  # noqa: S608
    types = source.types | {name: "INTEGER"}
    return replace(source, relation=relation, types=types, parameters=source.parameters | bound)
