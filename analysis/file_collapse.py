"""From the rows of a file to cells with the same sums, and on to the arrays of the estimators.

An estimate that is linear in (w, w y) needs the sums of a unit only. So the rows of each unit (and domain,
and level) become one row, its weight sum(w), its value sum(w y)/sum(w); the estimators then run on these rows
as on any table. Each stands for as many rows as it has `copies`.
"""

from collections.abc import Sequence
from typing import TYPE_CHECKING, Final, get_args

import numpy as np

from analysis.arrays import BoolArray, FloatArray, IntArray
from analysis.file_cells import Asked, Block, Cells
from analysis.file_door import Drawn
from analysis.file_moments import spread_pairs
from analysis.file_source import FileSource
from analysis.lazy import LazyModule
from analysis.options import option_error
from analysis.structure import assemble
from analysis.variables import Missing, missing_error
from custody.errors import AnalysisError
from custody.messages import gettext as _

if TYPE_CHECKING:
    import pandas as pd
else:
    pd = LazyModule("pandas")

__all__ = ["collapse"]

FIRST: Final = 2_048
"""Rows whose middle value centres a variable."""


def collapse(source: FileSource, drawn: Drawn, asked: Asked) -> Cells:
    """Sum the rows of a file to cells.

    Parameters
    ----------
    source : FileSource
        Rows.
    drawn : Drawn
        The design.
    asked : Asked
        Variables and domains.

    Returns
    -------
    Cells
        One row a unit, domain and level (where rows are units: stratum, domain and level, and pairs of rows
        that carry the squares).

    Raises
    ------
    AnalysisError
        A column is unknown, holds infinite numbers, or has missing values under ``na="fail"``.
    """
    if asked.na not in get_args(Missing):
        raise option_error("na", asked.na, get_args(Missing))
    centres = _centres(source, asked.numbers)
    if drawn.by_row:
        blocks = [_row_block(source, drawn, asked, centres)]
    else:
        blocks = _number_blocks(source, drawn, asked, centres) if asked.numbers else []
        sets = [asked.levels] if asked.crossed else [(name,) for name in asked.levels]
        blocks += [_level_block(source, drawn, asked, names) for names in sets if names]
    return _together(blocks, source, drawn, asked, centres)


def _columns(source: FileSource, drawn: Drawn, asked: Asked) -> dict[str, str]:
    """SQL of every column of the call: keys k, domains b, levels t, numbers v, weight w."""
    weight = drawn.names.weights
    columns = {f"k{j}": source.label(name) for j, name in enumerate(drawn.keys)}
    columns |= {f"b{j}": source.label(name) for j, name in enumerate(asked.by)}
    columns |= {f"t{j}": source.label(name) for j, name in enumerate(asked.levels)}
    columns |= {f"v{j}": source.number(name) for j, name in enumerate(asked.numbers)}
    return columns | {"w": "1.0::DOUBLE" if weight is None else source.number(weight)}


def _groups(drawn: Drawn, asked: Asked) -> list[str]:
    return [f"k{j}" for j in range(len(drawn.keys))] + [f"b{j}" for j in range(len(asked.by))]


def _present(asked: Asked, name: str) -> str:
    """SQL of which rows count for a variable."""
    if asked.na == "fail":
        return "TRUE"
    names = [name] if asked.apart else [f"v{j}" for j in range(len(asked.numbers))] + _level_names(asked)
    return " AND ".join(f"{one} IS NOT NULL" for one in names)


def _level_names(asked: Asked) -> list[str]:
    return [f"t{j}" for j in range(len(asked.levels))]


def _kept(condition: str) -> str:
    return "" if condition == "TRUE" else f" FILTER (WHERE {condition})"


def _counted(asked: Asked, condition: str) -> str:
    """SQL that counts the rows with a weight above zero that count for a variable."""
    weighs = ["w > 0"] if asked.zeros else []
    return "count(*)" + _kept(" AND ".join([*weighs, condition]) if weighs else condition)


def _centres(source: FileSource, numbers: Sequence[str]) -> FloatArray:
    """Middle of the first values: sums are taken around it, so that a common offset costs no digits."""
    if not numbers:
        return np.zeros(0)
    columns = {f"v{j}": source.number(name) for j, name in enumerate(numbers)}
    found = source.head(columns, FIRST)
    finite = [column[np.isfinite(column)] for column in found.to_numpy(dtype=np.float64).T]
    return np.array([np.median(column) if column.size else 0.0 for column in finite])


def _finite(total: FloatArray, weight: FloatArray, name: str) -> None:
    """Refuse sums that infinite numbers made."""
    if not np.isfinite(total[~np.isnan(weight)]).all():
        raise AnalysisError(
            "ANA-TYPE",
            _("The column has infinite numbers."),
            hint=_("Replace them by missing values or correct them."),
            column=name,
        )


def _number_blocks(source: FileSource, drawn: Drawn, asked: Asked, centres: FloatArray) -> list[Block]:
    """Sums of the numbers by unit and domain: one block, or one a variable where each has its own rows."""
    measures = ["count(*) AS rows"]
    for j in range(len(asked.numbers)):
        condition, apart = _present(asked, f"v{j}"), f"(v{j} - $c{j})"
        kept = _kept(condition)
        measures += [f"count(*) - count(v{j}) AS missing_v{j}", f"sum(w * {apart}){kept} AS s{j}"]
        measures += [f"sum(w * {apart} * {apart}){kept} AS q{j}"] if asked.squares else []
        if asked.apart or j == 0:
            measures += [f"sum(w){kept} AS w{j}", f"{_counted(asked, condition)} AS n{j}"]
    bound = {f"c{j}": float(centre) for j, centre in enumerate(centres)}
    raw = source.summed(_columns(source, drawn, asked), _groups(drawn, asked), measures, **bound)
    _refuse(raw, asked)
    blocks = []
    for j in range(len(asked.numbers)) if asked.apart else (0,):
        names = [j] if asked.apart else range(len(asked.numbers))
        blocks.append(_number_cells(raw, drawn, asked, names, centres))
    return blocks


def _number_cells(
    raw: "pd.DataFrame", drawn: Drawn, asked: Asked, variables: Sequence[int], centres: FloatArray
) -> Block:
    first = variables[0]
    weight = raw[f"w{first}"].to_numpy(dtype=np.float64, na_value=np.nan)
    frame, within = _titles(raw, asked), {}
    for j in variables:
        name = asked.numbers[j]
        total = raw[f"s{j}"].to_numpy(dtype=np.float64, na_value=np.nan)
        _finite(total, weight, name)
        with np.errstate(divide="ignore", invalid="ignore"):
            apart = np.where(weight == 0, 0.0, total / weight)
        if name not in frame.columns:
            frame[name] = apart if asked.centred else centres[j] + apart
        if asked.squares:
            squares = raw[f"q{j}"].to_numpy(dtype=np.float64, na_value=np.nan)
            within[name] = np.nan_to_num(np.maximum(squares - total * apart, 0.0))
    copies = raw[f"n{first}"].to_numpy(dtype=np.float64)
    names = tuple(asked.numbers[j] for j in variables)
    return Block(_at(raw, drawn), frame, np.nan_to_num(weight), copies, names, within)


def _level_block(source: FileSource, drawn: Drawn, asked: Asked, names: Sequence[str]) -> Block:
    """Sums of weights by unit, domain and level."""
    places = [asked.levels.index(name) for name in names]
    condition = _present(asked, f"t{places[0]}")
    measures = [
        "count(*) AS rows",
        f"sum(w){_kept(condition)} AS w",
        f"{_counted(asked, condition)} AS n",
    ]
    groups = _groups(drawn, asked) + [f"t{j}" for j in places]
    raw = source.summed(_columns(source, drawn, asked), groups, measures)
    _refuse(raw, asked)
    frame = _titles(raw, asked)
    weight = raw["w"].to_numpy(dtype=np.float64, na_value=0.0)
    return Block(_at(raw, drawn), frame, weight, raw["n"].to_numpy(dtype=np.float64), tuple(names))


def _row_block(source: FileSource, drawn: Drawn, asked: Asked, centres: FloatArray) -> Block:
    """Sums, squares and products by stratum, domain and level, as one row and pairs of rows a cell."""
    count = len(asked.numbers)
    columns = _columns(source, drawn, asked)
    known = {f"p{j}": f"{columns[f'v{j}']} IS NOT NULL" for j in range(count)}
    if not asked.apart:
        every = [columns[name] for name in columns if name[0] in "tv"]
        known = {"p": " AND ".join(["TRUE", *(f"{sql} IS NOT NULL" for sql in every)])}
    columns |= known | {"z": f"{columns['w']} > 0"}
    groups = [*_groups(drawn, asked), *_level_names(asked), *known, "z"]
    bound = {f"c{j}": float(centre) for j, centre in enumerate(centres)}
    raw = source.summed(columns, groups, _row_measures(asked), **bound)
    _refuse(raw, asked)
    return _row_cells(raw, drawn, asked, centres)


def _row_measures(asked: Asked) -> list[str]:
    apart = [f"coalesce(v{j} - $c{j}, 0)" for j in range(len(asked.numbers))]
    products = ["w", *(f"w * {one}" for one in apart)]
    measures = ["count(*) AS rows", "sum(w) AS w1"]
    for j, one in enumerate(apart):
        measures += [f"count(*) - count(v{j}) AS missing_v{j}", f"sum(w * {one}) AS s{j}"]
        measures += [f"sum(w * {one} * {one}) AS q{j}"] if asked.squares else []
    for i, first in enumerate(products):
        measures += [f"covar_pop({first}, {products[j]}) AS m{i}_{j}" for j in range(i + 1)]
    return measures


def _row_cells(raw: "pd.DataFrame", drawn: Drawn, asked: Asked, centres: FloatArray) -> Block:
    count, at, copies = len(asked.numbers), _at(raw, drawn), raw["rows"].to_numpy(dtype=np.float64)
    flags = [raw["p" if "p" in raw.columns else f"p{j}"].to_numpy(dtype=bool) for j in range(count)]
    kept = raw["z"].to_numpy(dtype=bool)
    kept = kept & raw["p"].to_numpy(dtype=bool) if "p" in raw.columns else kept
    scale = np.where(kept, 1.0 if drawn.scale is None else drawn.scale[at], 0.0)
    weight = raw["w1"].to_numpy(dtype=np.float64) * scale
    pairs = spread_pairs(_scatter(raw, count, copies * scale**2), weight / copies)
    titles, within = _titles(raw, asked), {}
    frame = pd.concat([titles.iloc[pairs.cell], titles], ignore_index=True)
    for j, name in enumerate(asked.numbers):
        total = raw[f"s{j}"].to_numpy(dtype=np.float64) * scale
        _finite(total, weight, name)
        apart = np.divide(total, weight, out=np.zeros_like(total), where=weight > 0)
        if asked.squares:
            squares = np.maximum(raw[f"q{j}"].to_numpy(dtype=np.float64) * scale - total * apart, 0.0)
            within[name] = np.append(np.zeros(pairs.cell.size), squares)
        if name not in asked.by:
            values = np.append(pairs.value[:, j], apart)
            values = values if asked.centred else values + centres[j]
            frame[name] = np.where(np.append(flags[j][pairs.cell], flags[j]), values, np.nan)
    return Block(
        np.append(at[pairs.cell], at),
        frame,
        np.append(pairs.weight, weight),
        np.append(np.zeros(pairs.cell.size), copies),
        (*asked.numbers, *asked.levels),
        within,
    )


def _scatter(raw: "pd.DataFrame", count: int, size: FloatArray) -> FloatArray:
    """(cells, 1 + numbers, 1 + numbers) sums of squares and products around the cells' means."""
    result = np.empty((len(raw), count + 1, count + 1))
    for i in range(count + 1):
        for j in range(i + 1):
            moment = raw[f"m{i}_{j}"].to_numpy(dtype=np.float64)
            result[:, i, j] = result[:, j, i] = np.where(size > 0, moment * size, 0.0)
    return result


def _titles(raw: "pd.DataFrame", asked: Asked) -> "pd.DataFrame":
    """The domain and level columns of a result under their own names."""
    named = {f"b{j}": name for j, name in enumerate(asked.by)}
    named |= {f"t{j}": name for j, name in enumerate(asked.levels) if name not in asked.by}
    present = [one for one in named if one in raw.columns]
    return raw[present].set_axis([named[one] for one in present], axis=1)


def _at(raw: "pd.DataFrame", drawn: Drawn) -> IntArray:
    return drawn.find([raw[f"k{j}"] for j in range(len(drawn.keys))], len(raw))


def _refuse(raw: "pd.DataFrame", asked: Asked) -> None:
    if asked.na != "fail":
        return
    named = {f"b{j}": name for j, name in enumerate(asked.by)}
    named |= {f"t{j}": name for j, name in enumerate(asked.levels)}
    counts = {name: raw["rows"][raw[one].isna()].sum() for one, name in named.items() if one in raw.columns}
    for j, name in enumerate(asked.numbers):
        counts[name] = raw[f"missing_v{j}"].sum() if f"missing_v{j}" in raw.columns else 0
    for name, count in counts.items():
        if count:
            raise missing_error(name, int(count))


def _together(
    blocks: Sequence[Block], source: FileSource, drawn: Drawn, asked: Asked, centres: FloatArray
) -> Cells:
    frame = blocks[0].frame
    if len(blocks) > 1:
        frame = pd.concat([block.frame for block in blocks], ignore_index=True)
    frame = source.with_categories(frame, [*asked.by, *asked.levels])
    at = np.concatenate([block.at for block in blocks])
    weight = np.concatenate([block.weight for block in blocks])
    copies = np.concatenate([block.copies for block in blocks])
    within = {
        name: np.concatenate([block.within.get(name, np.zeros(block.at.size)) for block in blocks])
        for name in asked.numbers
        if asked.squares
    }
    if drawn.scale is not None and not drawn.by_row:
        weight = weight * drawn.scale[at]
        within = {name: squares * drawn.scale[at] for name, squares in within.items()}
    own: dict[str, BoolArray] = {}
    if len(blocks) > 1:
        number = np.repeat(np.arange(len(blocks)), [block.at.size for block in blocks])
        own = {name: number == j for j, block in enumerate(blocks) for name in block.variables}
    shift = dict(zip(asked.numbers, centres.tolist(), strict=True)) if asked.centred else {}
    shift = {name: centre for name, centre in shift.items() if name not in asked.by}
    return Cells(frame, assemble(weight, drawn.copied(copies, at), drawn.lonely_psu), within, own, shift)
