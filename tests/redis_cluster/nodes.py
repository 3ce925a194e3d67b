"""A real cluster on loopback: servers as they are installed, joined by their own commands."""

from __future__ import annotations

import signal
import socket
import subprocess
import time
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from itertools import pairwise
from typing import TYPE_CHECKING, Any

from redis import Redis
from redis.exceptions import RedisError

from core.redis_server import find_server

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

SLOTS = 16384
FAILS_AFTER = 1000  # ms without an answer after which a node counts as gone
READY_WITHIN = 20.0  # seconds


@dataclass(slots=True)
class Node:
    """One server: its port, that of the nodes' talk, and its data in `folder`."""

    folder: Path
    port: int
    bus: int
    redis: Redis = field(init=False)
    _process: subprocess.Popen[bytes] | None = None

    def __post_init__(self) -> None:
        self.redis = Redis(port=self.port, socket_timeout=5)

    def start(self) -> None:
        """Start it, again perhaps, and wait until it answers."""
        self.folder.mkdir(exist_ok=True)
        options = {
            "bind": "127.0.0.1",
            "port": self.port,
            "cluster-port": self.bus,
            "dir": self.folder,
            "save": "",
            "appendonly": "yes",
            "appendfsync": "always",
            "cluster-enabled": "yes",
            "cluster-node-timeout": FAILS_AFTER,
            "repl-diskless-sync-delay": 0,
            "loglevel": "warning",
            "logfile": "log",
        }
        written = [part for name, value in options.items() for part in (f"--{name}", str(value))]
        self._process = subprocess.Popen([find_server(), *written])  # noqa: S603 - our own server
        wait_until(self.answers)

    def ask(self, *command: str | int) -> Any:
        return self.redis.execute_command(*command)  # type: ignore[no-untyped-call]

    def answers(self) -> bool:
        try:
            return bool(self.redis.ping())
        except RedisError:
            return False

    def kill(self) -> None:
        """End it as a power failure would."""
        if self._process is not None:
            self._process.kill()
            self._process.wait()

    def silence(self) -> None:
        """Let it do nothing, while its connections stay."""
        if self._process is not None:
            self._process.send_signal(signal.SIGSTOP)

    def wake(self) -> None:
        if self._process is not None:
            self._process.send_signal(signal.SIGCONT)

    @property
    def id(self) -> str:
        name: bytes = self.ask("CLUSTER MYID")
        return name.decode()

    def follows(self) -> bool:
        """Tell whether it is a replica that has everything."""
        told: dict[str, Any] = self.redis.info("replication")
        return told.get("master_link_status") == "up"

    def keeps(self, key: str) -> bool:
        """Tell whether it has a key, as a replica too."""
        self.ask("READONLY")
        return bool(self.ask("EXISTS", key))

    def leads(self) -> bool:
        """Tell whether it is a primary that serves."""
        told: dict[str, str] = self.ask("CLUSTER INFO")
        return self.redis.info("replication")["role"] == "master" and told["cluster_state"] == "ok"

    def misses(self, other: Node) -> bool:
        """Tell whether it counts another one as gone."""
        known: dict[str, dict[str, str]] = self.ask("CLUSTER NODES")
        return "fail" in known[f"127.0.0.1:{other.port}"]["flags"].split(",")

    def sees(self, size: int) -> bool:
        """Tell whether it knows a working cluster of that many nodes."""
        told: dict[str, str] = self.ask("CLUSTER INFO")
        return told["cluster_state"] == "ok" and told["cluster_known_nodes"] == str(size)


@dataclass(frozen=True, slots=True)
class Nodes:
    """The servers: primaries, each with as many of the slots, and replicas of the first ones."""

    primaries: list[Node]
    replicas: list[Node]

    @property
    def all(self) -> list[Node]:
        return [*self.primaries, *self.replicas]

    @property
    def url(self) -> str:
        """Name two of them: the others are found."""
        first, second, *_ = self.primaries
        return f"redis+cluster://127.0.0.1:{first.port},127.0.0.1:{second.port}"

    @property
    def shares(self) -> list[tuple[int, int]]:
        """List the first and the last slot of each primary."""
        count = len(self.primaries)
        cuts = [SLOTS * n // count for n in range(count + 1)]
        return [(first, after - 1) for first, after in pairwise(cuts)]

    def owner(self, key: str) -> Node:
        """Find the primary that has a key, as the slots were given out."""
        slot: int = self.primaries[0].ask("CLUSTER KEYSLOT", key)
        owners = zip(self.primaries, self.shares, strict=True)
        return next(one for one, (first, last) in owners if first <= slot <= last)

    def form(self) -> None:
        """Make one cluster of them."""
        for epoch, (one, share) in enumerate(zip(self.primaries, self.shares, strict=True), 1):
            one.ask("CLUSTER ADDSLOTSRANGE", *share)
            one.ask("CLUSTER SET-CONFIG-EPOCH", epoch)
        for one in self.all[1:]:
            self.primaries[0].ask("CLUSTER MEET", "127.0.0.1", one.port, one.bus)
        wait_until(self.ready)
        for one, primary in zip(self.replicas, self.primaries, strict=False):
            one.ask("CLUSTER REPLICATE", primary.id)
            wait_until(one.follows)

    def ready(self) -> bool:
        return all(one.sees(len(self.all)) for one in self.all)

    def replicated(self) -> bool:
        """Tell whether each replica has everything."""
        pairs = zip(self.replicas, self.primaries, strict=False)
        return all(written(replica) == written(primary) for replica, primary in pairs)

    def empty(self) -> None:
        """Forget everything, scripts too."""
        for one in self.primaries:
            one.redis.flushall()
            one.redis.script_flush()


def written(node: Node) -> Any:
    """Tell how far it wrote."""
    told: dict[str, Any] = node.redis.info("replication")
    return told["master_repl_offset"]


def wait_until(holds: Callable[[], bool]) -> None:
    """Look until it is so; nothing tells when."""
    end = time.monotonic() + READY_WITHIN
    while not holds():
        assert time.monotonic() < end, "the cluster does not get ready"
        time.sleep(0.02)


@contextmanager
def running(folder: Path, *, primaries: int = 3, replicas: int = 0) -> Iterator[Nodes]:
    """Run a cluster for the block."""
    count = primaries + replicas
    with ExitStack() as stack:
        ports = free_ports(2 * count)
        nodes = [Node(folder / f"{n}", ports[n], ports[count + n]) for n in range(count)]
        for node in nodes:
            stack.callback(node.redis.close)
            stack.callback(node.kill)
            node.start()
        cluster = Nodes(nodes[:primaries], nodes[primaries:])
        cluster.form()
        yield cluster


def free_ports(count: int) -> list[int]:
    """Find ports that nobody listens on."""
    with ExitStack() as stack:
        probes = [stack.enter_context(socket.socket()) for _ in range(count)]
        for probe in probes:
            probe.bind(("127.0.0.1", 0))
        return [probe.getsockname()[1] for probe in probes]
