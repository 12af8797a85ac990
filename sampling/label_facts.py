"""What the contractor's package says of the survey: title, contact, words of the letters, label sheets."""

from typing import Any

from custody.packages import FactValue
from custody.survey import Survey
from labels.own_stocks import make_stocks

__all__ = ["label_facts"]


def label_facts(survey: Survey) -> dict[str, FactValue]:
    """Return what the contractor's package says beside the number of the wave.

    Parameters
    ----------
    survey : Survey
        The survey.

    Returns
    -------
    dict
        Title, contact, copies, words of the letters, label sheets of its own.

    Raises
    ------
    LabelError
        One of the label sheets does not fit on its paper.
    """
    make_stocks(survey.stocks, "survey.toml")  # refuses a sheet that does not fit before it is sealed
    own = [one.facts() for one in survey.stocks]
    return {
        "title_en": survey.title_en,
        "contact": _contact(survey),
        "copies": 1,
        "letters": survey.letter_facts,
        **({"stocks": own} if own else {}),
    }


def _contact(survey: Survey) -> dict[str, Any]:
    contact = survey.contact
    return {
        "section": contact.section,
        "phone": contact.phone,
        "email": contact.email,
        "hours": contact.hours,
    }
