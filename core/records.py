"""The transitions of a secret's record: each is one step in Redis, and safe to repeat."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from core.clock import now_ms
from core.errors import Duplicate, Gone, UnlockedTooOften
from core.link import SecretId
from core.receipts import Event, Waiting
from core.record import (
    INDEX_SHARDS,
    NO_PASSWORD,
    Fresh,
    Material,
    Settled,
    index_key,
    moment,
    own_key,
    read_status,
    read_wrapping,
    record_key,
    refuse,
)
from core.secret import Glance, Progress, State

if TYPE_CHECKING:
    from collections.abc import AsyncIterator
    from datetime import datetime

    from core.clock import Clock
    from core.keys import Wrapping
    from core.outbox import Outbox
    from core.permit import Permit
    from core.redis_pipe import Argument, Call
    from core.scripts import Scripts
    from core.secret import Status


MOST_LISTED = 100  # of a sender's secrets
LONG_OVER = 2 * 24 * 60 * 60 * 1000  # ms after its limit at which no secret has a record
SOON = 60 * 1000  # ms after a step at which the sweeper sees what came of it


class Records:
    """One method a transition. Each raises what its answer means, and Unavailable without one."""

    def __init__(self, scripts: Scripts, outbox: Outbox, clock: Clock = now_ms) -> None:
        self._run = scripts
        self._outbox = outbox
        self._clock = clock

    async def _step(self, name: str, secret_id: SecretId, *arguments: Argument) -> Any:  # noqa: ANN401 - as the script's header says
        return self._heard(secret_id, await self._run(name, record_key(secret_id), *arguments))

    async def _noted_step(
        self,
        name: str,
        secret_id: SecretId,
        *arguments: Argument,
        known: bool = True,
        permit: Permit | None = None,
    ) -> Any:  # noqa: ANN401 - same
        """Let the sweeper look soon, for whatever comes of it when nobody else ever does.

        A secret that may not even exist is noted only where the index has it already.
        """
        options = () if known else ("XX", "LT")
        soon = self._clock() + SOON
        _, told = await self._run.in_order(
            [("spare", index_key(secret_id), "ZADD", *options, soon, secret_id.raw)],
            [(name, record_key(secret_id), *arguments)],
            permit,
        )
        return self._heard(secret_id, told)

    def _heard(self, secret_id: SecretId, told: list[Any]) -> Any:  # noqa: ANN401 - same
        answer, *waiting = told
        for box in waiting:
            self._outbox.add(secret_id, Waiting(*box))
        return answer

    async def create(
        self, secret_id: SecretId, fresh: Fresh, lifetime: int, permit: Permit | None = None
    ) -> datetime:
        """Commit a new secret whose blob is durable, for `lifetime` ms; answer when it expires.

        Raises:
            Duplicate: when its creation was given up meanwhile, or the id is another record's.
            RateLimited: from the permit.
        """
        calls: list[Call] = [("ZADD", index_key(secret_id), fresh.due, secret_id.raw)]
        if fresh.owner:
            mine, past = own_key(fresh.owner), self._clock() - LONG_OVER
            calls += ("ZADD", mine, fresh.limit, secret_id.raw), ("PEXPIREAT", mine, fresh.limit)
            calls.append(("ZREMRANGEBYSCORE", mine, "-inf", past))
        step = ("create", record_key(secret_id), lifetime, *fresh.fields())
        *_, told = await self._run.in_order(calls, [step], permit)
        answer = self._heard(secret_id, told)
        if answer[0] != b"ok":
            raise Duplicate
        return moment(answer[1])

    async def has(self, secret_id: SecretId) -> bool:
        """Tell whether there is a record, also where nothing can be written."""
        [there] = await self._run.together(("EXISTS", record_key(secret_id)))
        return bool(there)

    async def look_again(self, secret_id: SecretId, due: int) -> None:
        """Tell the sweeper when (ms) to look at this secret again."""
        await self._run("spare", index_key(secret_id), "ZADD", due, secret_id.raw)

    def over(self, secret_id: SecretId) -> None:
        """Tell the sweeper, soon, that nothing is left to do: the bytes are gone."""
        self._outbox.over(secret_id)

    async def peek(self, secret_id: SecretId, verifier: bytes) -> Glance:
        answer = await self._step("peek", secret_id, verifier)
        if answer[0] != b"ok":
            refuse(answer)
        _, state, profile, left, expires, size = answer
        protected = profile.decode() != NO_PASSWORD
        return Glance(State(state.decode()), protected, left, moment(expires), int(size))

    async def attempt(
        self,
        secret_id: SecretId,
        verifier: bytes,
        claim: str,
        attempt: bytes,
        permit: Permit | None = None,
    ) -> tuple[Wrapping, int] | None:
        """Take one of five slots: the wrapping and the limit; None when there is no password."""
        answer = await self._noted_step(
            *("attempt", secret_id, verifier, claim, attempt), known=False, permit=permit
        )
        if answer[0] == b"open":
            return None
        if answer[0] != b"go":
            refuse(answer)
        return read_wrapping(answer[1:6]), int(answer[6])

    async def resolve(self, secret_id: SecretId, attempt: bytes) -> int:
        """Let a wrong attempt count; answer how many are left."""
        return int(await self._step("resolve", secret_id, attempt))

    async def claim(
        self,
        secret_id: SecretId,
        verifier: bytes,
        claim: str,
        attempt: bytes = b"",
        permit: Permit | None = None,
    ) -> Material:
        """Reserve the secret; `attempt` is the slot whose password was right."""
        _, told = await self._run.in_order(
            [("note", index_key(secret_id), self._clock() + SOON, secret_id.raw)],
            [("claim", record_key(secret_id), verifier, claim, attempt)],
            permit,
        )
        answer = self._heard(secret_id, told)
        state, *material = answer
        if state == b"ok":
            return Material.read(material)
        if state != b"opened":
            refuse(answer)
        if material[0] is None:  # it left nothing for a repeat without the ticket
            raise Gone(State.OPENED)
        return Material.left(material)

    async def unclaim(self, secret_id: SecretId, claim: str) -> None:
        """Free what our own failure keeps this claim from using; it counts for nothing."""
        await self._step("unclaim", secret_id, claim)

    async def check(self, secret_id: SecretId, claim: str, revision: int) -> bytes | None:
        """Refuse a ticket whose password was changed since; answer the blob, where it lies here."""
        answer = await self._step("check", secret_id, claim, revision)
        if answer[0] != b"ok":
            refuse(answer)
        blob: bytes | None = answer[1]
        return blob

    async def release(
        self, secret_id: SecretId, claim: str, resume: bytes = b""
    ) -> tuple[bytes, bytes]:
        """Hand out to the claim that the latch names; answer salt and sealed metadata."""
        answer = await self._noted_step("release", secret_id, claim, resume)
        if answer[0] != b"ok":
            refuse(answer)
        return answer[1], answer[2]

    async def follow(self, secret_id: SecretId, claim: str) -> None:
        """Let the record follow a latch that somebody else holds."""
        answer = await self._noted_step("follow", secret_id, claim)
        if answer[0] != b"ok":
            refuse(answer)

    async def touch(
        self, secret_id: SecretId, claim: str, part: tuple[int, int], *, complete: bool
    ) -> None:
        """Note the part (offsets) that was handed out."""
        answer = await self._step("touch", secret_id, claim, *part, int(complete))
        if answer[0] != b"ok":
            refuse(answer)

    async def progress(self, secret_id: SecretId, claim: str) -> Progress:
        answer = await self._step("progress", secret_id, claim)
        if answer[0] != b"ok":
            refuse(answer)
        _, state, sent, complete, left = answer
        return Progress(State(state.decode()), sent, bool(complete), left // 1000)

    async def done(self, secret_id: SecretId, claim: str) -> tuple[int, bool]:
        """Burn what this claim opened; answer its limit, and whether the store has its blob."""
        answer = await self._step("done", secret_id, claim)
        if answer[0] != b"ok":
            refuse(answer)
        return answer[1], bool(answer[2])

    async def burn(self, secret_id: SecretId, claim: str) -> bool:
        """Burn what the latch's holder received whole; answer whether the store has its blob."""
        answer = await self._noted_step("burn", secret_id, claim)
        if answer[0] != b"ok":
            refuse(answer)
        return bool(answer[1])

    async def inspect(self, secret_id: SecretId, proof: bytes) -> Status:
        """Let the sender see where a secret stands."""
        answer = await self._step("inspect", secret_id, proof)
        if answer[0] != b"ok":
            refuse(answer)
        return read_status(secret_id, answer)

    async def refer(self, secret_id: SecretId, proof: bytes, ref: bytes) -> bool:
        """Note where the sender is told."""
        return bool(await self._step("refer", secret_id, proof, ref))

    async def of_owner(self, owner: bytes) -> list[Status]:
        """List a sender's newest secrets whose records are still there, newest first."""
        return await self._inspected(owner, await self._owned(owner, 0))

    async def all_of_owner(self, owner: bytes) -> AsyncIterator[Status]:
        """List all of a sender's secrets whose records are still there, newest first."""
        start = 0
        while ids := await self._owned(owner, start):
            start += len(ids)
            for status in await self._inspected(owner, ids):
                yield status

    async def _owned(self, owner: bytes, start: int) -> list[SecretId]:
        stop = start + MOST_LISTED - 1
        [found] = await self._run.together(("ZREVRANGE", own_key(owner), start, stop))
        return [SecretId(raw) for raw in found]

    async def _inspected(self, owner: bytes, ids: list[SecretId]) -> list[Status]:
        told = await self._run.together(*(("inspect", record_key(one), owner) for one in ids))
        answers = [self._heard(one, heard) for one, heard in zip(ids, told, strict=True)]
        pairs = zip(ids, answers, strict=True)
        return [read_status(one, answer) for one, answer in pairs if answer[0] == b"ok"]

    async def forget(self, owner: bytes) -> None:
        """Drop the list of a sender's secrets."""
        await self._run.together(("DEL", own_key(owner)))

    async def revoke(self, secret_id: SecretId, event: Event = Event.REVOKED) -> None:
        """Let the record follow a latch that says: revoked; the event says by whom."""
        answer = await self._noted_step("revoke", secret_id, event, known=False)
        if answer[0] != b"ok":
            refuse(answer)

    async def expire(self, secret_id: SecretId) -> None:
        """Let the record follow a latch that says: expired."""
        answer = await self._step("expire", secret_id)
        if answer[0] != b"ok":
            refuse(answer)

    async def unlock(self, secret_id: SecretId, proof: bytes) -> None:
        """Give attempts and lapsed claims back."""
        answer = await self._step("unlock", secret_id, proof)
        if answer[0] == b"spent":
            raise UnlockedTooOften
        if answer[0] != b"ok":
            refuse(answer)

    async def reschedule(
        self, secret_id: SecretId, proof: bytes, lifetime: int, due: int
    ) -> datetime:
        """Let it live for `lifetime` ms from now on, within its limit; answer when it expires."""
        answer = await self._noted_step("reschedule", secret_id, proof, lifetime, known=False)
        if answer[0] != b"ok":
            refuse(answer)
        await self.look_again(secret_id, min(due, answer[1]))
        return moment(answer[1])

    async def material(self, secret_id: SecretId, verifier: bytes, proof: bytes) -> Material:
        """Read what the sender, who brings key and proof, needs for another password."""
        answer = await self._step("material", secret_id, verifier, proof)
        if answer[0] != b"ok":
            refuse(answer)
        return Material.read(answer[1:])

    async def rewrap(  # noqa: PLR0913 - who may, what was unwrapped, what takes its place
        self,
        secret_id: SecretId,
        *,
        verifier: bytes,
        proof: bytes,
        revision: int,
        attempt: bytes,
        wrapping: Wrapping,
        meta: bytes,
    ) -> None:
        """Put another wrapping in the place of the one of this revision."""
        answer = await self._step(
            "rewrap", secret_id, verifier, proof, revision, attempt, *wrapping.fields(), meta
        )
        if answer[0] != b"ok":
            refuse(answer)

    async def forestall(self, secret_id: SecretId) -> bool:
        """Take the id of a creation that was given up; False when it had been created."""
        return bool(await self._step("forestall", secret_id))

    async def lose(self, secret_id: SecretId) -> None:
        """Tell the sender that the bytes of a waiting secret are gone."""
        await self._step("lose", secret_id)

    async def settle(self, secret_id: SecretId) -> Settled | None:
        """Let time pass; None without a record."""
        answer = await self._step("settle", secret_id)
        if answer[0] == b"missing":
            return None
        state, limit, due, *flags = answer
        kept, asks = map(bool, flags)
        return Settled(State(state.decode()), limit, due, kept=kept, asks=asks)

    async def due(self, now: int, most: int) -> list[SecretId]:
        """List secrets at which to look now, `most` of each index shard."""
        shards = await self._run.together(
            *(
                ("ZRANGE", f"ots:due:{shard}", 0, now, "BYSCORE", "LIMIT", 0, most)
                for shard in range(INDEX_SHARDS)
            )
        )
        return [SecretId(raw) for found in shards for raw in found]

    async def indexed(self, shard: int, most: int) -> list[bytes]:
        """List some ids (raw) of an index shard, others each time."""
        [found] = await self._run.together(("ZRANDMEMBER", f"ots:due:{shard}", most))
        return list(found)
