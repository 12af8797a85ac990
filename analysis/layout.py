"""Tables as people read them: titles, words in place of codes, percentages with one decimal.

The numbers come from `analysis.tables` and `analysis.questions`; nothing is estimated here.
"""

from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from analysis.blocks import Block, Words
from analysis.disclosure import SmallCellRule
from analysis.lazy import LazyModule
from analysis.questions import Question
from analysis.settings import read_settings
from analysis.study import FoodStudy

if TYPE_CHECKING:
    import pandas as pd
else:
    pd = LazyModule("pandas")

__all__ = [
    "cross_block",
    "figure_block",
    "notes_of",
    "question_block",
    "response_block",
    "step_block",
]


def notes_of(study: FoodStudy, rule: SmallCellRule) -> tuple[str, ...]:
    """Write the reading notes.

    Parameters
    ----------
    study : FoodStudy
        The survey.
    rule : SmallCellRule
        Small-cell limits.

    Returns
    -------
    tuple of str
        Sentences with the figures of this survey.
    """
    total = study.response().iloc[0]
    step = study.respondents.steps[-1]
    facts = {
        "sampled": int(total["sampled"] - total.get("not_mailed", 0)),
        "valid": int(total["valid"]),
        "rate": 100 * float(total.get("rate_mailed", total["rate"])),
        "classes": len(step.classes),
        "joined": step.joined,
        "deff": study.respondents.describe().deff_kish,
        "min_count": rule.min_count,
        "min_base": rule.min_base,
        "mark": rule.mark,
        "reference_below": rule.reference_below,
    }
    return tuple(entry[study.lang].format(**facts) for entry in read_settings("food_report")["note"])


def response_block(rows: "pd.DataFrame", words: Words, rule: SmallCellRule) -> Block:
    """Lay out the response table (回収状況表).

    Parameters
    ----------
    rows : pandas.DataFrame
        From `analysis.questions.hide_response`.
    words : Words
        Language.
    rule : SmallCellRule
        For the mark.

    Returns
    -------
    Block
        Groups in rows.
    """
    counts = {name: name for name in ("sampled", "undeliverable", "refused", "returned", "valid")}
    rates = {"rate": "rate", "rate_reached": "rate_reached"}
    if "not_mailed" in rows:  # drawn, and voided before the mailing: the two bases are told apart
        counts = {"sampled": "drawn", "not_mailed": "not_mailed"} | {n: n for n in list(counts)[1:]}
        rates = {"rate": "rate_drawn", "rate_mailed": "rate", "rate_reached": "rate_reached"}
    frame = _group_columns(rows, words)
    for name, word in counts.items():
        frame[words(word)] = [rule.mark if pd.isna(v) else _none(int(v)) for v in rows[name]]
    for name, word in rates.items():
        frame[words(word)] = [rule.mark if pd.isna(v) else 100 * float(v) for v in rows[name]]
    return Block(words("response"), frame, "tt" + "c" * len(counts) + "p" * len(rates))


def figure_block(
    rows: "pd.DataFrame", words: Words, rule: SmallCellRule, *, title: str, grouped: bool
) -> Block:
    """Lay out main figures.

    Parameters
    ----------
    rows : pandas.DataFrame
        From `analysis.questions.hide_figures`.
    words : Words
        Language.
    rule : SmallCellRule
        For the marks.
    title : str
        Title.
    grouped : bool
        With columns for banner and group.

    Returns
    -------
    Block
        One row a figure (and group).
    """
    entries = {entry["code"]: entry for entry in read_settings("food_report")["estimate"]}
    percent = (rows["kind"] != "mean").to_numpy()
    factor = np.where(percent, 100.0, 1.0)
    frame = pd.DataFrame({words("figure"): [entries[code][words.lang] for code in rows["code"]]})
    if grouped:
        frame = pd.concat([frame, _group_columns(rows, words)], axis=1)
    frame[words("n")] = [_base(n, rule) for n in rows["n"]]
    frame[words("unit")] = np.where(percent, "%", words("points"))
    for name, label in (("estimate", "value"), ("ci_low", "low"), ("ci_high", "high"), ("se", "se")):
        values = rows[name].to_numpy(dtype=np.float64) * factor
        frame[words(label)] = _marked(values, rows["hidden"], rule, rows["count"])
    frame[words("undetermined")] = ["" if np.isnan(v) else 100 * v for v in rows["undetermined"]]
    if not grouped:
        frame[words("rule")] = [entries[code][f"rule_{words.lang}"] for code in rows["code"]]
    return Block(title, frame, "tttctpppxp" if grouped else "tctpppxpt")


def question_block(question: Question, words: Words, rule: SmallCellRule) -> Block:
    """Lay out one question for all respondents (単純集計): one row an answer.

    Parameters
    ----------
    question : Question
        The question.
    words : Words
        Language.
    rule : SmallCellRule
        For the marks.

    Returns
    -------
    Block
        Persons, percent and interval of each answer; or the mean of a number.
    """
    rows = question.rows[question.rows["banner"] == ""].set_index("level")
    if question.unit is None:
        rows = rows.reindex([value for value, _word in question.levels])
        rows = rows.assign(count=rows["count"].mask(rows["hidden"].isna(), 0))
    factor, kind = (100.0, "percent") if question.unit is None else (1.0, "value")
    hidden = rows["hidden"].eq(True)
    names = dict(question.levels)
    frame = pd.DataFrame({words("answer"): [names[level] for level in rows.index]})
    frame[words("n")] = [_count(v, h, rule) for v, h in zip(rows["count"], hidden, strict=True)]
    for name, label in (("estimate", kind), ("ci_low", "low"), ("ci_high", "high")):
        values = rows[name].to_numpy(dtype=np.float64) * factor
        frame[words(label)] = _marked(values, hidden, rule, rows["count"])
    base = int(rows["n"].max())
    unit = f" ({words('mean')}, {question.unit})" if question.unit is not None else ""
    title = f"{question.code} {question.text}{unit}  n={base:,}"
    return Block(title, frame, "tcppp")


def cross_block(question: Question, words: Words, rule: SmallCellRule) -> Block:
    """Lay out one question by group (クロス集計): groups in rows, answers in columns.

    Parameters
    ----------
    question : Question
        The question.
    words : Words
        Language.
    rule : SmallCellRule
        For the marks.

    Returns
    -------
    Block
        n and percent (or the mean of a number) of each group.
    """
    rows = question.rows
    present = list(dict.fromkeys(rows["level"]))
    groups = rows.iloc[:: len(present)].reset_index(drop=True)
    frame = _group_columns(groups, words)
    frame[words("n")] = [_base(n, rule) for n in groups["n"]]
    factor = 100.0 if question.unit is None else 1.0
    for value, word in question.levels:
        if value not in present:
            frame[word] = "-"
            continue
        part = rows.iloc[present.index(value) :: len(present)]
        values = part["estimate"].to_numpy(dtype=np.float64) * factor
        label = words("mean") if question.unit is not None else word
        frame[label] = _marked(values, part["hidden"], rule, part["count"])
    unit = f" ({question.unit})" if question.unit is not None else " (%)"
    return Block(f"{question.code} {question.text}{unit}", frame, "ttc" + "p" * (frame.shape[1] - 3))


def step_block(study: FoodStudy, words: Words, rule: SmallCellRule) -> Block:
    """Lay out the weight adjustment.

    Parameters
    ----------
    study : FoodStudy
        The survey.
    words : Words
        Language.
    rule : SmallCellRule
        Classes with few answers are hidden.

    Returns
    -------
    Block
        One row a class.
    """
    step = study.respondents.steps[-1]
    columns = "/".join(read_settings("food_report")["weights"]["classes"])
    rows = step.tidy()
    few = rows["answered"] < rule.min_count
    names = [" + ".join(words.group(columns, one) for one in name.split(" + ")) for name in rows["class"]]
    frame = pd.DataFrame({words("class"): names, words("sampled"): rows["sampled"]})
    for name, label in (("answered", "answered"), ("factor", "factor")):
        frame[words(label)] = [rule.mark if h else v for v, h in zip(rows[name], few, strict=True)]
    return Block(words("weights"), frame, "tccx")


def _group_columns(rows: "pd.DataFrame", words: Words) -> "pd.DataFrame":
    pairs = list(zip(rows["banner"], rows["group"], strict=True))
    return pd.DataFrame(
        {
            words("banner"): [words.banner(banner) for banner, _group in pairs],
            words("group"): [words.group(banner, group) for banner, group in pairs],
        }
    )


def _base(n: int, rule: SmallCellRule) -> int | str:
    if n < rule.min_base:
        return f"<{rule.min_base}"
    return f"{n:,}*" if n < rule.reference_below else int(n)


def _count(value: Any, hidden: bool, rule: SmallCellRule) -> int | str:
    return rule.mark if hidden else _none(int(value))


def _none(value: int) -> int | str:
    return value if value else "-"


def _marked(
    values: Sequence[float] | np.ndarray[Any, np.dtype[np.float64]],
    hidden: Iterable[bool],
    rule: SmallCellRule,
    counts: Iterable[Any],
) -> list[float | str]:
    """Write hidden cells as the mark, cells of nobody as "-", what has no value as nothing."""
    cells: list[float | str] = []
    for value, hide, count in zip(values, hidden, counts, strict=True):
        if hide:
            cells.append(rule.mark)
        else:
            cells.append("-" if count == 0 else "" if np.isnan(value) else float(value))
    return cells
