"""Reading a settings file field by field: an error names the field, what is allowed and what to do."""

import datetime as dt
import difflib
import tomllib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from custody.approval_toml import holds_secret
from custody.errors import ConfigError
from custody.messages import gettext as _

__all__ = ["Settings"]


MAX_BYTES: Final = 1 << 20
"""Largest settings file."""


@dataclass(frozen=True, slots=True)
class Settings:
    """A table of a TOML file.

    Parameters
    ----------
    file : str
        Name of the file, for messages.
    values : mapping
        The table.
    path : str
        Where the table stands in the file, ``""`` for the root.
    """

    file: str
    values: Mapping[str, Any]
    path: str = ""

    @classmethod
    def read(cls, path: Path) -> "Settings":
        """Read a file.

        Parameters
        ----------
        path : pathlib.Path
            A TOML file in UTF-8.

        Returns
        -------
        Settings
            Its root table.

        Raises
        ------
        ConfigError
            The file is missing, too large, not UTF-8, or not TOML, or holds a private key.
        """
        try:
            with path.open("rb") as stream:
                data = stream.read(MAX_BYTES + 1)
            _refuse_odd(data, path.name)
            return cls(path.name, tomllib.loads(data.decode("utf-8-sig")))
        except OSError:
            hint = _("Name a survey folder, or make one with `hyohon new`.")
            raise ConfigError("CFG-NONE", _("There is no survey here."), hint=hint, file=path.name) from None
        except UnicodeDecodeError as problem:
            text = _("The file is not UTF-8 (byte {place}).").format(place=problem.start)
            raise ConfigError("CFG-UTF8", text, hint=_("Save it as UTF-8."), file=path.name) from None
        except (
            ValueError,
            RecursionError,
        ) as problem:  # a number of thousands of digits, brackets without end
            row = getattr(problem, "lineno", None)
            hint = _("Put texts in double quotes; compare with a fresh file from `hyohon new`.")
            raise ConfigError(
                "CFG-TOML", _("The file is not TOML."), hint=hint, file=path.name, row=row
            ) from None

    def refusal(self, key: str, allowed: str) -> ConfigError:
        """Make the error for a field.

        Parameters
        ----------
        key : str
            The field.
        allowed : str
            What is allowed, in words.

        Returns
        -------
        ConfigError
            To be raised by the caller.
        """
        name = f"{self.path}.{key}" if self.path else key
        text = _("The setting {name} must be: {allowed}.").format(name=name, allowed=allowed)
        return ConfigError(
            "CFG-FIELD", text, hint=_("Correct the file and run again."), file=self.file, column=name
        )

    def keys(self) -> tuple[str, ...]:
        """Return the names in the table, in file order."""
        return tuple(self.values)

    def only(self, *keys: str) -> None:
        """Refuse a field that nobody reads, and name the one that was probably meant."""
        for key in self.values:
            if key not in keys:
                near = difflib.get_close_matches(key, keys, n=1, cutoff=0.5) or sorted(keys)
                raise self.refusal(
                    key, _("left out or renamed; known here: {names}").format(names=", ".join(near))
                )

    def table(self, key: str) -> "Settings":
        """Return a table inside, empty where it is missing."""
        value = self.values.get(key, {})
        if not isinstance(value, dict):
            raise self.refusal(key, _("a table in square brackets"))
        return Settings(self.file, value, f"{self.path}.{key}" if self.path else key)

    def text(self, key: str, *, blank: bool = False) -> str:
        """Return a text; a blank or missing one only where allowed."""
        value = self.values.get(key, "" if blank else None)
        if not isinstance(value, str) or not (blank or value.strip()):
            raise self.refusal(key, _("a text in double quotes"))
        return value

    def texts(self, key: str) -> list[str]:
        """Return a list of one or more texts."""
        value = self.values.get(key)
        if not isinstance(value, list) or not value or not all(isinstance(x, str) and x for x in value):
            raise self.refusal(key, _("a list of texts in double quotes"))
        return list(value)

    def choice(self, key: str, allowed: Sequence[str]) -> str:
        """Return a text out of a list."""
        value = self.values.get(key)
        if value not in allowed:
            raise self.refusal(key, _("one of {names}").format(names=", ".join(allowed)))
        return str(value)

    def boolean(self, key: str) -> bool:
        """Return true or false."""
        value = self.values.get(key)
        if not isinstance(value, bool):
            raise self.refusal(key, "true / false")
        return value

    def integer(self, key: str, *, least: int) -> int:
        """Return a whole number of at least ``least``."""
        value = self.values.get(key)
        if not isinstance(value, int) or isinstance(value, bool) or value < least:
            raise self.refusal(key, _("a whole number of at least {least}").format(least=least))
        return value

    def date(self, key: str) -> dt.date:
        """Return a date."""
        value = self.values.get(key)
        if not isinstance(value, dt.date) or isinstance(value, dt.datetime):
            raise self.refusal(key, _("a date such as 2009-11-01, without quotes"))
        return value


def _refuse_odd(data: bytes, name: str) -> None:
    if len(data) > MAX_BYTES:
        text = _("The file is larger than {limit:,} bytes.").format(limit=MAX_BYTES)
        hint = _("Settings are a few pages of text; put the right file here.")
        raise ConfigError("CFG-SIZE", text, hint=hint, file=name)
    if holds_secret(data):
        hint = _("Delete it from this file, and make new keys: who read the file could use the old one.")
        raise ConfigError("CFG-SECRET", _("The file holds a private key."), hint=hint, file=name)
