"""`make audit`: what others' tools say of the pages; too long for every run."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from tests.e2e.conftest import browser, watch

__all__ = ["browser", "watch"]

TOOLS = Path(__file__).parents[2] / ".venv" / "audit" / "node_modules"

collect_ignore_glob = [] if "AUDIT" in os.environ else ["test_*.py"]


@pytest.fixture
def tools() -> Path:
    """Give the folder of the npm packages that `make audit` installs."""
    if not TOOLS.is_dir():
        pytest.skip("no Lighthouse and no Observatory here: make audit could not install them")
    return TOOLS
