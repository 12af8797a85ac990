"""Data in: the sealed research package, or a plain CSV."""

import csv
import io
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from analysis.lazy import LazyModule
from custody.errors import InputError
from custody.messages import gettext as _

if TYPE_CHECKING:
    import pandas as pd

    from custody.keys import KeyStore
    from custody.packages import Manifest
else:
    pd = LazyModule("pandas")

__all__ = ["FRAME_COLUMNS", "ResearchData", "read_csv", "read_research_package"]

FRAME_COLUMNS: Final = ("rid", "stratum", "psu", "fpc", "base_weight", "area", "age_band", "sex", "status")
"""Columns of a research package besides the answers: everyone sampled is a row."""

_TEXT: Final = ("rid", "stratum", "psu", "area", "age_band", "sex", "status")
_NEEDED: Final = ("stratum", "fpc", "base_weight", "status")


@dataclass(frozen=True, slots=True, eq=False, repr=False)
class ResearchData:
    """What a researcher works on: everyone sampled, without names, addresses or tokens.

    Attributes
    ----------
    table : pandas.DataFrame
        `FRAME_COLUMNS` and the answers by codebook column; answers are blank where there is no return.
    manifest : Manifest or None
        What the package says about itself; None for a plain file.
    sender_known : bool
        True where the signature was checked with a key known beforehand.
    """

    table: "pd.DataFrame"
    manifest: "Manifest | None" = None
    sender_known: bool = False

    @property
    def training(self) -> bool:
        """Whether the survey is one of invented people (訓練用)."""
        return self.manifest is not None and self.manifest.training

    def __repr__(self) -> str:
        name = "file" if self.manifest is None else self.manifest.survey_id
        return f"<ResearchData {name}: {len(self.table):,} sampled, {self.table.shape[1]} columns>"


def read_research_package(path: Path | str, keys: "KeyStore | Path | str") -> ResearchData:
    """Open a sealed research package (``.sp``), in memory only.

    Parameters
    ----------
    path : path
        The package.
    keys : KeyStore or path
        Keys, or their folder: the role ``research`` opens it; the public key of ``staff``, where it is there,
        checks the sender.

    Returns
    -------
    ResearchData
        The table and the manifest.

    Raises
    ------
    PackageError
        The package is damaged, changed, or meant for somebody else.
    KeyFileError
        The research key is missing.
    InputError
        A column of the design is missing.
    """
    from custody.keys import KeyStore
    from custody.packages import open_package

    store = keys if isinstance(keys, KeyStore) else KeyStore(Path(keys))
    known = (store.folder / "staff.public.toml").is_file() or "staff" in store.known
    verifier = store.verifier("staff") if known else None
    package = open_package(path, kind="research", identity=store.identity("research"), verifier=verifier)
    table = _parse(package.payload, Path(path).name, ("rid", *_NEEDED))
    return ResearchData(table, package.manifest, known)


def read_csv(path: Path | str, *, needed: tuple[str, ...] = _NEEDED) -> ResearchData:
    """Read a plain CSV (UTF-8, with or without byte order mark) with the same columns.

    Parameters
    ----------
    path : path
        The file.
    needed : tuple of str
        Columns that must be there.

    Returns
    -------
    ResearchData
        The table; text columns stay text, so leading zeros stay.

    Raises
    ------
    InputError
        The file cannot be read, or a column is missing.
    """
    file = Path(path)
    try:
        content = file.read_bytes()
    except OSError as error:
        raise InputError(
            "ANA-FILE", _("The file cannot be read."), hint=_("Check the path."), file=file.name
        ) from error
    return ResearchData(_parse(content, file.name, needed))


def _parse(content: bytes, name: str, needed: tuple[str, ...]) -> "pd.DataFrame":
    try:
        text = content.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise InputError(
            "ANA-ENCODING",
            _("The file is not UTF-8."),
            hint=_("Save it as CSV UTF-8."),
            file=name,
        ) from error
    header = next(csv.reader(io.StringIO(text)), [])
    for column in needed:
        if column not in header:
            raise InputError(
                "ANA-COLUMN",
                _("A column is missing."),
                hint=_("Columns needed: {names}.").format(names=", ".join(needed)),
                file=name,
                column=column,
            )
    types: dict[str, Any] = dict.fromkeys(_TEXT, "str")
    try:
        return pd.read_csv(io.StringIO(text), dtype=types, keep_default_na=False, na_values=[""])
    except (ValueError, pd.errors.ParserError):
        raise InputError(
            "ANA-TABLE",
            _("The file is not a table of numbers and text."),
            hint=_("Compare it with the list of columns in the codebook."),
            file=name,
        ) from None
