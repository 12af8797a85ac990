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
