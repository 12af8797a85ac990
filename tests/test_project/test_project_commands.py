"""Every `hyohon` command in README and docs exists and has the options that it needs."""

import re
import shlex
from pathlib import Path

import pytest
import typer

from custody.cli import build_app

ROOT = Path(__file__).resolve().parents[2]
PAGES = [ROOT / "README.md", ROOT / "README.ja.md", *sorted((ROOT / "docs").glob("*.md"))]
BLOCK = re.compile(r"^```(?:console|sh|bash|shell|text|)\n(.*?)^```", flags=re.MULTILINE | re.DOTALL)
FEWEST = 15


def commands() -> list[tuple[str, str]]:
    """Name of the page and command, one for each line of a code block that calls the program."""
    found = []
    for page in PAGES:
        for block in BLOCK.findall(page.read_text(encoding="utf-8")):
            joined = block.replace("\\\n", " ")
            lines = (line.strip().removeprefix("$ ") for line in joined.splitlines())
            found += [(page.name, line) for line in lines if line.startswith("hyohon ")]
    return found


def parse(command: str) -> None:
    """Parse a command line as the program would, without running it."""
    arguments = shlex.split(command, comments=True)[1:]
    node = typer.main.get_command(build_app())
    context = None
    while True:
        context = node.make_context(arguments[0] if arguments else "", list(arguments), parent=context)
        if not hasattr(node, "resolve_command"):
            return
        rest = [*context._protected_args, *context.args]
        _name, found, arguments = node.resolve_command(context, rest)
        assert found is not None
        node = found


def test_the_pages_show_commands() -> None:
    assert len(commands()) >= FEWEST


@pytest.mark.parametrize(("page", "command"), commands())
def test_command_of_a_page_can_be_parsed(page: str, command: str) -> None:
    parse(command)


@pytest.mark.parametrize(
    "command",
    ["hyohon sampling hand-over survey", "hyohon sampling frame survey --resident x", "hyohon sampling fame"],
)
def test_a_wrong_command_would_be_found(command: str) -> None:
    with pytest.raises(Exception, match=r"(?i)missing|no such"):
        parse(command)
