"""What building a frame leaves in the survey folder: counts, the flow chart, and staff's own list."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pandas as pd

from custody.files import write_private, write_whole
from custody.messages import gettext as _
from custody.survey import Survey
from sampling.flow_chart import flow_chart_pdf, flow_chart_svg
from sampling.frame import Frame
from sampling.frame_rules import RULE_TITLES
from sampling.linkage import Links
from sampling.linkage.review import review_csv
from sampling.views import html_page

__all__ = ["frame_facts", "write_flow", "write_linkage", "write_review", "write_staff_list"]


def write_flow(survey: Survey, frame: Frame) -> list[Path]:
    """Write the flow of counts: table, page and chart.

    Parameters
    ----------
    survey : Survey
        The survey.
    frame : Frame
        Its frame.

    Returns
    -------
    list of pathlib.Path
        ``out/flow.csv``, ``out/flow.html``, ``out/flow-chart.svg``, ``out/flow-chart.pdf``.
    """
    table = frame.flow
    titled = table.assign(rule=[_(RULE_TITLES[rule]) for rule in table["rule"]])
    titled.columns = pd.Index([_("rule"), _("removed"), _("remaining")])
    caption = _("From the register to the frame, {date}").format(date=frame.reference_date.isoformat())
    page = html_page(titled, title=survey.title, caption=caption, training=survey.training)
    looks: dict[str, Any] = {"title": survey.title, "training": survey.training}
    return [
        write_whole(survey.out / "flow.csv", _csv(table)),
        write_whole(survey.out / "flow.html", page.encode("utf-8")),
        write_whole(survey.out / "flow-chart.svg", flow_chart_svg(frame, **looks).encode("utf-8")),
        write_whole(survey.out / "flow-chart.pdf", flow_chart_pdf(frame, **looks)),
    ]


def write_linkage(survey: Survey, links: Links) -> Path:
    """Write by which step the certification rows found their persons, as counts.

    Parameters
    ----------
    survey : Survey
        The survey.
    links : Links
        Of `link_registers`.

    Returns
    -------
    pathlib.Path
        ``out/linkage.csv``.
    """
    return write_whole(survey.out / "linkage.csv", _csv(links.tidy()))


def write_review(survey: Survey, links: Links) -> list[Path]:
    """Write the pairs that staff must decide, for their eyes only, beside the ledger and not in ``out``.

    Parameters
    ----------
    survey : Survey
        The survey.
    links : Links
        Of `link_registers`.

    Returns
    -------
    list of pathlib.Path
        ``review.csv``, or ``review-02.csv`` and so on where there is one: it may hold decisions already.
        Empty where nothing is to decide, or the same list lies there.
    """
    return _write_new(survey.folder / "review.csv", review_csv(links)) if len(links.review) else []


def write_staff_list(survey: Survey, frame: Frame) -> list[Path]:
    """Write who is left out until staff have looked at the register, for their eyes only.

    Parameters
    ----------
    survey : Survey
        The survey.
    frame : Frame
        Its frame.

    Returns
    -------
    list of pathlib.Path
        ``staff-list.csv`` (columns resident_no, reason, title), numbered as `write_review` does.
    """
    if frame.staff is None or not len(frame.staff):
        return []
    table: pd.DataFrame = frame.staff.to_pandas()
    titles = [_(RULE_TITLES[rule]) for rule in table["reason"]]
    return _write_new(survey.folder / "staff-list.csv", _csv(table.assign(title=titles)))


def _write_new(path: Path, content: bytes) -> list[Path]:
    """Write a private list under the first free name, unless it lies there already."""
    for place in _free(path):
        if not place.exists():
            return [write_private(place, content)]
        if place.read_bytes() == content:
            break
    return []


def _free(path: Path) -> Iterator[Path]:
    yield path
    for number in range(2, 1000):
        yield path.with_name(f"{path.stem}-{number:02d}{path.suffix}")


def frame_facts(frame: Frame) -> dict[str, int | str]:
    """Return counts, switches and digests of a frame as facts of the ledger.

    Parameters
    ----------
    frame : Frame
        The frame.

    Returns
    -------
    dict
        Rule → persons, ``flag_`` rule → persons kept, ``list_`` list → entries, digests, dates.
    """
    facts: dict[str, int | str] = {
        rule: int(removed) for rule, removed in zip(frame.flow["rule"], frame.flow["removed"], strict=True)
    }
    facts |= {f"flag_{flag}": int(persons) for flag, persons in zip(*_columns(frame.flags), strict=True)}
    for item in frame.lists:
        facts[f"list_{item.name}"] = item.entries
        facts[f"list_{item.name}_found"] = item.matched
    facts |= {f"{name}_sha256": digest for name, digest in frame.sources.items()}
    return facts | {
        "register": frame.read,
        "frame": len(frame),
        "matched": frame.linkage.matched,
        "unattributed": frame.linkage.unattributed,
        "certified_under_65": frame.linkage.certified_under_65,
        "one_per_household": frame.rules.one_per_household,
        "reference_date": frame.reference_date.isoformat(),
        "knowledge_date": frame.knowledge_date.isoformat(),
        "frame_digest": frame.digest,
    }


def _columns(table: pd.DataFrame) -> tuple[Any, ...]:
    return tuple(table[name] for name in table.columns)


def _csv(table: pd.DataFrame) -> bytes:
    return table.to_csv(index=False, lineterminator="\r\n").encode("utf-8-sig")
