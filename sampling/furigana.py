"""Readings of names (振り仮名): in the vault only where the approval names them, out only when asked for."""

from dataclasses import replace
from typing import Any, Final

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from custody import gate
from custody.approval import Approval
from custody.errors import SamplingError
from custody.messages import gettext as _
from custody.survey import Survey
from sampling.register import Register
from sampling.sample import Sample

__all__ = ["FURIGANA", "is_approved", "readings_at", "readings_item", "readings_of", "with_readings"]

FURIGANA: Final = "furigana"
"""The column of the vault and of the package, and the item of the approval `custody.gate.FURIGANA`."""
KANA: Final = "kana"


def is_approved(survey: Survey) -> bool:
    """Say whether the approval names the readings of names.

    Parameters
    ----------
    survey : Survey
        The survey.

    Returns
    -------
    bool
        True where `custody.gate.FURIGANA` is one of its items.
    """
    return gate.FURIGANA in Approval.load(survey.approval_path).items


def with_readings(sample: Sample, residents: Register) -> Sample:
    """Add the readings of the persons drawn, for the vault.

    Parameters
    ----------
    sample : Sample
        The sample.
    residents : Register
        The resident register that it was drawn from.

    Returns
    -------
    Sample
        With a column ``furigana``; as it was where the register has no readings.
    """
    if KANA not in residents.headers:
        return sample
    numbers = pa.array(sample.data["resident_no"].tolist(), pa.string())
    column = residents.table["resident_no"].cast(pa.string()).combine_chunks()
    positions = pc.index_in(numbers, value_set=column).to_numpy(zero_copy_only=False)
    return replace(sample, data=sample.data.assign(**{FURIGANA: readings_at(residents, positions)}))


def readings_at(residents: Register, positions: NDArray[np.integer[Any]]) -> list[str]:
    """Read the readings of some rows.

    Parameters
    ----------
    residents : Register
        The resident register.
    positions : ndarray of int
        Rows of its table.

    Returns
    -------
    list of str
        In full-width katakana; empty where a row has none.
    """
    cells = residents.text(KANA, positions).to_pylist()
    return [cell or "" for cell in cells]


def readings_item(furigana: bool) -> tuple[str, ...]:
    """Return what the approval must name for readings of names.

    Parameters
    ----------
    furigana : bool
        Whether they are handed over.

    Returns
    -------
    tuple of str
        The item, or none.
    """
    return (gate.FURIGANA,) if furigana else ()


def readings_of(vault: pd.DataFrame) -> "pd.Series[str]":
    """Take the readings of names out of the vault.

    Parameters
    ----------
    vault : pandas.DataFrame
        From `sampling.vault.load_vault`.

    Returns
    -------
    pandas.Series
        One a person; empty where the register has none.

    Raises
    ------
    SamplingError
        ``SAM-FURIGANA-NONE`` where the vault holds none.
    """
    if FURIGANA not in vault:
        raise SamplingError(
            "SAM-FURIGANA-NONE",
            _("The vault holds no readings of names (振り仮名)."),
            hint=_(
                "They are kept at the draw, where the approval names them and the register has them. Hand "
                "over without --furigana."
            ),
        )
    return vault[FURIGANA]
