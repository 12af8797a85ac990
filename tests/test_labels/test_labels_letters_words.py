"""A letter says what the survey says, in large print inside its margins, or names the missing field."""

import itertools
import re
from datetime import date
from pathlib import Path
from types import ModuleType

import pypdfium2
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from custody.errors import ConfigError, HyohonError, LabelError
from custody.fonts import FontChain
from custody.pdf import MM
from labels.fit import Measure
from labels.letters_draw import draw_letters
from labels.letters_facts import letter_facts_of_package, written_day
from labels.letters_layout import lay_out, paper_of
from labels.letters_lines import FIRST_NEVER, LAST_NEVER, break_lines
from labels.letters_texts import letter_text

PAGES = ("cover", "advance", "notice", "card")
LARGE_PRINT = 14.0
SMALLEST_ON_CARD = 11.0


def drawn(letters: ModuleType, kind: str, chain: FontChain, **changed: object) -> bytes:
    facts = letters.letter_facts(training=False, **changed)  # type: ignore[arg-type]
    page = lay_out(letter_text(kind, facts), chain)
    return draw_letters(page, [], chain, title="題", training=False, run=1)


@pytest.mark.parametrize("kind", PAGES)
def test_every_text_is_large_inside_the_margins_and_its_font_embedded(
    letters: ModuleType, kind: str, fonts: FontChain
) -> None:
    pdf = drawn(letters, kind, fonts)
    page, paper = pypdfium2.PdfDocument(pdf)[0], paper_of("card" if kind == "card" else "a4")
    assert page.get_size() == pytest.approx((paper.width, paper.height), abs=0.1)
    found = letters.words(page)
    assert min(word.size for word in found) >= (SMALLEST_ON_CARD if kind == "card" else LARGE_PRINT)
    assert min(word.left for word in found) >= paper.left - 0.5
    assert max(word.right for word in found) <= paper.width - paper.right + 0.5
    assert min(word.bottom for word in found) >= paper.bottom
    assert max(word.top for word in found) <= paper.height - paper.top
    assert letters.all_embedded(pdf)


def test_notice_says_why_how_chosen_voluntary_protection_telephone_and_opting_out(
    letters: ModuleType, bare_fonts: FontChain
) -> None:
    (text,) = letters.texts(drawn(letters, "notice", bare_fonts))
    for said in (
        "区のサービスをよくするため",
        "無作為抽出",
        "ご自由です",
        "外に出すことはありません",
        "03-0000-0000",
    ):
        assert said in text
    assert "望まない方は" in text
    assert "3,000人" in text
    assert "平成21年11月30日（月曜日）" in text


def test_ward_may_choose_its_own_words_for_a_part_or_a_whole_letter(
    letters: ModuleType, tmp_path: Path
) -> None:
    facts = letters.letter_facts(
        chosen="名簿から選びました。", template={"card": {"text": "= {title}\n{chosen}"}}
    )
    blocks = letter_text("card", facts).blocks
    assert [(block.kind, block.text) for block in blocks] == [
        ("title", "高齢者・食の実態調査"),
        ("text", "名簿から選びました。"),
    ]
    own = tmp_path / "own.toml"
    own.write_text(
        '[notice]\ntext = """\n# はい\n・{{一}}\n?email {email}\n?phone | {phone}\n"""\n', encoding="utf-8"
    )
    found = [(block.kind, block.text) for block in letter_text("notice", facts, own).blocks]
    assert found == [("heading", "はい"), ("item", "{一}"), ("frame", "03-0000-0000")]
    plain = tmp_path / "own.txt"
    plain.write_bytes("\ufeff= お知らせ\r\n\r\n> {mayor}\r\n".encode())
    assert [block.kind for block in letter_text("cover", facts, plain).blocks] == ["title", "gap", "right"]


@pytest.mark.parametrize(
    ("municipality", "ward"),
    [
        ("東京都練馬区", "練馬区"),
        ("神奈川県横浜市鶴見区", "横浜市鶴見区"),
        ("和歌山県和歌山市", "和歌山市"),
        ("千葉県千葉市", "千葉市"),
        ("岐阜県山県市", "山県市"),
        ("山県市", "山県市"),
        ("京都府京都市", "京都市"),
        ("練馬区", "練馬区"),
    ],
)
def test_letters_name_the_ward_without_its_prefecture(
    letters: ModuleType, municipality: str, ward: str
) -> None:
    facts = letters.package_facts()
    facts["letters"]["municipality"] = municipality
    assert letter_facts_of_package(letters.FakeManifest(facts)).fields["ward"] == ward


def test_a_default_sentence_that_names_the_ward_is_missing_where_the_ward_is_not_known(
    letters: ModuleType,
) -> None:
    facts = letters.package_facts()
    facts["letters"]["municipality"] = ""
    fields = letter_facts_of_package(letters.FakeManifest(facts)).fields
    assert fields["chosen"] == ""
    assert fields["voluntary"]
    with pytest.raises(LabelError, match="LET-MISSING"):
        letter_text("cover", letter_facts_of_package(letters.FakeManifest(facts)))


@pytest.mark.parametrize(
    ("day", "written"),
    [
        ((1989, 1, 7), "昭和64年1月7日"),
        ((1989, 1, 8), "平成元年1月8日"),
        ((2019, 4, 30), "平成31年4月30日"),
        ((2019, 5, 1), "令和元年5月1日"),
        ((2020, 1, 1), "令和2年1月1日"),
        ((1926, 12, 24), "1926年12月24日"),
    ],
)
def test_an_era_begins_on_its_first_day(day: tuple[int, int, int], written: str) -> None:
    assert written_day(date(*day)) == written


@pytest.mark.parametrize("field", ["mayor", "purpose", "deadline"])
def test_missing_field_is_refused_by_its_name(letters: ModuleType, field: str) -> None:
    with pytest.raises(LabelError, match="LET-MISSING") as caught:
        letter_text("cover", letters.letter_facts(**{field: None}))
    assert caught.value.column == field
    assert "練馬区長" not in str(caught.value)


def test_telephone_that_is_missing_is_refused_too(letters: ModuleType) -> None:
    with pytest.raises(LabelError, match=r"LET-MISSING.*phone"):
        letter_text("notice", letters.letter_facts(contact={"phone": " "}))


@pytest.mark.parametrize(
    ("text", "code"),
    [
        ("{nonsense}", "LET-FIELD"),
        ("{title.__class__}", "LET-FIELD"),
        ("{title[0]}", "LET-FIELD"),
        ("{title!r}", "LET-FIELD"),
        ("{title:>99}", "LET-FIELD"),
        ("{token}", "LET-FIELD"),
        ("{}", "LET-FIELD"),
        ("?nonsense x", "LET-FIELD"),
        ("{title", "LET-BRACES"),
        ("title}", "LET-BRACES"),
        ("{sent_on}", "LET-MISSING"),
    ],
)
def test_field_that_does_not_exist_is_refused(letters: ModuleType, text: str, code: str) -> None:
    with pytest.raises(HyohonError, match=code):
        letter_text("card", letters.letter_facts(template={"card": {"text": text}}))


@pytest.mark.parametrize(
    "template", [{"kard": {"text": "x"}}, {"card": {"txt": "x"}}, {"card": {"paper": "a4"}}]
)
def test_part_that_does_not_exist_is_refused(
    letters: ModuleType, template: dict[str, dict[str, str]]
) -> None:
    with pytest.raises(ConfigError, match="CFG-FIELD"):
        letter_text("card", letters.letter_facts(template=template))


def test_letter_too_long_for_large_print_or_without_a_glyph_is_refused(
    letters: ModuleType, bare_fonts: FontChain
) -> None:
    long = letters.letter_facts(purpose="長い文を読むのはたいへんなため" * 60)
    with pytest.raises(LabelError, match="LET-LONG"):
        lay_out(letter_text("cover", long), bare_fonts)
    with pytest.raises(LabelError, match="LET-GLYPH") as caught:
        lay_out(letter_text("cover", letters.letter_facts(purpose="𠮷を調べるため")), bare_fonts)
    assert "𠮷" not in str(caught.value)


@pytest.mark.parametrize("strange", ["\n", "\t", "\x00", "\u200b", "\ud800", "\U000e0100"])
@pytest.mark.parametrize("kind", PAGES)
def test_character_that_cannot_be_seen_is_refused_too(
    kind: str, strange: str, letters: ModuleType, bare_fonts: FontChain
) -> None:
    with pytest.raises(LabelError, match="LET-GLYPH"):
        lay_out(letter_text(kind, letters.letter_facts(mayor=f"練馬{strange}区長")), bare_fonts)


def test_training_is_marked_and_a_real_letter_is_not(letters: ModuleType, bare_fonts: FontChain) -> None:
    page = lay_out(letter_text("notice", letters.letter_facts()), bare_fonts)
    for training in (True, False):
        pdf = draw_letters(page, [], bare_fonts, title="題", training=training, run=1)
        assert ("訓練用TRAINING" in letters.texts(pdf)[0]) is training
        assert pdf == draw_letters(page, [], bare_fonts, title="題", training=training, run=1)


PROSE = st.text(
    "漢字を読む人々、。「」（）ー・っゃアイゥ0123456789年月日abc お願いご ", min_size=1, max_size=80
)


@given(text=PROSE, room=st.integers(8, 40))
@example(text="0000、、「 00、", room=8)
@settings(max_examples=200, deadline=None)
def test_lines_keep_the_rules_of_japanese_setting(text: str, room: int) -> None:
    measure = Measure(FontChain.find(["IPAexGothic"]))
    lines = break_lines(text, room, measure)
    if lines is None:
        return
    assert "".join("".join(lines).split()) == "".join(text.split())
    assert all(measure.width(line) <= room + 1e-6 for line in lines)
    for before, after in itertools.pairwise(lines):
        assert after[0] not in FIRST_NEVER
        assert before[-1] not in LAST_NEVER
        assert not (re.search("[0-9]$", before) and re.match("[0-9年月日]", after) and before + after in text)


def test_paper_is_what_it_is_called() -> None:
    assert (paper_of("a4").width / MM, paper_of("card").height / MM) == pytest.approx((210, 148))
