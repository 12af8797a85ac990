"""Text of registers in one way of writing, whole columns at a time.

Names and addresses keep their characters: only blanks, invisible characters and half-width katakana are
written in one way. Gaiji (private use) and variation selectors (IVS) stay as they are. What linkage compares
is folded further, never what is printed.
"""

import re
import unicodedata
from collections.abc import Callable
from types import MappingProxyType
from typing import Any, Final

import pyarrow as pa
import pyarrow.compute as pc

__all__ = [
    "BIDI",
    "C1_CONTROLS",
    "HYPHENS",
    "clean_kana",
    "clean_text",
    "count_notes",
    "fold_hyphens",
    "fold_width",
]

BLANK: Final = "\u3000"
BLANKS: Final = r"[\t\n\v\f\r \x{00A0}\x{1680}\x{2000}-\x{200A}\x{2028}\x{2029}\x{202F}\x{205F}\x{3000}]"
"""Blanks of every width, and TAB, CR and LF inside a cell."""
INVISIBLE: Final = (
    r"[\x{00AD}\x{034F}\x{061C}\x{115F}\x{1160}\x{180B}-\x{180E}\x{200B}-\x{200F}\x{2060}-\x{2065}"
    r"\x{206A}-\x{206F}\x{2800}\x{3164}\x{FEFF}\x{FFA0}\x{FFF9}-\x{FFFB}\x{E0000}-\x{E007F}]"
)
"""Characters without a shape: zero-width blanks and joiners, marks of direction, byte order marks, fillers of
Hangul and Braille, tags."""
C1_CONTROLS: Final = r"[\x{0080}-\x{009F}]"
"""Control characters that only Unicode has."""
BIDI: Final = r"[\x{202A}-\x{202E}\x{2066}-\x{2069}]"
"""Changes of writing direction, which can make a label show another name than it holds."""
HALF_KANA: Final = r"[\x{FF61}-\x{FF9F}]"
NOTES: Final = MappingProxyType(
    {
        "blanks": rf"^{BLANKS}|{BLANKS}$|{BLANKS}{{2}}|[\t\n\v\f\r \x{{00A0}}\x{{1680}}\x{{2000}}-\x{{200A}}"
        r"\x{2028}\x{2029}\x{202F}\x{205F}]",
        "invisible": INVISIBLE,
        "halfwidth_kana": HALF_KANA,
        "gaiji": r"[\x{E000}-\x{F8FF}\x{F0000}-\x{10FFFD}]",
        "ivs": r"[\x{FE00}-\x{FE0F}\x{E0100}-\x{E01EF}]",
    }
)
"""What is counted: code → what a cell holds. The first three are written in one way, the last two kept."""
ODD: Final = "|".join(NOTES[code] for code in ("blanks", "invisible", "halfwidth_kana"))
"""A cell that `clean_text` changes."""

SEPARATOR: Final = "\0"
_HALF: Final = re.compile("[\uff61-\uff9f]+")
_SMALL_TO: Final = 0x60
HIRAGANA: Final = {code: code + _SMALL_TO for code in range(0x3041, 0x3097)}
VOICED: Final = {0x309B: 0x3099, 0x309C: 0x309A}
"""Marks of voiced kana (゛, ゜) that stand apart: as marks that join the kana before them."""
HYPHENS: Final = "[-‐‑‒–—―−─━－ｰ﹣﹘⁃⁻₋˗➖⸺⸻゠]"
LONG_MARK: Final = "([0-9０-９一二三四五六七八九十])[ーｰ]([0-9０-９一二三四五六七八九十])"


def clean_text(cells: Any) -> Any:
    r"""Write names or addresses in one way.

    Parameters
    ----------
    cells : pyarrow.Array of string
        Shape (rows,).

    Returns
    -------
    pyarrow.Array of string
        Runs of blanks are one full-width blank, none at the ends; invisible characters are gone; half-width
        katakana is full width. Everything else is as it was. Doing it again changes nothing.

    Examples
    --------
    >>> clean_text(pa.array([" 練馬  太郎", "ﾈﾘﾏ", "葛\U000e0100城"])).to_pylist()
    ['練馬\u3000太郎', 'ネリマ', '葛󠄀城']
    """
    odd = pc.match_substring_regex(cells, ODD)
    if not pc.any(odd).as_py():  # as in most registers: every cell is in the one way already
        return cells
    odd = pc.fill_null(odd, False)
    visible = _replace(cells.filter(odd), INVISIBLE, "")
    widened = _where(visible, HALF_KANA, _widen)
    changed = pc.utf8_trim(_replace(widened, f"{BLANKS}+", BLANK), characters=BLANK)
    return pc.replace_with_mask(cells, odd, changed)


def clean_kana(cells: Any) -> Any:
    r"""Write readings in one way: full-width katakana, one full-width blank between the parts.

    Parameters
    ----------
    cells : pyarrow.Array of string
        Shape (rows,).

    Returns
    -------
    pyarrow.Array of string
        Shape (rows,); letters that are no kana stay, in the form of NFKC.

    Examples
    --------
    >>> clean_kana(pa.array(["ﾈﾘﾏ ﾀﾛｳ", "ねりま　たろう"])).to_pylist()
    ['ネリマ\u3000タロウ', 'ネリマ\u3000タロウ']
    """
    visible = _replace(cells, INVISIBLE, "")
    wide = _where(visible, rf"{HALF_KANA}|[^\x{{3000}}\x{{30A1}}-\x{{30FE}}]", _katakana)
    return pc.utf8_trim(_replace(wide, f"{BLANKS}+", BLANK), characters=BLANK)


def fold_width(cells: Any) -> Any:
    """Fold every character to the width that Unicode calls compatible (NFKC), to compare and never to print.

    Parameters
    ----------
    cells : pyarrow.Array of string
        Shape (rows,).

    Returns
    -------
    pyarrow.Array of string
        Shape (rows,).

    Examples
    --------
    >>> fold_width(pa.array(["３丁目１２－４", "ﾒｿﾞﾝ"])).to_pylist()
    ['3丁目12-4', 'メゾン']
    """
    return _where(cells, r"[^\x{3041}-\x{30FF}\x{4E00}-\x{9FFF}0-9A-Za-z]", _nfkc)


def fold_hyphens(cells: Any) -> Any:
    """Write all that looks like a hyphen as ``-``; the long vowel mark only between two numbers.

    Parameters
    ----------
    cells : pyarrow.Array of string
        Shape (rows,).

    Returns
    -------
    pyarrow.Array of string
        Shape (rows,).

    Examples
    --------
    >>> fold_hyphens(pa.array(["６－１２ー１", "メゾンー練馬１−２"])).to_pylist()
    ['６-１２-１', 'メゾンー練馬１-２']
    """
    plain = _replace(cells, HYPHENS, "-")
    once = _replace(plain, LONG_MARK, r"\1-\2")
    return _replace(once, LONG_MARK, r"\1-\2")  # 1ー2ー3: a number stands on both sides


def count_notes(cells: Any) -> dict[str, int]:
    """Count the cells that are written in one way, or that hold what fonts may lack.

    Parameters
    ----------
    cells : pyarrow.Array of string
        Cells as they stand in the file, shape (rows,).

    Returns
    -------
    dict of str to int
        Code of `NOTES` → cells, those with none left out.

    Examples
    --------
    >>> count_notes(pa.array(["ﾈﾘﾏ", "練馬　\ue000子", "練馬　太郎"]))
    {'halfwidth_kana': 1, 'gaiji': 1}
    """
    found = {code: pc.sum(pc.match_substring_regex(cells, form)).as_py() or 0 for code, form in NOTES.items()}
    return {code: int(count) for code, count in found.items() if count}


def _replace(cells: Any, pattern: str, replacement: str) -> Any:
    return pc.replace_substring_regex(cells, pattern=pattern, replacement=replacement)


def _where(cells: Any, pattern: str, change: Callable[[str], str]) -> Any:
    """Change the cells that match, all of them as one text."""
    odd = pc.fill_null(pc.match_substring_regex(cells, pattern), False)
    if not pc.any(odd).as_py():
        return cells
    texts = SEPARATOR.join(cells.filter(odd).to_pylist())
    changed = pa.array(change(texts).split(SEPARATOR), type=pa.string())
    return pc.replace_with_mask(cells, odd, changed)


def _widen(text: str) -> str:
    return _HALF.sub(lambda found: unicodedata.normalize("NFKC", found[0]), text)


def _nfkc(text: str) -> str:
    return unicodedata.normalize("NFKC", text)


def _katakana(text: str) -> str:
    wide = unicodedata.normalize("NFKC", text.translate(VOICED)).translate(HIRAGANA)
    return unicodedata.normalize("NFC", wide)
