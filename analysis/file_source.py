"""Where the rows of a `FileDesign` lie: Parquet files or a DuckDB table, read by streaming queries.

Names of columns are quoted, values are passed as parameters; nothing of either is pasted into a query.
"""

import os
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import numpy as np

from analysis.columns import column
from analysis.file_engine import connect
from analysis.lazy import LazyModule
from custody.errors import AnalysisError
from custody.messages import gettext as _

if TYPE_CHECKING:
    import duckdb
    import pandas as pd
    import pyarrow as pa
else:
    duckdb = LazyModule("duckdb")
    pd = LazyModule("pandas")
    pa = LazyModule("pyarrow")

__all__ = ["FileSource", "open_source", "quoted"]

FLOATS: Final = ("FLOAT", "DOUBLE", "REAL")
NUMBERS: Final = (
    "BOOLEAN",
    "TINYINT",
    "SMALLINT",
    "INTEGER",
    "BIGINT",
    "HUGEINT",
    "UTINYINT",
    "USMALLINT",
    "UINTEGER",
    "UBIGINT",
    "UHUGEINT",
    "DECIMAL",
    *FLOATS,
)
"""DuckDB's names of the types that are numbers here; booleans count as in a pandas table."""


@dataclass(frozen=True, slots=True, eq=False)
class FileSource:
    """Rows that stay where they are.

    Attributes
    ----------
    connection : duckdb.DuckDBPyConnection
        Engine.
    relation : str
        What stands after FROM.
    parameters : dict
        Values for the parameters in `relation` and `conditions`.
    types : dict of str to str
        DuckDB's type of each column, in the order of the file.
    categories : dict of str to tuple
        Columns stored as categories, with what a Parquet file says of their order (filled when asked).
    files : tuple of str
        Parquet files found; empty for a table.
    conditions : tuple of str
        Conditions on rows (a domain).
    """

    connection: "duckdb.DuckDBPyConnection"
    relation: str
    parameters: dict[str, Any]
    types: dict[str, str]
    categories: "dict[str, pd.Index[Any] | None]"
    files: tuple[str, ...] = ()
    conditions: tuple[str, ...] = ()

    def require(self, name: Any) -> str:
        """Check that there is such a column.

        Parameters
        ----------
        name : str
            Column name.

        Returns
        -------
        str
            The name.

        Raises
        ------
        AnalysisError
            There is none.
        """
        if not isinstance(name, str) or name not in self.types:
            column(pd.DataFrame(columns=list(self.types)), name)
        return str(name)

    def is_labelled(self, name: str) -> bool:
        """Tell whether a column holds levels rather than numbers.

        Parameters
        ----------
        name : str
            Column name.

        Returns
        -------
        bool
            True for text, categories, dates; False for numbers and booleans.
        """
        return name in self.categories or self.types[self.require(name)].split("(")[0] not in NUMBERS

    def label(self, name: str) -> str:
        """Write a column as SQL for grouping, NaN as missing.

        Parameters
        ----------
        name : str
            Column name.

        Returns
        -------
        str
            SQL.
        """
        floats = self.types[self.require(name)] in FLOATS
        return f"nullif({quoted(name)}::DOUBLE, 'NaN'::DOUBLE)" if floats else quoted(name)

    def number(self, name: str) -> str:
        """Write a numeric column as SQL of a double, NaN as missing.

        Parameters
        ----------
        name : str
            Column name.

        Returns
        -------
        str
            SQL.

        Raises
        ------
        AnalysisError
            The column holds text or categories.
        """
        if self.is_labelled(name):
            raise AnalysisError(
                "ANA-TYPE",
                _("Numbers are needed here, and the column holds text or categories."),
                hint=_("Convert the column, or use proportion for levels."),
                column=name,
            )
        floats = self.types[name] in FLOATS
        return self.label(name) if floats else f"CAST({quoted(name)} AS DOUBLE)"

    def rows(self, columns: Mapping[str, str]) -> str:
        """Write the rows in use as a subquery with names of our own.

        Parameters
        ----------
        columns : mapping
            SQL of each column, by the name that it gets.

        Returns
        -------
        str
            SQL to stand after FROM.
        """
        listed = ", ".join(f"{sql} AS {name}" for name, sql in columns.items()) or "1"
        where = " WHERE " + " AND ".join(f"({one})" for one in self.conditions) if self.conditions else ""
        return f"(SELECT {listed} FROM {self.relation}{where})"  # noqa: S608  (names quoted, values bound)

    def summed(
        self, columns: Mapping[str, str], groups: Sequence[str], measures: Sequence[str], **parameters: Any
    ) -> "pd.DataFrame":
        """Sum the rows in use by groups, in one pass that holds the groups only.

        Parameters
        ----------
        columns : mapping
            SQL of each column, by the name that groups and measures call it.
        groups : sequence of str
            Names to group by; none for one group of all rows.
        measures : sequence of str
            SQL of aggregates with their names.
        **parameters
            Values by name.

        Returns
        -------
        pandas.DataFrame
            A row a group: the groups, then the measures; types as of a file read by pandas.
        """
        names = ", ".join(groups)
        by = f" GROUP BY {names}" if groups else ""
        selected = ", ".join([*groups, *measures])
        return self._frame(f"SELECT {selected} FROM {self.rows(columns)}{by}", parameters)  # noqa: S608

    def head(self, columns: Mapping[str, str], count: int) -> "pd.DataFrame":
        """Read a few rows.

        Parameters
        ----------
        columns : mapping
            SQL of each column, by the name that it gets.
        count : int
            Rows.

        Returns
        -------
        pandas.DataFrame
            At most so many rows.
        """
        return self._frame(f"FROM {self.rows(columns)} LIMIT {count}", {})

    def _frame(self, query: str, parameters: Mapping[str, Any]) -> "pd.DataFrame":
        values = {**self.parameters, **parameters}
        used = {name: value for name, value in values.items() if f"${name}" in query}
        frame: pd.DataFrame = self.connection.sql(query, params=used).to_arrow_table().to_pandas()
        return frame

    def with_categories(self, frame: "pd.DataFrame", names: Sequence[str]) -> "pd.DataFrame":
        """Give columns that the file stores as categories their categories, in the file's order.

        Parameters
        ----------
        frame : pandas.DataFrame
            A result with columns under their own names.
        names : sequence of str
            Columns.

        Returns
        -------
        pandas.DataFrame
            The same rows.
        """
        for name in {one for one in names if one in self.categories and one in frame.columns}:
            known = self.categories[name]
            if known is None:
                known = self.categories[name] = _stored_categories(self.files, name)
            values = frame[name]
            more = [v for v in pd.unique(values.dropna()) if v not in known]
            frame[name] = pd.Categorical(values, [*known, *more])
        return frame

    def where(self, condition: str, **parameters: Any) -> "FileSource":
        """Restrict the rows.

        Parameters
        ----------
        condition : str
            SQL.
        **parameters
            Values by name.

        Returns
        -------
        FileSource
            The rows for which the condition holds too.
        """
        return replace(
            self,
            conditions=(*self.conditions, condition),
            parameters={**self.parameters, **parameters},
        )


def quoted(name: str) -> str:
    """Quote a name for SQL.

    Parameters
    ----------
    name : str
        Any text.

    Returns
    -------
    str
        An identifier.

    Examples
    --------
    >>> print(quoted('性別.a"b'))
    "性別.a""b"
    """
    return '"' + str(name).replace('"', '""') + '"'


def open_source(source: Any, table: str | None, threads: int, memory_limit: str) -> FileSource:
    """Open Parquet files or a table.

    Parameters
    ----------
    source : path, sequence of path, or DuckDB connection
        Parquet files (a name with ``*`` is a pattern), a DuckDB file, or a connection.
    table : str or None
        Table or view; needed for a DuckDB file or connection.
    threads : int
        Threads of the engine (not changed on a connection that is given).
    memory_limit : str
        Memory of the engine, beyond which it uses the disk (not changed on a connection that is given).

    Returns
    -------
    FileSource
        The rows.

    Raises
    ------
    AnalysisError
        The file or table is not there or cannot be read.
    """
    given = hasattr(source, "sql") and hasattr(source, "execute")
    files = () if given or table is not None else _files(source)
    relation = "read_parquet($files)" if files else quoted(table or "")
    if table is None and not files:
        raise _not_readable(_("The file or table cannot be read."))
    try:
        connection = source if given else connect(None if files else source, threads, memory_limit)
        parameters: dict[str, Any] = {"files": list(files)} if files else {}
        described = connection.sql(f"DESCRIBE FROM {relation}", params=parameters).fetchall()
        types = {str(row[0]): str(row[1]) for row in described}
        files = _found(connection, files)
        categories = _category_columns(files[0]) if files else {}
    except (duckdb.Error, OSError, pa.ArrowInvalid) as error:
        raise _not_readable(_("The file or table cannot be read.")) from error
    return FileSource(connection, relation, parameters, types, categories, files)


def _not_readable(message: str) -> AnalysisError:
    return AnalysisError(
        "ANA-FILE",
        message,
        hint=_("Give Parquet files, or a DuckDB file or connection together with table=."),
    )


def _files(source: Any) -> tuple[str, ...]:
    names = [source] if isinstance(source, str | os.PathLike) else source
    several = isinstance(names, Sequence) and all(isinstance(one, str | os.PathLike) for one in names)
    return tuple(_as_pattern(os.fspath(name)) for name in names) if several else ()


def _as_pattern(name: str) -> str:
    """Let a file whose own name has signs of a pattern stand for itself."""
    if not Path(name).exists():
        return name
    return "".join(f"[{sign}]" if sign in "*?[" else sign for sign in name)


def _found(connection: "duckdb.DuckDBPyConnection", files: tuple[str, ...]) -> tuple[str, ...]:
    query = "SELECT file FROM glob($name) ORDER BY file"
    found = [connection.sql(query, params={"name": name}).fetchall() for name in files]
    return tuple(str(row[0]) for rows in found for row in rows)


def _category_columns(path: str) -> "dict[str, pd.Index[Any] | None]":
    import pyarrow.parquet as pq

    return {field.name: None for field in pq.read_schema(path) if isinstance(field.type, pa.DictionaryType)}


def _stored_categories(files: tuple[str, ...], name: str) -> "pd.Index[Any]":
    """Categories as the first rows of each file store them, which is all of them in a pandas file."""
    import pyarrow.parquet as pq

    kept: dict[Any, None] = {}
    for path in files:
        file = pq.ParquetFile(path)
        if file.num_row_groups:
            chunks = file.read_row_group(0, columns=[name]).column(0).chunks
            for chunk in chunks:
                kept |= dict.fromkeys(chunk.dictionary.to_pylist())
    index: pd.Index[Any] = pd.Index(np.array([*kept], dtype=object))
    return index
