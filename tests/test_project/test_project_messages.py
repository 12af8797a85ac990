"""Every sentence that people read has a Japanese translation, and the compiled catalogues are up to date."""

from pathlib import Path

import pytest

from custody import catalogue

ROOT = Path(__file__).resolve().parents[2]
PACKAGES = ["analysis", "custody", "labels", "sampling", "synthetic_data"]


@pytest.mark.parametrize("package", PACKAGES)
def test_no_sentence_lacks_a_translation(package: str) -> None:
    assert catalogue.untranslated(ROOT / package) == []


@pytest.mark.parametrize("package", PACKAGES)
def test_compiled_catalogue_is_current(package: str) -> None:
    folder = ROOT / package / "locale" / "ja" / "LC_MESSAGES"
    compiled = (folder / f"{package}.mo").read_bytes()
    assert compiled == catalogue.compiled(folder / f"{package}.po")


@pytest.mark.parametrize("package", PACKAGES)
def test_no_sentence_is_hidden_in_a_formatted_string(package: str) -> None:
    """There the catalogue would not find it, and it would stay English."""
    calls = ("{_(", "{mark(")
    texts = {path: path.read_text(encoding="utf-8") for path in (ROOT / package).rglob("*.py")}
    assert [
        f"{path.name}: {call}"
        for path, text in texts.items()
        for call in calls
        if f'{call}"' in text or f"{call}'" in text
    ] == []
