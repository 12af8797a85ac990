"""The response of a survey as a page for staff (回収状況): one HTML file, no script, no network."""

from collections.abc import Sequence
from html import escape
from typing import TYPE_CHECKING, Final

import numpy as np
import pandas as pd

from sampling.dispositions import GROUPS
from sampling.hiding import HIDDEN
from sampling.limits import limits
from sampling.preview_words import BY_TITLES, domain_title
from sampling.response_rates import RATES
from sampling.views import STYLE, html_table

if TYPE_CHECKING:
    from sampling.response import Response

__all__ = ["response_page"]

GROUP_TITLES: Final = {
    "I": "回答(完全)",
    "P": "回答(一部)",
    "R": "拒否・中断",
    "NC": "接触できず",
    "O": "その他",
    "UH": "返送なし・未発送",
    "UO": "対象か不明",
    "NE": "対象外",
}
RATE_TITLES: Final = {"RR": "回収率", "COOP": "協力率", "REF": "拒否率", "CON": "接触率"}
RESPONSE: Final = ("RR1", "RR2", "RR3", "RR4", "RR5", "RR6")
OTHERS: Final = tuple(name for name in RATES if name not in RESPONSE)

_STYLE: Final = (
    "main{max-width:90em}h2{font-size:1.1em;margin-top:1.6em}table{font-variant-numeric:tabular-nums}"
    "td:nth-child(2),th:nth-child(2){text-align:left}"
    "#hyohon-response-waves :is(td,th):nth-child(2){text-align:right}"
    "#hyohon-response-codes :is(td,th):nth-child(3),#hyohon-response-formulas td{text-align:left}"
    ".facts{display:flex;gap:2.5em;flex-wrap:wrap;margin:1em 0}.facts b{display:block;font-size:1.6em}"
    ".scroll{overflow-x:auto}.scroll td{white-space:nowrap}"
    "@page{size:A4 landscape}@media print{body{margin:0;font-size:9pt}h2{break-after:avoid}"
    "tr{break-inside:avoid}.scroll{overflow:visible;font-size:8pt}}"
)
_FIELD: Final = (
    "調査の途中の状況です。戻った調査票はまだ見ていないので、すべて完全な回答に数えています。"
    "白票や記入の足りない調査票は、回答を取り込んだ後に分かれます。"
)
_HOW: Final = (
    "率はAAPOR(米国世論調査協会)の標準定義によります。抽出した人は基準日の台帳で全員が対象者なので、"
    "ふつう「回収率」と呼ぶのはRR2(回答した人 ÷ 抽出した人)です。"
    "受取拒絶の封筒は、本人が断ったのか分からないので、定義のとおり「対象か不明」に入れ、拒否には数えません。"
)
_WEIGHTED: Final = (
    "重み付きの率は、人数の代わりに抽出の重み(抽出率の逆数)を合計したもので、対象者全体での率の推定です。"
)


def response_page(found: "Response", *, title: str, date: str, training: bool, field: bool = False) -> str:
    """Write the response as a page of its own.

    Parameters
    ----------
    found : Response
        From `sampling.response.response_of`.
    title, date : str
        Title of the survey; day of the page, ISO.
    training : bool
        Say that the people are invented (訓練用).
    field : bool
        Say that the forms were not looked at yet.

    Returns
    -------
    str
        A complete HTML document in Japanese; the same response gives the same bytes.
    """
    mark = "<p><strong>訓練用 TRAINING</strong></p>" if training else ""
    name = f"回収状況: {title}"
    body = [
        f"{mark}<h1>{escape(name)}</h1><p>{escape(date)} 現在</p>{_facts(found)}",
        f"<p>{_FIELD}</p>" if field else "",
        f"<h2>結果の内訳</h2>{_codes(found)}",
        f"<h2>区分ごとの人数</h2>{_counts(found)}",
        f"<h2>回収率</h2>{_rates(found, RESPONSE)}<h2>協力率・拒否率・接触率</h2>{_rates(found, OTHERS)}",
        f"<h2>発送回ごとの回答</h2>{_waves(found)}" if len(found.waves) > 1 else "",
        f"<h2>読み方</h2><p>{_HOW}{_share(found)}</p><p>{_WEIGHTED}{_hiding()}</p>{_formulas()}",
    ]
    return (
        f'<!DOCTYPE html>\n<html lang="ja"><head><meta charset="utf-8"><title>{escape(name)}</title>'
        f"<style>{STYLE}{_STYLE}</style></head><body><main>{''.join(body)}</main></body></html>\n"
    )


def _facts(found: "Response") -> str:
    """Write the figures that everybody asks for first."""
    top, steps = found.domains.iloc[0], found.steps[0]
    answered = found.counts.counts[0, :2].sum()
    known = not np.isnan(found.answered()[0])
    place = list(RATES).index("RR2")
    facts = [
        ("抽出した人", f"{top['drawn']:,}人"),
        ("回答した人", f"{answered:,.0f}人({100 * answered / top['drawn']:.1f}%)" if known else HIDDEN),
        ("回収率(RR2)", _percent(found.counts.values[0, place], steps[place])),
        ("重み付き回収率(RR2)", _percent(found.weighted.values[0, place], steps[place])),
    ]
    return f'<div class="facts">{"".join(f"<div>{name}<b>{value}</b></div>" for name, value in facts)}</div>'


def _codes(found: "Response") -> str:
    rows = []
    for row in found.tidy_codes().to_dict("records"):
        secret = pd.isna(row["persons"])
        rows.append(
            {
                "コード": row["aapor"],
                "結果": row["title"],
                "区分": f"{row['group']} {GROUP_TITLES[row['group']]}",
                "人数": HIDDEN if secret else f"{row['persons']:,}",
                "重みの合計": HIDDEN if secret else f"{row['weight']:,.0f}",
            }
        )
    return html_table(pd.DataFrame(rows), name="hyohon-response-codes", caption="AAPORのコード(郵送、名指し)")


def _counts(found: "Response") -> str:
    table = _domains(found)
    for place, group in enumerate(GROUPS):
        counts = found.counts.counts[:, place]
        cells = [f"{count:,.0f}" for count in counts]
        table[f"{group} {GROUP_TITLES[group]}"] = np.where(found.hidden[:, place], HIDDEN, cells)
    shares = zip(found.answered().tolist(), found.answered(weighted=True).tolist(), strict=True)
    table["回答した人の割合"] = [
        _pair(plain, other, np.nan if np.isnan(plain) else 0) for plain, other in shares
    ]
    return _scroll(
        html_table(table, name="hyohon-response-counts", caption="人(割合は%、かっこ内は重み付き)")
    )


def _rates(found: "Response", names: Sequence[str]) -> str:
    """Write rates of every domain, and under each the weighted ones."""
    table, order = _domains(found), list(RATES)
    for name in names:
        place = order.index(name)
        plain, weighted, steps = (
            one[:, place] for one in (found.counts.values, found.weighted.values, found.steps)
        )
        table[name] = [_pair(*three) for three in zip(plain, weighted, steps, strict=True)]
    kind = "rr" if names == RESPONSE else "others"
    return _scroll(html_table(table, name=f"hyohon-response-{kind}", caption="%(かっこ内は重み付き)"))


def _waves(found: "Response") -> str:
    secret = found.waves["hidden"].to_numpy()
    persons = np.where(secret, HIDDEN, [f"{count:,}" for count in found.waves["persons"]])
    table = pd.DataFrame({"調査票の発送回": found.waves["wave"], "回答した人": persons})
    return html_table(table, name="hyohon-response-waves")


def _formulas() -> str:
    rows = [(name, _title(name), rate.formula) for name, rate in RATES.items()]
    return html_table(pd.DataFrame(rows, columns=["率", "名前", "計算"]), name="hyohon-response-formulas")


def _domains(found: "Response") -> pd.DataFrame:
    by, values = found.domains["by"].tolist(), found.domains["domain"].tolist()
    names = [domain_title(column, value) for column, value in zip(by, values, strict=True)]
    titles = [BY_TITLES[column] if column != "all" else "" for column in by]
    return pd.DataFrame({"区分": titles, "値": names, "抽出した人": found.domains["drawn"]})


def _title(name: str) -> str:
    kind = name.rstrip("0123456789")
    return f"{RATE_TITLES[kind]}{name.removeprefix(kind)}"


def _share(found: "Response") -> str:
    """Say which e was used; more than two digits of it would tell a hidden number of persons not eligible."""
    digits = 2 if found.hidden[0, GROUPS.index("NE")] else 4
    one, other = (f"{rates.e:.{digits}f}" for rates in (found.counts, found.weighted))
    return (
        "eは、対象か分からない人(UH、UO)のうち対象者とみなす割合で、"
        f"ここでは{one}(重み付きの率では{other})です。"
    )


def _hiding() -> str:
    return (
        f"{HIDDEN}は、1人から{limits().hide_below - 1}人の欄と、そこから逆算できる欄を隠したものです"
        "(0人はそのまま)。隠した人数が分かる率は、整数の%に丸めるか、隠します。"
    )


def _pair(plain: float, weighted: float, step: float) -> str:
    if np.isnan(step) or np.isnan(plain):
        return _percent(plain, step)
    return f"{_percent(plain, step)} ({_percent(weighted, step)})".replace("%", "")


def _percent(value: float, step: float) -> str:
    if np.isnan(step):
        return HIDDEN
    return "-" if np.isnan(value) else f"{100 * value:.{0 if step else 1}f}%"


def _scroll(table: str) -> str:
    return f'<div class="scroll">{table}</div>'
