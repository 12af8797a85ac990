"""An invented ward for tests, training and the demo: registers, answers, and the truth about both.

Nothing in it comes from a real person. The public face:

- `make_ward` invents a ward, `Ward.write` writes its two registers and ``truth.json``.

Names are imported at first use, so that ``hyohon --help`` stays quick.
"""

from importlib import import_module
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from synthetic_data.ward import Ward, make_ward

__all__ = ["Ward", "make_ward"]

_HOME = {"Ward": "ward", "make_ward": "ward"}


def __getattr__(name: str) -> object:
    if name in _HOME:
        return getattr(import_module(f"synthetic_data.{_HOME[name]}"), name)
    raise AttributeError(f"module 'synthetic_data' has no attribute {name!r}")


def __dir__() -> list[str]:
    return sorted(__all__)
