"""The data files of this room: scores, disclosure limits, the report of the food survey."""

import tomllib
from functools import cache
from importlib.resources import files
from typing import Any

__all__ = ["read_settings"]


@cache
def read_settings(name: str) -> dict[str, Any]:
    """Read one of the commented data files.

    Parameters
    ----------
    name : str
        File name without ``.toml``: ``"scores"``, ``"disclosure"`` or ``"food_report"``.

    Returns
    -------
    dict
        Its content; treat it as read-only.

    Examples
    --------
    >>> read_settings("scores")["dvs"]["low_at_most"]
    3
    """
    text = (files("analysis") / "data" / f"{name}.toml").read_text(encoding="utf-8")
    return tomllib.loads(text)
