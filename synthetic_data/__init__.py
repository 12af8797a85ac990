"""An invented ward for tests, training and the demo: registers, answers, and the truth about both.

Nothing in it comes from a real person. The public face:

- `make_ward` invents a ward, `Ward.write` writes its two registers and ``truth.json``;
- `population_answers` is what every elder of the frame would answer, `population_truth` its means;
- `returns` lets the people of a sample send their forms back;
- `load_ward` makes the ward of a folder again; `WardProvider` gives Faker single invented people.

Names are imported at first use, so that ``hyohon --help`` stays quick.
"""

import importlib as _importlib
import typing as _typing

if _typing.TYPE_CHECKING:
    from synthetic_data.answers import population_answers
    from synthetic_data.mailing import Returns, returns
    from synthetic_data.provider import WardProvider
    from synthetic_data.scores import population_scores, population_truth
    from synthetic_data.ward import Ward, load_ward, make_ward

__all__ = [
    "Returns",
    "Ward",
    "WardProvider",
    "load_ward",
    "make_ward",
    "population_answers",
    "population_scores",
    "population_truth",
    "returns",
]

_HOME = {
    "Returns": "mailing",
    "Ward": "ward",
    "WardProvider": "provider",
    "load_ward": "ward",
    "make_ward": "ward",
    "population_answers": "answers",
    "population_scores": "scores",
    "population_truth": "scores",
    "returns": "mailing",
}


def __getattr__(name: str) -> object:
    if name in _HOME:
        return getattr(_importlib.import_module(f"synthetic_data.{_HOME[name]}"), name)
    raise AttributeError(f"module 'synthetic_data' has no attribute {name!r}")


def __dir__() -> list[str]:
    return sorted(__all__)
