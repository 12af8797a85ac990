"""The ``[letters]`` table of `survey.toml`: what the letters (依頼状・お知らせ・返信用封筒・はがき) say.

The table may be missing, and so may any of its lines; a letter that needs one is refused by the line's name.
Staff hand the table to the contractor inside the sealed package, so that both sides print the same words.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field, fields
from datetime import date
from pathlib import Path
from types import MappingProxyType
from typing import Any, Final

from custody.messages import gettext as _
from custody.settings import Settings

__all__ = ["LETTER_DATES", "LETTER_TEXTS", "LetterSettings", "ReplySettings", "read_letter_settings"]

LETTER_TEXTS: Final = (
    "mayor",
    "purpose",
    "chosen",
    "voluntary",
    "protection",
    "prize",
    "opt_out",
    "help",
)
"""Sender, why, how people were chosen, voluntary answers, data protection, prize, opting out, help."""
LETTER_DATES: Final = ("sent_on", "deadline", "last_mailing")
"""Date of the letter, last day for answers, day of the last mailing of all waves."""
TEMPLATE: Final = "template"
REPLY: Final = "reply"

Template = Mapping[str, Mapping[str, str]]
"""Kind of letter → part → text."""


@dataclass(frozen=True, slots=True)
class ReplySettings:
    """The reply envelope (返信用封筒, 料金受取人払郵便).

    Parameters
    ----------
    postcode, address, name : str
        Where the answers go: ``176-8501``, address, section; blank where not given.
    permit_office, permit_number : str
        The post office that approved the envelope (承認局) and the number of the approval (承認番号).
    expires : datetime.date or None
        Last day of posting (差出有効期間).
    barcode : str
        Number for the customer barcode that the office gave; blank for none.
    deferred : bool
        Paid monthly (後納): the mark has a double frame.
    lines : int
        Lines of 20 mm at the upper edge, where the office's specimen shows them.
    """

    postcode: str = ""
    address: str = ""
    name: str = ""
    permit_office: str = ""
    permit_number: str = ""
    expires: date | None = None
    barcode: str = ""
    deferred: bool = False
    lines: int = 0


@dataclass(frozen=True, slots=True)
class LetterSettings:
    """What the letters of a survey say.

    Parameters
    ----------
    texts : mapping of str to str
        Of `LETTER_TEXTS`; only those given.
    dates : mapping of str to datetime.date
        Of `LETTER_DATES`; only those given.
    reply : ReplySettings
        The reply envelope.
    template : mapping of str to mapping of str to str
        The ward's own wording: kind of letter → part → text.
    """

    texts: Mapping[str, str] = field(default_factory=dict)
    dates: Mapping[str, date] = field(default_factory=dict)
    reply: ReplySettings = field(default_factory=ReplySettings)
    template: Template = field(default_factory=dict)

    def facts(self) -> dict[str, Any]:
        """Return all of it as plain values, as a package carries it.

        Returns
        -------
        dict
            Texts, ISO dates and tables of them; `read_letter_settings` reads it back.
        """
        reply = {one.name: getattr(self.reply, one.name) for one in fields(self.reply)}
        expires = self.reply.expires
        return {
            **self.texts,
            **{name: day.isoformat() for name, day in self.dates.items()},
            REPLY: {**reply, "expires": expires.isoformat() if expires else ""},
            TEMPLATE: {kind: dict(parts) for kind, parts in self.template.items()},
        }


def read_letter_settings(values: Settings, folder: Path | None = None) -> LetterSettings:
    """Read the table.

    Parameters
    ----------
    values : Settings
        The table ``[letters]`` of a survey, or the facts of a package; an empty one gives nothing.
    folder : pathlib.Path, optional
        Where the file named by ``template`` lies.

    Returns
    -------
    LetterSettings
        What is given.

    Raises
    ------
    ConfigError
        A line that nobody reads (the nearest name is suggested), or a value that is not allowed.

    Examples
    --------
    >>> table = {"mayor": "練馬区長", "deadline": date(2009, 11, 30), "reply": {"permit_number": "1234"}}
    >>> found = read_letter_settings(Settings("survey.toml", table, "letters"))
    >>> found.texts["mayor"], found.dates["deadline"].day, found.reply.permit_number, found.reply.expires
    ('練馬区長', 30, '1234', None)
    >>> read_letter_settings(Settings("labels.sp", found.facts(), "letters")) == found
    True
    """
    values.only(*LETTER_TEXTS, *LETTER_DATES, REPLY, TEMPLATE)
    texts = {name: values.text(name) for name in LETTER_TEXTS if name in values.values}
    dates = {name: _day(values, name) for name in LETTER_DATES if name in values.values}
    return LetterSettings(
        MappingProxyType(texts),
        MappingProxyType({name: day for name, day in dates.items() if day is not None}),
        _reply(values.table(REPLY)),
        _template(values, folder),
    )


def _reply(values: Settings) -> ReplySettings:
    names = [one.name for one in fields(ReplySettings)]
    values.only(*names)
    given: dict[str, Any] = {}
    for name in (name for name in names if name in values.values):
        if name == "expires":
            given[name] = _day(values, name)
        elif name == "deferred":
            given[name] = values.boolean(name)
        elif name == "lines":
            given[name] = values.integer(name, least=0)
        else:
            given[name] = values.text(name, blank=True)
    return ReplySettings(**given)


def _day(values: Settings, name: str) -> date | None:
    """Read a date of a TOML file, or its ISO text in a package; a blank text is none."""
    value = values.values[name]
    if value == "":
        return None
    if isinstance(value, str):
        try:
            return date.fromisoformat(value)
        except ValueError:
            raise values.refusal(name, _("a date such as 2009-11-01, without quotes")) from None
    return values.date(name)


def _template(values: Settings, folder: Path | None) -> Template:
    """Take the ward's wording from the file that is named, or from a package, which holds it."""
    given = values.values.get(TEMPLATE)
    if given is None:
        return MappingProxyType({})
    if isinstance(given, str) and folder is not None:
        path = folder / given
        if not path.is_file():
            raise values.refusal(TEMPLATE, _("the name of a file in the survey folder"))
        table = Settings.read(path)
    else:
        table = values.table(TEMPLATE)
    kinds = {kind: table.table(kind) for kind in table.keys()}  # noqa: SIM118 (file order, not a dict)
    parts = {
        kind: {part: inner.text(part, blank=True) for part in inner.values} for kind, inner in kinds.items()
    }
    return MappingProxyType(parts)
