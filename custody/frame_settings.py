"""The ``[frame]`` table of `survey.toml`: which reasons leave a person out of the frame (抽出枠).

The table may be missing, and so may any of its lines: the defaults below hold. What the law or safety decides
(certified, under 65, protected, wished to be left out) has no switch.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import Final, Literal, get_args

from custody.settings import Settings

__all__ = ["FRAME_SWITCHES", "FrameSettings", "Switch", "read_frame_settings"]

Switch = Literal["exclude", "include"]
"""What a switch says: left out, or kept with a flag."""

FRAME_SWITCHES: Final[Mapping[str, Switch]] = MappingProxyType(
    {
        "pending_new": "exclude",
        "pending_renewal": "exclude",
        "insured_elsewhere": "exclude",
        "exempt": "exclude",
        "institution": "include",
        "checklist": "include",
        "lapsed": "include",
        "not_eligible": "include",
        "withdrawn": "include",
        "recent_mover": "include",
        "earlier_sample": "exclude",
    }
)
"""Reason → its default. ``institution`` is "include": a register marks institutions or it does not, and who
lives in one and is not certified here may still be asked; their number is shown as a flag."""

_HOUSEHOLD: Final = "one_per_household"


@dataclass(frozen=True, slots=True)
class FrameSettings:
    """The switches of a survey's frame.

    Parameters
    ----------
    switches : mapping of str to {"exclude", "include"}
        Every reason of `FRAME_SWITCHES`.
    one_per_household : bool
        The draw takes at most one person of a household (同一世帯から1人).
    """

    switches: Mapping[str, Switch] = field(default_factory=lambda: FRAME_SWITCHES)
    one_per_household: bool = False


def read_frame_settings(values: Settings) -> FrameSettings:
    """Read the table.

    Parameters
    ----------
    values : Settings
        The table ``[frame]``; an empty one gives the defaults.

    Returns
    -------
    FrameSettings
        The switches.

    Raises
    ------
    ConfigError
        A line that nobody reads (the nearest name is suggested), or a value that is not allowed.

    Examples
    --------
    >>> frame = read_frame_settings(Settings("survey.toml", {"lapsed": "exclude"}, "frame"))
    >>> frame.switches["lapsed"], frame.switches["pending_new"], frame.one_per_household
    ('exclude', 'exclude', False)
    """
    values.only(*FRAME_SWITCHES, _HOUSEHOLD)
    chosen: dict[str, Switch] = dict(FRAME_SWITCHES)
    for name in FRAME_SWITCHES:
        if name in values.values:
            chosen[name] = values.choice(name, get_args(Switch))  # type: ignore[assignment]
    household = values.boolean(_HOUSEHOLD) if _HOUSEHOLD in values.values else False
    return FrameSettings(MappingProxyType(chosen), household)
