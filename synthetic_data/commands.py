"""Subcommands of this room: ``hyohon synthetic ward`` and ``hyohon synthetic returns``."""

from __future__ import annotations

from datetime import datetime
from enum import StrEnum
from importlib.util import find_spec
from pathlib import Path
from typing import Annotated

import typer

from custody.console import say, step, working
from custody.messages import gettext as _
from custody.messages import mark

__all__ = ["COUNT_NAMES", "build", "top_level"]

DEMO_NEEDS = ("sampling", "labels", "analysis")


class Form(StrEnum):
    """Forms of the registers."""

    demo = "demo"
    dirty = "dirty"


class ResidentsForm(StrEnum):
    """Forms of the resident register of the dirty form."""

    csv = "csv"
    fixed = "fixed"


COUNT_NAMES = (
    mark("residents"),
    mark("elders"),
    mark("certifications"),
    mark("frame"),
    mark("mailed"),
    mark("answered"),
    mark("blank"),
    mark("undeliverable"),
    mark("refused"),
    mark("no return"),
    mark("scans"),
)
"""Names of the counts that the commands print, for the catalogue."""


def build() -> typer.Typer:
    """Build the subcommands in the language in use.

    Returns
    -------
    typer.Typer
        Mounted as ``hyohon synthetic``.
    """
    app = typer.Typer(help=_("An invented ward for tests and training."), no_args_is_help=True)
    _add_ward(app)
    _add_returns(app)
    return app


def top_level(app: typer.Typer) -> None:
    """Add ``hyohon demo`` where every room that it needs is installed.

    Parameters
    ----------
    app : typer.Typer
        The root command.
    """
    if any(find_spec(room) is None for room in DEMO_NEEDS):
        return

    @app.command(
        "demo",
        help=_("Run the whole survey on an invented ward, from the registers to the report."),
        epilog=_("Example: hyohon demo --residents 50000 --sample 600 --out demo"),
    )
    def demo_command(
        residents: Annotated[int, typer.Option(help=_("Rows of the resident register."))] = 700_000,
        sample: Annotated[int, typer.Option(help=_("Elders to draw."))] = 3_000,
        seed: Annotated[str, typer.Option(help=_("The same seed gives the same files."))] = "20091101",
        out: Annotated[Path, typer.Option(help=_("Folder of the demo; made anew."))] = Path("demo"),
    ) -> None:
        from synthetic_data.demo import run_demo

        raise typer.Exit(run_demo(out, residents=residents, sample=sample, seed=seed))


def _add_ward(app: typer.Typer) -> None:
    @app.command(
        "ward",
        help=_("Invent a ward and write its two registers (CP932) and truth.json."),
        epilog=_("Example: hyohon synthetic ward registers --residents 700000 --seed 20091101"),
    )
    def ward_command(
        folder: Annotated[Path, typer.Argument(help=_("Folder for the files; made if missing."))],
        residents: Annotated[int, typer.Option(help=_("Rows of the resident register."))] = 700_000,
        seed: Annotated[str, typer.Option(help=_("The same seed gives the same files."))] = "20091101",
        form: Annotated[
            Form, typer.Option(help=_("demo: clean registers; dirty: with the faults of real ones."))
        ] = Form.demo,
        residents_form: Annotated[
            ResidentsForm, typer.Option(help=_("Resident register of the dirty form: csv or fixed width."))
        ] = ResidentsForm.csv,
        later: Annotated[
            datetime | None,
            typer.Option(
                formats=["%Y-%m-%d"], help=_("Write an extract of this later day, into another folder.")
            ),
        ] = None,
    ) -> None:
        from synthetic_data.ward import make_ward

        with working(_("inventing people, homes and certifications")):
            ward = make_ward(residents, seed)
            counts = ward.counts
            written = ward if later is None else ward.later(later.date())
        with working(_("writing the registers")):
            written.write(folder, form.value, residents_form.value)
        step(
            _("invented ward"),
            residents=counts["residents_rows"],
            elders=counts["elders_65_on_reference_date"],
            certifications=counts["certification_rows"],
            frame=counts["flow"]["frame"],
        )
        say(_("All people in these files are invented."))


def _add_returns(app: typer.Typer) -> None:
    @app.command(
        "returns",
        help=_("Let the invented people of a sample send their forms back: answers.csv and scans.csv."),
        epilog=_("Example: hyohon synthetic returns registers --link link.csv --out returns"),
    )
    def returns_command(
        folder: Annotated[Path, typer.Argument(help=_("Folder of the ward's registers and truth.json."))],
        link: Annotated[Path, typer.Option(help=_("CSV with the columns token and resident_no."))],
        out: Annotated[Path, typer.Option(help=_("Folder for the files; made if missing."))],
        seed: Annotated[str, typer.Option(help=_("The same seed gives the same files."))] = "20091101",
    ) -> None:
        from synthetic_data.mailing import read_link, returns
        from synthetic_data.ward import load_ward

        with working(_("making the same ward again, with everybody's answers")):
            back = returns(load_ward(folder), read_link(link), seed)
        back.write(out)
        step(_("returns"), mailed=back.truth["mailed"], **back.truth["ends"], scans=len(back.scans))
        say(_("All answers in these files are invented."))
