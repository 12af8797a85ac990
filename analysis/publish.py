"""From a prepared food survey to the files that people get: workbook, CSV, plots, report."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING

from analysis import layout
from analysis.blocks import Sheet, Words
from analysis.disclosure import SmallCellRule, small_cell_rule
from analysis.export import long_table, write_csv, write_workbook
from analysis.lazy import LazyModule
from analysis.plots import figure_png, interval_plot, likert_bars, sorted_bars
from analysis.questions import Question, hide_figures, hide_response, question_tables
from analysis.report import Section, report_html
from analysis.settings import read_settings
from analysis.study import FoodStudy

if TYPE_CHECKING:
    import pandas as pd
else:
    pd = LazyModule("pandas")

__all__ = ["Results", "compute_results", "draw_plots", "sections_of", "sheets_of", "write_results"]


@dataclass(frozen=True, slots=True, eq=False, repr=False)
class Results:
    """All numbers of the report, small cells hidden.

    Attributes
    ----------
    study : FoodStudy
        The survey.
    rule : SmallCellRule
        Small-cell limits.
    response, figures : pandas.DataFrame
        Response table and main figures.
    questions : tuple of Question
        All questions.
    """

    study: FoodStudy
    rule: SmallCellRule
    response: "pd.DataFrame"
    figures: "pd.DataFrame"
    questions: tuple[Question, ...]

    def question(self, code: str) -> Question | None:
        """Find a question.

        Parameters
        ----------
        code : str
            Item of the codebook.

        Returns
        -------
        Question or None
            None where nobody was asked.
        """
        return next((question for question in self.questions if question.code == code), None)


def compute_results(study: FoodStudy, rule: SmallCellRule | None = None) -> Results:
    """Compute every number of the report once.

    Parameters
    ----------
    study : FoodStudy
        The survey.
    rule : SmallCellRule, optional
        Small-cell limits. Default: ``data/disclosure.toml``.

    Returns
    -------
    Results
        Numbers, small cells hidden.
    """
    limits = rule if rule is not None else small_cell_rule()
    return Results(
        study,
        limits,
        hide_response(study.response(), limits),
        hide_figures(study.figures(), limits),
        question_tables(study, limits),
    )


def draw_plots(results: Results) -> dict[str, bytes]:
    """Draw the plots of the report.

    Parameters
    ----------
    results : Results
        Numbers.

    Returns
    -------
    dict of str to bytes
        File name without ending → PNG.
    """
    pictures = {"figures": _plot_figures(results)}
    pictures |= {
        f"figure-{code}": _plot_groups(results, code)
        for code in read_settings("food_report")["plots"]["by_group"]
    }
    settings = read_settings("food_report")["questions"]
    likert = [q for code in settings["likert"] if (q := results.question(code)) is not None]
    if likert:
        pictures["awareness"] = _plot_likert(results, likert)
    for code in settings["marks"]:
        question = results.question(code)
        if question is not None:
            pictures[f"marks-{code}"] = _plot_marks(results, question)
    return pictures


def _entry(code: str) -> dict[str, str]:
    return next(dict(entry) for entry in read_settings("food_report")["estimate"] if entry["code"] == code)


def _plot_figures(results: Results) -> bytes:
    lang = results.study.lang
    rows = results.figures[(results.figures["banner"] == "") & (results.figures["kind"] != "mean")]
    labels = [_entry(code)[lang] for code in rows["code"]]
    title = Words(lang)("key")
    figure = interval_plot(rows, labels=labels, title=title, axis="%", training=results.study.training)
    return figure_png(figure)


def _plot_groups(results: Results, code: str) -> bytes:
    words = Words(results.study.lang)
    rows = results.figures[results.figures["code"] == code].reset_index(drop=True)
    labels = [words.group(b, g) for b, g in zip(rows["banner"], rows["group"], strict=True)]
    gaps = [i for i in range(1, len(rows)) if rows["banner"][i] != rows["banner"][i - 1]]
    percent = bool(rows["kind"].iloc[0] != "mean")
    figure = interval_plot(
        rows,
        labels=labels,
        title=_entry(code)[words.lang],
        axis="%" if percent else words("points"),
        percent=percent,
        gaps=gaps,
        training=results.study.training,
    )
    return figure_png(figure)


def _plot_likert(results: Results, questions: Sequence[Question]) -> bytes:
    levels = questions[0].levels
    total = [q.rows[q.rows["banner"] == ""].set_index("level") for q in questions]
    shares = pd.DataFrame({word: [t["estimate"].get(v, 0.0) for t in total] for v, word in levels})
    item = results.study.codebook.item(questions[0].code)
    figure = likert_bars(
        shares,
        labels=[q.text for q in questions],
        bases=[int(t["n"].max()) for t in total],
        title=item.section.say(results.study.lang),
        no_answer=levels[-1][1],
        training=results.study.training,
    )
    return figure_png(figure)


def _plot_marks(results: Results, question: Question) -> bytes:
    rows = question.rows[question.rows["banner"] == ""]
    words = dict(question.levels)
    last = [word for _value, word in question.levels[-2:]]
    figure = sorted_bars(
        rows,
        labels=[words[level] for level in rows["level"]],
        title=question.text,
        base=int(rows["n"].max()),
        last=last,
        training=results.study.training,
    )
    return figure_png(figure)


def sheets_of(results: Results) -> list[Sheet]:
    """Lay out the workbook.

    Parameters
    ----------
    results : Results
        Numbers.

    Returns
    -------
    list of Sheet
        Reading notes, response, main figures, all questions, cross tables, weights.
    """
    words, rule, study = Words(results.study.lang), results.rule, results.study
    figures = results.figures
    total = figures[figures["banner"] == ""].reset_index(drop=True)
    key = layout.figure_block(total, words, rule, title=words("key"), grouped=False)
    by_group = layout.figure_block(figures, words, rule, title=words("key_by"), grouped=True)
    simple = tuple(layout.question_block(q, words, rule) for q in results.questions)
    crossed = tuple(layout.cross_block(q, words, rule) for q in results.questions)
    return [
        Sheet(words("reading"), (), (study.title, *layout.notes_of(study, rule))),
        Sheet(words("response"), (layout.response_block(results.response, words, rule),)),
        Sheet(words("key"), (key, by_group)),
        Sheet(words("gt"), simple),
        Sheet(words("cross"), crossed),
        Sheet(words("weights"), (layout.step_block(study, words, rule),)),
    ]


def sections_of(results: Results, sheets: Sequence[Sheet], pictures: dict[str, bytes]) -> list[Section]:
    """Lay out the report: notes, response, main figures, chosen questions.

    Parameters
    ----------
    results : Results
        Numbers.
    sheets : sequence of Sheet
        From `sheets_of`.
    pictures : dict of str to bytes
        From `draw_plots`.

    Returns
    -------
    list of Section
        Sections in order.
    """
    words = Words(results.study.lang)
    notes, key = sheets[0], sheets[2]
    single = results.response[~results.response["banner"].str.contains("/")]
    short = layout.response_block(single, words, results.rule)
    chosen = set(read_settings("food_report")["questions"]["tables"])
    tables = tuple(layout.cross_block(q, words, results.rule) for q in results.questions if q.code in chosen)
    groups = tuple((name, png) for name, png in pictures.items() if name.startswith("figure-"))
    answers = tuple((name, png) for name, png in pictures.items() if name.startswith(("awareness", "marks")))
    return [
        Section("reading", lines=notes.lines[1:]),
        Section("response", (short,)),
        Section("key", (key.blocks[0],), pictures=(("figures", pictures["figures"]),)),
        Section("key_by", (key.blocks[1],), pictures=groups),
        Section("cross", tables, pictures=answers),
    ]


def write_results(results: Results, out: Path | str, *, created: datetime | None = None) -> list[Path]:
    """Write workbook, CSV, report and plots.

    Parameters
    ----------
    results : Results
        Numbers, small cells hidden.
    out : path
        Folder; made where it is missing.
    created : datetime.datetime, optional
        Date in the workbook's properties.

    Returns
    -------
    list of pathlib.Path
        ``tables.xlsx``, ``tables.csv``, ``report.html`` and the PNG files.
    """
    folder = Path(out)
    folder.mkdir(parents=True, exist_ok=True)
    study = results.study
    sheets, pictures = sheets_of(results), draw_plots(results)
    words = Words(study.lang)
    files = [
        write_workbook(folder / "tables.xlsx", sheets, training=study.training, created=created),
        write_csv(folder / "tables.csv", long_table(results.figures, results.questions)),
    ]
    page = report_html(study.title, sections_of(results, sheets, pictures), words, training=study.training)
    report = folder / "report.html"
    report.write_text(page, encoding="utf-8", newline="\n")
    files.append(report)
    for name, png in pictures.items():
        path = folder / f"{name}.png"
        path.write_bytes(png)
        files.append(path)
    return files
