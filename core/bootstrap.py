"""Everything is built here, in one `async with`."""

from __future__ import annotations

import asyncio
import secrets
import tempfile
from contextlib import AsyncExitStack, asynccontextmanager, suppress
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING

from redis.exceptions import RedisError

from core import stamps
from core.audit import Audit
from core.background import beside
from core.blobs.days import in_thread
from core.blobs.measured import MeasuredBlobs
from core.blobs.opening import open_blobs
from core.creations import Creations
from core.embedded import embedded_redis, free, join_redis
from core.errors import CannotStart, Unavailable
from core.garbage import give_back
from core.gate import Gate
from core.guards import closed_to_others
from core.handed import Handed
from core.handout import Handout
from core.heartbeats import Heartbeats
from core.inventory import Inventory
from core.invitations import Invitations
from core.keys import ServerKey
from core.limits import Limits, Windows
from core.link import encode
from core.metrics import Metrics
from core.notes import Notes
from core.outbox import Outbox
from core.passwords import Passwords
from core.readiness import Readiness
from core.receipts import Receipts
from core.reception import Reception
from core.records import Records
from core.redis_address import RedisAddress
from core.redis_connection import connect, judge, pipe_to
from core.redis_rights import check_rights
from core.redis_state import RedisState
from core.room import Room
from core.scripts import Scripts
from core.settings import SECRET_KEY_SIZE, parse_secret_key
from core.statistics import Statistics
from core.stream import sealed_size
from core.sweeper import Sweeper
from core.vault import Vault

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Awaitable, Callable
    from pathlib import Path

    from core.blobs import Blobs
    from core.receipts import Receipt
    from core.redis_cluster import AnyRedis
    from core.settings import Settings


@dataclass(frozen=True, slots=True)
class House:
    """What the doors and the web are given."""

    vault: Vault
    creations: Creations
    notes: Notes
    redis: AnyRedis
    blobs: Blobs
    sweeper: Sweeper
    receipts: Receipts
    outbox: Outbox
    invitations: Invitations
    handed: Handed
    reception: Reception
    limits: Limits
    gate: Gate
    statistics: Statistics
    inventory: Inventory
    audit: Audit
    heartbeats: Heartbeats
    scripts: Scripts
    metrics: Metrics
    readiness: Readiness
    free: Callable[[], Awaitable[int]]  # bytes left where secrets lie


@asynccontextmanager
async def open_vault(settings: Settings, *, own_redis: bool = True) -> AsyncIterator[House]:
    """Open the vault for the block.

    Args:
        settings: what the operator decided.
        own_redis: start the embedded Redis where no address is set; otherwise join its owner's.

    Raises:
        CannotStart: with a sentence that says what to do.
    """
    await asyncio.to_thread(_private_folder, settings.data_dir)
    async with AsyncExitStack() as stack:
        address = settings.redis_url
        if address is None and own_redis:
            url = await stack.enter_async_context(embedded_redis(settings.data_dir))
            address = RedisAddress.parse(url)
        elif address is None:
            address = RedisAddress.parse(join_redis(settings.data_dir))
        redis = await stack.enter_async_context(connect(address))
        server_key = ServerKey(await asyncio.to_thread(_secret_key, settings))
        if settings.redis_url is not None:
            await check_rights(redis)
            await judge(redis)
        await stamps.check(redis, server_key)
        metrics = Metrics()
        # A trip has one limit, as a whole: one for each reply in it would cost more than it does.
        quick = await stack.enter_async_context(connect(address, patience=None))
        scripts = Scripts(pipe_to(quick, address.replicas), trip=metrics.redis_trip)
        stack.push_async_callback(scripts.aclose)
        store = await open_blobs(
            settings.blobs,
            sealed_size(settings.policy.max_size),
            spare=settings.allowance.min_free_disk,
            redis=redis,
            scripts=scripts,
        )
        stack.push_async_callback(store.aclose)
        blobs = MeasuredBlobs(store, metrics)
        receipts = Receipts(redis, scripts)
        statistics = Statistics(scripts, counted=metrics.count)
        ended = partial(_count_ended, metrics, server_key)
        outbox = Outbox(scripts, receipts, statistics, counted=ended)
        records = Records(scripts, outbox)
        passwords = Passwords()
        stack.push_async_callback(passwords.aclose)
        metrics.passwords.set_function(lambda: passwords.taken)
        vault = Vault(
            records=records,
            blobs=blobs,
            server_key=server_key,
            passwords=passwords,
            policy=settings.policy,
            statistics=statistics,
        )
        stack.push_async_callback(_last_flush, statistics)
        stack.push_async_callback(vault.aclose)
        stack.push_async_callback(_last_flush, outbox)
        await stack.enter_async_context(beside(statistics.run()))
        await stack.enter_async_context(beside(outbox.run()))
        await stack.enter_async_context(beside(give_back()))
        handout = Handout(records, blobs)
        invitations = Invitations(scripts, server_key)
        allowance, refused = settings.allowance, statistics.refused
        limits = Limits(Windows(scripts), server_key, allowance, refused=refused)
        left = partial(_free, settings, blobs)
        beyond = None if settings.blobs.in_redis else blobs
        room = Room(allowance, free=left, stored=lambda: _stored(redis, beyond), refused=refused)
        yield House(
            vault=vault,
            creations=Creations(scripts, server_key),
            notes=Notes(redis),
            redis=redis,
            blobs=blobs,
            sweeper=Sweeper(
                redis=redis,
                records=records,
                blobs=blobs,
                handout=handout,
                outbox=outbox,
                receipts=receipts,
            ),
            receipts=receipts,
            outbox=outbox,
            invitations=invitations,
            handed=Handed(redis, scripts, server_key),
            reception=Reception(vault, invitations),
            limits=limits,
            gate=Gate(limits, room, settings.allowance),
            statistics=statistics,
            inventory=Inventory(scripts, server_key),
            audit=Audit(scripts),
            heartbeats=Heartbeats(scripts),
            scripts=scripts,
            metrics=metrics,
            readiness=Readiness(redis, blobs, left, settings.allowance.min_free_disk),
            free=left,
        )


def _count_ended(metrics: Metrics, server_key: ServerKey, receipt: Receipt) -> None:
    door = server_key.door(receipt.secret_id.raw, receipt.ref)
    metrics.event(receipt.event.value, door).inc()


async def _free(settings: Settings, blobs: Blobs) -> int:
    """Say what the fuller disk has left: that of the blobs, or of a Redis of our own.

    A Redis elsewhere tells nobody of its disk.
    """
    left = await blobs.free()
    return left if settings.redis_url else min(left, await in_thread(free, settings.data_dir))


async def _stored(redis: AnyRedis, beyond: Blobs | None) -> int:
    """Add up what lies in Redis, as small secrets do, and in a store beyond it."""
    try:
        servers = await RedisState.read(redis)
    except RedisError:
        raise Unavailable from None
    stored = sum(one.dataset for one in servers)
    return stored if beyond is None else stored + await beyond.stored()


async def _last_flush(waiting: Outbox | Statistics) -> None:
    with suppress(Unavailable):  # a sweep finds receipts, and figures may be rough
        await waiting.flush()


def _private_folder(folder: Path) -> None:
    try:
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        if not closed_to_others(folder):
            raise CannotStart(f"Others can read the data folder; run: chmod 700 {folder}")
        with tempfile.TemporaryFile(dir=folder):
            pass
    except OSError as error:
        reason = error.strerror or type(error).__name__
        raise CannotStart(f"The data folder {folder} can not be used: {reason}") from None


def _secret_key(settings: Settings) -> bytes:
    """Take the key from the settings, or from the data folder, where it is made once."""
    if settings.secret_key is not None:
        return settings.secret_key
    path = settings.data_dir / "secret.key"
    if not path.exists():
        # Complete before it has its name, and only the first of several makers wins.
        draft = path.with_suffix(f".{secrets.token_hex(8)}")
        draft.touch(mode=0o600)
        draft.write_text(encode(secrets.token_bytes(SECRET_KEY_SIZE)))
        with suppress(FileExistsError):
            path.hardlink_to(draft)
        draft.unlink()
    try:
        return parse_secret_key(path.read_text())
    except ValueError:
        raise CannotStart(f"{path} is damaged: bring a copy of it back.") from None
