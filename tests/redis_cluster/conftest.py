"""The whole product on a cluster of three: what any test takes from `settings` runs on it."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from core.settings import Settings
from tests.admin import with_admin
from tests.generous import GENEROUS
from tests.redis_cluster.nodes import running

if TYPE_CHECKING:
    import socket
    from collections.abc import Iterator
    from pathlib import Path

    from tests.redis_cluster.nodes import Nodes


@pytest.fixture(scope="session")
def nodes(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Nodes]:
    """Run three primaries, one of them with a replica; every test leaves them whole."""
    with running(tmp_path_factory.mktemp("cluster"), replicas=1) as nodes:
        yield nodes


@pytest.fixture
def settings(nodes: Nodes, tmp_path: Path, listening: socket.socket) -> Settings:
    """Give the defaults with generous limits and an admin on the cluster, which is empty."""
    nodes.empty()
    given = {
        "DATA_DIR": str(tmp_path / "data"),
        "PUBLIC_URL": f"http://localhost:{listening.getsockname()[1]}",
        "REDIS_URL": nodes.url,
    }
    return with_admin(Settings.parse(GENEROUS | given))
