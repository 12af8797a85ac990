"""Labels (宛名ラベル): tokens, label sheets, print runs and the tracking of every letter, for the contractor.

This room knows nothing of registers, draws or answers; it needs `custody` only.
"""

from labels.job_printing import print_package
from labels.job_report import make_report, scan_file
from labels.jobs import Job
from labels.prepare import HeldBack
from labels.printing import PrintRun, print_run
from labels.reconciliation import Reconciliation
from labels.stocks import Stock, find_stocks, stock
from labels.tokens import KeyedSource, format_token, is_valid, new_tokens, parse_token, valid_tokens
from labels.tracking import ScanLedger
from labels.voids import VoidRun, void_package

__all__ = [
    "HeldBack",
    "Job",
    "KeyedSource",
    "PrintRun",
    "Reconciliation",
    "ScanLedger",
    "Stock",
    "VoidRun",
    "find_stocks",
    "format_token",
    "is_valid",
    "make_report",
    "new_tokens",
    "parse_token",
    "print_package",
    "print_run",
    "scan_file",
    "stock",
    "valid_tokens",
    "void_package",
]
