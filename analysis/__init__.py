"""Analysis of survey samples (標本調査の分析): designs, estimates, weights, scores, tables and the report.

Start with `SurveyDesign`.
"""

from analysis.describe import DesignDescription, kish_deff
from analysis.design import SurveyDesign
from analysis.results import Estimate
from analysis.weights import WeightStep, nonresponse_classes

__all__ = [
    "DesignDescription",
    "Estimate",
    "SurveyDesign",
    "WeightStep",
    "kish_deff",
    "nonresponse_classes",
]
