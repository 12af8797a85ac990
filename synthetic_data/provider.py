"""A Faker provider for single invented people of the ward, from the same tables."""

from __future__ import annotations

import datetime
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from faker.providers import BaseProvider

from synthetic_data.addresses import BUILDING_KINDS, WIDE
from synthetic_data.certification import level_rows
from synthetic_data.certification_rows import new_period_end
from synthetic_data.dates import ONE_DAY, birth_interval
from synthetic_data.registers import WARD_NAME
from synthetic_data.tables import given_names, pyramid, read_rows, settings, surnames, towns

REFERENCE_DATE = datetime.date(2009, 11, 1)
OLDEST = 104


@dataclass(frozen=True, slots=True)
class WardAddress:
    """An address in the ward.

    Attributes
    ----------
    postal_code, address, flat, area : str
        郵便番号 (seven digits), 住所, 方書 (empty for a house) and area.
    """

    postal_code: str
    address: str
    flat: str
    area: str


@dataclass(frozen=True, slots=True)
class Elder:
    """An invented elder.

    Attributes
    ----------
    name, kana : str
        氏名 and 氏名カナ, family name first, with a full-width space.
    birth_date : datetime.date
        Date of birth.
    sex : str
        M or F.
    home : WardAddress
        Where they live.
    """

    name: str
    kana: str
    birth_date: datetime.date
    sex: str
    home: WardAddress


@dataclass(frozen=True, slots=True)
class CertificationDecision:
    """A decision of care certification in force.

    Attributes
    ----------
    level : str
        Code of the care level, such as ``21`` (要介護1).
    applied, decided, start, end : datetime.date
        申請日, 認定日, 有効期間開始日, 有効期間終了日.
    """

    level: str
    applied: datetime.date
    decided: datetime.date
    start: datetime.date
    end: datetime.date


class WardProvider(BaseProvider):  # type: ignore[misc]
    """Faker provider of invented people and addresses of the ward.

    Notes
    -----
    Unlike Faker's own Japanese provider, town and postal code belong together, the name fits the decade of
    birth and the sex, and the kana belong to the kanji. It draws from Faker's own source of chance, so
    ``fake.seed_instance`` makes it repeatable; the numbers differ from those of `make_ward`.

    Examples
    --------
    >>> from faker import Faker
    >>> fake = Faker("ja_JP")
    >>> fake.add_provider(WardProvider)
    >>> fake.seed_instance(1)
    >>> elder = fake.elder()
    >>> elder.home.address.startswith("東京都練馬区"), elder.birth_date.year < 1945
    (True, True)
    """

    def _weighted(self, weights: Sequence[int]) -> int:
        return int(self.generator.random.choices(range(len(weights)), weights=weights)[0])

    def _value(self, pairs: list[list[int]]) -> int:
        return int(pairs[self._weighted([weight for _, weight in pairs])][0])

    def elder(self, age: int | None = None) -> Elder:
        """Draw an invented person of 65 or more.

        Parameters
        ----------
        age : int, optional
            Age by law at the reference date (2009-11-01), 65 to 104; by default drawn from the pyramid.

        Returns
        -------
        Elder
            The person.
        """
        counts = pyramid()[: OLDEST + 1].copy()
        counts[: 65 if age is None else age] = 0
        if age is not None:
            counts[age + 1 :] = 0
        years, sex = divmod(self._weighted(counts.ravel().tolist()), 2)
        first, last = birth_interval(np.array([years]), np.datetime64(REFERENCE_DATE, "D"))
        days = int((last - first).astype(int)[0])
        birth: datetime.date = (first[0] + self.generator.random.randrange(days + 1) * ONE_DAY).astype(object)
        names, families = given_names(), surnames()
        period = int(np.searchsorted(names.first_year, birth.year, side="right")) - 1
        given = self._weighted(names.weight[2 * period + sex].tolist())
        family = self._weighted(families.weight.tolist())
        return Elder(
            name=f"{families.text[family]}　{names.text[given]}",
            kana=f"{families.kana[family]}　{names.kana[given]}",
            birth_date=birth,
            sex="MF"[sex],
            home=self.ward_address(),
        )

    def ward_address(self) -> WardAddress:
        """Draw an address in the ward, about half of them flats.

        Returns
        -------
        WardAddress
            The address.
        """
        table, random = towns(), self.generator.random
        place = self._weighted(table.weight.tolist())
        chome = random.randint(1, int(table.chome_count[place])) if table.chome_count[place] else 0
        street = f"{chome}丁目" if chome else ""
        street += f"{random.randint(1, 40)}番{random.randint(1, 20)}号"
        flat = self._flat(table.town[place]) if random.random() < 0.5 else ""
        address = f"{WARD_NAME}{table.town[place]}{street.translate(WIDE)}"
        return WardAddress(table.postal_code[place], address, flat, table.area[place])

    def _flat(self, town: str) -> str:
        random, words = self.generator.random, settings("buildings")
        kind: dict[str, Any] = words[BUILDING_KINDS[random.randrange(2)]]
        core = random.choice([town, random.choice(words["words"]["garden"])])
        name = random.choice(
            [f"{random.choice(kind['prefix'])}{core}", f"{core}{random.choice(kind['suffix'])}"]
        )
        room = random.randint(1, self._value(kind["floors"])) * 100 + random.randint(
            1, self._value(kind["rooms"])
        )
        return f"{name}{str(room).translate(WIDE)}号"

    def certification(self, age: int = 80, sex: str = "F") -> CertificationDecision:
        """Draw a first decision of care certification that is in force on the reference date.

        Parameters
        ----------
        age : int
            Age, 40 or more: the levels depend on it.
        sex : {"M", "F"}
            Sex.

        Returns
        -------
        CertificationDecision
            The decision; it lasts the rest of the month of application and six months.
        """
        table = settings("certification")
        cell = read_rows("certification_cells.csv")[
            int(level_rows(np.array([age]), np.array([1 + (sex == "F")]))[0])
        ]
        codes = table["codes"]["levels"]
        level = codes[self._weighted([int(cell[code]) for code in codes])]
        days, random = table["days"], self.generator.random
        lag = days["decision_least"] + random.randrange(days["decision_span"])
        applied = np.array([np.datetime64(REFERENCE_DATE, "D") - (lag + random.randrange(120)) * ONE_DAY])
        end = new_period_end(applied, np.array([6]))
        start: datetime.date = applied[0].astype(object)
        last: datetime.date = end[0].astype(object)
        return CertificationDecision(level, start, start + datetime.timedelta(days=lag), start, last)
