"""Reading a codebook file (JSON) into items; every mistake is refused with its place and the next step."""

import json
from collections.abc import Iterator, Mapping
from importlib.resources import files
from importlib.resources.abc import Traversable
from pathlib import Path
from typing import Any, Final

from custody.codebook_items import ITEM_TYPES, Item, ItemType, MissingCodes, Option, Score, Text, repeated
from custody.errors import ConfigError
from custody.messages import gettext as _
from custody.settings import Settings
from custody.showif import Condition, parse_condition

__all__ = ["read_items", "read_json", "two_languages"]

_MISSING_KEYS: Final = ("no_answer", "not_asked", "multi_mark", "illegible", "out_of_range")
_GREATEST: Final = 1_000_000


def read_json(name_or_path: str | Path) -> Settings:
    """Read a codebook file.

    Parameters
    ----------
    name_or_path : str or pathlib.Path
        Name of a codebook that comes with the toolkit, or a JSON file in UTF-8.

    Returns
    -------
    Settings
        The root of the file.

    Raises
    ------
    ConfigError
        There is no such file, or it is not UTF-8 or not a JSON object.
    """
    source = _locate(name_or_path)
    try:
        values = json.loads(source.read_bytes().decode("utf-8-sig"))
    except OSError:
        hint = _("Name one of: {names}; or a JSON file.").format(names=", ".join(_built_in()))
        raise ConfigError(
            "CBK-NONE", _("The codebook cannot be read."), hint=hint, file=source.name
        ) from None
    except UnicodeDecodeError as problem:
        text = _("The file is not UTF-8 (byte {place}).").format(place=problem.start)
        raise ConfigError("CBK-UTF8", text, hint=_("Save it as UTF-8."), file=source.name) from None
    except (json.JSONDecodeError, RecursionError) as problem:
        hint = _("Correct line {line} of the file.").format(line=getattr(problem, "lineno", 1))
        raise ConfigError("CBK-JSON", _("The file is not JSON."), hint=hint, file=source.name) from None
    if not isinstance(values, dict):
        hint = _("Compare with the codebook food_survey.")
        raise ConfigError("CBK-JSON", _("The file is not a codebook."), hint=hint, file=source.name)
    return Settings(source.name, values)


def _folder() -> Traversable:
    return files("custody") / "data"


def _built_in() -> list[str]:
    return sorted(entry.name[:-5] for entry in _folder().iterdir() if entry.name.endswith(".json"))


def _locate(name_or_path: str | Path) -> Traversable | Path:
    if isinstance(name_or_path, str) and name_or_path in _built_in():
        return _folder() / f"{name_or_path}.json"
    return Path(name_or_path)


def two_languages(values: Settings, key: str) -> Text:
    """Read a text in two languages.

    Parameters
    ----------
    values : Settings
        The table around it.
    key : str
        Its name.

    Returns
    -------
    Text
        Both texts, neither blank.
    """
    inside = values.table(key)
    return Text(inside.text("ja"), inside.text("en"))


def read_items(root: Settings) -> tuple[Item, ...]:
    """Read the items and check them against each other.

    Parameters
    ----------
    root : Settings
        The root of the file.

    Returns
    -------
    tuple of Item
        In the order of the form.

    Raises
    ------
    ConfigError
        A field is missing or wrong, a column stands twice, or a condition reads a column that is not earlier.
    """
    items: list[Item] = []
    seen: set[str] = set()
    names: set[str] = set()
    for values in _tables(root, "items"):
        item = _item(values, root.table("missing"))
        if item.show_if is not None and not seen.issuperset(item.show_if.columns):
            raise values.refusal("show_if", _("a condition on columns of earlier items"))
        if repeated(item.data_columns) or not names.isdisjoint(item.names):
            raise values.refusal("code", _("a name that no other column has"))
        seen.update(item.data_columns)
        names.update(item.names)
        _check_missing(values, item)
        items.append(item)
    if not items:
        raise root.refusal("items", _("a list of one or more items"))
    return tuple(items)


def _tables(values: Settings, key: str) -> Iterator[Settings]:
    found = values.values.get(key, [])
    if not isinstance(found, list):
        raise values.refusal(key, _("a list"))
    for place, entry in enumerate(found, start=1):
        path = f"{values.path}.{key}[{place}]".lstrip(".")
        if not isinstance(entry, dict):
            raise Settings(values.file, {}, values.path).refusal(f"{key}[{place}]", _("an object"))
        yield Settings(values.file, entry, path)


def _item(values: Settings, missing: Settings) -> Item:
    kind = ITEM_TYPES[ITEM_TYPES.index(values.choice("type", ITEM_TYPES))]
    options = tuple(_option(entry) for entry in _tables(values, "options"))
    _check_options(values, kind, options)
    many = kind == "MA"
    code = values.text("code")
    return Item(
        code=code,
        type=kind,
        section=two_languages(values, "section"),
        text=two_languages(values, "text"),
        missing=_missing(missing.table(kind), kind),
        columns=tuple(values.texts("columns")) if many else (code,),
        options=options,
        no_answer_column=values.text("no_answer_column") if many else None,
        exclusive_options=_exclusive(values, options),
        max_marks=values.integer("max_marks", least=1) if "max_marks" in values.values else None,
        valid_range=_range(values) if kind == "NUM" else None,
        decimals=values.integer("decimals", least=0) if kind == "NUM" else 0,
        unit=two_languages(values, "unit") if kind == "NUM" else None,
        show_if=_show_if(values),
        role=values.text("role") if "role" in values.values else None,
        score=_score(values, options),
        matrix=values.text("matrix") if kind == "MATRIX_SA" else None,
        matrix_row=values.integer("matrix_row", least=1) if kind == "MATRIX_SA" else None,
        source=values.text("source") if "source" in values.values else None,
    )


def _option(values: Settings) -> Option:
    return Option(values.integer("value", least=0), Text(values.text("ja"), values.text("en")))


def _check_options(values: Settings, kind: ItemType, options: tuple[Option, ...]) -> None:
    if (kind == "NUM") == bool(options):
        raise values.refusal("options", _("a list of answers, and none for a number"))
    if repeated([option.value for option in options]):
        raise values.refusal("options", _("answers with codes that differ"))
    if kind == "MA" and len(values.texts("columns")) != len(options):
        raise values.refusal("columns", _("one column for each answer"))


def _check_missing(values: Settings, item: Item) -> None:
    answers = (0, 1) if item.type == "MA" else item.values
    least, most = item.valid_range or (1, 0)
    if not item.missing.codes.isdisjoint(answers) or any(
        least <= code <= most for code in item.missing.codes
    ):
        allowed = _("codes that differ from the missing codes of the file")
        raise values.refusal("options" if item.valid_range is None else "valid_range", allowed)


def _exclusive(values: Settings, options: tuple[Option, ...]) -> tuple[int, ...]:
    found = values.values.get("exclusive_options", [])
    if not isinstance(found, list) or not all(code in [option.value for option in options] for code in found):
        raise values.refusal("exclusive_options", _("a list of codes of the item"))
    return tuple(found)


def _range(values: Settings) -> tuple[float, float]:
    found = values.values.get("valid_range")
    if not isinstance(found, list) or len(found) != 2 or not all(type(end) in (int, float) for end in found):
        raise values.refusal("valid_range", _("the least and the greatest number"))
    if not -_GREATEST <= found[0] <= found[1] <= _GREATEST:
        raise values.refusal("valid_range", _("the least and the greatest number"))
    return float(found[0]), float(found[1])


def _show_if(values: Settings) -> Condition | None:
    if "show_if" not in values.values:
        return None
    try:
        return parse_condition(values.text("show_if"))
    except ConfigError as problem:
        column = f"{values.path}.show_if"
        raise ConfigError(
            problem.code, problem.message, hint=problem.hint, file=values.file, column=column
        ) from None


def _score(values: Settings, options: tuple[Option, ...]) -> tuple[Score, ...]:
    scales = values.table("score")
    known = {str(option.value): option.value for option in options}
    scores = []
    for scale in scales.values:
        points: Mapping[str, Any] = scales.table(scale).values
        if points.keys() != known.keys() or not all(type(value) in (int, float) for value in points.values()):
            raise scales.refusal(scale, _("points for each code of the item"))
        scores.append(Score(scale, tuple((known[code], float(value)) for code, value in points.items())))
    return tuple(scores)


def _missing(values: Settings, kind: ItemType) -> MissingCodes:
    codes = {key: values.integer(key, least=0) for key in _MISSING_KEYS if key in values.values}
    needed = {
        "MA": ("not_asked",),
        "NUM": ("not_asked", "no_answer", "out_of_range"),
        "SA": ("not_asked", "no_answer"),
        "MATRIX_SA": ("not_asked", "no_answer"),
    }[kind]
    for key in needed:
        values.integer(key, least=0)
    return MissingCodes(**codes)
