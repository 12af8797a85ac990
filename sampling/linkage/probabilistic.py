"""The probabilistic step: Splink blocks and weighs the pairs of the persons that are left over."""

import logging
import math
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any, Final

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc

from custody.errors import SamplingError
from custody.messages import gettext as _
from sampling.linkage.model import Comparison, Level, Model
from sampling.linkage.result import whole

__all__ = ["COLUMNS", "scored_pairs"]

PERSONS, RESIDENTS = "a_persons", "b_residents"
COLUMNS: Final = ["person", "position", "odds", "name_level"]
"""The columns of weighed pairs."""
DIGITS: Final = 9


def scored_pairs(model: Model, persons: Any, residents: Any, prior: float) -> pd.DataFrame:
    """Compare persons with residents.

    Parameters
    ----------
    model : Model
        With the shares of these registers.
    persons, residents : pyarrow.Table
        Keys of both sides, from `compared`.
    prior : float
        Probability that a person and a resident drawn at random are the same, above 0 and below 1.

    Returns
    -------
    pandas.DataFrame
        Pairs of some odds: person, position (their unique_id), odds (of being the same, against all else),
        name_level (place of the level in the first comparison, -1 unknown); ordered by person, position.

    Raises
    ------
    SamplingError
        Splink could not do it. Its own words are not shown: they may hold values.
    """
    if not len(persons) or not len(residents):
        return pd.DataFrame(columns=COLUMNS)
    try:
        with _quiet():
            pairs = _predicted(model, persons, residents, prior)
    except Exception:
        raise SamplingError(
            "SAM-LINK-SPLINK",
            _("The persons without a number could not be compared with the residents."),
            hint=_("Check that splink and duckdb are installed in the versions of this release."),
        ) from None
    return _ordered(pairs, len(model.comparisons[0].levels) - 1)


def _predicted(model: Model, persons: Any, residents: Any, prior: float) -> pd.DataFrame:
    from splink import DuckDBAPI, Linker  # late: takes a second, and most registers have numbers

    db = DuckDBAPI()
    tables = [
        db.register(table, dataset_display_name=name)
        for name, table in ((PERSONS, persons), (RESIDENTS, residents))
    ]
    linker = Linker(tables, _settings(model, prior), log_level=None)
    for column in _frequency_columns(model):
        lookup = db.register(_frequencies(residents[column], column))
        linker.table_management.register_term_frequency_lookup(lookup, column)
    least = math.log2(model.assignment["forgotten"])
    weighed = linker.inference.predict(threshold_match_weight=least, warning_mode="never")
    found: pd.DataFrame = weighed.as_pandas_dataframe()
    return found


def _settings(model: Model, prior: float) -> Any:
    from splink import SettingsCreator

    return SettingsCreator(
        link_type="link_only",
        probability_two_random_records_match=prior,
        comparisons=[_comparison(comparison) for comparison in model.comparisons],
        blocking_rules_to_generate_predictions=list(model.rules),
        retain_matching_columns=True,
        retain_intermediate_calculation_columns=False,
    )


def _comparison(comparison: Comparison) -> Any:
    import splink.comparison_level_library as cll
    import splink.comparison_library as cl

    unknown = cll.CustomLevel(comparison.unknown).configure(is_null_level=True)
    return cl.CustomComparison(
        output_column_name=comparison.name,
        comparison_levels=[unknown, *(_level(level) for level in comparison.levels)],
    )


def _level(level: Level) -> Any:
    import splink.comparison_level_library as cll

    made = cll.CustomLevel(level.sql) if level.sql else cll.ElseLevel()
    shares = {"m_probability": level.m, "u_probability": level.u}
    if level.frequency is None:
        return made.configure(**shares)
    return made.configure(
        **shares, tf_adjustment_column=level.frequency, disable_tf_exact_match_detection=True
    )


def _frequency_columns(model: Model) -> list[str]:
    levels = [level for comparison in model.comparisons for level in comparison.levels]
    return list(dict.fromkeys(level.frequency for level in levels if level.frequency))


def _frequencies(column: Any, name: str) -> Any:
    """Return how common each value is among the residents."""
    counted = column.drop_null().value_counts()
    counted = whole(counted)
    shares = pc.divide(counted.field("counts").cast(pa.float64()), max(len(column) - column.null_count, 1))
    return pa.table({name: counted.field("values"), f"tf_{name}": shares})


def _ordered(pairs: pd.DataFrame, last: int) -> pd.DataFrame:
    """Give the pairs our names, weights rounded, in one order whatever the threads did."""
    swapped = (pairs["source_dataset_l"] == RESIDENTS).to_numpy()
    left, right = pairs["unique_id_l"].to_numpy(), pairs["unique_id_r"].to_numpy()
    gamma = pairs["gamma_name"].to_numpy(np.int64)  # Splink counts levels from the last
    weight = np.round(pairs["match_weight"].to_numpy(np.float64), DIGITS)
    frame = pd.DataFrame(
        {
            "person": np.where(swapped, right, left).astype(np.int64),
            "position": np.where(swapped, left, right).astype(np.int64),
            "odds": np.exp2(np.clip(weight, -500, 500)),
            "name_level": np.where(gamma < 0, -1, last - gamma),
        }
    )
    return frame.sort_values(["person", "position"], ignore_index=True)


@contextmanager
def _quiet() -> Iterator[None]:
    """Keep Splink's messages off the console, and its logger as it was."""
    logger = logging.getLogger("splink")
    before = logger.level
    logger.setLevel(logging.CRITICAL)
    try:
        yield
    finally:
        logger.setLevel(before)
