"""Every error in one or two symbols of a token and every swap of two symbols is caught."""

import itertools

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from custody.errors import LabelError
from labels.tokens import (
    ALPHABET,
    KeyedSource,
    format_token,
    is_valid,
    new_tokens,
    parse_token,
    valid_tokens,
)

KEY = bytes(range(32))
SAMPLE = new_tokens(200, KeyedSource(KEY))


def multiply(a: int, b: int) -> int:
    """Multiply in GF(32) by shifting and adding: a second implementation, for the tests."""
    product = 0
    for bit in range(5):
        if b >> bit & 1:
            product ^= a << bit
    for bit in range(8, 4, -1):
        if product >> bit & 1:
            product ^= 0b100101 << (bit - 5)
    return product


def slow_is_token(word: str) -> bool:
    plain = weighted = 0
    power = 1
    for symbol in word:
        value = ALPHABET.index(symbol)
        plain ^= value
        weighted ^= multiply(power, value)
        power = multiply(power, 2)
    return plain == 0 == weighted


def replaced(word: str, changes: dict[int, str]) -> str:
    return "".join(changes.get(place, symbol) for place, symbol in enumerate(word))


def test_checks_agree_with_a_slow_second_implementation() -> None:
    assert all(slow_is_token(token) for token in SAMPLE)
    wrong = [replaced(token, {3: "0" if token[3] != "0" else "1"}) for token in SAMPLE]
    assert not any(slow_is_token(token) for token in wrong)


def test_every_single_substitution_is_caught() -> None:
    wrong = [
        replaced(token, {place: symbol})
        for token in SAMPLE
        for place in range(15)
        for symbol in ALPHABET
        if token[place] != symbol
    ]
    assert len(wrong) == 200 * 15 * 31
    assert not valid_tokens(wrong).any()


def test_every_swap_of_two_symbols_is_caught() -> None:
    wrong = [
        replaced(token, {i: token[j], j: token[i]})
        for token in SAMPLE
        for i, j in itertools.combinations(range(15), 2)
        if token[i] != token[j]
    ]
    assert len(wrong) > 20_000
    assert not valid_tokens(wrong).any()


def test_every_double_substitution_of_a_token_is_caught() -> None:
    token = SAMPLE[0]
    wrong = [
        replaced(token, {i: a, j: b})
        for i, j in itertools.combinations(range(15), 2)
        for a in ALPHABET
        if a != token[i]
        for b in ALPHABET
        if b != token[j]
    ]
    assert len(wrong) == 105 * 31 * 31
    assert not valid_tokens(wrong).any()


def test_random_double_substitutions_are_caught() -> None:
    rng = np.random.default_rng(20091101)
    wrong = []
    for token in new_tokens(20_000, KeyedSource(KEY)):
        i, j = rng.choice(15, size=2, replace=False)
        a, b = (ALPHABET[(ALPHABET.index(token[k]) + rng.integers(1, 32)) % 32] for k in (i, j))
        wrong.append(replaced(token, {i: a, j: b}))
    assert not valid_tokens(wrong).any()


@pytest.mark.parametrize(
    "spelling",
    [
        lambda token: format_token(token),
        lambda token: token.lower(),
        lambda token: " " + " ".join(format_token(token)) + "\r\n",
        lambda token: format_token(token).replace("-", "−"),
        lambda token: "".join(chr(ord(symbol) + 0xFEE0) for symbol in token),
        lambda token: token.replace("1", "I").replace("0", "O"),
        lambda token: token.replace("1", "l").replace("0", "o"),
    ],
    ids=["groups", "small", "blanks", "minus signs", "full width", "I and O", "l and o"],
)
def test_accepted_spellings_read_as_the_same_token(spelling) -> None:
    assert [parse_token(spelling(token)) for token in SAMPLE] == SAMPLE


@pytest.mark.parametrize(
    ("text", "code"),
    [
        ("", "LAB-TOKEN-LENGTH"),
        (SAMPLE[0][:-1], "LAB-TOKEN-LENGTH"),
        (SAMPLE[0] + SAMPLE[1][0], "LAB-TOKEN-LENGTH"),
        (SAMPLE[0] + SAMPLE[1], "LAB-TOKEN-LENGTH"),
        ("U" + SAMPLE[0][1:], "LAB-TOKEN-SYMBOL"),
        ("練" + SAMPLE[0][1:], "LAB-TOKEN-SYMBOL"),
        (SAMPLE[0][1] + SAMPLE[0][0] + SAMPLE[0][2:], "LAB-TOKEN-CHECK"),
    ],
)
def test_refusal_has_a_code_and_never_the_text(text: str, code: str) -> None:
    with pytest.raises(LabelError) as refusal:
        parse_token(text)
    assert refusal.value.code == code
    assert not text or text not in str(refusal.value)
    assert not is_valid(text)
    assert not valid_tokens([text])[0]


def test_valid_tokens_takes_canonical_spelling_only() -> None:
    token = SAMPLE[0]
    assert valid_tokens([token, format_token(token), token.lower(), token + "\x00", ""]).tolist() == [
        True,
        False,
        False,
        False,
        False,
    ]
    assert valid_tokens([]).shape == (0,)


def test_keyed_tokens_are_reproducible_and_differ_by_key() -> None:
    assert new_tokens(50, KeyedSource(KEY)) == SAMPLE[:50]
    assert not set(SAMPLE) & set(new_tokens(200, KeyedSource(bytes(32))))


def test_system_tokens_are_unique_and_use_every_symbol_evenly() -> None:
    tokens = new_tokens(20_000)
    assert len(set(tokens)) == 20_000
    assert valid_tokens(tokens).all()
    counts = np.bincount([ALPHABET.index(symbol) for symbol in "".join(tokens)], minlength=32)
    expected = 20_000 * 15 / 32
    chi_square = float(((counts - expected) ** 2 / expected).sum())
    assert chi_square < 80  # 31 degrees of freedom: exceeded once in 300,000 runs


def test_repeated_symbols_from_a_source_never_give_a_token_twice() -> None:
    class Stuttering:
        def symbols(self, start: int, n: int) -> np.ndarray:
            return KeyedSource(KEY).symbols(0, start + n)[[k // 2 for k in range(start, start + n)]]

    assert new_tokens(20, Stuttering()) == SAMPLE[:20]


def test_key_is_long_enough_and_never_shown() -> None:
    with pytest.raises(LabelError, match="LAB-TOKEN-KEY"):
        KeyedSource(b"short")
    assert "x01" not in repr(KeyedSource(KEY))
    with pytest.raises(LabelError, match="LAB-TOKEN-COUNT"):
        new_tokens(-1)


@given(st.text(max_size=40))
def test_any_text_is_a_token_or_is_refused(text: str) -> None:
    assert is_valid(text) is (is_valid(text) and slow_is_token(parse_token(text)))
