"""The codebook (符号表) of a questionnaire: items, columns, labels, missing codes, and the check of answers.

One file holds what every room needs to know about the form: tables, bases, value labels, branches and checks
all come from it. The codebook ``food_survey`` comes with the toolkit; a survey may bring its own JSON file.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

import pandas as pd

from custody.answer_checks import ANSWER_RULES, CheckedAnswers, check_answers
from custody.codebook_file import read_items, read_json, two_languages
from custody.codebook_items import Item, ItemType, MissingCodes, Option, Score, Text
from custody.errors import ConfigError
from custody.messages import gettext as _

__all__ = [
    "ANSWER_RULES",
    "CheckedAnswers",
    "Codebook",
    "Item",
    "ItemType",
    "MissingCodes",
    "Option",
    "Score",
    "Text",
]

_WORDS: Final = (
    "not_marked", "answered", "no_answer", "not_asked", "multi_mark", "illegible", "out_of_range",
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Codebook:
    """A codebook; make one with `Codebook.load`.

    Parameters
    ----------
    name : str
        Name of the questionnaire.
    version : str
        Version of the form.
    title : Text
        Title in two languages.
    items : tuple of Item
        The items in the order of the form.
    words : mapping of str to Text
        Words for codes that are not an option: ``no_answer`` 無回答, ``not_asked`` 非該当 and so on.

    Examples
    --------
    >>> book = Codebook.load("food_survey")
    >>> book.text("Q2", "en"), book.labels("Q2", "ja")
    ('Sex', {1: '男性', 2: '女性'})
    >>> answers = pd.DataFrame({"token": ["7F3K9QXM2CDE4TX"], "Q2": ["3"]})
    >>> checked = book.check(answers, keep=("token",))
    >>> int(checked.table.loc[0, "Q2"])
    99
    >>> checked.log.query("row > 0 and column == 'Q2'").to_dict("records")
    [{'row': 1, 'column': 'Q2', 'code': 'not-in-list'}]
    """

    name: str
    version: str
    title: Text
    items: tuple[Item, ...]
    words: Mapping[str, Text] = field(repr=False, hash=False)
    _index: Mapping[str, Item] = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "_index", {name: item for item in self.items for name in item.names})

    @classmethod
    def load(cls, name_or_path: str | Path = "food_survey") -> "Codebook":
        """Load a codebook.

        Parameters
        ----------
        name_or_path : str or pathlib.Path
            Name of one that comes with the toolkit, or a JSON file in UTF-8.

        Returns
        -------
        Codebook
            The codebook, checked.

        Raises
        ------
        ConfigError
            No such file, or a field that is missing or wrong; it names file, field and what to do.
        """
        root = read_json(name_or_path)
        words = root.table("words")
        return cls(
            name=root.text("name"),
            version=root.text("version"),
            title=two_languages(root, "title"),
            items=read_items(root),
            words={word: two_languages(words, word) for word in _WORDS},
        )

    @property
    def columns(self) -> tuple[str, ...]:
        """All data columns in the order of the form, with the ``_NA`` columns."""
        return tuple(name for item in self.items for name in item.data_columns)

    def item(self, column: str) -> Item:
        """Return the item of a column.

        Parameters
        ----------
        column : str
            A data column, or the code of an item.

        Returns
        -------
        Item
            The item.

        Raises
        ------
        ConfigError
            The codebook does not know the name.
        """
        try:
            return self._index[column]
        except KeyError:
            text = _("The codebook {name} has no such column.").format(name=self.name)
            hint = _("See the columns in the codebook.")
            raise ConfigError("CBK-COLUMN", text, hint=hint, column=column) from None

    def text(self, column: str, lang: str) -> str:
        """Return the question of a column.

        Parameters
        ----------
        column : str
            A data column, or the code of an item.
        lang : {"en", "ja"}
            The language.

        Returns
        -------
        str
            The question; for a column of a several-answers item, with the answer that it stands for.
        """
        item = self.item(column)
        question = item.text.say(lang)
        option = item.option_of(column)
        if option is not None:
            return f"{question}: {option.text.say(lang)}"
        if column == item.no_answer_column:
            return f"{question}: {self.words['no_answer'].say(lang)}"
        return question

    def labels(self, column: str, lang: str, *, missing: bool = False) -> dict[int, str]:
        """Return the labels of a column's codes.

        Parameters
        ----------
        column : str
            A data column, or the code of an item (then the answers of the whole item).
        lang : {"en", "ja"}
            The language.
        missing : bool
            Add the codes that are no answer.

        Returns
        -------
        dict of int to str
            Labels by code in the order of the form; empty for a number.

        Examples
        --------
        >>> Codebook.load().labels("Q10_14", "en")
        {0: 'not marked', 1: 'none'}
        """
        item = self.item(column)
        option = item.option_of(column)
        if option is not None:
            labels = {0: self.words["not_marked"].say(lang), 1: option.text.say(lang)}
        elif column == item.no_answer_column:
            labels = {0: self.words["answered"].say(lang), 1: self.words["no_answer"].say(lang)}
        else:
            labels = {option.value: option.text.say(lang) for option in item.options}
        if missing:
            labels |= self._missing_labels(item.missing, lang)
        return labels

    def _missing_labels(self, codes: MissingCodes, lang: str) -> dict[int, str]:
        labels: dict[int, str] = {}
        joint = "・" if lang == "ja" else " or "
        for word in ("out_of_range", "illegible", "multi_mark", "not_asked", "no_answer"):
            code = getattr(codes, word)
            if code is not None:
                said = self.words[word].say(lang)
                labels[code] = f"{labels[code]}{joint}{said}" if code in labels else said
        return labels

    def missing(self, column: str) -> MissingCodes:
        """Return the codes of a column that are no answer.

        Parameters
        ----------
        column : str
            A data column, or the code of an item.

        Returns
        -------
        MissingCodes
            The codes.
        """
        return self.item(column).missing

    def check(self, table: pd.DataFrame, *, keep: Sequence[str] = ()) -> CheckedAnswers:
        """Check answers against the codebook.

        Parameters
        ----------
        table : pandas.DataFrame, shape (n, any)
            One row for each form; codes as numbers or as text. It is not changed.
        keep : sequence of str
            Columns outside the codebook that pass untouched, such as ``("token",)``.

        Returns
        -------
        CheckedAnswers
            The table with all `columns`, and the log (row, column, code) without values. `ANSWER_RULES` says
            what each code means.

        Raises
        ------
        InputError
            A column stands twice, or a column to keep is missing.
        """
        return check_answers(self.items, table, keep=keep)
