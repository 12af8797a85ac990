"""One demo for all tests of the project as a whole."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

RESIDENTS, SAMPLE = 20_000, 400


@pytest.fixture(scope="session")
def demo(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, str]:
    """The folder of a small demo, run as a user runs it, and what it printed."""
    out = tmp_path_factory.mktemp("demo with blank") / "out"
    words = [
        *(sys.executable, "-m", "custody", "--lang", "en", "demo", "--out", str(out)),
        *("--residents", str(RESIDENTS), "--sample", str(SAMPLE), "--seed", "7"),
    ]
    environment = os.environ | {"PYTHONUTF8": "1"}
    done = subprocess.run(
        words, capture_output=True, text=True, env=environment, encoding="utf-8", check=False
    )
    assert done.returncode == 0, done.stdout + done.stderr
    return out, done.stdout
