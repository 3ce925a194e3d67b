"""A secret's life in the vault, on a real Redis and a real disk."""

from __future__ import annotations

import asyncio
import os
import signal
from datetime import timedelta
from typing import TYPE_CHECKING

import pytest

from core.draft import token_proof
from core.errors import (
    BadLifetime,
    Busy,
    Changed,
    Duplicate,
    EmptyText,
    Gone,
    Locked,
    NotFound,
    PasswordRequired,
    SourceFailed,
    Taken,
    TooLarge,
    TooLate,
    Unavailable,
    UnlockedTooOften,
    WrongPassword,
)
from core.link import Claim, Key, SecretId, decode
from core.secret import Kind, Sealed, Sender, State
from tests.contents import gathered, pieces, received

if TYPE_CHECKING:
    from collections.abc import AsyncIterator
    from contextlib import AbstractAsyncContextManager
    from pathlib import Path

    from core.bootstrap import House
    from core.settings import Settings
    from core.vault import Vault

TEXT = b"the code is 4711"
LARGE = os.urandom(10_000)  # too large to be kept in the record


async def sealed_text(vault: Vault, password: str | None = None) -> Sealed:
    return await vault.seal(pieces(TEXT), kind=Kind.TEXT, password=password)


async def sealed_file(vault: Vault) -> Sealed:
    return await vault.seal(pieces(LARGE), kind=Kind.FILE)


def blob_files(settings: Settings) -> list[Path]:
    return [p for p in (settings.data_dir / "blobs").rglob("*") if p.is_file()]


@pytest.mark.parametrize("size", [0, 1, 65535, 65536, 65537, 262144, 262145, 1_000_000])
async def test_file_comes_out_as_it_went_in(house: House, size: int) -> None:
    """A file of any size is received byte for byte, with its name."""
    data = os.urandom(size)
    sealed = await house.vault.seal(pieces(data), kind=Kind.FILE, name="a.bin")
    link, claim = sealed.link, Claim.random()

    opened = await house.vault.open(link.id, link.key, claim)
    async with house.vault.data(link.id, claim, opened.ticket) as delivery:
        assert data == await gathered(delivery)

    assert ("a.bin", size, Kind.FILE) == (
        opened.metadata.name,
        opened.metadata.size,
        opened.metadata.kind,
    )


async def test_text_is_padded_when_stored_and_exact_for_the_recipient(
    house: House, settings: Settings
) -> None:
    """A short text lies as a full KiB in its record alone, and arrives with its own length."""
    link = (await sealed_text(house.vault)).link

    assert await house.redis.hstrlen(f"ots:{{{link.id}}}", "blob") == 1024 + 32
    assert blob_files(settings) == []
    assert await received(house.vault, link.id, link.key, Claim.random()) == TEXT


async def test_second_claim_is_refused_after_the_first_received(house: House) -> None:
    """Once a byte was handed out, another page is told that it was opened."""
    link = (await sealed_text(house.vault)).link
    await received(house.vault, link.id, link.key, Claim.random())

    with pytest.raises(Gone) as gone:
        await house.vault.open(link.id, link.key, Claim.random())
    assert gone.value.state == State.OPENED


async def test_claimant_can_fetch_again_until_done(house: House, settings: Settings) -> None:
    """The same page may fetch again, from any offset; after done, nothing is left of the bytes."""
    data = os.urandom(300_000)
    link = (await house.vault.seal(pieces(data), kind=Kind.FILE, name="x")).link
    claim = Claim.random()
    opened = await house.vault.open(link.id, link.key, claim)
    for start, stop in ((0, None), (0, 10), (65_530, 65_540), (299_999, None), (70_000, 290_000)):
        async with house.vault.data(
            link.id, claim, opened.ticket, start=start, stop=stop
        ) as delivery:
            assert data[start:stop] == await gathered(delivery)

    await house.vault.done(link.id, claim)
    await house.vault.done(link.id, claim)

    assert blob_files(settings) == []
    with pytest.raises(Gone):
        async with house.vault.data(link.id, claim, opened.ticket):
            pass


async def test_same_key_and_claim_open_again_without_a_kept_ticket(house: House) -> None:
    """A script that repeats its one call with the same claim is served again inside the window."""
    link, claim = (await sealed_text(house.vault)).link, Claim.random()
    async with house.vault.take(link.id, link.key, claim) as (delivery, _):
        await gathered(delivery)

    assert await received(house.vault, link.id, link.key, claim) == TEXT


async def test_of_many_parallel_openings_one_succeeds(house: House) -> None:
    """A hundred pages at once: one receives the secret and the others learn that it is taken."""
    link = (await sealed_text(house.vault)).link

    results = await asyncio.gather(
        *(received(house.vault, link.id, link.key, Claim.random()) for _ in range(100)),
        return_exceptions=True,
    )

    assert [result for result in results if isinstance(result, bytes)] == [TEXT]
    assert {Taken, Gone} >= {type(result) for result in results} - {bytes}


async def test_wrong_passwords_in_parallel_are_evaluated_five_times(house: House) -> None:
    """However many wrong passwords come at once, five are evaluated; then it is locked."""
    link = (await sealed_text(house.vault, password="right")).link

    async def guess(n: int) -> type[BaseException]:
        while True:
            try:
                await house.vault.open(link.id, link.key, Claim.random(), f"wrong {n}")
            except (WrongPassword, Locked) as error:
                return type(error)
            except Busy:  # nothing was used up
                await asyncio.sleep(0.05)

    answers = await asyncio.gather(*(guess(n) for n in range(40)))

    assert answers.count(WrongPassword) == 5
    assert answers.count(Locked) == 35
    with pytest.raises(Locked):
        await house.vault.open(link.id, link.key, Claim.random(), "right")
    assert (await house.vault.peek(link.id, link.key)).state == State.LOCKED


async def test_right_password_costs_no_attempt(house: House) -> None:
    """The right password opens, in any Unicode spelling, and gives its slot back."""
    link = (await sealed_text(house.vault, password="Zürich")).link
    for left in (4, 3):
        with pytest.raises(WrongPassword) as wrong:
            await house.vault.open(link.id, link.key, Claim.random(), "Zurich")
        assert left == wrong.value.attempts_left
    claim = Claim.random()
    decomposed = "Zu\u0308rich"

    assert await received(house.vault, link.id, link.key, claim, decomposed) == TEXT


async def test_password_is_asked_for_at_no_cost(house: House) -> None:
    """Opening without the password claims nothing and uses up nothing."""
    link = (await sealed_text(house.vault, password="x")).link

    with pytest.raises(PasswordRequired) as required:
        await house.vault.open(link.id, link.key, Claim.random())

    assert required.value.attempts_left == 5
    assert (await house.vault.peek(link.id, link.key)).state == State.READY


async def test_whoever_lacks_the_key_learns_nothing(house: House) -> None:
    """A wrong key, another secret's key and an unknown id get one and the same answer."""
    first, second = await sealed_text(house.vault), await sealed_text(house.vault)
    for secret_id, key in (
        (first.link.id, Key.random()),
        (first.link.id, second.link.key),
        (SecretId.random(), first.link.key),
    ):
        with pytest.raises(NotFound):
            await house.vault.peek(secret_id, key)
        with pytest.raises(NotFound):
            await house.vault.open(secret_id, key, Claim.random())
        with pytest.raises(NotFound):
            await house.vault.open(secret_id, key, Claim.random(), "password")
    assert (await house.vault.peek(first.link.id, first.link.key)).state == State.READY


async def test_ticket_serves_its_own_claim_and_secret_only(house: House) -> None:
    """A ticket with another claim or for another secret is as good as none."""
    first, second = (await sealed_text(house.vault)).link, (await sealed_text(house.vault)).link
    claim = Claim.random()
    ticket = (await house.vault.open(first.id, first.key, claim)).ticket
    for secret_id, other in ((first.id, Claim.random()), (second.id, claim)):
        with pytest.raises(NotFound):
            async with house.vault.data(secret_id, other, ticket):
                pass


async def test_lapsed_claim_leaves_the_secret_to_others(house: House) -> None:
    """A page that claimed and never fetched loses its claim after the lease."""
    link = (await sealed_text(house.vault)).link
    await house.vault.open(link.id, link.key, Claim.random())
    with pytest.raises(Taken) as taken:
        await house.vault.open(link.id, link.key, Claim.random())
    assert 0 < taken.value.retry_after <= 60
    await house.redis.hset(f"ots:{{{link.id}}}", "lease", 1)

    assert await received(house.vault, link.id, link.key, Claim.random()) == TEXT


async def test_expired_secret_says_so_and_goes(house: House, settings: Settings) -> None:
    """After its time a secret is gone for whoever holds the key, and the sweeper takes the blob."""
    link = (await sealed_file(house.vault)).link
    await house.redis.hset(f"ots:{{{link.id}}}", "expires", 1)
    await house.redis.zadd(f"ots:due:{link.id.raw[0] % 64}", {link.id.raw: 1})

    with pytest.raises(Gone) as gone:
        await house.vault.open(link.id, link.key, Claim.random())
    assert gone.value.state == State.EXPIRED
    assert len(blob_files(settings)) == 1
    await house.sweeper.sweep()
    assert blob_files(settings) == []
    assert (await house.vault.peek(link.id, link.key)).state == State.EXPIRED


async def test_window_end_burns(house: House, settings: Settings) -> None:
    """A page that never said done loses its window, and the sweeper takes the blob."""
    link, claim = (await sealed_file(house.vault)).link, Claim.random()
    ticket = (await house.vault.open(link.id, link.key, claim)).ticket
    async with house.vault.data(link.id, claim, ticket) as delivery:
        await gathered(delivery)
    await house.redis.hset(f"ots:{{{link.id}}}", "touched", 1)
    await house.redis.zadd(f"ots:due:{link.id.raw[0] % 64}", {link.id.raw: 1})

    assert len(blob_files(settings)) == 1
    await house.sweeper.sweep()

    assert blob_files(settings) == []
    with pytest.raises(Gone):
        async with house.vault.data(link.id, claim, ticket):
            pass


async def test_terminal_record_holds_no_key_material(house: House) -> None:
    """From the first byte on the share is gone; after done the record names nothing any more."""
    link, claim = (await sealed_text(house.vault, password="x")).link, Claim.random()
    await received(house.vault, link.id, link.key, claim, "x")
    opened = await house.redis.hgetall(f"ots:{{{link.id}}}")
    assert {b"share", b"wrapped"}.isdisjoint(opened)

    await house.vault.done(link.id, claim)

    kept = await house.redis.hgetall(f"ots:{{{link.id}}}")
    assert {b"share", b"wrapped", b"salt", b"meta", b"resume", b"password_salt"}.isdisjoint(kept)


async def test_latch_survives_a_redis_that_forgot(house: House) -> None:
    """A record brought back to the time before the opening opens for nobody."""
    link = (await sealed_text(house.vault)).link
    key = f"ots:{{{link.id}}}"
    before = await house.redis.dump(key)
    await received(house.vault, link.id, link.key, Claim.random())
    assert before is not None
    await house.redis.restore(key, 0, before, replace=True)

    with pytest.raises(Gone) as gone:
        await house.vault.open(link.id, link.key, Claim.random())
    assert gone.value.state == State.OPENED
    assert (await house.vault.peek(link.id, link.key)).state == State.OPENED


@pytest.mark.parametrize("way", ["data", "take"])
async def test_bytes_that_are_gone_with_an_opening_that_redis_forgot(
    house: House, way: str
) -> None:
    """Another page is told that it was opened, not that something is damaged."""
    link, late = (await sealed_file(house.vault)).link, Claim.random()
    key = f"ots:{{{link.id}}}"
    before = await house.redis.dump(key)
    assert before is not None
    ticket = (await house.vault.open(link.id, link.key, late)).ticket
    await house.redis.restore(key, 0, before, replace=True)
    claim = Claim.random()
    await received(house.vault, link.id, link.key, claim)
    await house.vault.done(link.id, claim)
    await house.redis.restore(key, 0, before, replace=True)

    delivering: AbstractAsyncContextManager[object] = house.vault.data(link.id, late, ticket)
    if way == "take":
        delivering = house.vault.take(link.id, link.key, late)
    with pytest.raises(Gone) as gone:
        await delivering.__aenter__()
    assert gone.value.state == State.OPENED
    assert (await house.vault.peek(link.id, link.key)).state == State.OPENED


async def test_revoked_by_token_or_owner_opens_for_nobody(house: House) -> None:
    """Either proof of the sender revokes; the recipient is told, and a repeat changes nothing."""
    sender = Sender("telegram", "42")
    for proof_of in ("token", "owner"):
        owner = house.vault.owner(sender)
        sealed = await house.vault.seal(pieces(TEXT), kind=Kind.TEXT, owner=owner)
        token = decode(sealed.revoke_token, 32, "token")
        proof = token_proof(token) if proof_of == "token" else owner
        await house.vault.control.revoke(sealed.link.id, proof)
        await house.vault.control.revoke(sealed.link.id, proof)

        with pytest.raises(Gone) as gone:
            await house.vault.open(sealed.link.id, sealed.link.key, Claim.random())
        assert gone.value.state == State.REVOKED


async def test_revoke_needs_the_senders_proof_and_comes_too_late_after_opening(
    house: House,
) -> None:
    """A foreign proof is the uniform not-found; after the opening the sender is told the truth."""
    sealed = await sealed_text(house.vault)
    link, token = sealed.link, decode(sealed.revoke_token, 32, "token")
    for foreign in (b"", os.urandom(32), token):
        with pytest.raises(NotFound):
            await house.vault.control.revoke(link.id, foreign)
    await received(house.vault, link.id, link.key, Claim.random())

    with pytest.raises(TooLate):
        await house.vault.control.revoke(link.id, token_proof(token))


async def test_refused_input_leaves_no_trace(house: House, settings: Settings) -> None:
    """Too large, broken off, empty or too long-lived: nothing stays on disk or in Redis."""

    async def breaking() -> AsyncIterator[bytes]:
        yield os.urandom(400_000)
        raise SourceFailed

    limit = settings.policy.max_size
    day = timedelta(days=1)
    seal = house.vault.seal
    with pytest.raises(TooLarge):
        await seal(pieces(b""), kind=Kind.FILE, size=limit + 1)
    with pytest.raises(SourceFailed):
        await seal(breaking(), kind=Kind.FILE)
    with pytest.raises(EmptyText):
        await seal(pieces(b""), kind=Kind.TEXT)
    for lifetime in (day * 8, day * 0):
        with pytest.raises(BadLifetime):
            await seal(pieces(b"x"), kind=Kind.FILE, lifetime=lifetime)

    assert blob_files(settings) == []
    assert sorted(await house.redis.keys()) == [b"ots:format", b"ots:key-check"]


async def test_one_byte_over_the_limit_is_refused_while_it_streams(
    house: House, settings: Settings
) -> None:
    """What arrives is counted, whatever was declared."""

    async def endless() -> AsyncIterator[bytes]:
        block = bytes(1_000_000)
        for _ in range(100):
            yield block
        yield b"!"

    assert settings.policy.max_size == 100 * 1_000_000
    with pytest.raises(TooLarge):
        await house.vault.seal(endless(), kind=Kind.FILE, size=10)
    assert blob_files(settings) == []


async def test_abandoned_creation_never_exists(house: House) -> None:
    """Given up before or after its record was written, a creation leaves nothing that opens."""
    owner = house.vault.owner(Sender("discord", "1"))
    early = SecretId.random()
    await house.vault.control.abandon(early, owner)
    with pytest.raises(Duplicate):
        await house.vault.seal(pieces(TEXT), kind=Kind.TEXT, secret_id=early, owner=owner)
    late = (await house.vault.seal(pieces(TEXT), kind=Kind.TEXT, owner=owner)).link
    await house.vault.control.abandon(late.id, owner)
    with pytest.raises(Gone):
        await house.vault.open(late.id, late.key, Claim.random())


async def test_restart_of_redis_is_ridden_through(house: House) -> None:
    """A Redis that dies and is started again costs a recipient a moment, and nothing is lost."""
    link = (await sealed_text(house.vault)).link
    os.kill((await house.redis.info("server"))["process_id"], signal.SIGKILL)
    assert await received(house.vault, link.id, link.key, Claim.random()) == TEXT


async def test_redis_that_stays_away_is_told_soon(house: House, settings: Settings) -> None:
    """Without Redis a request ends within seconds, as not available, and uses nothing up."""
    sealed = await sealed_text(house.vault, password="x")
    link, moved = sealed.link, settings.data_dir / "redis" / "moved.sock"
    socket = (settings.data_dir / "redis" / "redis.sock").rename(moved)
    await house.redis.client_kill_filter(_type="normal", skipme=True)
    async with asyncio.timeout(5):
        with pytest.raises(Unavailable):
            await house.vault.open(link.id, link.key, Claim.random(), "x")
        with pytest.raises(Unavailable):
            await sealed_text(house.vault)
    socket.rename(settings.data_dir / "redis" / "redis.sock")
    assert (await house.vault.peek(link.id, link.key)).attempts_left == 5


async def test_sender_unlocks_three_times(house: House) -> None:
    """After wrong passwords the sender gives the attempts back; the fourth time it stays locked."""
    sealed = await sealed_text(house.vault, password="right")
    link, record = sealed.link, f"ots:{{{sealed.link.id}}}"
    proof = token_proof(decode(sealed.revoke_token, 32, "token"))
    with pytest.raises(NotFound):
        await house.vault.control.unlock(link.id, os.urandom(32))
    for _ in range(3):
        await house.redis.hset(record, mapping={"tries": 5, "lapsed": 10})
        with pytest.raises(Locked):
            await house.vault.open(link.id, link.key, Claim.random(), "right")
        await house.vault.control.unlock(link.id, proof)
        await house.vault.control.unlock(link.id, proof)  # a repeat costs nothing
        glance = await house.vault.peek(link.id, link.key)
        assert (glance.state, glance.attempts_left) == (State.READY, 5)
    await house.redis.hset(record, "tries", 5)
    with pytest.raises(UnlockedTooOften):
        await house.vault.control.unlock(link.id, proof)


async def test_unlocking_gives_no_slot_back_twice(house: House) -> None:
    """An evaluation that began before the unlock can't add to the attempts after it."""
    sealed = await sealed_text(house.vault, password="right")
    link, record = sealed.link, f"ots:{{{sealed.link.id}}}"
    proof = token_proof(decode(sealed.revoke_token, 32, "token"))
    await house.redis.hset(record, "tries", 4)
    opening = asyncio.create_task(house.vault.open(link.id, link.key, Claim.random(), "right"))
    while await house.redis.hget(record, "tries") != b"5":
        await asyncio.sleep(0.001)
    await house.vault.control.unlock(link.id, proof)
    with pytest.raises(Changed):  # told to try again: what it had proven was forgotten
        await opening
    assert (await house.vault.peek(link.id, link.key)).attempts_left == 5
    assert await received(house.vault, link.id, link.key, Claim.random(), "right") == TEXT


async def test_holder_of_the_latch_that_received_nothing_comes_back_with_the_link(
    house: House,
) -> None:
    """A call that ended between latch and first byte can be repeated, even after a rival came."""
    link, claim = (await sealed_text(house.vault)).link, Claim.random()
    await house.vault.open(link.id, link.key, claim)
    limit = int(await house.redis.hget(f"ots:{{{link.id}}}", "limit") or 0)
    await house.blobs.latch(link.id, limit, claim.holder)
    await house.redis.hset(f"ots:{{{link.id}}}", "lease", 1)
    with pytest.raises(Gone):
        await house.vault.open(link.id, link.key, Claim.random())
    async with house.vault.take(link.id, link.key, claim) as (delivery, _):
        assert await gathered(delivery) == TEXT
    assert await house.redis.hget(f"ots:{{{link.id}}}", "share") is None
