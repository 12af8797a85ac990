"""The record of a draw by method (抽出記録): what anyone with the frame needs to run it again."""

import hashlib
import importlib.metadata
import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass, fields
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import numpy as np
from numpy.typing import NDArray

from custody.errors import InputError
from custody.messages import gettext as _
from sampling.method_design.design import MethodDesign
from sampling.method_design.source import column_digest
from sampling.method_design.stage import option_error
from sampling.views import html_table

if TYPE_CHECKING:
    import pandas as pd

    from sampling.method_design.units import Plan

__all__ = ["RULE", "MethodRecord", "generator", "make_record", "positions_digest", "read_method_record"]

RULE: Final = "hyohon method v1"


@dataclass(frozen=True, slots=True)
class MethodRecord:
    """A draw by method, as it can be checked.

    Parameters
    ----------
    rule, version, numpy : str
        Name of the rule; versions of this program and of numpy, whose random numbers it uses.
    seed, key_hex : str
        The seed, and SHA-256 of ``hyohon method v1|`` and the seed, 64 hex digits.
    design : mapping
        `MethodDesign.facts`.
    rows : int
        Rows of the frame.
    columns : mapping of str to str
        Column of the design → SHA-256 of its values in the order of the walk (`column_digest`).
    reps : int
        Independent samples.
    drawn : int
        Rows drawn, over all of them.
    positions_sha256 : str
        SHA-256 over the lines ``replicate,position`` of the rows drawn, each with LF; both count from 1, the
        position in the order of the walk (by key, or as given); rising.
    """

    rule: str
    version: str
    numpy: str
    seed: str
    key_hex: str
    design: Mapping[str, Any]
    rows: int
    columns: Mapping[str, str]
    reps: int
    drawn: int
    positions_sha256: str

    def to_json(self) -> str:
        """The record as JSON text.

        Returns
        -------
        str
            Keys sorted, Japanese as it is, LF at the end.
        """
        return json.dumps(asdict(self), ensure_ascii=False, indent=1, sort_keys=True) + "\n"

    def tidy(self) -> "pd.DataFrame":
        """One row a fact.

        Returns
        -------
        pandas.DataFrame
            Columns fact, value (texts).
        """
        import pandas as pd

        facts = {one.name: getattr(self, one.name) for one in fields(self)}
        facts["design"] = json.dumps(self.design, ensure_ascii=False, sort_keys=True)
        columns = {f"column {name}": digest for name, digest in facts.pop("columns").items()}
        together = facts | columns
        return pd.DataFrame({"fact": list(together), "value": [str(value) for value in together.values()]})

    def __repr__(self) -> str:
        return f"<MethodRecord: {self.drawn:,} rows of {self.rows:,}, sample {self.positions_sha256[:12]}>"

    def _repr_html_(self) -> str:
        return html_table(self.tidy(), name="hyohon-method-record")


def generator(seed: str | int) -> tuple[str, str, np.random.Generator]:
    """The random numbers that a seed gives.

    Parameters
    ----------
    seed : str or int
        Not empty.

    Returns
    -------
    seed : str
        As text.
    key_hex : str
        SHA-256 of ``hyohon method v1|`` and the seed in UTF-8, 64 hex digits.
    rng : numpy.random.Generator
        Philox; its key is the first 16 bytes of the digest, the first byte the highest.

    Raises
    ------
    SamplingError
        Neither a text nor a whole number.

    Examples
    --------
    >>> generator(1)[1] == generator("1")[1]
    True
    """
    if isinstance(seed, bool) or not isinstance(seed, str | int | np.integer) or not str(seed):
        raise option_error("seed", _("Give a text or a whole number."))
    digest = hashlib.sha256(f"{RULE}|{seed}".encode())
    key = int.from_bytes(digest.digest()[:16], "big")
    return str(seed), digest.hexdigest(), np.random.Generator(np.random.Philox(key=key))


def positions_digest(samples: list[NDArray[np.int64]]) -> str:
    r"""SHA-256 of the positions of one or more samples.

    Parameters
    ----------
    samples : list of ndarray of int64
        Rising positions from 0, one array a replicate.

    Returns
    -------
    str
        64 hex digits.

    Examples
    --------
    >>> positions_digest([np.array([0, 4])]) == hashlib.sha256(b"1,1\n1,5\n").hexdigest()
    True
    """
    lines = [f"{rep},{place + 1}\n" for rep, places in enumerate(samples, 1) for place in places.tolist()]
    return hashlib.sha256("".join(lines).encode("ascii")).hexdigest()


def make_record(
    design: MethodDesign, plan: "Plan", samples: list[NDArray[np.int64]], seed: str, key_hex: str
) -> MethodRecord:
    """Write the record of a draw.

    Parameters
    ----------
    design : MethodDesign
        The design.
    plan : Plan
        The frame as it sees it.
    samples : list of ndarray of int64
        Positions drawn, one array a replicate.
    seed, key_hex : str
        From `generator`.

    Returns
    -------
    MethodRecord
    """
    return MethodRecord(
        RULE,
        importlib.metadata.version("hyohon"),
        np.__version__,
        seed,
        key_hex,
        design.facts(),
        plan.source.rows,
        {name: column_digest(array) for name, array in plan.columns.items()},
        len(samples),
        sum(map(len, samples)),
        positions_digest(samples),
    )


def read_method_record(source: str | Path) -> MethodRecord:
    """Read the record of a draw.

    Parameters
    ----------
    source : str or pathlib.Path
        JSON text of `MethodRecord.to_json`, or the path of a file with it (a `pathlib.Path`).

    Returns
    -------
    MethodRecord

    Raises
    ------
    InputError
        Not a file that can be read, or not a record of this rule.
    """
    name = source.name if isinstance(source, Path) else None
    try:
        text = source.read_text(encoding="utf-8") if isinstance(source, Path) else source
        facts = json.loads(text)
        if not isinstance(facts, dict) or facts.get("rule") != RULE:
            raise KeyError(RULE)
        return MethodRecord(**facts)
    except (OSError, ValueError, TypeError, KeyError) as error:
        raise InputError(
            "SAM-MDESIGN-RECORD",
            _("This is not the record of a draw by method."),
            hint=_("Take the text that MethodRecord.to_json wrote, unchanged."),
            file=name,
        ) from error
