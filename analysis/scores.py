"""Scores of the food survey from its codebook columns (得点と判定): Kihon Checklist, food variety.

Cut-offs, rules and sources stand in ``data/scores.toml``; which answer counts stands in the codebook.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

import numpy as np
from numpy.typing import NDArray

from analysis.arrays import BoolArray, FloatArray, IntArray
from analysis.columns import as_frame, column
from analysis.lazy import LazyModule
from analysis.scoring import Count, any_state, any_value, count_points, largest, risk_state
from analysis.settings import read_settings

if TYPE_CHECKING:
    import pandas as pd

    from custody.codebook import Codebook
else:
    pd = LazyModule("pandas")

__all__ = ["STATES", "Answers", "derive_scores"]

STATES: Final = ("at_risk", "not", "undetermined")
"""判定: 該当, 非該当, 判定不能."""


@dataclass(frozen=True, slots=True, eq=False)
class Answers:
    """Answers read through the codebook: codes that are no answer become NaN.

    Attributes
    ----------
    table : pandas.DataFrame
        Codebook columns as they came, one row a sampled person.
    codebook : Codebook
        Items, codes and points.
    """

    table: "pd.DataFrame"
    codebook: "Codebook"

    def starting(self, prefix: str) -> list[str]:
        """List the columns of a matrix question.

        Parameters
        ----------
        prefix : str
            Beginning of the column names, such as ``"Q19_"``.

        Returns
        -------
        list of str
            Columns in the order of the form.
        """
        return [
            name for name in self.codebook.columns if name.startswith(prefix) and not name.endswith("_NA")
        ]

    def values(self, names: Sequence[str]) -> tuple[FloatArray, BoolArray]:
        """Read columns.

        Parameters
        ----------
        names : sequence of str
            Columns.

        Returns
        -------
        values : FloatArray
            (rows, columns) answers, NaN where there is none.
        asked : BoolArray
            (rows, columns) False where the branch led past the question, or the person did not answer the
            form.
        """
        raw = np.stack([_raw(column(self.table, name)) for name in names], axis=1)
        values, asked = raw.copy(), ~np.isnan(raw)
        for j, name in enumerate(names):
            codes = self.codebook.missing(name)
            values[np.isin(raw[:, j], list(codes.codes)), j] = np.nan
            asked[raw[:, j] == codes.not_asked, j] = False
        return values, asked

    def one(self, name: str) -> FloatArray:
        """Read one column.

        Parameters
        ----------
        name : str
            Column.

        Returns
        -------
        FloatArray
            (rows,) NaN where there is no answer.
        """
        return self.values([name])[0][:, 0]

    def points(self, names: Sequence[str], scale: str) -> FloatArray:
        """Read columns as points of a scale.

        Parameters
        ----------
        names : sequence of str
            Columns.
        scale : str
            Scale of the codebook, such as ``"kcl"``.

        Returns
        -------
        FloatArray
            (rows, columns) points, NaN where there is no answer.
        """
        values, _asked = self.values(names)
        points = np.full(values.shape, np.nan)
        for j, name in enumerate(names):
            for code, value in self.codebook.item(name).points(scale).items():
                points[values[:, j] == code, j] = value
        return points


def derive_scores(table: Any, codebook: "Codebook | None" = None) -> "pd.DataFrame":
    """Derive the scores of the food survey.

    Parameters
    ----------
    table : pandas.DataFrame, pyarrow.Table
        Codebook columns with their codes (88 not asked, 96, 97, 99 no answer). Rows of persons who did not
        answer the form at all are blank in every column. The table is not changed.
    codebook : Codebook, optional
        Default: the codebook ``food_survey``.

    Returns
    -------
    pandas.DataFrame
        (rows, scores) the derived columns only, same index. ``KCL_*_STATE`` and ``TOKUTEI_STATE`` hold
        `STATES`; sums beside them count the answered items (``KCL_MOTOR``) and the blanks
        (``KCL_MOTOR_BLANK``). ``KCL_TOTAL``, ``DVS``, ``FFS``, ``KNOW``, ``AWARE_*`` need every item and are
        blank otherwise. Shares (``DVS_LOW``, ``EATALONE_ANY`` …) are nullable booleans, missing where
        one of the questions asked has no answer.

    Notes
    -----
    Rules and sources: ``analysis/data/scores.toml``. The DVS counts "almost every day" (Kumagai 2003);
    another count in use takes "once in two days or more" and gives higher scores.
    """
    from custody.codebook import Codebook

    frame = as_frame(table)
    answers = Answers(frame, codebook if codebook is not None else Codebook.load("food_survey"))
    rules = read_settings("scores")
    bmi = _bmi(answers, rules["bmi"])
    item_12 = np.where(np.isnan(bmi["BMI"]), np.nan, bmi["BMI"] < rules["bmi"]["kcl_12_below"])
    columns = bmi | _kcl(answers, rules, item_12) | _food(answers, rules) | _care(answers, rules)
    columns["AGE5"] = _age_band(answers, rules["age"])
    return pd.DataFrame(columns, index=frame.index)


def _raw(series: "pd.Series[Any]") -> FloatArray:
    values = pd.to_numeric(series, errors="coerce")
    return np.asarray(values.to_numpy(dtype=np.float64, na_value=np.nan), dtype=np.float64)


def _bmi(answers: Answers, rules: dict[str, Any]) -> dict[str, Any]:
    height, weight = answers.one(rules["height"]), answers.one(rules["weight"])
    bmi = weight / (height / 100.0) ** 2
    low, high = rules["valid"]
    bmi = np.where((bmi >= low) & (bmi <= high), bmi, np.nan)
    first, second = rules["classes"]
    labels = [f"<{first:g}", f"{first:g}-<{second:g}", f">={second:g}"]
    return {
        "BMI": bmi,
        "BMI_CL": _classes(bmi, rules["classes"], labels),
        "LOWBMI20": _share(bmi, bmi <= rules["low_at_most"]),
        "KCL12": _share(bmi, bmi < rules["kcl_12_below"]),
    }


def _kcl(answers: Answers, rules: dict[str, Any], item_12: FloatArray) -> dict[str, Any]:
    kcl = rules["kcl"]
    numbers = [i for i in range(1, kcl["items"] + 1) if i != 12]
    names = [kcl["column"].format(item=i) for i in numbers]
    points = np.insert(answers.points(names, "kcl"), 11, item_12, axis=1)
    replied = ~answers.table[names].isna().all(axis=1).to_numpy()
    columns: dict[str, Any] = {}
    states: dict[str, IntArray] = {}
    for domain in kcl["domain"]:
        code, count = domain["code"], count_points(points[:, domain["first"] - 1 : domain["last"]])
        columns |= {code: np.where(replied, count.points, np.nan), f"{code}_BLANK": _blanks(count, replied)}
        if "cut" in domain:
            states[code] = risk_state(count, domain["cut"])
    states["TOKUTEI"] = any_state(np.stack([states[code] for code in rules["tokutei"]["any_of"]], axis=1))
    columns |= {f"{code}_STATE": _states(state, replied) for code, state in states.items()}
    whole = count_points(points)
    columns["KCL_TOTAL"] = whole.complete()
    columns["KCL_TOTAL_HALF"] = np.where(replied, whole.half_a_blank(), np.nan)
    columns["KCL_CLASS"] = _classes(whole.complete(), kcl["total"]["classes"], kcl["total"]["labels"])
    return columns


def _blanks(count: Count, replied: BoolArray) -> FloatArray:
    return np.where(replied, count.blanks, np.nan)


def _states(state: IntArray, replied: BoolArray) -> Any:
    return _category(np.where(replied, state, -1), STATES)


def _food(answers: Answers, rules: dict[str, Any]) -> dict[str, Any]:
    dvs_rules, alone = rules["dvs"], rules["eating_alone"]
    foods = answers.starting(dvs_rules["prefix"])
    replied = ~answers.table[foods].isna().all(axis=1).to_numpy()
    variety, frequency = (count_points(answers.points(foods, scale)) for scale in ("dvs", "ffs"))
    dvs, ffs = variety.complete(), frequency.complete()
    imputed = variety.blanks_as_zero(len(foods) - dvs_rules["impute_from"])
    low, high = dvs_rules["low_at_most"], dvs_rules["high_from"]
    labels = [f"0-{low}", f"{low + 1}-{high - 1}", f"{high}-{len(foods)}"]
    values, asked = answers.values(alone["columns"])
    eaten_alone = range(alone["some_from"], alone["daily"] + 1)
    return {
        "DVS": dvs,
        "DVS_IMP": np.where(replied, imputed, np.nan),
        "DVS_CLASS": _classes(dvs, [low + 1, high], labels),
        "DVS_LOW": _share(dvs, dvs <= low),
        "FFS": ffs,
        "FFS_LOW": _share(ffs, ffs <= rules["ffs"]["low_at_most"]),
        "EATALONE": largest(values, asked),
        "EATALONE_ANY": _open_share(any_value(values, asked, eaten_alone)),
        "EATALONE_DAILY": _open_share(any_value(values, asked, [alone["daily"]])),
        "SKIP": _open_share(any_value(*answers.values(rules["skip"]["columns"]), rules["skip"]["values"])),
    }


def _care(answers: Answers, rules: dict[str, Any]) -> dict[str, Any]:
    knowledge = answers.points(answers.starting(rules["knowledge"]["prefix"]), "knowledge")
    words, _asked = answers.values(answers.starting(rules["awareness"]["prefix"]))
    columns: dict[str, Any] = {"KNOW": count_points(knowledge).complete()}
    for name in ("know", "heard"):
        marks = np.where(np.isnan(words), np.nan, np.isin(words, rules["awareness"][name]))
        columns[f"AWARE_{name.upper()}"] = count_points(marks).complete()
    wishes = answers.values(answers.starting(rules["intention"]["prefix"]))
    columns["INTENT_ANY"] = _open_share(any_value(*wishes, rules["intention"]["values"]))
    for rule in rules["indicator"]:
        values = answers.one(rule["column"])
        columns[rule["code"]] = _share(values, np.isin(values, rule["values"]))
    return columns


def _age_band(answers: Answers, rules: dict[str, Any]) -> Any:
    age = answers.one(rules["column"])
    codes = np.searchsorted(rules["starts"], age, side="right") - 1
    codes = np.where(np.isnan(age), -1, codes)
    if rules["frame"] in answers.table.columns:
        band = pd.Categorical(answers.table[rules["frame"]], categories=rules["labels"])
        codes = np.where(codes < 0, band.codes, codes)
    return _category(codes, rules["labels"], ordered=True)


def _classes(values: FloatArray, starts: Sequence[float], labels: Sequence[str]) -> Any:
    codes = np.where(np.isnan(values), -1, np.searchsorted(starts, values, side="right"))
    return _category(codes, labels, ordered=True)


def _category(codes: NDArray[Any], labels: Sequence[str], *, ordered: bool = False) -> Any:
    return pd.Categorical.from_codes(codes.astype(np.int64), categories=pd.Index(labels), ordered=ordered)


def _share(values: FloatArray, hit: BoolArray) -> Any:
    """Nullable booleans: the value where there is an answer, otherwise missing."""
    return pd.arrays.BooleanArray(hit & ~np.isnan(values), np.isnan(values))


def _open_share(share: FloatArray) -> Any:
    return _share(share, share == 1)
