"""Run the notebooks again and keep their outputs: ``python notebooks/run.py [NAME …]``."""

import re
import sys
from pathlib import Path

import nbformat
from nbclient import NotebookClient

FOLDER = Path(__file__).parent


def run(path: Path) -> None:
    """Execute one notebook in its folder and write it back, without times, ids and machine names."""
    notebook = nbformat.read(path, as_version=4)
    client = NotebookClient(
        notebook, timeout=300, kernel_name="python3", resources={"metadata": {"path": str(FOLDER)}}
    )
    client.execute()
    notebook.metadata = nbformat.from_dict(
        {
            "kernelspec": {"display_name": "Python 3", "language": "python", "name": "python3"},
            "language_info": {"name": "python"},
        }
    )
    for number, cell in enumerate(notebook.cells, start=1):
        cell["id"] = f"cell-{number:02d}"
        cell.metadata.pop("execution", None)
        for output in cell.get("outputs", []):
            text = output.get("text")
            if text and re.search(r"0x[0-9a-f]{6,}", text):
                raise SystemExit(f"{path.name}, cell {number}: the output shows a memory address")
    nbformat.write(notebook, path)


if __name__ == "__main__":
    wanted = [FOLDER / f"{name.removesuffix('.ipynb')}.ipynb" for name in sys.argv[1:]]
    for notebook_path in wanted or sorted(FOLDER.glob("[0-9]*.ipynb")):
        print(notebook_path.name)
        run(notebook_path)
