"""pyproject.toml, environment.yml, constraints.txt, the Makefile and the README say the same thing."""

import re
import tomllib
from pathlib import Path

import pytest
from packaging.markers import default_environment
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

ROOT = Path(__file__).resolve().parents[2]
CARD = ["faker", "jupyterlab", "nbval", "pandas", "reportlab", "scipy"]
EXTRAS = {"browser", "dev", "fast", "postgres", "spark"}
PACKAGES = ["analysis", "custody", "labels", "sampling", "synthetic_data"]


def read(name: str) -> str:
    return (ROOT / name).read_text(encoding="utf-8")


PYPROJECT = tomllib.loads(read("pyproject.toml"))
REQUIREMENTS = {canonicalize_name(r.name): r for r in map(Requirement, PYPROJECT["project"]["dependencies"])}


def every_requirement() -> list[Requirement]:
    extras = PYPROJECT["project"]["optional-dependencies"]
    return [*REQUIREMENTS.values(), *(Requirement(text) for group in extras.values() for text in group)]


def constraints() -> dict[str, str]:
    """Return name -> exact version of the lines that hold on this platform."""
    lines = [line for line in read("constraints.txt").splitlines() if line and not line.startswith("#")]
    pins = [Requirement(line) for line in lines]
    environment = {str(key): str(value) for key, value in default_environment().items()} | {"extra": ""}
    return {
        canonicalize_name(pin.name): str(pin.specifier).removeprefix("==")
        for pin in pins
        if pin.marker is None or pin.marker.evaluate(environment)
    }


def environment_lines() -> list[str]:
    return [
        line.strip()[2:] for line in read("environment.yml").splitlines() if line.strip().startswith("- ")
    ]


@pytest.mark.parametrize("name", CARD)
def test_card_package_has_one_range(name: str) -> None:
    assert f"{name}{REQUIREMENTS[name].specifier}" in environment_lines()


def test_environment_holds_only_the_card_and_its_tools() -> None:
    conda = environment_lines()[: environment_lines().index("pip:")]
    names = {re.split(r"[>=<]", line)[0] for line in conda}
    assert names == {*CARD, "conda-forge", "python", "pip", "make"}
    assert f"python{PYPROJECT['project']['requires-python']}" in conda


@pytest.mark.parametrize("requirement", every_requirement(), ids=lambda r: r.name)
def test_constraint_lies_in_range(requirement: Requirement) -> None:
    pins = constraints()
    assert requirement.specifier.contains(pins[canonicalize_name(requirement.name)])


def test_constraints_are_exact() -> None:
    lines = [line for line in read("constraints.txt").splitlines() if line and not line.startswith("#")]
    assert all(re.fullmatch(r"[A-Za-z0-9._-]+==[^ ;]+( ; .+)?", line) for line in lines)


def test_extras_are_the_promised_ones() -> None:
    assert set(PYPROJECT["project"]["optional-dependencies"]) == EXTRAS


def test_packages_are_named_and_real() -> None:
    named = PYPROJECT["tool"]["setuptools"]["packages"]
    assert [name for name in named if "." not in name] == PACKAGES
    inside = (path.parent for package in PACKAGES for path in (ROOT / package).rglob("__init__.py"))
    assert named == sorted(".".join(folder.relative_to(ROOT).parts) for folder in inside)


@pytest.mark.parametrize("package", PACKAGES)
def test_every_data_file_is_shipped(package: str) -> None:
    patterns = PYPROJECT["tool"]["setuptools"]["package-data"][package]
    made = [p for p in (ROOT / package).rglob("*") if p.is_file() and "__pycache__" not in p.parts]
    files = [p for p in made if p.suffix != ".py"]
    shipped = {p for pattern in patterns for p in (ROOT / package).glob(pattern)}
    assert [p for p in files if p not in shipped] == []


@pytest.mark.parametrize("readme", ["README.md", "README.ja.md"])
def test_readme_make_targets_exist(readme: str) -> None:
    targets = set(re.findall(r"^([a-z-]+):", read("Makefile"), flags=re.MULTILINE))
    named = set(re.findall(r"^make ([a-z-]+)|`make ([a-z-]+)`", read(readme), flags=re.MULTILINE))
    asked = {target for pair in named for target in pair if target}
    assert {"demo", "test"} <= asked <= targets


def test_ci_runs_the_readme_commands() -> None:
    lines = read(".ci/run").strip().splitlines()
    assert lines[-1] == "make test"
    assert {"make check", "make demo"} <= set(lines)
    assert "\nmake test\n" in read("README.md")
