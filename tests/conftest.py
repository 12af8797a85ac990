"""Tests read the English messages, whatever the language of the machine; a test of languages sets its own."""

import os

os.environ["HYOHON_LANG"] = "en"
