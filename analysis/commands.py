"""Commands of the analysis room: tables and report of a survey, a look at its design."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Final

import typer

from custody.messages import LANGUAGES, mark
from custody.messages import gettext as _

if TYPE_CHECKING:
    from analysis.inputs import ResearchData
    from analysis.study import FoodStudy
    from custody.codebook import Codebook

__all__ = ["build"]

COUNT_NAMES: Final = (
    mark("sampled"),
    mark("valid answers"),
    mark("classes"),
    mark("classes joined"),
    mark("response rate"),
)
"""Names of figures, for the catalogue."""


def _example(command: str) -> str:
    return _("Example:") + f"  hyohon analysis {command}"


def build() -> typer.Typer:
    """Build the subcommands of ``hyohon analysis``.

    Returns
    -------
    typer.Typer
        tables, describe.
    """
    app = typer.Typer(
        help=_("Weighted tables, plots and the report of a survey (researcher)."), no_args_is_help=True
    )
    _add_tables(app)
    _add_describe(app)
    return app


def _add_tables(app: typer.Typer) -> None:
    text = _("Make tables.xlsx, tables.csv, report.html and plots from a sealed research package or a CSV.")

    @app.command("tables", help=text, epilog=_example("tables out/research.sp --keys keys --out tables"))
    def tables(
        data: Annotated[Path, typer.Argument(help=_("The sealed package research.sp, or a CSV."))],
        out: Annotated[Path, typer.Option(help=_("Folder for the files."))],
        keys: Annotated[
            Path | None, typer.Option(help=_("Folder with the research key; not needed for a CSV."))
        ] = None,
        codebook: Annotated[
            str, typer.Option(help=_("Name of a codebook of the toolkit, or a JSON file."))
        ] = "food_survey",
        report_language: Annotated[str, typer.Option(help=_("Language of the tables: ja or en."))] = "ja",
    ) -> None:
        from analysis.publish import compute_results, write_results
        from custody.codebook import Codebook
        from custody.console import say, working

        read = _read(data, keys)
        study = _prepare(read, Codebook.load(codebook), report_language)
        _say_response(study)
        with working(_("estimates and cross tables")):
            results = compute_results(study)
        _say_headlines(study)
        created = read.manifest.created if read.manifest is not None else None
        with working(_("workbook, plots and report")):
            paths = write_results(results, out, created=created)
        for path in paths:
            say(f"  {path}")


def _add_describe(app: typer.Typer) -> None:
    text = _("Show the design of a survey: strata, persons, weights, response.")

    @app.command("describe", help=text, epilog=_example("describe out/research.sp --keys keys"))
    def describe(
        data: Annotated[Path, typer.Argument(help=_("The sealed package research.sp, or a CSV."))],
        keys: Annotated[
            Path | None, typer.Option(help=_("Folder with the research key; not needed for a CSV."))
        ] = None,
    ) -> None:
        from custody.codebook import Codebook
        from custody.console import say
        from custody.messages import language

        study = _prepare(_read(data, keys), Codebook.load("food_survey"), language())
        _say_response(study)
        for title, design in ((_("sample"), study.sample), (_("respondents"), study.respondents)):
            say(title)
            for item, value in design.describe().tidy().itertuples(index=False):
                say(f"  {item}: {value}")


def _read(data: Path, keys: Path | None) -> "ResearchData":
    from analysis.inputs import read_csv, read_research_package
    from custody.console import say
    from custody.errors import ConfigError

    if data.suffix.lower() == ".csv":
        return read_csv(data)
    if keys is None:
        raise ConfigError(
            "ANA-KEYS",
            _("A sealed package needs the research key."),
            hint=_("Name the folder of your keys with --keys."),
        )
    read = read_research_package(data, keys)
    if not read.sender_known:
        say(_("Note: the sender's key is not in the key folder, so only the package itself was checked."))
    return read


def _prepare(read: "ResearchData", codebook: "Codebook", lang: str) -> "FoodStudy":
    from analysis.study import prepare_food_study
    from custody.errors import ConfigError

    if lang not in LANGUAGES:
        raise ConfigError("CFG-LANG", _("The language must be en or ja."), hint=_("Choose ja or en."))
    return prepare_food_study(read, codebook=codebook, lang=lang)


def _say_response(study: "FoodStudy") -> None:
    from custody.console import step

    total, weights = study.response().iloc[0], study.respondents.steps[-1]
    step(
        _("response"),
        sampled=int(total["sampled"]),
        valid_answers=int(total["valid"]),
        response_rate=f"{100 * total['rate']:.1f} %",
    )
    step(_("weights"), classes=len(weights.classes), classes_joined=weights.joined)


def _say_headlines(study: "FoodStudy") -> None:
    """Print the headline figures with their 95 % intervals, in the language of messages."""
    from analysis.settings import read_settings
    from custody.console import say
    from custody.messages import language

    say(_("estimates, weighted (95 % interval)"))
    rows = study.figures(by=()).set_index("code")
    for entry in read_settings("food_report")["estimate"]:
        if not entry.get("headline", False):
            continue
        row, share = rows.loc[entry["code"]], entry["kind"] != "mean"
        value, low, high = ((100 if share else 1) * row[name] for name in ("estimate", "ci_low", "ci_high"))
        form = "{:.1f} % ({:.1f}-{:.1f})" if share else "{:.2f} ({:.2f}-{:.2f})"
        figures = form.format(value, low, high).replace("nan-nan", "-")
        say(f"  {entry[language()]}: {figures}, n {row['n']:,}")
