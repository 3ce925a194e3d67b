"""What is shipped: the wheel, the pins, the imports."""

from __future__ import annotations

import ast
import os
import re
import shutil
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
PARTS = ("bots", "client", "core", "doctor", "web")


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Build the wheel as pip does."""
    folder, tree = tmp_path_factory.mktemp("wheel"), tmp_path_factory.mktemp("tree")
    for part in PARTS:  # a copy: a build leaves traces, and finds old ones
        shutil.copytree(ROOT / part, tree / part, ignore=shutil.ignore_patterns("__pycache__"))
    for part in ("pyproject.toml", "README.md", "LICENSE", "onetimeshare.py"):
        shutil.copy(ROOT / part, tree)
    command = [sys.executable, "-m", "pip", "wheel", "--quiet", "--no-deps", "--wheel-dir"]
    built = subprocess.run(  # noqa: S603 - our own build
        [*command, str(folder), str(tree)], capture_output=True, text=True, timeout=110, check=False
    )
    if "No matching distribution found for setuptools" in built.stderr:
        pytest.skip("no package index is reachable to bring the build's setuptools")
    assert built.returncode == 0, built.stderr
    return next(folder.glob("*.whl"))


def test_wheel_holds_everything_and_runs_outside_the_tree(wheel: Path, tmp_path: Path) -> None:
    """All modules, scripts, templates and static files are in the wheel; its command starts."""
    with zipfile.ZipFile(wheel) as archive:
        shipped = set(archive.namelist())
        archive.extractall(tmp_path)
    wanted = {
        str(path.relative_to(ROOT))
        for part in PARTS
        for path in (ROOT / part).rglob("*")
        if path.is_file() and path.suffix != ".pyc"
    }
    assert wanted | {"onetimeshare.py"} == {n for n in shipped if ".dist-info/" not in n}
    assert any(name.endswith("/licenses/LICENSE") for name in shipped)
    shown = subprocess.run(
        [sys.executable, "-c", "import onetimeshare, web.app; onetimeshare.main()", "--help"],
        cwd=tmp_path,
        env={**os.environ, "PYTHONPATH": str(tmp_path)},
        capture_output=True,
        text=True,
        timeout=30,
        check=False,
    )
    assert shown.stdout.startswith("usage: onetimeshare"), shown.stderr


@pytest.mark.parametrize(
    "name", [f"requirements{of}.txt" for of in ("", "-dev", "-redis", "-tools")]
)
def test_pins_have_hashes_and_no_addresses(name: str) -> None:
    """Every requirement is pinned with hashes; no address of an index is recorded."""
    text = (ROOT / name).read_text()
    assert "://" not in text
    assert "--index" not in text
    for requirement in re.split(r"\n(?=\S)", text.strip()):
        assert re.match(r"[a-z0-9_.-]+(\[.*\])?==", requirement)
        assert "--hash=sha256:" in requirement


def test_parts_do_not_import_the_composition_root() -> None:
    """bots, core and web know nothing of onetimeshare.py; import-linter can't see a module."""
    for folder in PARTS:
        for path in (ROOT / folder).rglob("*.py"):
            for node in ast.walk(ast.parse(path.read_text())):
                names = [n.name for n in node.names] if isinstance(node, ast.Import) else []
                if isinstance(node, ast.ImportFrom):
                    names = [node.module or ""]
                assert "onetimeshare" not in names, path


def test_every_error_has_its_status_and_its_sentence() -> None:
    """Each class of core.errors is in the web's table and among the chat's replies."""
    from bots.refusals import REFUSALS  # noqa: PLC0415 - only here
    from core import errors  # noqa: PLC0415
    from web.problems import TABLE  # noqa: PLC0415

    kinds = {
        kind
        for kind in vars(errors).values()
        if isinstance(kind, type) and issubclass(kind, errors.OneTimeShareError)
    } - {errors.OneTimeShareError, errors.BadInput}
    assert kinds == set(REFUSALS) - {errors.BadInput}
    assert kinds - {errors.DoorClosed, errors.CannotStart} == set(TABLE)
