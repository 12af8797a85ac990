"""The customer barcode (郵便カスタマバーコード) as a symbology: symbols, check symbol, bars, and back."""

from collections.abc import Iterable, Sequence
from types import MappingProxyType
from typing import Final

__all__ = [
    "BARS",
    "BAR_COUNT",
    "DATA_LENGTH",
    "START",
    "STOP",
    "SYMBOLS",
    "bars_of",
    "check_symbol",
    "data_symbols",
    "number_of",
    "symbols_of",
]

BARS: Final = MappingProxyType(
    {
        "0": "144", "1": "114", "2": "132", "3": "312", "4": "123",
        "5": "141", "6": "321", "7": "213", "8": "231", "9": "411",
        "-": "414", "CC1": "324", "CC2": "342", "CC3": "234", "CC4": "432",
        "CC5": "243", "CC6": "423", "CC7": "441", "CC8": "111",
    }
)  # fmt: skip
"""Three bars of each symbol, in the order of the symbols' values 0 to 18. 1 long, 2 upper two thirds, 3 lower
two thirds, 4 the middle third only (timing)."""

SYMBOLS: Final = tuple(BARS)
START: Final = "13"
STOP: Final = "31"
FILLER: Final = "CC4"
POSTCODE_LENGTH: Final = 7
DATA_LENGTH: Final = 20
BAR_COUNT: Final = 67

_VALUES: Final = {symbol: value for value, symbol in enumerate(SYMBOLS)}
_SYMBOL_OF_BARS: Final = MappingProxyType({bars: symbol for symbol, bars in BARS.items()})
_LETTERS: Final = MappingProxyType({chr(ord("A") + n): (f"CC{n // 10 + 1}", str(n % 10)) for n in range(26)})
_LETTER_OF: Final = MappingProxyType({pair: letter for letter, pair in _LETTERS.items()})


def data_symbols(postcode: str, number: str) -> tuple[str, ...]:
    """Write postcode and address number as data symbols.

    Parameters
    ----------
    postcode : str
        7 digits.
    number : str
        Digits, hyphens and capital letters (住所表示番号).

    Returns
    -------
    tuple of str
        20 symbols: a letter takes two; what is over is cut off, between the two of a letter too; CC4 fills.

    Examples
    --------
    >>> " ".join(data_symbols("2730102", "3-20-5B604"))
    '2 7 3 0 1 0 2 3 - 2 0 - 5 CC1 1 6 0 4 CC4 CC4'
    """
    symbols: list[str] = []
    for character in postcode + number[:DATA_LENGTH]:
        symbols += _LETTERS.get(character, (character,))
    symbols += [FILLER] * DATA_LENGTH
    return tuple(symbols[:DATA_LENGTH])


def check_symbol(symbols: Iterable[str]) -> str:
    """Work out the check symbol.

    Parameters
    ----------
    symbols : iterable of str
        The 20 data symbols.

    Returns
    -------
    str
        The symbol that makes the sum of all values a multiple of 19; it finds every single wrong symbol.

    Examples
    --------
    >>> check_symbol(data_symbols("2730102", "3-20-5B604"))
    '0'
    """
    return SYMBOLS[-sum(map(_VALUES.__getitem__, symbols)) % len(SYMBOLS)]


def bars_of(symbols: Sequence[str]) -> str:
    """Write symbols as bars.

    Parameters
    ----------
    symbols : sequence of str
        The 20 data symbols.

    Returns
    -------
    str
        67 characters 1 to 4: start, data, check symbol, stop.
    """
    return START + "".join([BARS[symbol] for symbol in symbols]) + BARS[check_symbol(symbols)] + STOP


def symbols_of(bars: str) -> tuple[str, ...] | None:
    """Read bars.

    Parameters
    ----------
    bars : str
        Characters 1 to 4.

    Returns
    -------
    tuple of str or None
        The 20 data symbols; None where the bars are no customer barcode: another number of bars, no start or
        stop, three bars that are no symbol, a check symbol that is wrong, or a postcode that is no digits.

    Examples
    --------
    >>> symbols_of(bars_of(data_symbols("2730102", "3"))) == data_symbols("2730102", "3")
    True
    """
    if len(bars) != BAR_COUNT or not (bars.startswith(START) and bars.endswith(STOP)):
        return None
    triples = (bars[place : place + 3] for place in range(len(START), BAR_COUNT - len(STOP), 3))
    read = [_SYMBOL_OF_BARS.get(triple, "") for triple in triples]
    data, check = read[:DATA_LENGTH], read[DATA_LENGTH]
    if "" in read or check != check_symbol(data) or not all(map(str.isdecimal, data[:POSTCODE_LENGTH])):
        return None
    return tuple(data)


def number_of(symbols: Sequence[str]) -> str:
    """Write the address number that data symbols hold.

    Parameters
    ----------
    symbols : sequence of str
        The 20 data symbols.

    Returns
    -------
    str
        Digits, hyphens and letters after the postcode; half a letter at the end is left out.

    Examples
    --------
    >>> number_of(data_symbols("2730102", "3-20-5B604"))
    '3-20-5B604'
    """
    letters, first = [], ""
    for symbol in symbols[POSTCODE_LENGTH:]:
        if symbol in ("CC1", "CC2", "CC3"):
            first = symbol
        elif symbol != FILLER:
            letters.append(_LETTER_OF.get((first, symbol), symbol))
            first = ""
    return "".join(letters)
