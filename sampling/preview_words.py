"""The words of a preview for staff, in Japanese: columns, strata and domains, and what to look at."""

from collections.abc import Mapping, Sequence
from typing import Any, Final

import pandas as pd

from sampling.limits import limits

__all__ = ["BY_TITLES", "design_lines", "domain_title", "level_title", "stratum_title", "warning_lines"]

BY_TITLES: Final = {
    "all": "全体",
    "stratum": "層",
    "area": "地区",
    "town": "町",
    "postal_code": "郵便番号",
    "age": "年齢",
    "age_band": "年齢階級",
    "sex": "性別",
}
ALLOCATION_TITLES: Final = {
    "proportional": "比例配分",
    "equal": "均等配分",
    "neyman": "ネイマン配分",
    "cost": "費用を考えた最適配分",
    "power": "べき乗配分",
    "fixed": "層ごとに指定",
}
METHOD_TITLES: Final = {"srs": "無作為抽出", "systematic": "系統抽出(等間隔抽出)"}
_SEXES: Final = {"F": "女", "M": "男"}
_SHOWN: Final = 8
"""Lines of one kind of warning; the rest is counted."""


def domain_title(by: str, domain: str) -> str:
    """Name a domain, or a value of a column.

    Parameters
    ----------
    by : str
        The column, or "all".
    domain : str
        The value.

    Returns
    -------
    str
        In Japanese.

    Examples
    --------
    >>> domain_title("all", "all"), domain_title("age_band", "85+"), domain_title("sex", "F")
    ('全体', '85歳以上', '女')
    """
    if by == "all":
        return BY_TITLES[by]
    if by == "age_band":
        return f"{domain[:-1]}歳以上" if domain.endswith("+") else domain.replace("-", "〜") + "歳"
    return _SEXES.get(domain, domain) if by == "sex" else domain


def stratum_title(stratum: str, by: Sequence[str]) -> str:
    """Name a stratum.

    Parameters
    ----------
    stratum : str
        Its name: values joined by "/".
    by : sequence of str
        The columns of the values; empty: one stratum.

    Returns
    -------
    str
        In Japanese.

    Examples
    --------
    >>> stratum_title("練馬/65-69/F", ["area", "age_band", "sex"]), stratum_title("all", [])
    ('練馬・65〜69歳・女', '全体')
    """
    parts = stratum.split("/")
    if not by:
        return BY_TITLES["all"]
    if len(parts) != len(by):
        return stratum
    return "・".join(domain_title(column, value) for column, value in zip(by, parts, strict=True))


def level_title(level: float) -> str:
    """Name a confidence level.

    Examples
    --------
    >>> level_title(0.95)
    '信頼水準95%'
    """
    return f"信頼水準{100 * level:g}%"


def design_lines(facts: Mapping[str, Any], rule: str, by: Sequence[str]) -> list[tuple[str, str]]:
    """Describe a design.

    Parameters
    ----------
    facts : mapping
        Of `StratifiedDesign.facts`.
    rule : str
        Name of its allocation.
    by : sequence of str
        Columns of its strata.

    Returns
    -------
    list of (str, str)
        Name and words.

    Examples
    --------
    >>> design_lines({"n": 3000, "minimum": 2, "reserve": 300}, "proportional", ["area", "sex"])[:2]
    [('層', '地区 × 性別'), ('配分', '比例配分、各層から2人以上')]
    """
    strata = " × ".join(BY_TITLES[column] for column in by) or "なし(全体から)"
    method = METHOD_TITLES[str(facts.get("method", "srs"))]
    order = facts.get("order")
    if order:
        method += "、" + "・".join(BY_TITLES[column] for column in order) + "の順"
    if facts.get("one_per_household"):
        method += "、同一世帯から1人"
    lines = [
        ("層", strata),
        ("配分", f"{ALLOCATION_TITLES[rule]}、各層から{facts['minimum']}人以上"),
        ("方法", method),
    ]
    if facts.get("reserve"):
        lines.append(("予備", f"{facts['reserve']:,}人(標本の後の順番)"))
    return lines


def warning_lines(warnings: pd.DataFrame, by: Sequence[str]) -> list[str]:
    """Say what staff should look at before they draw.

    Parameters
    ----------
    warnings : pandas.DataFrame
        Of `Preview`.
    by : sequence of str
        Columns of the strata.

    Returns
    -------
    list of str
        Sentences; after eight of a kind the rest is counted.

    Examples
    --------
    >>> table = pd.DataFrame([("few", "sex", "M", 12.0)], columns=["kind", "by", "domain", "value"])
    >>> warning_lines(table, ["sex"])
    ['性別「男」: 見込み回答は12.0人で、30人に足りません。この区分だけの集計には向きません。']
    """
    lines = []
    for _kind, rows in warnings.groupby("kind", sort=False):
        shown = rows.head(_SHOWN)
        for kind, column, domain, value in shown.itertuples(index=False, name=None):
            lines.append(_warning(kind, column, domain, value, by))
        if len(rows) > len(shown):
            lines.append(f"同じ内容がほかに{len(rows) - len(shown)}件あります。")
    return lines


def _warning(kind: str, column: str, domain: str, value: float, by: Sequence[str]) -> str:
    name = stratum_title(domain, by) if column == "stratum" else domain_title(column, domain)
    whole = column == "all"
    where = name if whole else f"{BY_TITLES[column]}「{name}」"
    if kind == "whole":
        return f"{where}: 全員({value:,.0f}人)を抽出します。"
    if kind == "few":
        use = "" if whole else "この区分だけの集計には向きません。"
        return f"{where}: 見込み回答は{value:,.1f}人で、{limits().few_answers}人に足りません。{use}"
    return (
        f"{where}: 標本誤差は±{100 * value:.1f}ポイントで、{100 * limits().wide_margin:g}ポイントを超えます。"
    )
