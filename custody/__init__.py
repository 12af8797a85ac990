"""Custody (保管): approvals and the gate, ledger, keys, sealed packages, codebook, fonts and PDF, the CLI.

Every room builds on this one, and it builds on none of them. Names are loaded at first use, so that a short
command does not wait for pandas or reportlab.
"""

import importlib as _importlib
from typing import TYPE_CHECKING as _TYPE_CHECKING

if _TYPE_CHECKING:
    from custody.approval import Approval, Permit
    from custody.clock import Clock, SimulatedClock, SystemClock
    from custody.codebook import CheckedAnswers, Codebook, Item
    from custody.errors import (
        AnalysisError,
        ApprovalError,
        ConfigError,
        HyohonError,
        InputError,
        KeyFileError,
        LabelError,
        LedgerError,
        PackageError,
        SamplingError,
    )
    from custody.fonts import FontChain
    from custody.keys import KeyStore, PublicKeys
    from custody.ledger import Event, Head, Ledger, LedgerReport, verify_ledger
    from custody.messages import set_language
    from custody.packages import Manifest, Origin, Package, open_package, seal
    from custody.survey import Survey, create_survey

__all__ = [
    "AnalysisError",
    "Approval",
    "ApprovalError",
    "CheckedAnswers",
    "Clock",
    "Codebook",
    "ConfigError",
    "Event",
    "FontChain",
    "Head",
    "HyohonError",
    "InputError",
    "Item",
    "KeyFileError",
    "KeyStore",
    "LabelError",
    "Ledger",
    "LedgerError",
    "LedgerReport",
    "Manifest",
    "Origin",
    "Package",
    "PackageError",
    "Permit",
    "PublicKeys",
    "SamplingError",
    "SimulatedClock",
    "Survey",
    "SystemClock",
    "create_survey",
    "open_package",
    "seal",
    "set_language",
    "verify_ledger",
]

# Module → the names that it gives; the same as the imports above, which are for type checkers only.
_HOMES = {
    "approval": ("Approval", "Permit"),
    "clock": ("Clock", "SimulatedClock", "SystemClock"),
    "codebook": ("CheckedAnswers", "Codebook", "Item"),
    "errors": (
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
    ),
    "fonts": ("FontChain",),
    "keys": ("KeyStore", "PublicKeys"),
    "ledger": ("Event", "Head", "Ledger", "LedgerReport", "verify_ledger"),
    "messages": ("set_language",),
    "packages": ("Manifest", "Origin", "Package", "open_package", "seal"),
    "survey": ("Survey", "create_survey"),
}
_HOME_OF = {name: module for module, names in _HOMES.items() for name in names}


def __getattr__(name: str) -> object:
    if name not in _HOME_OF:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(_importlib.import_module(f"{__name__}.{_HOME_OF[name]}"), name)


def __dir__() -> list[str]:
    return sorted(__all__)
