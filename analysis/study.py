"""The food survey made ready for tables: scores, words, design and weights in one object."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from analysis.design import SurveyDesign
from analysis.inputs import FRAME_COLUMNS, ResearchData
from analysis.labelling import label_answers
from analysis.lazy import LazyModule
from analysis.scores import derive_scores
from analysis.settings import read_settings
from analysis.tables import Figure, figure_table, response_table
from analysis.weights import nonresponse_classes
from custody.errors import AnalysisError
from custody.messages import Language
from custody.messages import gettext as _

if TYPE_CHECKING:
    import pandas as pd

    from custody.codebook import Codebook
else:
    pd = LazyModule("pandas")

__all__ = ["FoodStudy", "prepare_food_study"]


@dataclass(frozen=True, slots=True, eq=False, repr=False)
class FoodStudy:
    """A food survey ready for tables.

    Attributes
    ----------
    sample : SurveyDesign
        Everyone sampled, with base weights.
    respondents : SurveyDesign
        Those with a valid answer, with adjusted weights; columns are frame columns, labelled answers and
        scores.
    codebook : Codebook
        The questionnaire.
    lang : {"ja", "en"}
        Language of labels.
    training : bool
        True for a survey of invented people.
    title : str
        Title of the survey.
    """

    sample: SurveyDesign
    respondents: SurveyDesign
    codebook: "Codebook"
    lang: Language
    training: bool
    title: str

    @property
    def banners(self) -> tuple[str, ...]:
        """Columns that tables are split by: sex, age band, area."""
        return tuple(entry["column"] for entry in read_settings("food_report")["banner"])

    def response(self) -> "pd.DataFrame":
        """Count the returns in all, by sex, age, area and their crossing.

        Returns
        -------
        pandas.DataFrame
            See `analysis.tables.response_table`.
        """
        by: list[str | Sequence[str]] = [*self.banners, list(self.banners)]
        return response_table(self.sample.data, read_settings("food_report")["response"], by)

    def figures(self, by: Sequence[str] | None = None) -> "pd.DataFrame":
        """Estimate the main figures of ``data/food_report.toml``.

        Parameters
        ----------
        by : sequence of str, optional
            Columns to split by after the total. Default: `banners`.

        Returns
        -------
        pandas.DataFrame
            See `analysis.tables.figure_table`.
        """
        entries = read_settings("food_report")["estimate"]
        figures = [Figure(entry["code"], entry["kind"]) for entry in entries]
        return figure_table(self.respondents, figures, self.banners if by is None else by)

    def __repr__(self) -> str:
        sampled, valid = self.sample.arrays.rows, self.respondents.arrays.rows
        return f"<FoodStudy: {sampled:,} sampled, {valid:,} valid answers>"


def prepare_food_study(
    data: ResearchData, *, codebook: "Codebook | None" = None, lang: Language = "ja"
) -> FoodStudy:
    """Make a food survey ready for tables.

    Parameters
    ----------
    data : ResearchData
        Everyone sampled, with the answers of those who replied.
    codebook : Codebook, optional
        Default: the codebook ``food_survey``.
    lang : {"ja", "en"}
        Language of labels.

    Returns
    -------
    FoodStudy
        Design from ``base_weight``, ``stratum`` and ``fpc``, each person a unit; weights adjusted by sampled
        / answered in classes of area, sex and age band.

    Raises
    ------
    AnalysisError
        A column is missing, or a stratum has one person only.
    """
    from custody.codebook import Codebook

    book = codebook if codebook is not None else Codebook.load("food_survey")
    settings = read_settings("food_report")["weights"]
    table = _with_words_and_scores(data.table, book, lang)
    sample = SurveyDesign(table, weights="base_weight", strata="stratum", fpc="fpc")
    respondents = nonresponse_classes(
        sample, settings["status"], answered=settings["answered"], classes=settings["classes"]
    )
    title = data.manifest.title if data.manifest is not None else book.title.say(lang)
    return FoodStudy(sample, respondents, book, lang, data.training, title)


def _with_words_and_scores(table: "pd.DataFrame", codebook: "Codebook", lang: Language) -> "pd.DataFrame":
    words, scores = label_answers(table, codebook, lang), derive_scores(table, codebook)
    frame = table[[name for name in FRAME_COLUMNS if name in table.columns]]
    for name, order in _orders(table).items():
        frame = frame.assign(**{name: pd.Categorical(frame[name], categories=order)})
    return pd.concat([frame, words, scores], axis=1)


def _orders(table: "pd.DataFrame") -> dict[str, list[Any]]:
    """Order of the groups: as the report lists them, unknown ones after."""
    orders: dict[str, list[Any]] = {}
    for entry in read_settings("food_report")["banner"]:
        name = entry["column"]
        if name not in table.columns:
            raise AnalysisError(
                "ANA-COLUMN",
                _("A column is missing."),
                hint=_("Columns needed: {names}.").format(names=", ".join(FRAME_COLUMNS)),
                column=name,
            )
        present = [value for value in table[name].dropna().unique() if value not in entry["labels"]]
        orders[name] = [*entry["labels"], *sorted(present)]
    return orders
