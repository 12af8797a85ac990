"""The preview in a survey folder (抽出前の確認): behind the gate, counts only, nothing drawn."""

from dataclasses import dataclass
from datetime import date
from pathlib import Path

import pandas as pd

from custody import gate
from custody.files import record_file, write_whole
from custody.survey import Survey
from sampling.acts import FrameRun, _build, _items, refusals
from sampling.design import StratifiedDesign
from sampling.design_settings import Each
from sampling.preview import Preview
from sampling.preview_page import preview_page
from sampling.register_files import RegisterFiles

__all__ = ["PreviewRun", "preview_survey"]


@dataclass(frozen=True, slots=True, repr=False)
class PreviewRun:
    """A preview made in a survey.

    Parameters
    ----------
    built : FrameRun
        The frame and registers.
    preview : Preview
        What the survey's design will draw.
    files : tuple of pathlib.Path
        Page and tables.
    """

    built: FrameRun
    preview: Preview
    files: tuple[Path, ...]

    def __repr__(self) -> str:
        return f"<PreviewRun: {self.preview!r}, {len(self.files)} files>"


def preview_survey(
    survey: Survey,
    files: RegisterFiles,
    *,
    p: Each = 0.5,
    cost: Each | None = None,
    level: float = 0.95,
    knowledge_date: date | None = None,
) -> PreviewRun:
    """Show what the survey's design will draw and how precise it will be; nothing is drawn.

    Parameters
    ----------
    survey : Survey
        The survey; its ``[design]`` says how many from which strata.
    files : RegisterFiles
        The extracts and lists, read where they lie.
    p, cost, level
        As in `StratifiedDesign.preview`.
    knowledge_date : datetime.date, optional
        Day of the extracts. Default: today by the survey's clock.

    Returns
    -------
    PreviewRun
        Preview, and the files ``out/preview.html``, ``out/preview.csv`` (strata) and
        ``out/preview-precision.csv``.

    Raises
    ------
    ApprovalError
        Building the frame is outside the approval; nothing was read.
    InputError, SamplingError, ConfigError
        A file is refused, or the design does not fit the frame.
    """
    gate.permit(survey, "frame", items=_items(files))
    with refusals(survey, "preview"):
        design = StratifiedDesign.from_settings(survey.design, survey.frame)
        built = _build(survey, files, knowledge_date)
        preview = design.preview(built.frame, p=p, cost=cost, level=level)
    written = _write(survey, preview)
    with survey.ledger() as ledger:
        ledger.append("preview", **_counts(preview))
        for path in written:
            record_file(ledger, survey.folder, path, path.stem)
    return PreviewRun(built, preview, written)


def _write(survey: Survey, preview: Preview) -> tuple[Path, ...]:
    day = survey.reference_date.isoformat()
    page = preview_page(preview, title=survey.title, date=day, training=survey.training)
    return (
        write_whole(survey.out / "preview.html", page.encode("utf-8")),
        write_whole(survey.out / "preview.csv", _csv(preview.tidy())),
        write_whole(survey.out / "preview-precision.csv", _csv(preview.precision())),
    )


def _counts(preview: Preview) -> dict[str, int]:
    """Return the facts of the ledger: counts only."""
    plan = preview.plan
    return {
        "persons": int(plan["persons"].sum()),
        "n": int(plan["sample"].sum()),
        "reserve": preview.design.reserve,
        "strata": len(plan),
        "warnings": len(preview.warnings),
    }


def _csv(table: pd.DataFrame) -> bytes:
    return table.to_csv(index=False, lineterminator="\r\n").encode("utf-8-sig")
