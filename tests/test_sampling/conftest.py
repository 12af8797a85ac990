"""Small registers written by hand, an invented ward, and a training survey for the sampling tests."""

import importlib.util
import io
import json
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import date
from pathlib import Path
from types import ModuleType, SimpleNamespace
from typing import Any

import numpy as np
import pandas as pd
import pyarrow as pa
import pytest

from custody.messages import set_language
from custody.packages import open_package
from custody.survey import Survey, create_survey
from sampling import (
    Frame,
    RegisterFiles,
    build_frame,
    draw_sample,
    read_certifications,
    read_residents,
)

REFERENCE, KNOWN = date(2009, 11, 1), date(2009, 11, 2)
RESIDENT = {
    "宛名番号": "",
    "世帯番号": "0000000001",
    "氏名": "練馬　太郎",
    "氏名カナ": "ネリマ　タロウ",
    "生年月日": "19350401",
    "性別": "1",
    "郵便番号": "1760001",
    "住所": "東京都練馬区練馬１丁目２番３号",
    "方書": "",
    "住民となった日": "19700401",
    "消除日": "",
    "消除事由": "",
    "支援措置": "0",
}
CERTIFICATION = {
    "被保険者番号": "0000000001",
    "宛名番号": "",
    "申請区分": "新規",
    "申請日": "20090701",
    "認定日": "20090801",
    "要介護状態区分": "21",
    "有効期間開始日": "20090701",
    "有効期間終了日": "20100131",
}
Row = Mapping[str, str]


@dataclass(frozen=True, slots=True)
class Desk:
    """Where a test writes registers and builds frames from them."""

    folder: Path

    def write(self, name: str, rows: Iterable[Row], *, encoding: str = "cp932") -> Path:
        """Write rows as a ward would."""
        rows = list(rows)
        lines = [",".join(rows[0]), *(",".join(row.values()) for row in rows)]
        path = self.folder / name
        path.write_bytes(("\r\n".join(lines) + "\r\n").encode(encoding))
        return path

    def residents(self, *changes: Row, clean: int = 0) -> Path:
        """Write one resident a change, numbered from 1, and `clean` ordinary ones after them."""
        rows = [{**RESIDENT, "宛名番号": f"{n:010d}", **row} for n, row in enumerate(changes, 1)]
        rows += [{**RESIDENT, "宛名番号": f"{n:010d}"} for n in range(len(rows) + 1, len(rows) + clean + 1)]
        return self.write("residents.csv", rows)

    def certifications(self, *changes: Row, of: int = 999) -> Path:
        """Write one certification row a change; the first is an ordinary one of the resident number `of`."""
        rows = [{**CERTIFICATION, "宛名番号": f"{of:010d}"}]
        return self.write("certifications.csv", [*rows, *({**CERTIFICATION, **row} for row in changes)])

    def frame(
        self,
        residents: Iterable[Row],
        certifications: Iterable[Row] = (),
        *,
        reference: date = REFERENCE,
        known: date = KNOWN,
    ) -> Frame:
        """Build the frame of these people; a last one is certified, so that both registers have rows."""
        people = [*residents, {"宛名番号": f"{999:010d}"}]
        return build_frame(
            read_residents(self.residents(*people)),
            read_certifications(self.certifications(*certifications)),
            reference_date=reference,
            knowledge_date=known,
            secret=bytes(32),
        )


DATE, TEXT = pa.date32(), pa.string()
CODE = pa.dictionary(pa.int32(), pa.string())
COLUMNS: dict[str, dict[str, Any]] = {
    "residents": {
        **dict.fromkeys(("resident_no", "household_no", "insured_no", "name", "kana", "alias"), TEXT),
        **{"birth_date": DATE, "birth_latest": DATE, "sex": CODE, "postal_code": TEXT, "address": TEXT},
        **{"building": TEXT, "resident_since": DATE, "removed_on": DATE, "removal": CODE, "protection": CODE},
        **{"protection_from": DATE, "protection_to": DATE, "registered": CODE, "institution": CODE},
    },
    "certifications": {
        **{"resident_no": TEXT, "insured_no": TEXT, "application": CODE, "applied_on": DATE},
        **{"decided_on": DATE, "decision": CODE, "outcome": CODE, "valid_from": DATE, "valid_to": DATE},
        **{"name": TEXT, "kana": TEXT, "birth_date": DATE, "birth_latest": DATE, "sex": CODE},
        **{"address": TEXT},
    },
    "qualifications": {
        **{"insured_no": TEXT, "resident_no": TEXT, "status": CODE, "acquired_on": DATE, "lost_on": DATE},
    },
}


@dataclass(frozen=True, slots=True)
class HandRegister:
    """A register as the reader hands it over, its rows written by hand in our own words."""

    kind: str
    table: Any
    quarantined: int = 0
    unclear: Any = field(default_factory=lambda: pa.array([], TEXT))
    unclear_insured: Any = field(default_factory=lambda: pa.array([], TEXT))
    unattributed: int = 0
    sha256: str = "0" * 64
    encoding: str = "utf-8"

    @property
    def accepted(self) -> int:
        return int(self.table.num_rows)

    @property
    def read(self) -> int:
        return self.accepted + self.quarantined

    def text(self, name: str, positions: Any = None) -> Any:
        """Return the text of some rows."""
        column = self.table[name].combine_chunks()
        return column if positions is None else column.take(pa.array(np.asarray(positions)))


def by_hand(kind: str, rows: Iterable[Mapping[str, Any]], **counts: Any) -> HandRegister:
    """Make a register of rows in our own words; residents are ordinary elders but for what is said."""
    usual = {
        "name": "練馬　太郎",
        "birth_date": date(1935, 4, 1),
        "sex": "M",
        "postal_code": "176-0001",
        "address": "東京都練馬区練馬１丁目２番３号",
        "building": "",
        "resident_since": date(1970, 4, 1),
        "protection": "no",
    }
    full = [{**(usual if kind == "residents" else {}), **row} for row in rows]
    if kind == "residents":
        full = [
            {"birth_latest": row["birth_date"], "household_no": row["resident_no"], **row} for row in full
        ]
    columns = {
        name: pa.array([row.get(name) for row in full], TEXT if type_ == CODE else type_).cast(type_)
        for name, type_ in COLUMNS[kind].items()
    }
    return HandRegister(kind, pa.table(columns), **counts)


@pytest.fixture(scope="session")
def slow_judge() -> ModuleType:
    """The rules of the frame once more, in plain Python (``slow_judge.py`` beside this file)."""
    spec = importlib.util.spec_from_file_location("slow_judge", Path(__file__).with_name("slow_judge.py"))
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


@pytest.fixture
def hand() -> Callable[..., HandRegister]:
    """Make registers by hand."""
    return by_hand


@pytest.fixture(autouse=True)
def english() -> Iterator[None]:
    set_language("en")
    yield
    set_language(None)


@pytest.fixture
def desk(tmp_path: Path) -> Desk:
    return Desk(tmp_path)


@pytest.fixture(scope="session")
def ward(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Folder with the two registers of an invented ward of 6,000 and its truth.json."""
    from synthetic_data import make_ward

    folder = tmp_path_factory.mktemp("ward")
    make_ward(6000, "sampling tests").write(folder)
    return folder


@pytest.fixture(scope="session")
def ward_frame(ward: Path) -> Frame:
    return build_frame(
        read_residents(ward / "residents.csv"),
        read_certifications(ward / "certifications.csv"),
        reference_date=REFERENCE,
        knowledge_date=KNOWN,
        secret=bytes(32),
    )


@pytest.fixture
def files(ward: Path) -> RegisterFiles:
    return RegisterFiles(ward / "residents.csv", ward / "certifications.csv")


@pytest.fixture
def opened(tmp_path: Path) -> Callable[[str], Survey]:
    """Open a training survey of 120 persons at a time of the simulated clock."""
    folder = tmp_path / "survey with blank"
    create_survey(folder, training=True, sample=120, seed="tests")
    return lambda at: Survey.open(folder, at)


@pytest.fixture(scope="session")
def wards(tmp_path_factory: pytest.TempPathFactory) -> SimpleNamespace:
    """A ward of 20,000, and as it is on 20 and on 27 November: ``files`` and ``truths`` by name."""
    from synthetic_data import make_ward

    folder = tmp_path_factory.mktemp("wards")
    ward = make_ward(20_000, "refresh")
    ward.write(folder / "first")
    files, truths = {}, {}
    for name, day in (("second", 20), ("third", 27)):
        ward.later(date(2009, 11, day)).write(folder / name)
        truths[name] = json.loads((folder / name / "truth-later.json").read_text(encoding="utf-8"))
    for name in ("first", "second", "third"):
        files[name] = RegisterFiles(folder / name / "residents.csv", folder / name / "certifications.csv")
    return SimpleNamespace(files=files, truths=truths)


@pytest.fixture
def new_drawn(tmp_path: Path, wards: SimpleNamespace) -> Callable[[int], Callable[[str], Survey]]:
    """Draw so many persons of the first of `wards` on 3 November; gives a function that opens the survey."""

    def make(sample: int) -> Callable[[str], Survey]:
        folder = tmp_path / "survey with blank"
        create_survey(folder, training=True, sample=sample, seed="refresh")
        draw_sample(
            Survey.open(folder, "2009-11-03T10:00"), wards.files["first"], seed="5", knowledge_date=KNOWN
        )
        return lambda at: Survey.open(folder, at)

    return make


@pytest.fixture
def opened_by_contractor() -> Callable[..., tuple[pd.DataFrame, Any]]:
    """Open a package of a survey with the contractor's key: its table and its manifest."""

    def opened(survey: Survey, kind: Any) -> tuple[pd.DataFrame, Any]:
        package = open_package(
            survey.out / f"{kind}.sp",
            kind=kind,
            identity=survey.keys.identity("contractor"),
            verifier=survey.keys.verifier("staff"),
        )
        table = pd.read_csv(io.BytesIO(package.payload), dtype="str", keep_default_na=False)
        return table, package.manifest

    return opened
