"""From the bytes of a register to binary columns, whatever the form of the file."""

from collections.abc import Callable, Mapping
from dataclasses import replace
from pathlib import Path
from types import MappingProxyType
from typing import Final

import pyarrow as pa
import pyarrow.compute as pc

from sampling.delimited import parse_delimited
from sampling.encodings import codec_name
from sampling.fixed_width import parse_fixed
from sampling.layout import FileFormat, RegisterLayout
from sampling.parsed import ParsedFile, check_lengths
from sampling.workbooks import parse_excel, parse_parquet

__all__ = ["ParsedFile", "parse_register"]

PARSERS: Final[Mapping[FileFormat, Callable[[Path, RegisterLayout, str], ParsedFile]]] = MappingProxyType(
    {
        "delimited": parse_delimited,
        "fixed": parse_fixed,
        "excel": parse_excel,
        "parquet": parse_parquet,
    }
)


def parse_register(path: Path, rules: RegisterLayout, encoding: str) -> ParsedFile:
    """Parse the columns of a layout, and no others.

    Parameters
    ----------
    path : pathlib.Path
        The file; it is only read.
    rules : RegisterLayout
        Form of the file and the columns to parse.
    encoding : str
        Encoding of the file; it must decode strictly. Excel and the text columns of Parquet have their own.

    Returns
    -------
    ParsedFile
        Binary columns by the names of the layout; rows that could not be cut into cells are its misfits.

    Raises
    ------
    InputError
        The file is missing, empty, of another type or encoding (with byte offset), without a needed column,
        with a doubled or forbidden one, not one row a line, or has a cell that no register holds.
    """
    parsed = PARSERS[rules.format](path, rules, codec_name(encoding))
    check_lengths(parsed.table, path)
    return _emptied(parsed, rules)


def _emptied(parsed: ParsedFile, rules: RegisterLayout) -> ParsedFile:
    """Make cells empty that the layout calls empty (such as 00000000)."""
    table = parsed.table
    for place, rule in enumerate(rules.fields):
        if rule.empty:
            blank = pa.array([cell.encode(parsed.encoding) for cell in rule.empty], type=pa.binary())
            cells = pc.if_else(pc.is_in(table[rule.column], value_set=blank), b"", table[rule.column])
            table = table.set_column(place, rule.column, cells)
    return parsed if table is parsed.table else replace(parsed, table=table)
