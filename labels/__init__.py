"""Labels (宛名ラベル): tokens, label sheets, print runs and the tracking of every letter, for the contractor.

This room knows nothing of registers, draws or answers; it needs `custody` only.
"""

from labels.customer_barcode_draw import BarcodeFit, barcode_fit, draw_customer_barcode, largest_size
from labels.customer_barcode_make import CustomerBarcode, barcode_of_number, customer_barcode
from labels.customer_barcode_read import ReadBarcode, read_customer_barcodes
from labels.job_printing import print_package
from labels.job_report import make_report, scan_file
from labels.jobs import Job
from labels.letters_runs import LetterRun, preview_letters, print_letters
from labels.look import Look
from labels.own_stocks import read_stocks, window_stock
from labels.prepare import HeldBack
from labels.printers import Printer
from labels.printing import PrintRun, print_run
from labels.reconciliation import Reconciliation
from labels.stocks import Stock, find_stocks, stock
from labels.test_sheet import make_test_sheet
from labels.tokens import KeyedSource, format_token, is_valid, new_tokens, parse_token, valid_tokens
from labels.tracking import ScanLedger
from labels.voids import VoidRun, void_package

__all__ = [
    "BarcodeFit",
    "CustomerBarcode",
    "HeldBack",
    "Job",
    "KeyedSource",
    "LetterRun",
    "Look",
    "PrintRun",
    "Printer",
    "ReadBarcode",
    "Reconciliation",
    "ScanLedger",
    "Stock",
    "VoidRun",
    "barcode_fit",
    "barcode_of_number",
    "customer_barcode",
    "draw_customer_barcode",
    "find_stocks",
    "format_token",
    "is_valid",
    "largest_size",
    "make_report",
    "make_test_sheet",
    "new_tokens",
    "parse_token",
    "preview_letters",
    "print_letters",
    "print_package",
    "print_run",
    "read_customer_barcodes",
    "read_stocks",
    "scan_file",
    "stock",
    "valid_tokens",
    "void_package",
    "window_stock",
]
