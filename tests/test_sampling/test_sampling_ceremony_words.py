"""The 256 words of a fingerprint are two kana apart, also where voicing or length is not heard."""

import hashlib
import unicodedata
from collections.abc import Callable
from itertools import combinations

import pytest

from custody.errors import InputError
from sampling.ceremony_words import WORDS, fingerprint_words, word_list

ROWS = {
    "あ": "あかがさざただなはばぱまやゃらわ",
    "い": "いきぎしじちぢにひびぴみり",
    "う": "うくぐすずつづぬふぶぷむゆゅる",
    "え": "えけげせぜてでねへべぺめれ",
    "お": "おこごそぞとどのほぼぽもよょろを",
}
VOWEL = {kana: vowel for vowel, row in ROWS.items() for kana in row}
LONG = {"お": "おう", "え": "えい"}


def distance(left: str, right: str) -> int:
    """Insertions, deletions and replacements from one word to the other (Levenshtein)."""
    before = list(range(len(right) + 1))
    for row, one in enumerate(left, 1):
        now = [row]
        for column, other in enumerate(right, 1):
            now.append(min(before[column] + 1, now[-1] + 1, before[column - 1] + (one != other)))
        before = now
    return before[-1]


def spoken(word: str) -> str:
    """The word as it sounds: ぢ as じ, づ as ず, を as お, and every long vowel written with ー."""
    out = ""
    for kana in word.translate(str.maketrans("ぢづを", "じずお")):
        vowel = VOWEL.get(out[-1:], "")
        out += "ー" if vowel and kana in LONG.get(vowel, vowel) else kana
    return out


def muffled(word: str) -> str:
    """The word for a poor ear: no voicing, small kana as large ones."""
    bare = unicodedata.normalize("NFD", spoken(word)).translate({0x3099: None, 0x309A: None})
    return bare.translate(str.maketrans("ゃゅょっ", "やゆよつ"))


WORD_LIST = word_list()


def test_one_word_for_each_byte() -> None:
    assert WORD_LIST["hex"].tolist() == [f"{byte:02x}" for byte in range(256)]
    assert WORD_LIST["kana"].is_unique
    assert WORD_LIST["english"].is_unique
    assert WORD_LIST["kana"].str.fullmatch("[ぁ-んー]{3,6}").all()
    assert WORD_LIST["kana"].is_monotonic_increasing


@pytest.mark.parametrize("hear", [str, spoken, muffled])
def test_no_two_words_are_mistaken_for_each_other(hear: Callable[[str], str]) -> None:
    heard = [hear(word) for word in WORD_LIST["kana"]]
    close = [pair for pair in combinations(heard, 2) if distance(*pair) < 2]
    assert close == []


def test_the_words_are_the_first_eight_bytes() -> None:
    digest = hashlib.sha256(b"minutes").hexdigest()
    words = fingerprint_words(digest)
    code = dict(zip(WORD_LIST["kana"], WORD_LIST["hex"], strict=True))
    assert "".join(code[word] for word in words) == digest[: 2 * WORDS]
    assert fingerprint_words(digest[:16] + "0" * 48) == words


@pytest.mark.parametrize("text", ["", "00", "zz" * 32])
def test_something_else_than_a_digest_is_refused(text: str) -> None:
    with pytest.raises(InputError, match="SAM-CEREMONY-DIGEST"):
        fingerprint_words(text)
