"""A preview as a page for staff (抽出前の確認): tables and plot in one HTML file, no script, no network."""

from base64 import b64encode
from html import escape
from typing import TYPE_CHECKING, Any, Final

import pandas as pd

from custody.figures import figure_png
from sampling.preview_words import (
    BY_TITLES,
    design_lines,
    domain_title,
    level_title,
    stratum_title,
    warning_lines,
)
from sampling.views import STYLE, html_table

if TYPE_CHECKING:
    from sampling.preview import Preview

__all__ = ["preview_html", "preview_page"]

_STYLE: Final = (
    "main{max-width:64em}img{max-width:100%}h2{font-size:1.1em;margin-top:1.6em}"
    ".facts td:first-child{font-weight:bold}.facts td{text-align:left}"
    ".look{border-left:.3em solid #b00020;padding:.3em 1em;background:#fdf3f4}"
    "#hyohon-preview-precision :is(td,th):nth-child(2){text-align:left}"
    "@media print{body{margin:0}h2{break-after:avoid}tr,img{break-inside:avoid}}"
)
_HOW: Final = (
    "標本誤差は「推定値 ± 標本誤差」の形で読みます。見込みの割合、標準偏差、回収率から層ごとに計算し、"
    "{rule}答えるかどうかは層の中で偶然に決まるとみなします。答えない人の偏りは含みません。"
    "「重みの効果」はキッシュの設計効果で、1.10なら回答数が約1割少ないのと同じ精度です。"
)
_WHOLE: Final = "抽出枠が有限であることを修正し、"
_HOUSEHOLD: Final = "世帯の大きさによる重みの差を加え(有限母集団修正はしません)、"


def preview_html(preview: "Preview") -> str:
    """Write the two tables of a preview, and what to look at.

    Parameters
    ----------
    preview : Preview
        What a design will draw.

    Returns
    -------
    str
        HTML in Japanese: tables with the identifiers ``hyohon-preview-precision`` and ``hyohon-preview``.
    """
    precision = html_table(
        _precision(preview),
        name="hyohon-preview-precision",
        caption=f"見込まれる精度({level_title(preview.level)})",
    )
    plan = html_table(_plan(preview), name="hyohon-preview", caption="層ごとの抽出数")
    return _look(preview) + precision + plan


def preview_page(preview: "Preview", *, title: str, date: str, training: bool) -> str:
    """Write a preview as a page of its own.

    Parameters
    ----------
    preview : Preview
        What a design will draw.
    title : str
        Title of the survey.
    date : str
        Reference date of the frame, ISO.
    training : bool
        Say that the people are invented (訓練用).

    Returns
    -------
    str
        A complete HTML document; the same preview gives the same bytes on a machine with the same fonts.

    Raises
    ------
    LabelError
        No Japanese font is on this computer.
    """
    mark = "<p><strong>訓練用 TRAINING</strong></p>" if training else ""
    picture = b64encode(figure_png(preview.plot(training=training))).decode("ascii")
    name = f"抽出の計画の確認: {title}"
    how = _HOW.format(rule=_HOUSEHOLD if preview.design.one_per_household else _WHOLE)
    return (
        f'<!DOCTYPE html>\n<html lang="ja"><head><meta charset="utf-8"><title>{escape(name)}</title>'
        f"<style>{STYLE}{_STYLE}</style></head><body><main>{mark}<h1>{escape(name)}</h1>"
        f"<p>基準日 {escape(date)} の抽出枠で計算しました。まだ誰も抽出していません。</p>"
        f"{_facts(preview)}"
        f'<h2>図</h2><img alt="層または区分ごとの対象者数と抽出数、区分ごとの標本誤差" '
        f'src="data:image/png;base64,{picture}">'
        f"<h2>表</h2>{preview_html(preview)}"
        f"<h2>回収率が違ったら</h2>{_responses(preview)}<p>{how}</p></main></body></html>\n"
    )


def _facts(preview: "Preview") -> str:
    """Write the design and its result in a few lines."""
    top = preview.expected.iloc[0]
    lines = [
        ("抽出", f"対象者{top['persons']:,}人から{top['sample']:,}人"),
        *design_lines(preview.design.facts(), preview.design.rule, tuple(preview.design.by)),
        ("見込み回答", f"{top['answers']:,.0f}人({_response(preview)})"),
        (
            "全体の精度",
            f"割合{100 * top['mean']:.0f}%のとき ±{100 * top['margin']:.2f}ポイント"
            f"({level_title(preview.level)})、重みの効果{top['deff']:.3f}",
        ),
    ]
    if preview.cost is not None:
        lines.append(("費用", f"{preview.cost:,.0f}円"))
    rows = "".join(f"<tr><td>{escape(name)}</td><td>{escape(words)}</td></tr>" for name, words in lines)
    return f'<table class="facts" id="hyohon-preview-facts"><tbody>{rows}</tbody></table>'


def _response(preview: "Preview") -> str:
    if preview.design.response == 1:
        return "回収率が設定されていないので、全員が答えるとして計算"
    return f"回収率{100 * preview.expected.iloc[0]['response']:.1f}%"


def _look(preview: "Preview") -> str:
    lines = warning_lines(preview.warnings, tuple(preview.design.by))
    items = "".join(f"<li>{escape(line)}</li>" for line in lines)
    return f'<div class="look"><strong>確認すること</strong><ul>{items}</ul></div>' if lines else ""


def _responses(preview: "Preview") -> str:
    """Write how precise the whole is at other response rates."""
    rows = preview.responses.to_dict("records")
    table = pd.DataFrame(
        {
            "どの層でも同じ回収率": [f"{100 * row['response']:.0f}%" for row in rows],
            "見込み回答": [f"{row['answers']:,.0f}" for row in rows],
            "標準誤差": [f"{100 * row['se']:.2f}" for row in rows],
            "標本誤差": [f"±{100 * row['margin']:.1f}" for row in rows],
        }
    )
    return html_table(table, name="hyohon-preview-responses", caption="全体の割合の精度(ポイント)")


def _precision(preview: "Preview") -> pd.DataFrame:
    """Return the table of precision in words: points for proportions, the variable's unit for means."""
    rows = [_precision_row(row) for row in preview.precision().to_dict("records")]
    table = pd.DataFrame(rows)
    return table if table["変数"].nunique() > 1 else table.drop(columns="変数")


def _precision_row(row: dict[Any, Any]) -> dict[str, str]:
    share = row["variable"] == "proportion"
    unit = 100 if share else 1
    known = not pd.isna(row["mean"])
    return {
        "区分": BY_TITLES[row["by"]],
        "値": domain_title(row["by"], row["domain"]),
        "変数": "割合" if share else "平均",
        "対象者": f"{row['persons']:,}",
        "抽出数": f"{row['sample']:,}",
        "見込み回答": f"{row['answers']:,.0f}",
        "回収率": f"{100 * row['response']:.1f}%",
        "見込み": (f"{unit * row['mean']:.4g}" + ("%" if share else "")) if known else "…",
        "標準誤差": f"{unit * row['se']:.2f}" if share else f"{row['se']:.4g}",
        "標本誤差": f"±{unit * row['margin']:.1f}" if share else f"±{row['margin']:.4g}",
        "変動係数": f"{100 * row['cv']:.1f}%" if known else "…",
        "重みの効果": f"{row['deff']:.3f}",
    }


def _plan(preview: "Preview") -> pd.DataFrame:
    """Return the table of the strata in words."""
    plan = preview.tidy()
    shown = pd.DataFrame({"層": [stratum_title(name, tuple(preview.design.by)) for name in plan["stratum"]]})
    shown["対象者"] = plan["persons"]
    if "households" in plan:
        shown["世帯(見込み)"] = [f"{number:,.1f}" for number in plan["households"]]
    shown["抽出数"] = plan["sample"]
    if "reserve" in plan:
        shown["予備"] = plan["reserve"]
    shown["抽出率"] = [f"{100 * share:.2f}%" for share in plan["inclusion_prob"]]
    shown["重み"] = [f"{weight:,.2f}" for weight in plan["base_weight"]]
    shown["見込み回答"] = [f"{number:,.1f}" for number in plan["answers"]]
    if "cost" in plan:
        shown["費用(円)"] = [f"{number:,.0f}" for number in plan["cost"]]
    return shown
