"""A run of letters has each name once in the order of the labels, and only its PDF has names."""

import hashlib
import re
from collections.abc import Callable
from datetime import datetime
from pathlib import Path
from types import ModuleType
from typing import Any

import pandas as pd
import pypdfium2
import pytest

from custody.cli import run
from custody.clock import JST
from custody.errors import ConfigError, HyohonError, LabelError
from custody.fonts import FontChain
from custody.keys import KeyStore
from custody.ledger import Ledger, verify_ledger
from custody.packages import Origin, seal
from custody.survey import Survey, create_survey
from labels.job_printing import print_package
from labels.jobs import Job
from labels.letters_runs import preview_letters, print_letters
from labels.tokens import format_token

Print = Callable[..., Any]
N = 15


@pytest.fixture
def table(labels: Callable[[int], pd.DataFrame]) -> pd.DataFrame:
    """Fifteen people with names of their own; the order of the package is not that of the postal codes."""
    table = labels(N).sample(frac=1, random_state=5).reset_index(drop=True)
    table["name"] = [f"名字{kanji}　花子" for kanji in "一二三四五六七八九十百千上中下"]
    return table


@pytest.fixture
def package(tmp_path: Path, keys: KeyStore, letters: ModuleType, table: pd.DataFrame) -> Callable[..., Path]:
    """Seal labels with the facts of letters."""

    def make(rows: pd.DataFrame = table, facts: dict[str, Any] | None = None) -> Path:
        seal(
            tmp_path / "labels.sp",
            kind="labels",
            payload=rows.to_csv(index=False, lineterminator="\n").encode("utf-8"),
            facts=letters.package_facts() if facts is None else facts,
            recipient=keys.recipient("contractor"),
            signer=keys.signer("staff"),
            created=datetime(2009, 11, 4, 9, 0, tzinfo=JST),
            origin=Origin("abcd1234", "高齢者・食の実態調査", True, keys.recipient("staff")),
        )
        return tmp_path / "labels.sp"

    return make


@pytest.fixture
def printed(keys: KeyStore, tmp_path: Path, bare_fonts: FontChain) -> Print:
    """Print letters into the job of the test."""

    def make(path: Path, kind: str = "cover", **options: Any) -> Any:
        return print_letters(path, tmp_path / "job", kind, keys=keys, fonts=bare_fonts, **options)

    return make


def names_in(letters: ModuleType, path: Path) -> list[str]:
    """The name that each page begins with."""
    found = [re.search("(名字.花子)様", text) for text in letters.texts(path.read_bytes())]
    return [match[1] if match else "" for match in found]


def in_label_order(table: pd.DataFrame) -> list[str]:
    ordered = table.sort_values("postal_code", kind="stable")
    return [name.replace("　", "") for name in ordered["name"]]


@pytest.mark.parametrize("kind", ["cover", "advance"])
@pytest.mark.parametrize("labels_first", [False, True])
def test_each_name_once_in_the_order_of_the_labels(
    kind: str,
    labels_first: bool,
    package: Print,
    printed: Print,
    table: pd.DataFrame,
    keys: KeyStore,
    tmp_path: Path,
    letters: ModuleType,
    bare_fonts: FontChain,
) -> None:
    path = package()
    if labels_first:
        print_package(path, tmp_path / "job", keys=keys, fonts=bare_fonts)
    made = printed(path, kind)
    assert (made.pages, made.letters, made.held_back) == (N, N, ())
    assert names_in(letters, made.path) == in_label_order(table)
    text = "".join(letters.texts(made.path.read_bytes()))
    assert all(text.count(format_token(token)) == 1 for token in table["token"])
    assert letters.all_embedded(made.path.read_bytes())
    sizes = [word.size for page in pypdfium2.PdfDocument(made.path) for word in letters.words(page)]
    assert {size for size in sizes if size < 14} == {9.0, 7.0}  # token and number at the foot, training mark


def test_letters_follow_the_labels_in_hand(
    package: Print,
    printed: Print,
    table: pd.DataFrame,
    keys: KeyStore,
    tmp_path: Path,
    letters: ModuleType,
    bare_fonts: FontChain,
) -> None:
    """Mailed, spoiled and voided labels get no letter, and one whose label has no glyph neither."""
    table.loc[2, "name"] = "\ue000田　花子"
    path = package(table)
    print_package(path, tmp_path / "job", keys=keys, fonts=bare_fonts)
    ordered = table.sort_values("postal_code", kind="stable")
    tokens = ordered[ordered.index != 2]["token"].tolist()
    with Job.open(tmp_path / "job").tracking() as tracking:
        tracking.scan(tokens[:3])
        tracking.scan(tokens[3:5], "spoiled")
        tracking.void([tokens[5]], "0" * 64)
    made = printed(path)
    kept = ordered.set_index("token").loc[tokens[6:], "name"].str.replace("　", "").tolist()
    assert names_in(letters, made.path) == kept


def test_name_without_a_glyph_or_without_room_holds_the_letter_back(
    package: Print, printed: Print, table: pd.DataFrame, tmp_path: Path, letters: ModuleType
) -> None:
    table.loc[3, "name"] = "𠮷田　花子"
    table.loc[5, "name"] = "長" * 80
    table.loc[7, "name"] = "名\u200b字　花子"
    table.loc[9, "name"] = " "
    table.loc[11, "token"] = "0123456789ABC58"
    made = printed(package(table))
    codes = {4: "glyph", 6: "name_too_long", 8: "control", 10: "blank", 12: "token"}
    assert {held.row: held.code for held in made.held_back} == codes
    assert made.letters == N - len(codes)
    listed = pd.read_csv(tmp_path / "job" / "out" / "letters-held-back.csv", encoding="utf-8-sig")
    assert dict(zip(listed["row"], listed["code"], strict=True)) == codes
    assert not any("長長" in text or "\ufffd" in text for text in letters.texts(made.path.read_bytes()))


def test_long_name_is_set_smaller_or_in_two_lines_inside_the_margins(
    package: Print, printed: Print, table: pd.DataFrame, letters: ModuleType
) -> None:
    table.loc[0, "name"] = "バーソロミュー・ジョンソン・スミス・アレクサンドラ"
    table.loc[1, "name"] = "名字" * 14 + "　花子"
    made = printed(package(table))
    assert made.held_back == ()
    for page in pypdfium2.PdfDocument(made.path):
        found = letters.words(page)
        assert max(word.right for word in found if word.size > 9) <= page.get_size()[0] - 62
        assert min(word.size for word in found if word.size > 9) >= 14


def test_run_is_in_the_ledger_and_names_are_in_the_pdf_alone(
    package: Print, printed: Print, table: pd.DataFrame, tmp_path: Path
) -> None:
    made = printed(package())
    with Ledger.read(tmp_path / "job" / "ledger.sqlite") as ledger:
        (event,) = ledger.events("letter.run")
        (file,) = ledger.events("file")
    assert (event.facts["letter"], event.facts["pages"], event.facts["letters"]) == ("cover", N, N)
    assert event.facts["pdf"] == made.pdf_sha256 == hashlib.sha256(made.path.read_bytes()).hexdigest()
    assert file.facts["sha256"] == made.pdf_sha256
    assert verify_ledger(tmp_path / "job" / "ledger.sqlite").events == 3
    metadata = str(pypdfium2.PdfDocument(made.path).get_metadata_dict())
    assert "名字" not in metadata + repr(made) + made.tidy().to_string()
    for path in (tmp_path / "job").rglob("*"):
        if path.is_file() and path.suffix != ".pdf":
            data = path.read_bytes()
            for code in ("utf-8", "cp932", "utf-16-le"):
                assert "名字".encode(code) not in data
                assert table["address"][0][:9].encode(code) not in data


def test_letters_are_printed_again_with_a_reason_only(package: Print, printed: Print) -> None:
    path = package()
    first = printed(path)
    with pytest.raises(LabelError, match="LET-REPRINT"):
        printed(path)
    with pytest.raises(LabelError, match="LAB-REASON"):
        printed(path, reason="花子さん")
    second = printed(path, reason="jam")
    assert (first.run, second.run, second.path.name) == (1, 2, "letters-cover-run02.pdf")
    assert printed(path, "advance").run == 3
    assert printed(path, plain=True).letters == 0


@pytest.mark.parametrize("kind", ["cover", "notice", "envelope", "card", "advance"])
def test_plain_letter_is_one_page_without_a_name(
    kind: str, package: Print, printed: Print, table: pd.DataFrame, letters: ModuleType
) -> None:
    made = printed(package(), kind, plain=True)
    assert (made.pages, made.letters) == (1, 0)
    (text,) = letters.texts(made.path.read_bytes())
    assert "名字" not in text
    assert "整理番号" not in text
    assert not any(format_token(token) in text for token in table["token"])
    if kind in ("cover", "advance"):
        assert "皆さまへ" in text


def test_envelope_that_expires_too_soon_is_not_printed(
    package: Print, printed: Print, tmp_path: Path, letters: ModuleType
) -> None:
    facts = letters.package_facts(last_mailing="2010-04-05")
    with pytest.raises(LabelError, match="LET-EXPIRES"):
        printed(package(facts=facts), "envelope")
    assert list((tmp_path / "job").rglob("*.pdf")) == []
    kinds = [event.kind for event in Ledger.read(tmp_path / "job" / "ledger.sqlite").events()]
    assert kinds == ["package.received"]


def test_package_without_facts_of_letters_names_the_first_field_that_is_missing(
    package: Print, printed: Print
) -> None:
    with pytest.raises(LabelError, match="LET-MISSING") as caught:
        printed(package(facts={}), "cover")
    assert caught.value.column


@pytest.mark.parametrize(
    ("facts", "code"),
    [
        ({"letters": {"settings": {"deadline": "2009年11月"}}}, "CFG-FIELD"),
        ({"letters": {"settings": {"nonsense": "x"}}}, "CFG-FIELD"),
        ({"letters": {"nonsense": 1}}, "CFG-FIELD"),
        ({"letters": {"reference_date": "soon"}}, "CFG-FIELD"),
        ({"letters": "x", "contact": []}, "LET-MISSING"),
    ],
)
def test_facts_of_another_form_are_refused(
    facts: dict[str, Any], code: str, package: Print, printed: Print
) -> None:
    with pytest.raises(HyohonError, match=code):
        printed(package(facts=facts))


def test_kind_that_does_not_exist_and_words_without_a_place_for_a_name(
    package: Print, printed: Print, letters: ModuleType
) -> None:
    with pytest.raises(ConfigError, match="LET-KIND"):
        printed(package(), "poster")
    facts = letters.package_facts(template={"cover": {"text": "{title}"}})
    with pytest.raises(ConfigError, match="LET-PLAIN"):
        printed(package(facts=facts))
    assert printed(package(facts=facts), plain=True).pages == 1


def test_later_wave_waits_for_its_labels(package: Print, printed: Print, letters: ModuleType) -> None:
    with pytest.raises(LabelError, match="LET-LABELS"):
        printed(package(facts={**letters.package_facts(), "wave": 2}))


def test_later_wave_has_letters_for_its_own_labels(
    package: Print,
    printed: Print,
    table: pd.DataFrame,
    keys: KeyStore,
    tmp_path: Path,
    letters: ModuleType,
    bare_fonts: FontChain,
) -> None:
    """Who answered gets no second label, and no second letter; the first wave's mailing does not matter."""
    print_package(package(), tmp_path / "job", keys=keys, fonts=bare_fonts)
    answered = table["token"].tolist()[::4]
    with Job.open(tmp_path / "job").tracking() as tracking:
        tracking.mail()
        tracking.scan(answered, "returned")
    again = package(facts={**letters.package_facts(), "wave": 2, "wave_kind": "replacement"})
    print_package(again, tmp_path / "job", keys=keys, fonts=bare_fonts)
    made = printed(again)
    assert names_in(letters, made.path) == in_label_order(table[~table["token"].isin(answered)])


@pytest.fixture
def survey(tmp_path: Path) -> Survey:
    return create_survey(tmp_path / "survey", training=True, language="en")


@pytest.mark.parametrize("kind", ["cover", "notice", "envelope", "card", "advance"])
def test_staff_print_a_page_from_the_survey_folder(
    kind: str, survey: Survey, bare_fonts: FontChain, letters: ModuleType
) -> None:
    """What a new training survey says is enough for every letter; the page is recorded."""
    made = preview_letters(survey, kind, fonts=bare_fonts)
    assert made.path == survey.out / f"letter-{kind}.pdf"
    assert "訓練用TRAINING" in letters.texts(made.path.read_bytes())[0]
    with survey.ledger() as ledger:
        assert [event.facts["sha256"] for event in ledger.events("file")] == [made.pdf_sha256]


def test_new_real_survey_leaves_deadline_and_permit_to_staff(tmp_path: Path, bare_fonts: FontChain) -> None:
    real = create_survey(tmp_path / "real")
    assert (real.letters.texts["mayor"], dict(real.letters.dates)) == ("練馬区長", {})
    assert real.letters.reply.permit_number == ""
    with pytest.raises(LabelError, match="LET-MISSING"):
        preview_letters(real, "cover", fonts=bare_fonts)


def test_own_words_of_the_survey_travel_in_the_package(survey: Survey, tmp_path: Path) -> None:
    text = (survey.folder / "survey.toml").read_text(encoding="utf-8")
    changed = text.replace("[letters]", '[letters]\ntemplate = "letters.toml"')
    (survey.folder / "survey.toml").write_text(changed, encoding="utf-8")
    with pytest.raises(ConfigError, match=r"CFG-FIELD.*letters\.template"):
        Survey.open(survey.folder)
    (survey.folder / "letters.toml").write_text('[card]\ntext = "= はい"\n', encoding="utf-8")
    settings = Survey.open(survey.folder).letter_facts["settings"]
    assert settings["template"] == {"card": {"text": "= はい"}}


def test_commands_print_and_say_counts_without_a_name(
    package: Print, survey: Survey, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    words = ["labels", "letters", "--kind", "cover"]
    keys = ["--keys", str(tmp_path / "keys"), "--job", str(tmp_path / "job")]
    assert run(["--lang", "en", *words, str(package()), *keys]) == 0
    assert run(["--lang", "en", "labels", "letters", "--kind", "notice", "--survey", str(survey.folder)]) == 0
    found = capsys.readouterr()
    assert "letters cover: pages 15, letters 15, held back 0" in found.out
    assert "letters notice: pages 1, letters 0, held back 0" in found.out
    assert "名字" not in found.out + found.err
    assert run(["--lang", "en", *words]) != 0
    assert "[LET-WHAT]" in capsys.readouterr().err
