"""Help for the tests of letters: facts of an invented survey, and what stands on a rendered page.

``python tests/test_labels/letters.py`` draws the golden pages anew; look at each before it is kept.
"""

import io
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
import pypdfium2
from numpy.typing import NDArray
from pypdfium2 import raw

from custody.fonts import FontChain
from custody.letter_settings import read_letter_settings
from custody.settings import Settings
from labels.fit import Fitted
from labels.letters_draw import ReadyLetter, draw_letters
from labels.letters_envelope import envelope_pdf
from labels.letters_facts import LetterFacts, letter_facts_of_package
from labels.letters_layout import lay_out
from labels.letters_texts import letter_text

CONTACT = {"section": "在宅支援課", "phone": "03-0000-0000", "email": "", "hours": "平日 8時30分から17時"}
LETTERS: dict[str, Any] = {
    "mayor": "練馬区長",
    "purpose": "高齢の方の食事や買い物のようすを知り、区のサービスをよくするため",
    "deadline": "2009-11-30",
    "last_mailing": "2009-12-07",
    "reply": {
        "postcode": "176-8501",
        "address": "東京都練馬区豊玉北6-12-1",
        "name": "練馬区役所　在宅支援課",
        "permit_office": "練馬局",
        "permit_number": "1234",
        "expires": "2010-03-31",
    },
}


def package_facts(*, last_wave_days: int = 0, **changed: Any) -> dict[str, Any]:
    """Facts as a package of labels carries them; texts of the letters changed, None leaves one out."""
    texts = {name: value for name, value in {**LETTERS, **changed}.items() if value is not None}
    settings = read_letter_settings(Settings("survey.toml", texts, "letters")).facts()
    return {
        "contact": CONTACT,
        "letters": {
            "municipality": "東京都練馬区",
            "reference_date": "2009-11-01",
            "persons": 3000,
            "last_wave_days": last_wave_days,
            "settings": settings,
        },
        "wave": 1,
    }


@dataclass(frozen=True)
class FakeManifest:
    """As much of a manifest as the facts of letters are taken from."""

    facts: dict[str, Any]
    title: str = "高齢者・食の実態調査"
    training: bool = True


def letter_facts(
    *, training: bool = True, contact: dict[str, str] | None = None, **changed: Any
) -> LetterFacts:
    facts = package_facts(**changed)
    facts["contact"] = {**CONTACT, **(contact or {})}
    return letter_facts_of_package(FakeManifest(facts, training=training))  # type: ignore[arg-type]


def with_reply(facts: LetterFacts, **changed: Any) -> LetterFacts:
    return replace(facts, reply=replace(facts.reply, **changed))


@dataclass(frozen=True)
class Word:
    """A run of text on a page: size and box, points from the lower left corner."""

    text: str
    size: float
    left: float
    bottom: float
    right: float
    top: float


def words(page: pypdfium2.PdfPage) -> list[Word]:
    """Every character of a page with its size and its box."""
    found, text = [], page.get_textpage()
    for place in range(text.count_chars()):
        character = chr(raw.FPDFText_GetUnicode(text.raw, place))
        if character.strip():
            size = raw.FPDFText_GetFontSize(text.raw, place)
            found.append(Word(character, size, *text.get_charbox(place)))
    return found


def texts(pdf: bytes) -> list[str]:
    """The text of each page, without blanks and line ends."""
    document = pypdfium2.PdfDocument(pdf)
    return ["".join(page.get_textpage().get_text_range().split()) for page in document]


def pixels(pdf: bytes, dpi: int = 60, page: int = 0) -> NDArray[np.uint8]:
    """A page as grey pixels."""
    image = pypdfium2.PdfDocument(pdf)[page].render(scale=dpi / 72).to_pil().convert("L")
    return np.asarray(image)


def all_embedded(pdf: bytes) -> bool:
    """Whether every font of the file is in it."""
    document = pypdfium2.PdfDocument(io.BytesIO(pdf))
    fonts = []
    for page in document:
        for one in page.get_objects(filter=[raw.FPDF_PAGEOBJ_TEXT], max_depth=3):
            fonts.append(raw.FPDFTextObj_GetFont(one.raw))
    return bool(fonts) and all(raw.FPDFFont_GetIsEmbedded(font) == 1 for font in fonts)


GOLDEN_DPI = 50


def golden_pdf(name: str, chain: FontChain) -> bytes:
    """One of the pages that are kept as pictures."""
    facts = with_reply(letter_facts(sent_on="2009-11-09"), barcode="215")
    if name in ("naga3", "kaku2"):
        return envelope_pdf(facts, chain, envelope=name)
    kind = name.removesuffix("_named")
    page = lay_out(letter_text(kind, facts), chain)
    person = ReadyLetter(1, Fitted(("練馬　太郎　様",), 20.0, False), "7F3K-9QXM-2CDE-4TX")
    people = [person] if kind != name else []
    return draw_letters(page, people, chain, title=facts.title, training=True, run=1)


if __name__ == "__main__":
    from PIL import Image

    folder = Path(__file__).resolve().parents[1] / "golden" / "labels"
    folder.mkdir(exist_ok=True)
    for golden in ("cover", "cover_named", "advance", "notice", "card", "naga3", "kaku2"):
        data = pixels(golden_pdf(golden, FontChain.find(["IPAexGothic"])), GOLDEN_DPI)
        Image.fromarray(data // 17 * 17).save(folder / f"letter_{golden}.png", optimize=True)
