"""Write tests/README.md from the first sentence of each test file: ``python tests/write_readme.py``."""

import ast
from pathlib import Path

FOLDER = Path(__file__).parent
HEAD = """# What each test file checks

One sentence a file, taken from its first line by `python tests/write_readme.py`. Golden numbers, with the
scripts and data that made them,
lie in `golden/`. `make test` runs all of it and the notebooks; pytest says which tests were left out for want
of what.

| file | the fact that it checks |
|---|---|
"""


def fact(path: Path) -> str:
    """Return the first line of the docstring of a test file."""
    return (ast.get_docstring(ast.parse(path.read_text(encoding="utf-8"))) or "?").splitlines()[0]


if __name__ == "__main__":
    files = sorted(FOLDER.rglob("test_*.py"))
    rows = [f"| `{path.relative_to(FOLDER).as_posix()}` | {fact(path)} |\n" for path in files]
    (FOLDER / "README.md").write_text(HEAD + "".join(rows), encoding="utf-8", newline="\n")
