"""Invented labels, fonts, keys and a sealed package for the tests of the labels room."""

import importlib.util
from collections.abc import Callable
from datetime import datetime
from pathlib import Path
from types import ModuleType

import pandas as pd
import pytest

from custody.clock import JST, SystemClock
from custody.fonts import FontChain
from custody.keys import KeyStore
from custody.packages import Origin, seal
from labels.tokens import KeyedSource, new_tokens

CREATED = datetime(2009, 11, 4, 9, 0, tzinfo=JST)
BUILDINGS = (
    "",
    "　メゾン練馬２０３号",
    "　都営光が丘第三アパート１２号棟１１０５号",
    "　シティハイツ・ブロードウェイ練馬春日町プレミアムレジデンス弐番館１１０３号室",
)
NAMES = ("練馬　太郎", "勅使河原　千代子", "田　キヨ", "髙橋　花子", "バーソロミュー・ジョンソン・スミス")


def full_width(number: int) -> str:
    return "".join(chr(ord(digit) + 0xFEE0) for digit in str(number))


def make_labels(n: int) -> pd.DataFrame:
    """Return n invented labels in the order of postal codes."""
    rows = []
    for k in range(n):
        block, lot, house = (full_width(k % size + 1) for size in (9, 41, 30))
        address = f"東京都練馬区上石神井南町{block}丁目{lot}番{house}号" + BUILDINGS[k % len(BUILDINGS)]
        rows.append((f"{176 + 3 * k // n}-{k % 90:04d}", address, NAMES[k % len(NAMES)]))
    table = pd.DataFrame(rows, columns=["postal_code", "address", "name"])
    table["token"] = new_tokens(n, KeyedSource(bytes(range(32))))
    table["copy"] = 1
    return table.sort_values("postal_code", kind="stable", ignore_index=True)


@pytest.fixture(scope="session")
def bare_fonts() -> FontChain:
    """The one font that is always there; it lacks 𠮷."""
    return FontChain.find(["IPAexGothic"])


@pytest.fixture(scope="session", params=["all fonts of this machine", "IPAexGothic"])
def fonts(request: pytest.FixtureRequest) -> FontChain:
    return FontChain.find(None if request.param.startswith("all") else [request.param])


@pytest.fixture
def keys(tmp_path: Path) -> KeyStore:
    """Keys of staff and contractor in one folder, as a training survey has them."""
    store = KeyStore(tmp_path / "keys")
    for role in ("staff", "contractor"):
        store.create(role)
    return store


@pytest.fixture
def sealed(tmp_path: Path, keys: KeyStore) -> Callable[..., Path]:
    """Seal labels to the contractor: sealed(table, survey_id=..., training=...) gives the package's path."""

    def make(
        table: pd.DataFrame, *, survey_id: str = "abcd1234", training: bool = True, name: str = "labels.sp"
    ) -> Path:
        path = tmp_path / name
        seal(
            path,
            kind="labels",
            payload=table.to_csv(index=False, lineterminator="\n").encode("utf-8"),
            facts={},
            recipient=keys.recipient("contractor"),
            signer=keys.signer("staff"),
            created=CREATED if training else SystemClock().now(),
            origin=Origin(survey_id, "高齢者・食の実態調査", training, keys.recipient("staff")),
        )
        return path

    return make


@pytest.fixture
def labels() -> Callable[[int], pd.DataFrame]:
    return make_labels


@pytest.fixture(scope="session")
def letters() -> ModuleType:
    """Facts of letters, and what stands on a page (``letters.py`` beside this file)."""
    spec = importlib.util.spec_from_file_location("letters", Path(__file__).with_name("letters.py"))
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module
