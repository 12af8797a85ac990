"""An approval that is wide, renewed by itself, forgetful or odd is refused by name, and never repeated."""

from collections.abc import Iterator
from importlib.resources import files
from pathlib import Path

import pytest

from custody.approval import Approval
from custody.approval_toml import MAX_BYTES
from custody.errors import ApprovalError
from custody.messages import set_language

TRAINING = files("custody").joinpath("data/approval_training.toml").read_text(encoding="utf-8")
SECRET = "AGE-SECRET-KEY-1QYQSZQGPQYQSZQGPQYQSZQGPQYQSZQGPQYQSZQGPQYQSZQGPQYQS"  # of no key
N = "max_n = 5000"
CONDITION = '"従事する職員に個人情報の保護について指導する。"'
KEYS = '\n[recipient_keys]\ncontractor = ["{}"]\n'
COLUMNS = '\n[exchange]\ncolumns = ["token"]\nonce = ["token"]\n'
ONCE = COLUMNS + "validity_days = {}\ngrace_days = {}\nmemory_days = {}\n"


@pytest.fixture(autouse=True)
def _english() -> Iterator[None]:
    set_language("en")
    yield
    set_language(None)


def load(folder: Path, data: str | bytes) -> Approval:
    path = folder / "approval.toml"
    path.write_bytes(data if isinstance(data, bytes) else data.encode("utf-8"))
    return Approval.load(path)


def refusal(folder: Path, data: str | bytes) -> ApprovalError:
    with pytest.raises(ApprovalError) as caught:
        load(folder, data)
    assert caught.value.hint
    return caught.value


@pytest.mark.parametrize(
    "line",
    [
        "auto_renew = true",
        "autoRenew = false",
        "auto-renewal = true",
        "renewal_months = 12",
        'renews = "yearly"',
        '"自動更新" = true',
        '"期間延長" = 1',
        "rollover = true",
        "[period]\nend = 2009-11-30\nstart = 2009-11-01\nrenew = true",
        "[period.renewal]\nstart = 2009-11-01\nend = 2009-11-30",
    ],
)
def test_every_field_that_renews_is_refused_whatever_its_value(tmp_path: Path, line: str) -> None:
    head, period = TRAINING.split("[period]")
    text = head + line + "\n" + ("" if line.startswith("[period") else "[period]" + period)
    assert refusal(tmp_path, text).code == "APP-RENEW"


@pytest.mark.parametrize(
    ("words", "renewed"),
    [
        ("期間満了後は自動更新する。", True),
        ("期間は自動的に延長される。", True),
        ("The approval is automatically renewed each year.", True),
        ("auto-renew", True),
        ("Ａｕｔｏ－ｒｅｎｅｗ", True),
        ("自動更新はしない。", False),
        ("自動更新は行わない。", False),
        ("契約は年度ごとに結び、自動更新なし。", False),
        ("No automatic renewal.", False),
    ],
)
def test_words_that_renew_are_refused_and_words_that_rule_it_out_are_not(
    tmp_path: Path, words: str, renewed: bool
) -> None:
    text = TRAINING.replace(CONDITION, f'"{words}"')
    if renewed:
        refused = refusal(tmp_path, text)
        assert (refused.code, refused.column) == ("APP-RENEW", "conditions")
    else:
        assert load(tmp_path, text).conditions[-1] == words


@pytest.mark.parametrize(
    ("wrong", "meant"),
    [
        ("maxn = 3", "max_n"),
        ("recipient = 3", "recipients"),
        ("supersede = 3", "supersedes"),
        ("legal_basis = 3", "legal_bases"),
    ],
)
def test_an_unknown_field_is_refused_with_the_name_that_was_probably_meant(
    tmp_path: Path, wrong: str, meant: str
) -> None:
    """CON-006."""
    refused = refusal(tmp_path, TRAINING.replace(N, f"{N}\n{wrong}"))
    assert (refused.code, refused.column) == ("APP-KEY", wrong.split(" ")[0])
    assert f"Did you mean {meant}?" in refused.hint


ODD = {
    "too large": (TRAINING + "#" * MAX_BYTES, "APP-SIZE"),
    "an endless file": ("[" * 1_000_000, "APP-SIZE"),
    "deep lists": (TRAINING.replace(N, "max_n = " + "[" * 30_000), "APP-TOML"),
    "deep tables": (TRAINING + "\n[" + ".".join(["a"] * 15_000) + "]\n", "APP-KEY"),
    "a number of many digits": (TRAINING.replace(N, "max_n = " + "9" * 20_000), "APP-TOML"),
    "a name twice": (TRAINING.replace(N, N + "\n" + N), "APP-TOML"),  # CON-002
    "a table twice": (TRAINING + "\n[period]\nstart = 2009-11-01\n", "APP-TOML"),
    "a YAML alias": ("a: &a [x, x]\nb: &b [*a, *a]\n", "APP-TOML"),  # CON-004
    "NUL": (TRAINING.replace("高齢者", "高\x00齢者"), "APP-TOML"),
    "turned direction": (TRAINING.replace("文書", "\u202e書文"), "APP-CHARS"),
    "zero width": (TRAINING.replace('"文書"', '"文\u200b書"'), "APP-CHARS"),
    "not a number": (TRAINING.replace(N, "max_n = nan"), "APP-TYPE"),
    "UTF-16": (TRAINING.encode("utf-16"), "APP-UTF8"),
    "empty": (b"", "APP-MISSING"),
    "another kind": (TRAINING.replace(N, N + '\nkind = "linkage"'), "APP-KIND"),
    "its own successor": (
        TRAINING.replace(N, N + '\nsupersedes = "諮問第２２号（訓練用）"'),
        "APP-SUPERSEDES",
    ),
    "a blank predecessor": (TRAINING.replace(N, N + '\nsupersedes = " "'), "APP-SUPERSEDES"),
    "a number as predecessor": (TRAINING.replace(N, N + "\nsupersedes = 21"), "APP-SUPERSEDES"),
    "a key that is none": (TRAINING + KEYS.format("age1abc"), "APP-TYPE"),
    "a key of somebody else": (TRAINING + KEYS.replace("contractor", "mayor").format("age1abc"), "APP-TYPE"),
    "a private key": (TRAINING + f"# {SECRET}\n", "APP-SECRET"),  # CON-014
    "a PEM key": (TRAINING + "# -----BEGIN PRIVATE KEY-----\n", "APP-SECRET"),
    "exchange is no table": (TRAINING.replace(N, N + "\nexchange = 1"), "APP-TYPE"),
    "once without days": (TRAINING + '\n[exchange]\nonce = ["介護保険認定情報"]\n', "APP-MISSING"),
    "days without once": (TRAINING + "\n[exchange]\nmemory_days = 3\n", "APP-TYPE"),
    "a date of no column": (TRAINING + '\n[exchange]\ndates = ["いつか"]\n', "APP-TYPE"),
    "a column for everything": (TRAINING + '\n[exchange]\ncolumns = ["*"]\n', "APP-TYPE"),
    "a wrong name there": (TRAINING + '\n[exchange]\ncolumn = ["token"]\n', "APP-KEY"),
}


@pytest.mark.parametrize("case", list(ODD))
def test_an_odd_file_is_refused_by_name_and_never_repeated(tmp_path: Path, case: str) -> None:
    data, code = ODD[case]
    refused = refusal(tmp_path, data)
    assert refused.code == code
    assert SECRET not in str(refused)


@pytest.mark.parametrize("word", ["*", "＊", "すべて", "全て", "ALL", "any", "一切", "介護*", "任意", "?"])
@pytest.mark.parametrize("key", ["items", "media", "recipients"])
def test_nothing_is_approved_all_at_once(tmp_path: Path, key: str, word: str) -> None:
    """APP-008."""
    lines = [f'{key} = ["{word}"]' if x.startswith(f"{key} = ") else x for x in TRAINING.splitlines()]
    refused = refusal(tmp_path, "\n".join(lines))
    assert (refused.code, refused.column) == ("APP-WILDCARD", key)


@pytest.mark.parametrize(
    ("validity", "grace", "memory", "kept"),
    [
        (458, 0, 90, False),
        (458, 0, 457, False),
        (458, 0, 458, True),
        (400, 58, 457, False),
        (400, 58, 458, True),
    ],
)
def test_what_may_come_once_is_remembered_for_as_long_as_it_can_come_again(
    tmp_path: Path, validity: int, grace: int, memory: int, kept: bool
) -> None:
    """Fifteen months are 458 days at the longest; ninety days of memory let a bill be paid twice."""
    text = TRAINING + ONCE.format(validity, grace, memory)
    if kept:
        rules = load(tmp_path, text).exchange
        assert rules is not None
        assert rules.once is not None
        assert rules.once.memory_days == memory
        return
    refused = refusal(tmp_path, text)
    assert (refused.code, refused.column) == ("APP-MEMORY", "exchange.memory_days")
    assert all(f"{number}" in refused.message for number in (validity, grace, memory))
    assert f"{validity + grace}" in refused.hint


def test_the_earlier_approval_and_the_keys_of_recipients_are_read(tmp_path: Path) -> None:
    key = "age1" + "q" * 58
    text = TRAINING.replace(N, N + '\nkind = "survey"\nsupersedes = "諮問第21号"') + KEYS.format(key)
    approval = load(tmp_path, text)
    assert (approval.supersedes, dict(approval.recipient_keys)) == ("諮問第21号", {"contractor": (key,)})
