"""What the toolkit says to a person at a terminal.

A Windows console of a ward is often CP932: a character that it cannot show becomes ``?`` instead of an error.
"""

import sys
import threading
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from typing import Final, TextIO, TypeVar

from custody.messages import gettext as _

__all__ = ["complain", "progress", "safe_streams", "say", "step", "working"]

T = TypeVar("T")

DELAY_SECONDS: Final = 2.0
"""A step shorter than this shows no progress bar."""


def say(text: str = "") -> None:
    """Print one line on standard output.

    Parameters
    ----------
    text : str
        The line, without its end.
    """
    _write(sys.stdout, text)


def complain(text: str) -> None:
    """Print one line on standard error.

    Parameters
    ----------
    text : str
        The line, without its end.
    """
    _write(sys.stderr, text)


def _write(stream: TextIO, text: str, end: str = "\n") -> None:
    try:
        stream.write(text + end)
    except UnicodeEncodeError:
        encoding = stream.encoding or "ascii"
        stream.write(text.encode(encoding, errors="replace").decode(encoding) + end)
    stream.flush()


def step(title: str, **counts: int | float | str) -> None:
    """Print what a step has done, as named counts.

    Parameters
    ----------
    title : str
        Name of the step, already translated.
    **counts : int, float or str
        Named figures. A name is looked up in the catalogue (``not_certified`` as "not certified"); declare it
        there with `custody.messages.mark`.

    Examples
    --------
    >>> from custody.messages import set_language
    >>> set_language("en")
    >>> step("frame", residents=700000, share=0.25)
      frame: residents 700,000, share 0.25
    >>> set_language(None)
    """
    figures = (f"{_(name.replace('_', ' '))} {_figure(value)}" for name, value in counts.items())
    text = ", ".join(figures)
    say(f"  {title}: {text}" if text else f"  {title}")


def _figure(value: int | float | str) -> str:
    return value if isinstance(value, str) else f"{value:,}"


def progress(
    iterable: Iterable[T], total: int | None, label: str, *, show: bool | None = True
) -> Iterator[T]:
    """Pass items through and show a bar on standard error once two seconds have gone by.

    Parameters
    ----------
    iterable : iterable
        What is worked through.
    total : int or None
        How many items there are, where known.
    label : str
        Name of the step, already translated.
    show : bool, optional
        False shows nothing; None shows the bar only where a person sits at a terminal.

    Yields
    ------
    object
        The items, unchanged.
    """
    if not (sys.stderr.isatty() if show is None else show):
        yield from iterable
        return
    from tqdm import tqdm

    utf8 = "utf" in (sys.stderr.encoding or "").lower()
    every = 0.2 if sys.stderr.isatty() else 5.0
    bar = tqdm(
        iterable, total=total, desc=label, delay=DELAY_SECONDS, mininterval=every, ascii=not utf8, leave=False
    )
    yield from bar


@contextmanager
def working(label: str) -> Iterator[None]:
    """Show on standard error that a block is still at work, once two seconds have gone by.

    For work that cannot be counted; where items can, use `progress`. In a notebook, which shows a busy cell
    itself and keeps what was printed, nothing is shown.

    Parameters
    ----------
    label : str
        What is being done, already translated.

    Yields
    ------
    None
        The block runs; its errors pass through.
    """
    if _in_notebook():
        yield
        return
    done = threading.Event()
    watcher = threading.Thread(target=_watch, args=(label, done), daemon=True)
    watcher.start()
    try:
        yield
    finally:
        done.set()
        watcher.join()


def _in_notebook() -> bool:
    """Say whether the kernel of a notebook runs this; the kernel has loaded IPython already."""
    ipython = sys.modules.get("IPython")
    shell = ipython.get_ipython() if ipython is not None else None
    return getattr(shell, "kernel", None) is not None


def _watch(label: str, done: threading.Event) -> None:
    """Rewrite one line each second at a terminal; elsewhere write a line every five."""
    terminal, waited, pause = sys.stderr.isatty(), DELAY_SECONDS, DELAY_SECONDS
    while not done.wait(pause):
        text = f"  {label} … {waited:.0f} s"
        _write(sys.stderr, text, end="\r" if terminal else "\n")
        pause = 1.0 if terminal else 5.0
        waited += pause
    if terminal and waited > DELAY_SECONDS:
        _write(sys.stderr, " " * (2 * len(label) + 16), end="\r")


def safe_streams() -> None:
    """Make standard output and error replace what their encoding cannot show."""
    for stream in (sys.stdout, sys.stderr):
        reconfigure = getattr(stream, "reconfigure", None)
        if reconfigure is not None:
            reconfigure(errors="replace")
