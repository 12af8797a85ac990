"""Analysis of survey samples (標本調査の分析): designs, estimates, weights, scores, tables and the report.

Start with `SurveyDesign`; for the food survey of this project with `read_research_package` and
`prepare_food_study`.
"""

from analysis.crosstab import Crosstab
from analysis.describe import DesignDescription, kish_deff
from analysis.design import SurveyDesign
from analysis.file_design import FileDesign
from analysis.forest import forest_plot, pyramid_plot
from analysis.inputs import ResearchData, read_csv, read_research_package
from analysis.labelling import label_answers
from analysis.maps import area_map, tile_shapes
from analysis.multiple_answers import MultipleAnswers
from analysis.multiple_answers_tests import ItemTests
from analysis.pairwise import Comparisons
from analysis.plots import interval_plot, likert_bars, sorted_bars
from analysis.quantile_methods import DistributionFunction
from analysis.results import Estimate
from analysis.scores import derive_scores
from analysis.study import FoodStudy, prepare_food_study
from analysis.table_tests import LayerTests, TableTest
from analysis.tables import Figure, figure_table, mean_table, response_table, share_table
from analysis.tested import DomainTests, SurveyTest
from analysis.weights import WeightStep, nonresponse_classes

__all__ = [
    "Comparisons",
    "Crosstab",
    "DesignDescription",
    "DistributionFunction",
    "DomainTests",
    "Estimate",
    "Figure",
    "FileDesign",
    "FoodStudy",
    "ItemTests",
    "LayerTests",
    "MultipleAnswers",
    "ResearchData",
    "SurveyDesign",
    "SurveyTest",
    "TableTest",
    "WeightStep",
    "area_map",
    "derive_scores",
    "figure_table",
    "forest_plot",
    "interval_plot",
    "kish_deff",
    "label_answers",
    "likert_bars",
    "mean_table",
    "nonresponse_classes",
    "prepare_food_study",
    "pyramid_plot",
    "read_csv",
    "read_research_package",
    "response_table",
    "share_table",
    "sorted_bars",
    "tile_shapes",
]
