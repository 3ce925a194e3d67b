"""A sender and a recipient at their command lines, and a server."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from tests.client.command import Person
from tests.faults.proxy import Proxy

if TYPE_CHECKING:
    from collections.abc import AsyncIterator
    from pathlib import Path

    from tests.conftest import Web


@pytest.fixture
def sender(tmp_path: Path, web: Web) -> Person:
    """Give somebody with something to share."""
    return Person(tmp_path / "sender", web.url)


@pytest.fixture
def recipient(tmp_path: Path, web: Web) -> Person:
    """Give somebody who gets links."""
    return Person(tmp_path / "recipient", web.url)


@pytest.fixture
async def between(web: Web) -> AsyncIterator[Proxy]:
    """Stand between the commands and the server."""
    async with Proxy(int(web.url.rpartition(":")[2])).listening() as proxy:
        yield proxy
