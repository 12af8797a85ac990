"""The reply envelope has the mark in its size, and is refused where its permit ends too early."""

from datetime import date
from types import ModuleType
from typing import Any

import numpy as np
import pypdfium2
import pytest

from custody.errors import LabelError
from custody.fonts import FontChain
from custody.pdf import MM
from labels.customer_barcode_make import barcode_of_number
from labels.customer_barcode_read import read_customer_barcodes
from labels.letters_envelope import check_permit, envelope_pdf

SIZES = {"naga3": (120, 235), "kaku2": (240, 332)}
DPI = 300
PIXEL = 25.4 / DPI


@pytest.mark.parametrize("envelope", SIZES)
def test_face_has_the_size_of_the_envelope_and_every_text_inside(
    letters: ModuleType, envelope: str, fonts: FontChain
) -> None:
    pdf = envelope_pdf(letters.letter_facts(), fonts, envelope=envelope)
    page = pypdfium2.PdfDocument(pdf)[0]
    assert [length / MM for length in page.get_size()] == pytest.approx(SIZES[envelope], abs=0.1)
    text = letters.texts(pdf)[0]
    for said in (
        "料金受取人払郵便",
        "練馬局",
        "承認",
        "1234",
        "平成22年3月31日まで",
        "切手を貼らずに",
        "豊玉北",
        "在宅支援課行",
    ):
        assert said in text
    found, edge = letters.words(page), 7 * MM
    assert min(word.left for word in found) >= edge
    assert max(word.right for word in found) <= SIZES[envelope][0] * MM - edge
    assert letters.all_embedded(pdf)


def test_mark_is_18_5_by_22_5_mm_with_a_frame_of_half_a_millimetre(
    letters: ModuleType, bare_fonts: FontChain
) -> None:
    dark = letters.pixels(envelope_pdf(letters.letter_facts(), bare_fonts), DPI) < 128
    left, top = round(12 / PIXEL), round(12 / PIXEL)
    column = dark[:, left + round(9.25 / PIXEL)]
    row = dark[top + round(7.0 / PIXEL)]
    across = np.flatnonzero(row[left - 10 : left + round(20 / PIXEL)]) + left - 10
    assert (across[-1] - across[0] + 1) * PIXEL == pytest.approx(18.5, abs=0.2)
    first = np.flatnonzero(column)[0]
    assert first * PIXEL == pytest.approx(12, abs=0.2)
    assert dark[first : first + 4, left + 60].all()
    assert not dark[first + 9 : first + 13, left + 30].any()
    bottom = first + round(22.5 / PIXEL)
    assert dark[bottom - 4 : bottom - 1, left + 60].all()
    assert not dark[bottom + 3 : bottom + 8, left + 60].any()


def test_deferred_payment_has_a_second_frame(letters: ModuleType, bare_fonts: FontChain) -> None:
    facts = letters.letter_facts()
    one, two = (
        letters.pixels(envelope_pdf(letters.with_reply(facts, deferred=deferred), bare_fonts), DPI) < 128
        for deferred in (False, True)
    )
    y, x = round(30 / PIXEL), round(12 / PIXEL)
    strokes = [np.diff(page[y, x - 5 : x + 30].astype(int)).tolist().count(1) for page in (one, two)]
    assert strokes == [1, 2]


def test_number_of_the_permit_is_at_least_12_points(letters: ModuleType, bare_fonts: FontChain) -> None:
    page = pypdfium2.PdfDocument(envelope_pdf(letters.letter_facts(), bare_fonts))[0]
    sizes = {
        word.size
        for word in letters.words(page)
        if word.left < 30 * MM and word.text in "1234" and word.size > 8
    }
    assert sizes == {12.0}


def test_mark_keeps_5_mm_from_the_postcode_frames(letters: ModuleType, bare_fonts: FontChain) -> None:
    page = pypdfium2.PdfDocument(envelope_pdf(letters.letter_facts(), bare_fonts))[0]
    frames = 120 - 8 - 47.7
    assert frames - (12 + 18.5) >= 5
    digits = [word for word in letters.words(page) if word.left > frames * MM and word.top > 214 * MM]
    assert (
        "".join(word.text for word in sorted(digits, key=lambda word: word.left) if word.text.isdigit())
        == "1768501"
    )


def test_customer_barcode_of_the_office_is_drawn_and_reads_back(
    letters: ModuleType, bare_fonts: FontChain
) -> None:
    facts = letters.with_reply(letters.letter_facts(), barcode="215")
    for envelope in SIZES:
        page = letters.pixels(envelope_pdf(facts, bare_fonts, envelope=envelope), DPI)
        found = read_customer_barcodes(page, DPI)
        assert [one.symbols for one in found] == [barcode_of_number("176-8501", "215").symbols]
    assert (
        read_customer_barcodes(letters.pixels(envelope_pdf(letters.letter_facts(), bare_fonts), DPI), DPI)
        == []
    )


@pytest.mark.parametrize(
    ("last_mailing", "deadline", "today", "fits"),
    [
        ("2010-03-31", "2009-11-30", date(2009, 11, 4), True),
        ("2010-04-01", "2009-11-30", date(2009, 11, 4), False),
        ("2009-12-07", "2010-04-01", date(2009, 11, 4), False),
        ("2009-12-07", "2009-11-30", date(2010, 4, 1), False),
    ],
)
def test_permit_must_last_until_the_last_mailing(
    letters: ModuleType, last_mailing: str, deadline: str, today: date, fits: bool
) -> None:
    facts = letters.letter_facts(last_mailing=last_mailing, deadline=deadline)
    if fits:
        check_permit(facts, today)
        return
    with pytest.raises(LabelError, match=r"LET-EXPIRES.*平成22年3月31日"):
        check_permit(facts, today)


@pytest.mark.parametrize(
    "field", ["postcode", "address", "name", "permit_office", "permit_number", "expires"]
)
def test_what_the_envelope_needs_is_refused_by_name_where_it_is_missing(
    letters: ModuleType, field: str
) -> None:
    given = {name: value for name, value in letters.LETTERS["reply"].items() if name != field}
    with pytest.raises(LabelError, match="LET-MISSING") as caught:
        check_permit(letters.letter_facts(reply=given), date(2009, 11, 4))
    assert field in (caught.value.column or "")


@pytest.mark.parametrize(
    ("days", "sent_on", "fits"),
    [(147, None, True), (148, None, False), (142, "2009-11-09", True), (143, "2009-11-09", False)],
)
def test_permit_must_last_until_the_last_wave_that_is_planned(
    letters: ModuleType, days: int, sent_on: str | None, fits: bool
) -> None:
    """From today (4 November) or from the day of the letter to 31 March."""
    facts = letters.letter_facts(last_mailing=None, last_wave_days=days, sent_on=sent_on)
    if fits:
        check_permit(facts, date(2009, 11, 4))
        return
    with pytest.raises(LabelError, match="LET-EXPIRES"):
        check_permit(facts, date(2009, 11, 4))


def test_without_a_day_of_the_last_mailing_nobody_can_say_whether_the_permit_lasts(
    letters: ModuleType,
) -> None:
    with pytest.raises(LabelError, match=r"LET-MISSING.*last_mailing"):
        check_permit(letters.letter_facts(last_mailing=None), date(2009, 11, 4))


@pytest.mark.parametrize(
    ("changed", "column"),
    [
        ({"postcode": "1768"}, "postcode"),
        ({"permit_number": "第12号"}, "permit_number"),
        ({"permit_office": "とてもとてもとても長い名前の郵便局"}, "permit_office"),
        ({"address": "東京都練馬区豊玉北" * 20}, "address"),
        ({"address": "東京都練馬区　" + "豊玉北" * 20}, "address"),
        ({"name": "とても長い名前の課" * 10}, "name"),
        ({"lines": 5}, "lines"),
        ({"barcode": "第3号"}, "barcode"),
        ({"barcode": "1-2-3-4-5-6-7-8"}, "barcode"),
    ],
)
def test_what_cannot_stand_on_the_face_is_refused(
    letters: ModuleType, changed: dict[str, Any], column: str, bare_fonts: FontChain
) -> None:
    with pytest.raises(LabelError, match="LET-REPLY") as caught:
        envelope_pdf(letters.with_reply(letters.letter_facts(), **changed), bare_fonts)
    assert caught.value.column == column


def test_no_such_envelope(letters: ModuleType, bare_fonts: FontChain) -> None:
    with pytest.raises(LabelError, match="LET-ENVELOPE"):
        envelope_pdf(letters.letter_facts(), bare_fonts, envelope="dl")


@pytest.mark.parametrize("field", ["address", "name", "permit_office"])
def test_character_without_a_glyph_is_refused_on_the_face_too(
    field: str, letters: ModuleType, bare_fonts: FontChain
) -> None:
    facts = letters.with_reply(letters.letter_facts(), **{field: "𠮷田"})
    with pytest.raises(LabelError, match="LET-GLYPH") as caught:
        envelope_pdf(facts, bare_fonts)
    assert "𠮷" not in str(caught.value)
