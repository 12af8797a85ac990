"""Running a recorded draw by method again."""

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from sampling.method_design.chances import first_sizes
from sampling.method_design.design import MethodDesign
from sampling.method_design.record import MethodRecord, generator, make_record
from sampling.method_design.source import open_source
from sampling.method_design.units import read_plan
from sampling.method_design.walking import nests, walk_stages
from sampling.views import html_table

if TYPE_CHECKING:
    import pandas as pd

__all__ = ["MethodVerification", "verify"]


@dataclass(frozen=True, slots=True)
class MethodVerification:
    """What a second run found.

    Parameters
    ----------
    design : bool
        The design is the recorded one.
    rows : bool
        The frame has as many rows.
    changed : tuple of str
        Columns of the frame with other values than recorded, or in another order.
    sample : bool
        The same rows were drawn.
    numpy : bool
        The run used the recorded version of numpy; another one may draw other numbers from one seed.
    """

    design: bool
    rows: bool
    changed: tuple[str, ...]
    sample: bool
    numpy: bool

    @property
    def ok(self) -> bool:
        """Whether design, frame and sample are the recorded ones."""
        return self.design and self.rows and not self.changed and self.sample

    def tidy(self) -> "pd.DataFrame":
        """One row a check.

        Returns
        -------
        pandas.DataFrame
            Columns check, same (bool), and detail (columns that changed).
        """
        import pandas as pd

        checks = {"design": self.design, "rows": self.rows, "columns": not self.changed}
        checks |= {"sample": self.sample, "numpy": self.numpy}
        detail = [", ".join(self.changed) if name == "columns" else "" for name in checks]
        return pd.DataFrame({"check": list(checks), "same": list(checks.values()), "detail": detail})

    def __repr__(self) -> str:
        return f"<MethodVerification: {'the same draw' if self.ok else 'NOT the same draw'}>"

    def _repr_html_(self) -> str:
        return html_table(self.tidy(), name="hyohon-method-verification")


def verify(record: MethodRecord, frame: Any, design: MethodDesign | None = None) -> MethodVerification:
    """Run a recorded draw again and compare.

    Parameters
    ----------
    record : MethodRecord
        The record.
    frame : pandas.DataFrame, pyarrow.Table, polars.DataFrame
        The frame; with a key in any order.
    design : MethodDesign, optional
        The design that should have been used. None: that of the record.

    Returns
    -------
    MethodVerification

    Raises
    ------
    SamplingError, InputError
        The record holds no design, or the frame does not allow it.

    Examples
    --------
    >>> import pandas as pd
    >>> frame = pd.DataFrame({"beds": range(1, 101)})
    >>> design = MethodDesign("sampford", n=10, size="beds")
    >>> record = design.draw(frame, seed="2026-04-01").record
    >>> verify(record, frame, design)
    <MethodVerification: the same draw>
    >>> verify(record, frame.assign(beds=5), design).changed
    ('beds',)
    """
    asked = MethodDesign.from_facts(record.design) if design is None else design
    text, key_hex, rng = generator(record.seed)
    plan = read_plan(asked, open_source(frame))
    first, inner = first_sizes(asked, plan), nests(plan)
    places = [walk_stages(plan, first, inner, rng).places for _rep in range(record.reps)]
    again = make_record(asked, plan, places, text, key_hex)
    names = sorted({*record.columns, *again.columns})
    return MethodVerification(
        again.design == record.design,
        again.rows == record.rows,
        tuple(name for name in names if record.columns.get(name) != again.columns.get(name)),
        again.positions_sha256 == record.positions_sha256 and key_hex == record.key_hex,
        np.__version__ == record.numpy,
    )
