"""Words of a letter: the template, a ward's own words in its place, facts filled in, blocks to be set."""

import hashlib
import re
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from string import Formatter
from typing import Final, Literal, get_args

from custody.errors import ConfigError, LabelError
from custody.messages import gettext as _
from custody.settings import Settings
from labels.letters_data import letter_data
from labels.letters_facts import FIELDS, LetterFacts

__all__ = ["LETTER_KINDS", "Block", "LetterKind", "LetterText", "letter_parts", "letter_text"]

LetterKind = Literal["cover", "notice", "envelope", "card", "advance"]
LETTER_KINDS: Final[tuple[str, ...]] = get_args(LetterKind)
"""Covering letter (依頼状), public notice, reply envelope, thank-you and reminder card, advance letter."""

FIXED: Final = ("name", "paper")
"""Parts of a kind that are no words of the letter."""
MARKS: Final = {"=": "title", "#": "heading", ">": "right", "|": "frame", "@": "addressee"}
ITEM: Final = "・"
CONDITION: Final = re.compile(r"\?([a-z_]+)[ \u3000]+(.*)", re.DOTALL)


@dataclass(frozen=True, slots=True)
class Block:
    """A paragraph, or a gap.

    Parameters
    ----------
    kind : str
        ``text``, ``title``, ``heading``, ``item``, ``right``, ``frame``, ``addressee`` or ``gap``.
    text : str
        What it says, facts filled in.
    row : int
        Line of the template, from 1.
    """

    kind: str
    text: str
    row: int


@dataclass(frozen=True, slots=True)
class LetterText:
    """The words of a letter.

    Parameters
    ----------
    kind : str
        One of `LETTER_KINDS`.
    paper : str
        Name of the paper in the data file.
    blocks : tuple of Block
        What stands on the page.
    foot : str
        The small line at the foot, with ``{token}``; blank for none.
    sha256 : str
        Digest of all words, 64 lower hex digits.
    """

    kind: str
    paper: str
    blocks: tuple[Block, ...]
    foot: str
    sha256: str

    @property
    def named(self) -> bool:
        """True where each person can have a letter of their own."""
        return any(block.kind == "addressee" for block in self.blocks)


def letter_parts(kind: str, facts: LetterFacts, template: Path | None = None) -> dict[str, str]:
    """Gather the words of a kind: the program's, in their place the survey's, in their place a file's.

    Parameters
    ----------
    kind : str
        One of `LETTER_KINDS`.
    facts : LetterFacts
        With the survey's own wording.
    template : pathlib.Path, optional
        A TOML file with a table for the kind, or a text file (.txt) with its text alone.

    Returns
    -------
    dict of str to str
        Part → text.

    Raises
    ------
    ConfigError
        The kind or a part is not known, or the file cannot be read.
    """
    known: dict[str, str] = letter_data()[kind] if kind in LETTER_KINDS else _refuse_kind()
    for source in (facts.template, _file(template, kind)):
        for part, text in _own(source, kind, known).items():
            known = {**known, part: text}
    return known


def letter_text(kind: str, facts: LetterFacts, template: Path | None = None) -> LetterText:
    """Make the words of a letter.

    Parameters
    ----------
    kind : str
        One of `LETTER_KINDS`, but not ``envelope``.
    facts : LetterFacts
        What is filled in.
    template : pathlib.Path, optional
        As in `letter_parts`.

    Returns
    -------
    LetterText
        Blocks, facts filled in.

    Raises
    ------
    ConfigError
        As in `letter_parts`; ``LET-FIELD`` where a text names a field that does not exist.
    LabelError
        ``LET-MISSING`` where a field is blank that a text needs.

    Notes
    -----
    The message names the field and the line of the text, never what a field holds.
    """
    parts = letter_parts(kind, facts, template)
    rows = parts["text"].strip("\n").splitlines()
    blocks = [block for row, text in enumerate(rows, start=1) if (block := _block(text, row, kind, facts))]
    foot = parts.get("foot", "")
    fill(foot, facts, kind, 0, keep_token=True)
    words = "\n".join([kind, foot, *(f"{block.kind} {block.text}" for block in blocks)])
    digest = hashlib.sha256(words.encode("utf-8", "surrogatepass")).hexdigest()
    return LetterText(kind, parts["paper"], tuple(blocks), foot, digest)


def fill(text: str, facts: LetterFacts, kind: str, row: int, *, keep_token: bool = False) -> str:
    """Put facts in the place of their names.

    Parameters
    ----------
    text : str
        With names in braces.
    facts : LetterFacts
        What is filled in.
    kind : str
        Kind of letter, for the message.
    row : int
        Line of the text, for the message; 0 for none.
    keep_token : bool
        True leaves ``{token}`` as it is.

    Returns
    -------
    str
        The text.

    Raises
    ------
    ConfigError
        ``LET-FIELD``, as in `letter_text`; ``LET-BRACES`` where braces do not pair.
    LabelError
        ``LET-MISSING``, as in `letter_text`.
    """
    filled = []
    for words, name, form, conversion in _parsed(text, kind, row):
        filled.append(words)
        if name is None:
            continue
        if name not in FIELDS or form or conversion or (name == "token" and not keep_token):
            raise _unknown(name, kind, row)
        filled.append("{token}" if name == "token" else _value(name, facts, kind, row))
    return "".join(filled)


def _parsed(text: str, kind: str, row: int) -> list[tuple[str, str | None, str | None, str | None]]:
    try:
        return list(Formatter().parse(text))
    except ValueError:
        raise ConfigError(
            "LET-BRACES",
            _("Braces in the text of a letter do not pair."),
            hint=_("Write {{field}} for a fact, and two braces for one that is to be printed.").format(),
            file=kind,
            row=row or None,
        ) from None


def _value(name: str, facts: LetterFacts, kind: str, row: int) -> str:
    value = facts.fields[name].strip()
    if not value:
        raise LabelError(
            "LET-MISSING",
            _("The letter needs the field {name}, which is blank.").format(name=name),
            hint=_("Staff write it in survey.toml ([letters] or [contact]) and make the package again."),
            file=kind,
            row=row or None,
            column=name,
        )
    return value


def _unknown(name: str, kind: str, row: int) -> ConfigError:
    shown = name if name.isidentifier() and name.isascii() else "?"
    return ConfigError(
        "LET-FIELD",
        _("There is no field {name} for letters.").format(name=shown),
        hint=_("Fields are: {names}.").format(names=", ".join(FIELDS)),
        file=kind,
        row=row or None,
        column=shown,
    )


def _block(text: str, row: int, kind: str, facts: LetterFacts) -> Block | None:
    """Make the block of a line of the template; None where its condition does not hold."""
    condition = CONDITION.fullmatch(text)
    if condition is not None:
        name, text = condition[1], condition[2]
        if name not in FIELDS or name == "token":
            raise _unknown(name, kind, row)
        if not facts.fields[name].strip():
            return None
    bare = text.strip(" \u3000")
    if not bare:
        return Block("gap", "", row)
    sort, words = ("item", bare[1:]) if bare[0] == ITEM else (MARKS.get(bare[0], "text"), bare)
    words = words[1:] if sort not in ("item", "text") else words
    return Block(sort, fill(words.strip(" \u3000"), facts, kind, row), row)


def _own(source: Mapping[str, Mapping[str, str]], kind: str, known: Mapping[str, str]) -> Mapping[str, str]:
    """Return the ward's words for a kind, all kinds and parts checked."""
    table = Settings("letters.toml", source)
    table.only(*LETTER_KINDS)
    own = source.get(kind, {})
    Settings("letters.toml", own, kind).only(*(part for part in known if part not in FIXED))
    return own


def _file(path: Path | None, kind: str) -> Mapping[str, Mapping[str, str]]:
    if path is None:
        return {}
    if not path.is_file():
        raise ConfigError(
            "LET-FILE",
            _("There is no such file with the words of letters."),
            hint=_("Name a TOML file with a table for the kind of letter, or a text file."),
            file=path.name,
        )
    if path.suffix.lower() != ".txt":
        table = Settings.read(path)
        kinds = {name: table.table(name) for name in table.values}
        return {
            name: {part: inner.text(part, blank=True) for part in inner.values}
            for name, inner in kinds.items()
        }
    try:
        return {kind: {"text": path.read_bytes().decode("utf-8-sig").replace("\r\n", "\n")}}
    except UnicodeDecodeError as problem:
        text = _("The file is not UTF-8 (byte {place}).").format(place=problem.start)
        raise ConfigError("CFG-UTF8", text, hint=_("Save it as UTF-8."), file=path.name) from None


def _refuse_kind() -> dict[str, str]:
    raise ConfigError(
        "LET-KIND",
        _("There is no such kind of letter."),
        hint=_("Choose one of: {names}.").format(names=", ".join(LETTER_KINDS)),
    )
