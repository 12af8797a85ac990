"""What a codebook (符号表) says about one item: its texts, codes, range, branch and scores."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final, Literal, get_args

from custody.errors import ConfigError
from custody.messages import LANGUAGES
from custody.messages import gettext as _
from custody.showif import Condition

__all__ = ["ITEM_TYPES", "Item", "ItemType", "MissingCodes", "Option", "Score", "Text"]

ItemType = Literal["SA", "MATRIX_SA", "MA", "NUM"]
ITEM_TYPES: Final[tuple[ItemType, ...]] = get_args(ItemType)


@dataclass(frozen=True, slots=True)
class Text:
    """A text in the two languages.

    Parameters
    ----------
    ja, en : str
        Japanese and English.
    """

    ja: str
    en: str

    def say(self, lang: str) -> str:
        """Return the text in one language.

        Parameters
        ----------
        lang : {"en", "ja"}
            The language.

        Returns
        -------
        str
            The text.

        Raises
        ------
        ConfigError
            Another language.

        Examples
        --------
        >>> Text("性別", "Sex").say("ja")
        '性別'
        """
        if lang not in LANGUAGES:
            raise ConfigError(
                "CFG-LANG", _("The language must be en or ja."), hint=_("Choose --lang ja or --lang en.")
            )
        return self.ja if lang == "ja" else self.en


@dataclass(frozen=True, slots=True)
class Option:
    """One answer that can be chosen.

    Parameters
    ----------
    value : int
        Its code.
    text : Text
        Its label.
    """

    value: int
    text: Text


@dataclass(frozen=True, slots=True)
class MissingCodes:
    """The codes of a column that are no answer; None where the column has no such code.

    Parameters
    ----------
    not_asked : int
        非該当: the branch leads past the item; outside the base.
    no_answer : int, optional
        無回答. None in a column of a several-answers item, where the ``_NA`` column says it.
    multi_mark : int, optional
        Two marks on a one-answer item.
    illegible : int, optional
        判読不能.
    out_of_range : int, optional
        A number outside the range that the item allows.
    """

    not_asked: int
    no_answer: int | None = None
    multi_mark: int | None = None
    illegible: int | None = None
    out_of_range: int | None = None

    @property
    def codes(self) -> frozenset[int]:
        """All codes that are set.

        Examples
        --------
        >>> sorted(MissingCodes(not_asked=88, no_answer=99).codes)
        [88, 99]
        """
        every = (self.not_asked, self.no_answer, self.multi_mark, self.illegible, self.out_of_range)
        return frozenset(code for code in every if code is not None)


@dataclass(frozen=True, slots=True)
class Score:
    """Points of a published or project scale for the codes of an item.

    Parameters
    ----------
    scale : str
        Name of the scale, such as ``"kcl"`` (基本チェックリスト) or ``"dvs"`` (食品摂取の多様性得点).
    points : tuple of (int, float)
        Code and points.
    """

    scale: str
    points: tuple[tuple[int, float], ...]


@dataclass(frozen=True, slots=True)
class Item:
    """One item of the questionnaire.

    Parameters
    ----------
    code : str
        Name of the item; also its data column, unless several answers are allowed.
    type : {"SA", "MATRIX_SA", "MA", "NUM"}
        One answer, a matrix row with one answer, several answers, or a number.
    section, text : Text
        Section of the form and the question.
    missing : MissingCodes
        Codes of its columns that are no answer.
    columns : tuple of str
        Its columns without the ``_NA`` one: one for each option of a several-answers item, else ``(code,)``.
    options : tuple of Option
        Answers to choose from; empty for a number.
    no_answer_column : str, optional
        The column that is 1 where no mark was made (several answers only).
    exclusive_options : tuple of int
        Options that cannot stand with others, such as 特にない.
    max_marks : int, optional
        Most marks that the form allows.
    valid_range : (float, float), optional
        Least and greatest number, inclusive, in ``unit``.
    decimals : int
        Decimal places of a number; 0 means whole numbers only.
    unit : Text, optional
        Unit of a number.
    show_if : Comparison or Group, optional
        Who is asked; None means everyone.
    role : str, optional
        What the item is used for, such as ``"banner"`` or ``"kcl:motor"``.
    score : tuple of Score
        Scales that the item counts in.
    matrix : str, optional
        The matrix that the row belongs to.
    matrix_row : int, optional
        Its row there, 1 = first.
    source : str, optional
        Citation of a published scale.
    """

    code: str
    type: ItemType
    section: Text
    text: Text
    missing: MissingCodes
    columns: tuple[str, ...]
    options: tuple[Option, ...] = ()
    no_answer_column: str | None = None
    exclusive_options: tuple[int, ...] = ()
    max_marks: int | None = None
    valid_range: tuple[float, float] | None = None
    decimals: int = 0
    unit: Text | None = None
    show_if: Condition | None = None
    role: str | None = None
    score: tuple[Score, ...] = ()
    matrix: str | None = None
    matrix_row: int | None = None
    source: str | None = None

    @property
    def data_columns(self) -> tuple[str, ...]:
        """All its columns, the ``_NA`` column last."""
        return self.columns if self.no_answer_column is None else (*self.columns, self.no_answer_column)

    @property
    def values(self) -> tuple[int, ...]:
        """Codes of its options, in the order of the form."""
        return tuple(option.value for option in self.options)

    @property
    def names(self) -> tuple[str, ...]:
        """Its code and its columns, each once: what it may be looked up by."""
        return tuple(dict.fromkeys((self.code, *self.data_columns)))

    def points(self, scale: str) -> dict[int, float]:
        """Return the points of a scale.

        Parameters
        ----------
        scale : str
            Name of the scale.

        Returns
        -------
        dict of int to float
            Points by code; empty where the item does not count in the scale.
        """
        return {code: points for score in self.score if score.scale == scale for code, points in score.points}

    def option_of(self, column: str) -> Option | None:
        """Return the option that a column of a several-answers item stands for.

        Parameters
        ----------
        column : str
            One of `data_columns`.

        Returns
        -------
        Option or None
            None for the ``_NA`` column and for items with one column.
        """
        if self.type != "MA" or column not in self.columns:
            return None
        return self.options[self.columns.index(column)]


def repeated(names: Sequence[object]) -> bool:
    """Return whether a name stands twice in a list."""
    return len(set(names)) < len(names)
