"""The facts that letters are made of: from a sealed package (contractor) or a survey folder (staff)."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from typing import TYPE_CHECKING, Any, Final

from custody.letter_settings import LetterSettings, ReplySettings, read_letter_settings
from custody.messages import gettext as _
from custody.packages import Manifest
from custody.settings import Settings
from labels.letters_data import letter_data

if TYPE_CHECKING:
    from custody.survey import Survey

__all__ = ["FIELDS", "LetterFacts", "letter_facts_of_package", "letter_facts_of_survey", "written_day"]

WEEKDAYS: Final = "月火水木金土日"
PREFECTURES: Final = ("東京都", "北海道", "大阪府", "京都府")
FIELDS: Final = (
    "title",
    "municipality",
    "ward",
    "section",
    "phone",
    "email",
    "hours",
    "reference_date",
    "persons",
    "mayor",
    "purpose",
    "chosen",
    "voluntary",
    "protection",
    "prize",
    "opt_out",
    "help",
    "sent_on",
    "deadline",
    "last_mailing",
    "reply_postcode",
    "reply_address",
    "reply_name",
    "permit_office",
    "permit_number",
    "permit_expires",
    "token",
)
"""Every name that may stand in braces in a text; ``token`` is each person's own."""


@dataclass(frozen=True, slots=True)
class LetterFacts:
    """What is known for the letters of a survey; nothing of a person.

    Parameters
    ----------
    title : str
        Title of the survey.
    training : bool
        True marks every page 「訓練用 TRAINING」.
    fields : mapping of str to str
        Every name of `FIELDS` but ``token``; blank where it is not known.
    reply : ReplySettings
        The reply envelope.
    sent_on, deadline, last_mailing : datetime.date or None
        Day of the letter; last day for answers; day of the last mailing of all waves.
    last_wave_days : int
        Days from the first mailing to the last one that is planned (``[[waves]]``).
    template : mapping
        The ward's own wording: kind → part → text.
    """

    title: str
    training: bool
    fields: Mapping[str, str]
    reply: ReplySettings
    sent_on: date | None
    deadline: date | None
    last_mailing: date | None
    last_wave_days: int
    template: Mapping[str, Mapping[str, str]]


def letter_facts_of_package(manifest: Manifest) -> LetterFacts:
    """Take the facts from the manifest of a package of labels.

    Parameters
    ----------
    manifest : Manifest
        Signed by staff.

    Returns
    -------
    LetterFacts
        Blank fields where the package does not say it.

    Raises
    ------
    ConfigError
        A fact is not of the form that it should have.
    """
    given, contact = (_table(manifest.facts, name) for name in ("letters", "contact"))
    return _facts(manifest.title, manifest.training, given, contact, "labels.sp")


def letter_facts_of_survey(survey: "Survey") -> LetterFacts:
    """Take the facts from a survey folder, the same that a package would carry.

    Parameters
    ----------
    survey : Survey
        Opened.

    Returns
    -------
    LetterFacts
        Blank fields where the survey does not say it.
    """
    names = ("section", "phone", "email", "hours")
    contact = {name: getattr(survey.contact, name) for name in names}
    return _facts(survey.title, survey.training, survey.letter_facts, contact, "survey.toml")


def written_day(day: date, *, weekday: bool = False) -> str:
    """Write a date as letters of a ward do, by era.

    Parameters
    ----------
    day : datetime.date
        Before 1926-12-25 the calendar year is written.
    weekday : bool
        True adds the day of the week.

    Returns
    -------
    str
        Era, year, month, day.

    Examples
    --------
    >>> from datetime import date
    >>> written_day(date(2009, 11, 30), weekday=True), written_day(date(2019, 5, 1))
    ('平成21年11月30日（月曜日）', '令和元年5月1日')
    """
    eras = letter_data()["eras"]
    named = ((era["name"], era["since"].year) for era in eras if era["since"] <= day)
    name, first = next(named, ("", 1))
    year = day.year - first + 1
    end = f"（{WEEKDAYS[day.weekday()]}曜日）" if weekday else ""
    return f"{name}{'元' if name and year == 1 else year}年{day.month}月{day.day}日{end}"


def _facts(
    title: str, training: bool, given: Mapping[str, Any], contact: Mapping[str, Any], file: str
) -> LetterFacts:
    outer = Settings(file, given, "letters")
    outer.only("municipality", "reference_date", "persons", "last_wave_days", "settings")
    settings = read_letter_settings(Settings(file, outer.table("settings").values, "letters"))
    municipality = outer.text("municipality", blank=True)
    persons, last_wave = (_count(outer, name) for name in ("persons", "last_wave_days"))
    fields = {
        "title": title,
        "municipality": municipality,
        "ward": _ward(municipality),
        **{name: str(contact.get(name, "")) for name in ("section", "phone", "email", "hours")},
        "reference_date": _reference_day(outer),
        "persons": f"{persons:,}" if persons else "",
        **_given(settings),
    }
    fields = {name: fields.get(name, "") for name in FIELDS if name != "token"}
    days = settings.dates
    return LetterFacts(
        title,
        training,
        {**fields, **_defaults(fields)},
        settings.reply,
        days.get("sent_on"),
        days.get("deadline"),
        days.get("last_mailing"),
        last_wave,
        settings.template,
    )


def _count(values: Settings, name: str) -> int:
    return values.integer(name, least=0) if name in values.values else 0


def _reference_day(values: Settings) -> str:
    text = values.text("reference_date", blank=True)
    try:
        return written_day(date.fromisoformat(text)) if text else ""
    except ValueError:
        raise values.refusal("reference_date", _("a date such as 2009-11-01, without quotes")) from None


def _given(settings: LetterSettings) -> dict[str, str]:
    reply = settings.reply
    days = {
        name: written_day(day, weekday=name == "deadline")
        for name, day in {**settings.dates, "permit_expires": reply.expires}.items()
        if day is not None
    }
    envelope = {
        "reply_postcode": reply.postcode,
        "reply_address": reply.address,
        "reply_name": reply.name,
        "permit_office": reply.permit_office,
        "permit_number": reply.permit_number,
    }
    return {**settings.texts, **days, **envelope}


def _defaults(fields: Mapping[str, str]) -> dict[str, str]:
    """Fill the texts that the survey leaves to the program; blank where they need a fact that is missing."""
    filled = {}
    for name, text in letter_data()["defaults"].items():
        if not fields[name]:
            filled[name] = text.format(**fields) if fields["ward"] or "{ward}" not in text else ""
    return filled


def _ward(municipality: str) -> str:
    """Leave the prefecture out: 東京都練馬区 is 練馬区."""
    for prefecture in PREFECTURES:
        if municipality.startswith(prefecture):
            return municipality.removeprefix(prefecture)
    before, mark, after = municipality.partition("県")
    return after if mark and after and 2 <= len(before) <= 3 else municipality


def _table(facts: Mapping[str, Any], name: str) -> Mapping[str, Any]:
    value = facts.get(name, {})
    return value if isinstance(value, dict) else {}
