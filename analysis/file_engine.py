"""The engine that reads files as a stream: DuckDB, one for all Parquet files of a process."""

import os
import tempfile
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import duckdb

__all__ = ["connect"]


def connect(path: Any, threads: int, memory_limit: str) -> "duckdb.DuckDBPyConnection":
    """Get a connection of its own for a design.

    Parameters
    ----------
    path : path or None
        A DuckDB file, opened for reading; None: for Parquet files.
    threads : int
        Threads of the engine.
    memory_limit : str
        Memory of the engine, such as ``"1GB"``; beyond it sums go to the disk.

    Returns
    -------
    duckdb.DuckDBPyConnection
        The connection.
    """
    import duckdb

    config: dict[str, Any] = {
        "threads": threads,
        "memory_limit": memory_limit,
        "preserve_insertion_order": False,
        "python_enable_replacements": False,
        "enable_external_file_cache": False,
        "temp_directory": str(Path(tempfile.gettempdir()) / f"hyohon-{os.getpid()}"),
    }
    if path is None:
        return _engine(tuple(config.items())).cursor()
    return duckdb.connect(os.fspath(path), read_only=True, config=config)


@cache
def _engine(config: tuple[tuple[str, Any], ...]) -> "duckdb.DuckDBPyConnection":
    """Start one engine for all files of a process: each design has a cursor of its own."""
    import duckdb

    return duckdb.connect(config=dict(config))
