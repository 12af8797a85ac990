"""Tests read the English messages, whatever the language of the machine; those of languages choose their own."""

import os

os.environ["HYOHON_LANG"] = "en"
