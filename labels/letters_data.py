"""The one data file of the letters: words, papers, measures."""

import tomllib
from functools import cache
from importlib.resources import files
from typing import Any

__all__ = ["letter_data"]


@cache
def letter_data() -> dict[str, Any]:
    """Read ``data/letters.toml`` once.

    Returns
    -------
    dict
        Its tables; not to be changed.
    """
    return tomllib.loads(files("labels").joinpath("data", "letters.toml").read_text(encoding="utf-8"))
