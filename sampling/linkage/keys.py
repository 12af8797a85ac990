"""Keys of comparison: kana, kanji and address written in one way, whole columns at a time.

Names become arrays of code points, are mapped through a table and packed again; no row is a Python string. A
kana key has one ASCII letter for each kana, so that DuckDB's edit distances, which count bytes, count kana.
"""

import csv
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from typing import Any, Final

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from sampling.areas import fold_address
from sampling.linkage.result import whole

__all__ = ["WILDCARD", "AddressKeys", "address_keys", "kana_key", "kanji_key", "name_part", "variants"]

WILDCARD: Final = "\uff0a"
"""Stands in a kanji key for a letter that the file could not write (外字)."""
UNREADABLE: Final = "\u3013\u25a0\u25a1\ufffd?*\u2588\u25cf"
"""Letters that files write in place of one they lack: geta, boxes, question marks."""
PRIVATE: Final = ((0xE000, 0xF900), (0xF0000, 0x110000))
SELECTORS: Final = ((0xFE00, 0xFE10), (0xE0100, 0xE01F0))
LETTERS: Final = ((0x3400, 0xA000), (0x20000, 0x32400), (0x30A1, 0x30FB))
EXTRA: Final = "\u3005\u3006\u30fc"
LONG: Final = 0x7E
"""The code of a long vowel (~)."""
SMALL: Final = dict(
    zip("ァィゥェォャュョッヮヵヶヰヱヂヅヲヘヴ", "アイウエオヤユヨツワカケイエジズオエブ", strict=True)
)
"""Small kana enlarged, old and sound-alike kana as the common ones (ヂジ, ヅズ, ヲオ, ヘエ)."""
KANA: Final = (
    "アイウエオカキクケコサシスセソタチツテトナニヌネノハヒフホマミムメモヤユヨラリルレロワン"
    "ガギグゲゴザジズゼゾダデドバビブベボパピプペポ"
)
ROWS: Final = (
    "アカサタナハマヤラワガザダバパ",
    "イキシチニヒミリギジビピ",
    "ウクスツヌフムユルグズブプ",
    "エケセテネメレゲゼデベペ",
    "オコソトノホモヨロゴゾドボポ",
)
"""The kana of each vowel; ン has none."""
LENGTHENED: Final = ("アア", "イイ", "ウウ", "エエ", "エイ", "オオ", "オウ")
"""Vowel of a kana and the kana after it that only makes it longer."""
DASHES: Final = "\u30fc\uff70\u2010\u2011\u2012\u2013\u2014\u2015\u2212\u2500-"
BLANK: Final = r"[\s\x{3000}\x{00A0}]+"

Bytes = NDArray[np.uint8]
Points = NDArray[np.uint32]
Offsets = NDArray[np.int32]


def kana_key(cells: Any) -> Any:
    """Write readings in one way.

    Parameters
    ----------
    cells : pyarrow.Array of string
        Readings in any kana, shape (rows,); null or empty is unknown.

    Returns
    -------
    pyarrow.Array of string
        Shape (rows,): one ASCII letter for each kana, null where unknown. Width, hiragana,
        small kana, blanks, ヂ/ジ, ヅ/ズ, ヲ/オ, ヘ/エ and the spelling of long vowels make no difference;
        オノ and オオノ stay apart.

    Examples
    --------
    >>> import pyarrow as pa
    >>> same = kana_key(pa.array(["ﾈﾘﾏ ｷｮｳｺ", "ねりま　きょうこ", "ネリマ・キヨーコ", "ネリマキョオコ"]))
    >>> len(set(same.to_pylist()))
    1
    >>> len(set(kana_key(pa.array(["オノ", "オオノ", "オーノ", "オウノ"])).to_pylist()))
    2
    """
    points, offsets = _points(cells)
    table, vowels, ends = _kana_tables()
    codes = table[np.minimum(points, len(table) - 1)]
    codes, offsets = _kept(codes, offsets)
    vowel = vowels[codes]
    before = np.r_[np.uint8(0), vowel[:-1]]
    vowel = np.where(codes == LONG, before, vowel)
    before = np.r_[np.uint8(0), vowel[:-1]]
    before[offsets[:-1][offsets[:-1] < len(codes)]] = 0
    codes = np.where(ends[before, codes], np.uint8(LONG), codes)
    return _unknown(_packed(codes, offsets))


def kanji_key(cells: Any) -> Any:
    """Write names in one form of each kanji.

    Parameters
    ----------
    cells : pyarrow.Array of string
        Names, shape (rows,); null or empty is unknown.

    Returns
    -------
    pyarrow.Array of string
        Shape (rows,), null where unknown. Variants (異体字) of ``data/kanji_variants.csv`` become their first
        letter, variation selectors and blanks go, what the file could not write (外字, 〓) is `WILDCARD`.

    Examples
    --------
    >>> import pyarrow as pa
    >>> kanji_key(pa.array(["渡邉　廣", "渡辺 広", "髙\U000e0100﨑〓"])).to_pylist()
    ['渡辺広', '渡辺広', '高崎＊']
    """
    points, offsets = _points(cells)
    return _unknown(_text(*_kept(_kanji_table()[points], offsets)))


def name_part(cells: Any, part: int) -> Any:
    """Cut a name at its blank.

    Parameters
    ----------
    cells : pyarrow.Array of string
        Names or readings, shape (rows,).
    part : {0, 1}
        Surname (姓) or given name (名).

    Returns
    -------
    pyarrow.Array of string
        Shape (rows,); null where the cell does not have exactly two parts.

    Examples
    --------
    >>> import pyarrow as pa
    >>> name_part(pa.array(["練馬　京子", "練馬京子"]), 1).to_pylist()
    ['京子', None]
    """
    parts = pc.split_pattern_regex(pc.utf8_trim_whitespace(whole(cells)), BLANK)
    two = pc.fill_null(pc.equal(pc.list_value_length(parts), 2), False)
    cut = pc.list_element(pc.if_else(two, parts, pa.scalar(["", ""])), part)
    return pc.if_else(two, cut, pa.scalar(None, pa.string()))


@dataclass(frozen=True, slots=True)
class AddressKeys:
    """Addresses written in one way.

    Parameters
    ----------
    address : pyarrow.Array of string
        ``town|1-2-3``, shape (rows,); null where unknown.
    block : pyarrow.Array of string
        ``town|1``: up to the first number.
    town : pyarrow.Array of string
        The town.
    """

    address: Any
    block: Any
    town: Any


def address_keys(cells: Any, municipality: str = "") -> AddressKeys:
    """Write addresses in one way.

    Parameters
    ----------
    cells : pyarrow.Array of string
        Addresses, shape (rows,); null or empty is unknown.
    municipality : str
        Prefecture and municipality that may stand before the town.

    Returns
    -------
    AddressKeys
        Town and numbers (丁目・番・号), of one form of each kanji, ケ and ヶ and が the same.

    Examples
    --------
    >>> import pyarrow as pa
    >>> cells = pa.array(["東京都練馬区光が丘１丁目２番３号", "光ヶ丘一丁目2-3", "埼玉県新座市新堀９番"])
    >>> address_keys(cells, "東京都練馬区").address.to_pylist()
    ['光ケ丘|1-2-3', '光ケ丘|1-2-3', '埼玉県新座市新堀|9']
    """
    distinct = whole(cells).dictionary_encode()
    folded = fold_address(distinct.dictionary, municipality)
    parts = pc.extract_regex(folded, r"^(?P<town>[^0-9]*)(?P<numbers>[0-9-]*)")
    town = kanji_key(pc.replace_substring_regex(parts.field("town"), "[ヶガがゲ]", "ケ"))
    numbers = pc.utf8_trim(parts.field("numbers"), "-")
    first = pc.extract_regex(numbers, r"^(?P<first>[0-9]*)").field("first")
    made = (
        pc.binary_join_element_wise(town, numbers, "|"),
        pc.binary_join_element_wise(town, first, "|"),
        town,
    )
    return AddressKeys(*(key.take(distinct.indices) for key in made))


@cache
def variants() -> dict[str, str]:
    """Read the table of kanji variants.

    Returns
    -------
    dict of str to str
        Variant → the letter of its key.

    Examples
    --------
    >>> variants()["邊"], variants()["髙"], len(variants()) > 400
    ('辺', '高', True)
    """
    text = files("sampling").joinpath("data/kanji_variants.csv").read_text(encoding="utf-8")
    rows = csv.DictReader(text.splitlines())
    return {variant: row["letter"] for row in rows for variant in row["variants"]}


@cache
def _kanji_table() -> Points:
    """Return code point → code point of the key; 0 is dropped."""
    table = np.zeros(0x110000, dtype=np.uint32)
    for start, end in LETTERS:
        table[start:end] = np.arange(start, end)
    for letter in EXTRA:
        table[ord(letter)] = ord(letter)
    table[0x3041:0x3097] = np.arange(0x30A1, 0x30F7)  # hiragana as katakana
    for latin in range(ord("A"), ord("Z") + 1):
        table[[latin, latin + 32]] = latin
    for start, end in PRIVATE:
        table[start:end] = ord(WILDCARD)
    table[[ord(letter) for letter in UNREADABLE]] = ord(WILDCARD)
    for start, end in SELECTORS:
        table[start:end] = 0
    for variant, letter in variants().items():
        table[ord(variant)] = ord(letter)
    return table


@cache
def _kana_tables() -> tuple[Bytes, Bytes, NDArray[np.bool_]]:
    """Return code point → code (0 is dropped), code → vowel (0 none), and which pairs make a long vowel."""
    code = {kana: 0x21 + place for place, kana in enumerate(KANA)}
    table = np.zeros(0x3200, dtype=np.uint8)
    for kana, number in code.items():
        table[ord(kana)] = number
    for kana, plain in SMALL.items():
        table[ord(kana)] = code[plain]
    table[0x3041:0x3097] = table[0x30A1:0x30F7]
    table[[ord(dash) for dash in DASHES if ord(dash) < len(table)]] = LONG
    latin = 0x21 + len(KANA)
    for place in range(26):
        table[[ord("A") + place, ord("a") + place]] = min(latin + place, LONG - 1)
    vowels = np.zeros(256, dtype=np.uint8)
    for number, row in enumerate(ROWS, 1):
        vowels[[code[kana] for kana in row]] = number
    ends = np.zeros((len(ROWS) + 1, 256), dtype=np.bool_)
    for vowel, after in LENGTHENED:
        ends[vowels[code[vowel]], code[after]] = True
    return table, vowels, ends


def _points(cells: Any) -> tuple[Points, Offsets]:
    """Return the code points of all cells after NFKC, and where each cell begins."""
    plain = pc.utf8_normalize(pc.fill_null(whole(cells).cast(pa.string()), ""), form="NFKC")
    ends = np.cumsum(pc.utf8_length(plain).to_numpy(False), dtype=np.int32)
    bounds = np.frombuffer(plain.buffers()[1], dtype=np.int32)[plain.offset : plain.offset + len(plain) + 1]
    data = memoryview(plain.buffers()[2] or b"")[bounds[0] : bounds[-1]] if len(plain) else b""
    points = np.frombuffer(bytes(data).decode("utf-8").encode("utf-32-le"), dtype="<u4")
    return points, np.r_[np.int32(0), ends]


def _kept(values: NDArray[Any], offsets: Offsets) -> tuple[NDArray[Any], Offsets]:
    keep = values != 0
    return values[keep], np.r_[np.int32(0), np.cumsum(keep, dtype=np.int32)][offsets]


def _packed(codes: Bytes, offsets: Offsets) -> Any:
    buffers = [None, pa.py_buffer(offsets.astype(np.int32)), pa.py_buffer(codes.astype(np.uint8))]
    return pa.Array.from_buffers(pa.string(), len(offsets) - 1, buffers)


def _text(points: Points, offsets: Offsets) -> Any:
    sizes = 1 + (points >= 0x80) + (points >= 0x800) + (points >= 0x10000)
    ends = np.r_[0, np.cumsum(sizes)][offsets]
    data = points.astype("<u4").tobytes().decode("utf-32-le").encode("utf-8")
    return _packed(np.frombuffer(data, dtype=np.uint8), ends)


def _unknown(keys: Any) -> Any:
    return pc.if_else(pc.equal(pc.binary_length(keys), 0), pa.scalar(None, pa.string()), keys)
