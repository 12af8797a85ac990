"""The rules of the frame in their order, what each means, and which of them a survey may switch."""

import difflib
from collections.abc import Mapping
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import Final, get_args

import pandas as pd

from custody.errors import ConfigError
from custody.frame_settings import FRAME_SWITCHES, FrameSettings, Switch
from custody.messages import gettext as _
from custody.messages import mark

__all__ = ["RULES", "RULE_TITLES", "STAFF_RULES", "SWITCHED", "FrameRules"]

RULES: Final = (
    "removed_record",
    "non_resident",
    "moved_in_after",
    "under_65",
    "age_undecidable",
    "protected",
    "certified_valid",
    "pending_new",
    "pending_renewal",
    "pending_change",
    "certification_unclear",
    "link_undecided",
    "insured_elsewhere",
    "exempt",
    "institution",
    "checklist",
    "lapsed",
    "not_eligible",
    "withdrawn",
    "recent_mover",
    "opted_out",
    "earlier_sample",
    "area_unknown",
)
"""The rules in their order: a person leaves by the first that holds and is not switched off."""

SWITCHED: Final = tuple(rule for rule in RULES if rule in FRAME_SWITCHES)
"""Those that a survey may switch, in the same order."""

STAFF_RULES: Final = ("age_undecidable", "certification_unclear", "link_undecided", "area_unknown")
"""Those whose persons staff can bring back by looking at the register (確認を要する人)."""

RULE_TITLES: Final[Mapping[str, str]] = MappingProxyType(
    {
        "register": mark("rows of the resident register"),
        "quarantined": mark("row failed a check (quarantine)"),
        "removed_record": mark("moved away, dead or struck off by the reference date"),
        "non_resident": mark("not a resident (kept in the register for other business)"),
        "moved_in_after": mark("moved in after the reference date"),
        "under_65": mark("under 65 on the reference date"),
        "age_undecidable": mark("birth date too uncertain to decide the age (staff list)"),
        "protected": mark("protection measure (support for victims)"),
        "certified_valid": mark("certified for care on the reference date"),
        "pending_new": mark("new application open"),
        "pending_renewal": mark("renewal open, old period over"),
        "pending_change": mark("change of level open"),
        "certification_unclear": mark(
            "certification unclear: row failed a check, or rows contradict (staff list)"
        ),
        "link_undecided": mark("certification row may be this person's (staff list)"),
        "insured_elsewhere": mark("lives here, insured by another municipality"),
        "exempt": mark("in a facility outside the care insurance"),
        "institution": mark("lives in an institution"),
        "checklist": mark("support by checklist only, not certified"),
        "lapsed": mark("certification ran out, nothing filed since"),
        "not_eligible": mark("found not eligible"),
        "withdrawn": mark("application withdrawn or rejected, or certification cancelled"),
        "recent_mover": mark("moved in shortly before the reference date"),
        "opted_out": mark("wished not to be asked"),
        "earlier_sample": mark("drawn in an earlier survey"),
        "area_unknown": mark("address in no known town"),
        "frame": mark("frame: persons who may be drawn"),
    }
)
"""What each line of the flow means, in English (through `custody.messages.gettext` in the language in
use)."""


@dataclass(frozen=True, slots=True)
class FrameRules:
    """Which reasons leave a person out.

    Parameters
    ----------
    switches : mapping of str to {"exclude", "include"}
        Reason → left out, or kept with a flag. Reasons not named keep their default.
    one_per_household : bool
        The draw takes at most one person of a household (同一世帯から1人).

    Raises
    ------
    ConfigError
        A reason that has no switch, or a value that is not allowed.

    Examples
    --------
    >>> rules = FrameRules({"lapsed": "exclude"})
    >>> rules.excludes("lapsed"), rules.excludes("checklist"), rules.excludes("protected")
    (True, False, True)
    """

    switches: Mapping[str, Switch] = field(default_factory=dict)
    one_per_household: bool = False

    def __post_init__(self) -> None:
        for rule, value in self.switches.items():
            if rule not in FRAME_SWITCHES:
                near = difflib.get_close_matches(rule, SWITCHED, n=1, cutoff=0.5) or SWITCHED
                raise _refused(_("This rule of the frame has no switch; known: {names}."), ", ".join(near))
            if value not in get_args(Switch):
                raise _refused(_("A switch of the frame is one of: {names}."), ", ".join(get_args(Switch)))
        complete = {rule: self.switches.get(rule, FRAME_SWITCHES[rule]) for rule in SWITCHED}
        object.__setattr__(self, "switches", MappingProxyType(complete))

    @classmethod
    def from_settings(cls, settings: FrameSettings) -> "FrameRules":
        """Take the switches of a survey.

        Parameters
        ----------
        settings : FrameSettings
            Read from ``[frame]`` of ``survey.toml``.

        Returns
        -------
        FrameRules
            The same switches.
        """
        return cls(settings.switches, settings.one_per_household)

    def excludes(self, rule: str) -> bool:
        """Say whether persons leave by a rule; one without a switch always removes.

        Parameters
        ----------
        rule : str
            One of `RULES`.

        Returns
        -------
        bool
            False where the survey keeps them with a flag.
        """
        return self.switches.get(rule, "exclude") == "exclude"

    def tidy(self) -> pd.DataFrame:
        """Return the switches.

        Returns
        -------
        pandas.DataFrame
            Columns rule, switch; in the order of the rules.
        """
        return pd.DataFrame(list(self.switches.items()), columns=["rule", "switch"])


def _refused(text: str, names: str) -> ConfigError:
    return ConfigError(
        "SAM-FRAME-SWITCH", text.format(names=names), hint=_("Correct [frame] in survey.toml, and run again.")
    )
