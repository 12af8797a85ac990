"""What happens to answers on paper: blanks, double marks, skip errors, wrong numbers, each counted."""

from __future__ import annotations

from collections import Counter
from typing import Any

import numpy as np
import numpy.typing as npt

from custody.codebook import Codebook, Item
from synthetic_data.answers import set_not_asked
from synthetic_data.streams import Streams
from synthetic_data.tables import settings

Ints = npt.NDArray[np.int64]
Flags = npt.NDArray[np.bool_]

RATE = 10_000
LONG_MATRIX = 8
SINGLE = ("SA", "MATRIX_SA")
PROXY = 3


class Paper:
    """Forms on paper: answers that go wrong step by step, with a count of each kind of error.

    Parameters
    ----------
    answers : dict of str to numpy.ndarray
        Answers of those who send a form back, as if everybody were asked everything; changed in place.
    variables : dict of str to numpy.ndarray
        Needs ``za`` and ``male``.
    book : Codebook
        The questionnaire.
    streams : Streams
        Source of chance.

    Attributes
    ----------
    counts : collections.Counter
        Errors that stand in the finished forms, by kind.
    """

    def __init__(
        self, answers: dict[str, Any], variables: dict[str, Any], book: Codebook, streams: Streams
    ) -> None:
        self.answers, self.book, self.streams = answers, book, streams
        self.n = len(variables["za"])
        self.counts: Counter[str] = Counter()
        blanks = settings("returns_model")["blank_items"]
        self.care = np.power(float(blanks["per_10_years"]), variables["za"])
        self.care = self.care * np.where(answers["Q1"] == PROXY, blanks["proxy"], 1.0)
        self.care = self.care * np.where(variables["male"] > 0, blanks["male"], 1.0)
        careful = streams.below("paper.careful", self.n, 1000) < blanks["careful"]["share"]
        self.care = self.care * np.where(careful, blanks["careful"]["factor"], blanks["careful"]["others"])
        self.errors = settings("returns_model")["errors"]

    def _hit(self, name: str, rate: Any, among: Any = True) -> Flags:
        drawn = self.streams.below(f"paper.{name}", self.n, RATE)
        return np.asarray((drawn < rate) & among)

    def _people(self, name: str, rate: int) -> Ints:
        return self.streams.pick(f"paper.{name}", np.arange(self.n), round(self.n * rate / RATE))

    def blank(self, item: Item, who: Any) -> None:
        """Leave a question blank.

        Parameters
        ----------
        item : Item
            The question.
        who : numpy.ndarray
            Flags or places of forms.
        """
        for column in item.columns:
            self.answers[column][who] = 0 if item.type == "MA" else item.missing.no_answer
        if item.no_answer_column is not None:
            self.answers[item.no_answer_column][who] = 1

    def fill(self) -> None:
        """Do everything: mistakes of the person, blanks, double marks, branches, errors on branches."""
        self._other_person()
        self._straight_lines()
        self._keying()
        self._blank_items()
        self._blank_patterns()
        self._double_marks()
        raw = {name: values.copy() for name, values in self.answers.items()}
        asked = set_not_asked(self.answers, self.book)
        self._skip_errors(raw, asked)
        self._too_many_marks()
        self._wrong_numbers()

    def _other_person(self) -> None:
        sex = self._people("wrong_sex", self.errors["wrong_sex"])
        age = self._people("wrong_age", self.errors["wrong_age"])
        self.answers["Q2"][sex] = 3 - self.answers["Q2"][sex]
        years = 6 + self.streams.below("paper.years", len(age), 8)
        told = self.answers["Q3"][age]
        self.answers["Q3"][age] = np.where(told >= 80, told - years, told + years)
        self.counts["wrong_sex"], self.counts["wrong_age"] = len(sex), len(age)

    def _matrices(self) -> dict[str, list[Item]]:
        found: dict[str, list[Item]] = {}
        for item in self.book.items:
            if item.matrix is not None:
                found.setdefault(item.matrix, []).append(item)
        return found

    def _straight_lines(self) -> None:
        for name, rows in self._matrices().items():
            if len(rows) < LONG_MATRIX:
                continue
            who = self._people(f"line.{name}", self.errors["straight_line"])
            for item in rows[1:]:
                self.answers[item.code][who] = self.answers[rows[0].code][who]

    def _keying(self) -> None:
        for item in self.book.items:
            if item.type not in SINGLE:
                continue
            values = self.answers[item.code]
            wrong = self._hit(f"key.{item.code}", self.errors["keying"])
            values[wrong] = np.where(values[wrong] == item.values[-1], item.values[-2], values[wrong] + 1)

    def _blank_items(self) -> None:
        table = settings("returns_model")["blank_items"]
        for item in self.book.items:
            rate = table.get(item.code, table[item.type]) * self.care
            if int("".join(c for c in item.code[1:3] if c.isdigit())) >= table["late_from"]:
                rate = rate * table["late_section"]
            if (item.matrix_row or 0) > 5:
                rate = rate * table["late_row"]
            self.blank(item, self._hit(f"blank.{item.code}", rate))

    def _blank_patterns(self) -> None:
        table = settings("returns_model")["blank_items"]
        for name, rows in self._matrices().items():
            who = self._hit(f"matrix.{name}", table["whole_matrix"])
            for item in rows:
                self.blank(item, who)
        pages = self._hit("page", table["whole_page"])
        start = self.streams.below("paper.page_start", self.n, len(self.book.items))
        for place, item in enumerate(self.book.items):
            self.blank(item, pages & (start <= place) & (place < start + table["page_items"]))
        ticks = self._hit("ticks", table["ticks_only_eaten"])
        for item in self._matrices()["Q19"]:
            self.blank(item, ticks & (self.answers[item.code] == item.values[-1]))

    def _double_marks(self) -> None:
        for item in self.book.items:
            if item.type not in SINGLE:
                continue
            values = self.answers[item.code]
            for kind, code in (
                ("illegible", item.missing.illegible),
                ("multi_mark", item.missing.multi_mark),
            ):
                answered = np.isin(values, item.values)
                values[self._hit(f"{kind}.{item.code}", self.errors[kind] * self.care, answered)] = code

    def _skip_errors(self, raw: dict[str, Any], asked: dict[str, Flags]) -> None:
        for item in self.book.items:
            if item.show_if is None:
                continue
            shown = asked[item.code]
            kept = self._hit(f"kept.{item.code}", self.errors["answered_not_asked"], ~shown)
            left = self._hit(f"left.{item.code}", self.errors["not_answered_asked"], shown)
            if item.type == "MA":
                for column in item.data_columns:
                    self.answers[column][kept] = raw[column][kept]
                self.counts["answered_not_asked"] += sum(int((raw[c][kept] == 1).sum()) for c in item.columns)
                self.blank(item, left)
                self.counts["branch_left_blank"] += int(left.sum())
            else:
                self.answers[item.code][kept] = raw[item.code][kept]
                given = kept & (raw[item.code] != item.missing.no_answer)
                self.counts["answered_not_asked"] += int(given.sum())
                self.answers[item.code][left] = item.missing.not_asked
                self.counts["not_answered_though_asked"] += int(left.sum())

    def _too_many_marks(self) -> None:
        for item in self.book.items:
            if item.type != "MA":
                continue
            marks = np.stack([self.answers[column] for column in item.columns], axis=1)
            free = [place for place, value in enumerate(item.values) if value not in item.exclusive_options]
            if item.max_marks is not None:
                full = (marks[:, free] == 1).sum(axis=1) == item.max_marks
                over = self._hit(f"over.{item.code}", self.errors["over_max_marks"], full)
                first = np.array(free)[np.argmax(marks[:, free] == 0, axis=1)]
                marks[np.flatnonzero(over), first[over]] = 1
                self.counts["over_max_marks"] += int(over.sum())
            if item.exclusive_options and item.max_marks is None:
                last = len(item.columns) - 1
                both = self._hit(
                    f"both.{item.code}", self.errors["exclusive_with_others"], marks[:, last] == 1
                )
                marks[both, 0] = 1
                self.counts["exclusive_with_others"] += int(both.sum())
            self.answers |= {column: marks[:, place] for place, column in enumerate(item.columns)}

    def _wrong_numbers(self) -> None:
        for column, value in self.errors["wrong_number"].items():
            missing = list(self.book.item(column).missing.codes)
            given = ~np.isin(self.answers[column], missing)
            wrong = self._hit(f"number.{column}", self.errors["out_of_range"], given)
            in_branch = self.book.item(column).show_if is not None
            if in_branch and column == "Q48":
                wrong &= self.answers["Q47_12"] != 1
            self.answers[column][wrong] = value
            self.counts["out_of_range"] += int(wrong.sum())
        height, weight = self.answers["Q11"], self.answers["Q12"]
        plain = (height >= 100) & (height < 200) & (weight < 200)
        swapped = self._hit("swapped", self.errors["swapped_body"], plain)
        height[swapped], weight[swapped] = weight[swapped], height[swapped]
        self.counts["swapped_height_weight"] = int(swapped.sum())


def blank_forms(answers: dict[str, Any], n: int, book: Codebook) -> dict[str, Any]:
    """Forms that came back without any answer.

    Parameters
    ----------
    answers : dict of str to numpy.ndarray
        Any answers: the columns are taken from it.
    n : int
        How many forms.
    book : Codebook
        The questionnaire.

    Returns
    -------
    dict of str to numpy.ndarray
        Columns of shape (n,).
    """
    empty = {name: np.zeros(n, dtype=answers[name].dtype) for name in book.columns}
    for item in book.items:
        for column in item.columns:
            empty[column][:] = 0 if item.type == "MA" else item.missing.no_answer
        if item.no_answer_column is not None:
            empty[item.no_answer_column][:] = 1
    set_not_asked(empty, book)
    return empty
