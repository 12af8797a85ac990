"""One error for an option that does not exist."""

from collections.abc import Sequence

from custody.errors import AnalysisError
from custody.messages import gettext as _

__all__ = ["option_error"]


def option_error(name: str, given: object, allowed: Sequence[str]) -> AnalysisError:
    """Describe an option that does not exist.

    Parameters
    ----------
    name : str
        Name of the parameter.
    given : object
        What was given.
    allowed : sequence of str
        What may be given.

    Returns
    -------
    AnalysisError
        To be raised by the caller.
    """
    return AnalysisError(
        "ANA-OPTION",
        _("{name} cannot be {given}.").format(name=name, given=repr(given)),
        hint=_("Choose one of {names}.").format(names=", ".join(allowed)),
    )
