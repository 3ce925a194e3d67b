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
async def sender(tmp_path: Path, web: Web) -> AsyncIterator[Person]:
    """Give somebody with something to share."""
    person = Person(tmp_path / "sender", web.url)
    yield person
    await person.leaves()


@pytest.fixture
async def recipient(tmp_path: Path, web: Web) -> AsyncIterator[Person]:
    """Give somebody who gets links."""
    person = Person(tmp_path / "recipient", web.url)
    yield person
    await person.leaves()


@pytest.fixture
async def between(web: Web) -> AsyncIterator[Proxy]:
    """Stand between the commands and the server."""
    async with Proxy(int(web.url.rpartition(":")[2])).listening() as proxy:
        yield proxy
