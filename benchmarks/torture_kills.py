"""The rounds of deaths, alone or by some workers side by side."""

import gc
import multiprocessing
import random
import time
from concurrent.futures import ProcessPoolExecutor, as_completed
from pathlib import Path

from torture_children import Span, Toll
from torture_prints import PrintShop, make_package, print_once
from torture_scans import ScanShop

from custody.files import sha256_file

__all__ = ["kill_many", "kill_side_by_side", "planted_faults"]

WORKERS = 4


def kill_many(folder: Path, seed: int, cycles: int, seconds: float = float("inf")) -> Toll:
    """Kill that many processes, or for that many seconds; a third of the rounds are printers."""
    toll, rng, began, rounds = Toll(), random.Random(seed), time.perf_counter(), 0
    folder.mkdir(exist_ok=True)
    package = make_package(folder)
    scan_span, print_spans = Span(0.05, 6), (Span(0.3, 1), Span(0.05, 1))
    scanning, printing = None, None
    gc.freeze()
    while toll.kills < cycles and time.perf_counter() - began < seconds and not toll.failures:
        rounds += 1
        if scanning is None or scanning.full:
            scanning = ScanShop(folder / f"scan{rounds}", rng, toll, scan_span)
        if printing is None or printing.full:
            printing = PrintShop(folder / f"print{rounds}", rng, toll, package, print_spans)
        (printing if rng.random() < 1 / 3 else scanning).cycle()
    gc.unfreeze()  # else nothing made before is ever collected, and libraries complain of leaks at the end
    return toll


def kill_side_by_side(folder: Path, seed: int, cycles: int, seconds: float) -> Toll:
    """Let some workers kill each its share; most of the time a worker waits for the disk."""
    toll = Toll()
    share = -(-cycles // WORKERS)
    with ProcessPoolExecutor(WORKERS, multiprocessing.get_context("fork")) as pool:
        given = [
            pool.submit(kill_many, folder / str(k), WORKERS * seed + k, share, seconds)
            for k in range(WORKERS)
        ]
        for one in as_completed(given):
            toll.add(one.result())
    return toll


def planted_faults(folder: Path, seed: int) -> list[str]:
    """Return what the checks say of a lost scan, half a PDF, one without a run and one that is gone."""
    toll, rng = Toll(), random.Random(seed)
    folder.mkdir()
    shop = ScanShop(folder / "scan", rng, toll, Span(0.0, 0))
    shop.told[shop.tokens[0], "mailed", "accepted"] += 1
    shop.look()
    printer = PrintShop(folder / "print", rng, toll, make_package(folder), (Span(0.0, 0), Span(0.0, 0)))
    made = print_once(printer)
    printer.told[made.name] = sha256_file(made)
    printer.look()
    whole = made.read_bytes()
    made.with_name("labels-run07.pdf").write_bytes(whole)
    printer.look()
    made.with_name("labels-run07.pdf").unlink()
    made.write_bytes(whole[:-1])
    printer.told.clear()
    printer.look()
    made.unlink()
    printer.told[made.name] = ""
    printer.look()
    return toll.failures
