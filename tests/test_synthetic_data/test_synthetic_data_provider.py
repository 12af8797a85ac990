"""The Faker provider gives people and addresses whose parts belong together, again for the same seed."""

import pytest
from faker import Faker

from synthetic_data import WardProvider
from synthetic_data.tables import read_rows, towns

PEOPLE = 300


@pytest.fixture
def fake():
    faker = Faker("ja_JP")
    faker.add_provider(WardProvider)
    faker.seed_instance(7)
    return faker


def test_elders(fake):
    given = {(row["sex"], row["name"], row["kana"]) for row in read_rows("given_names.csv")}
    families = {(row["surname"], row["kana"]) for row in read_rows("surnames.csv")}
    for elder in (fake.elder() for _ in range(PEOPLE)):
        (family, name), (family_kana, kana) = elder.name.split("　"), elder.kana.split("　")
        assert (family, family_kana) in families
        assert ("1" if elder.sex == "M" else "2", name, kana) in given
        assert 1904 < elder.birth_date.year < 1945
        (elder.name + elder.kana + elder.home.address + elder.home.flat).encode("cp932")


def test_age_can_be_chosen(fake):
    born = [fake.elder(age=65).birth_date.isoformat() for _ in range(PEOPLE)]
    assert min(born) >= "1943-11-03"
    assert max(born) <= "1944-11-02"


def test_addresses(fake):
    where = {
        town: (code, area)
        for town, code, area in zip(towns().town, towns().postal_code, towns().area, strict=True)
    }
    homes = [fake.ward_address() for _ in range(PEOPLE)]
    for home in homes:
        rest = home.address.removeprefix("東京都練馬区")
        town = max((name for name in where if rest.startswith(name)), key=len)
        assert where[town] == (home.postal_code, home.area)
    assert 0.35 < sum(bool(home.flat) for home in homes) / PEOPLE < 0.65


def test_certifications(fake):
    for decision in (fake.certification(age=83, sex="F") for _ in range(PEOPLE)):
        assert decision.level in ("12", "13", "21", "22", "23", "24", "25")
        assert decision.start == decision.applied < decision.decided
        assert decision.start.isoformat() <= "2009-11-01" <= decision.end.isoformat()


def test_same_seed_same_person(fake):
    first = fake.elder()
    fake.seed_instance(7)
    assert fake.elder() == first
