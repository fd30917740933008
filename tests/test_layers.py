"""Imports go down the layers that the design draws, never up, sideways or in a circle."""

from __future__ import annotations

import ast
import subprocess
import sys
from pathlib import Path

import pytest

import wetprint

ROOT = Path(wetprint.__file__).parent

LAYERS = [
    {"cli"},
    {"workflow"},
    {"judging", "playing"},
    {"learning"},
    {"identify"},
    {"effects", "pairs", "models"},
    {"signals", "blocks"},
    {"audio", "engine"},
    {"outputs"},
    {"digest", "errors", "progress"},
]
RANK = {name: rank for rank, names in enumerate(LAYERS) for name in names}
COMPILED = "_engine"
FILES = sorted(each for each in ROOT.rglob("*.py") if each != ROOT / "__init__.py")


def room(path: Path) -> str:
    return path.relative_to(ROOT).parts[0].removesuffix(".py")


def imported_rooms(path: Path) -> set[str]:
    """Return the rooms of wetprint that a file imports, inside functions too."""
    found = set()
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.ImportFrom) and node.level == 0 and node.module:
            parts = node.module.split(".")
            if parts[0] == "wetprint":
                found |= {parts[1]} if len(parts) > 1 else {each.name for each in node.names}
        elif isinstance(node, ast.Import):
            found |= {
                each.name.split(".")[1] for each in node.names if each.name.startswith("wetprint.")
            }
    return found


def test_every_room_has_a_layer():
    assert {room(each) for each in FILES} <= set(RANK)
    assert len(FILES) > 30


@pytest.mark.parametrize("path", FILES, ids=lambda each: str(each.relative_to(ROOT)))
def test_imports_go_down(path):
    here = room(path)
    for other in imported_rooms(path) - {here, COMPILED}:
        assert RANK[other] > RANK[here], f"{path.relative_to(ROOT)} imports {other}"


def test_importing_loads_nothing_heavy():
    code = (
        "import sys, wetprint, wetprint.cli.main\n"
        "heavy = {'torch', 'librosa', 'matplotlib', 'pedalboard', 'dawdreamer', 'scipy', 'numba'}\n"
        "print(sorted(heavy & set(sys.modules)))"
    )
    ran = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert ran.stdout.strip() == "[]"


def test_public_names_exist():
    assert all(getattr(wetprint, name) is not None for name in wetprint.__all__)
    with pytest.raises(AttributeError, match="no attribute 'lern'"):
        wetprint.lern  # noqa: B018
