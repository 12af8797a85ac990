"""The one error tree of the toolkit.

Every refusal is a child of `HyohonError`. It carries a stable code, says what is wrong, where, and what to do
next, and never holds a personal value: places are named by file, row and column only.
"""

from custody.messages import gettext as _

__all__ = [
    "AnalysisError",
    "ApprovalError",
    "ConfigError",
    "HyohonError",
    "InputError",
    "KeyFileError",
    "LabelError",
    "LedgerError",
    "PackageError",
    "SamplingError",
]


class HyohonError(Exception):
    """A refusal that a person can act on.

    Parameters
    ----------
    code : str
        Stable identifier such as ``"APP-PERIOD"``: upper case ASCII, digits and hyphens.
    message : str
        What is wrong and what is allowed, already in the person's language.
    hint : str
        What to do next.
    file : str, optional
        Name of the file concerned (never a file's content).
    row : int, optional
        Row number in the file, 1 = first data row.
    column : str, optional
        Column or key name.

    Examples
    --------
    >>> print(InputError("CSV-DATE", "No date.", hint="Write YYYYMMDD.", file="a.csv", row=3, column="born"))
    [CSV-DATE] No date. (file a.csv, row 3, column born) Write YYYYMMDD.
    """

    def __init__(
        self,
        code: str,
        message: str,
        *,
        hint: str,
        file: str | None = None,
        row: int | None = None,
        column: str | None = None,
    ) -> None:
        super().__init__(code, message)
        self.code = code
        self.message = message
        self.hint = hint
        self.file = file
        self.row = row
        self.column = column

    def __str__(self) -> str:
        return " ".join(part for part in (f"[{self.code}]", self.message, self.place(), self.hint) if part)

    def place(self) -> str:
        """Where it happened, in words.

        Returns
        -------
        str
            ``"(file F, row N, column C)"`` with the parts that are known, or an empty string.
        """
        parts = []
        if self.file is not None:
            parts.append(_("file {name}").format(name=self.file))
        if self.row is not None:
            parts.append(_("row {number}").format(number=self.row))
        if self.column is not None:
            parts.append(_("column {name}").format(name=self.column))
        return "(" + ", ".join(parts) + ")" if parts else ""


class ApprovalError(HyohonError):
    """An act that the council's approval (諮問の承認) does not allow."""


class ConfigError(HyohonError):
    """A settings file or command option that cannot be used."""


class InputError(HyohonError):
    """An input file that cannot be read as what it should be."""


class KeyFileError(HyohonError):
    """A key that is missing, unreadable or of the wrong kind."""


class LabelError(HyohonError):
    """A label, token or print run that cannot be made."""


class LedgerError(HyohonError):
    """A ledger that is broken, or an event that may not enter it."""


class PackageError(HyohonError):
    """A sealed package that must not be opened or cannot be made."""


class SamplingError(HyohonError):
    """A frame, design or draw that is not possible."""


class AnalysisError(HyohonError):
    """An estimate that the data or the design does not support."""
