"""What the bundle for an inspection says to the inspector, in Japanese (検査にあたる方へ)."""

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, Final

from custody.ledger import LedgerReport

if TYPE_CHECKING:
    from labels.jobs import Job

__all__ = ["readme"]

CONTENTS: Final = (
    ("README.ja.txt", "この説明"),
    (
        "ledger.sqlite",
        "台帳の写し。印刷・発送・返送・中止のすべての記録。一行ごとに前の行のハッシュ値を含みます",
    ),
    ("job.json", "調査名、調査番号、区(発注者)の公開鍵"),
    ("verification.csv", "台帳の検証結果。行数、最後の行のハッシュ値、種類ごとの行数"),
    ("files.csv", "記録したファイルと印刷PDFが、記録のままか(same)、変わったか(changed)、ないか(gone)"),
    (
        "runs.csv",
        "印刷の一覧。番号、日時、担当者、目的、用紙、枚数、PDFのSHA-256、再印刷の理由、照合、締めた日時",
    ),
    (
        "letters.csv",
        "依頼状・はがきなどの印刷の一覧。番号、種類、枚数、刷り直しの理由、PDFと文面のSHA-256、PDFが記録のままか",
    ),
    ("reconciliation.csv", "照合。印刷枚数と、発送・損紙・無効・廃棄・返却・手元の枚数"),
    ("waves.csv", "発送回ごとの枚数"),
    ("reasons.csv", "返送の理由ごとの枚数"),
    ("exceptions.csv", "受け付けなかった読み取りの一覧(符号のみ)"),
    ("second-scans.csv", "二度読まれたラベル。複写の疑いを調べるための一覧で、両方の日時があります"),
    ("held-back.csv", "印刷しなかったラベルの理由ごとの枚数"),
    ("stock.csv", "用紙ごとの使用枚数"),
    ("operators.csv", "担当者ごとの印刷・同意・締めの回数"),
    ("packages.csv", "区から受け取った封緘データの一覧(ハッシュ値のみ。中身はありません)"),
    ("SHA256SUMS", "この束の各ファイルのSHA-256"),
)

NUMBERS: Final = (
    ("printed", "印刷したラベル(すべての版)"),
    ("mailed", "発送したラベル"),
    ("spoiled", "損紙"),
    ("void", "新しい版を印刷して無効にしたラベル"),
    ("voided", "区が発送を止め、これから廃棄するラベル"),
    ("destroyed", "廃棄したラベル"),
    ("returned_unused", "使わずに区へ返したラベル"),
    ("in_hand", "手元のラベル"),
    ("difference", "所在の説明がつかないラベル"),
)


def readme(
    job: "Job",
    report: LedgerReport,
    tables: Mapping[str, list[dict[str, Any]]],
    changed: int,
    unclosed: int,
) -> str:
    """Write the page that the inspector reads first.

    Parameters
    ----------
    job : Job
        The job.
    report : LedgerReport
        Of its verified ledger.
    tables : mapping of str to list of dict
        The tables of the bundle.
    changed, unclosed : int
        Files that are not as recorded, and print runs not closed.

    Returns
    -------
    str
        Japanese; lines end as on Windows.
    """
    values = {row["quantity"]: row["value"] for row in tables["reconciliation.csv"]}
    training = ["【訓練用】架空の人の調査です。", ""] if job.training else []
    lines = [
        "宛名ラベル印刷・発送の検査用資料",
        "",
        *training,
        f"調査名   {job.title}",
        f"調査番号 {job.survey_id}",
        f"時点     台帳の最後の記録 {report.last_at or 'なし'}",
        "",
        "この束には氏名・住所・電話番号はありません。ラベルは意味のない符号(15文字)だけで示されます。",
        "符号とご本人とを結ぶ表は区だけが持っています。",
        "",
        "■ 結果",
        f"台帳         {report.events:,}行、連鎖に切れ目なし",
        f"最後のハッシュ {report.head.hash}",
        f"ファイル     記録と違うもの {changed:,}件(files.csv)",
        f"印刷         {len(tables['runs.csv']):,}回、締めていないもの {unclosed:,}回(runs.csv)",
        f"依頼状など   {sum(row['run'] is not None for row in tables['letters.csv']):,}回(letters.csv)",
        *(f"{values[name]:>9,}  {meaning}" for name, meaning in NUMBERS),
        "",
        "■ 見るところ",
        "1. 「所在の説明がつかないラベル」が0であること。0でなければ、理由を担当者に聞いてください。",
        "2. runs.csv で、再印刷には理由(reason)があり、枠を超えた分には別の人の同意(second)があること。",
        "3. second-scans.csv の各行で、二つの日時と現物を確かめること(複写なら二枚あります)。",
        "4. 台帳の最後のハッシュ値が、区に送られた報告(events.sp)の控えとつながること。",
        "",
        "■ 確かめ方",
        "束を一つのフォルダーに展開し、次のように打つと、台帳の全行を計算し直します。",
        "    hyohon custody log フォルダー",
        "各ファイルは SHA256SUMS と照らし合わせます(Windows: certutil -hashfile ファイル SHA256)。",
        "この束そのもののSHA-256は、作った人の画面に出て、台帳(label.audit)に残ります。",
        "",
        "■ 中身",
        *(f"{name:<20} {meaning}" for name, meaning in CONTENTS),
        "",
    ]
    return "\r\n".join(lines)
