"""Handing in by invitation: one upload has the place, seals its secret, and uses the place up.

The order makes every crash harmless: take the place, make the bytes durable, write the record,
then use the invitation up and leave the sealed link for the door, in one step. Whatever ends before
that step leaves a secret whose key nobody has; the next upload revokes it first.
"""

from __future__ import annotations

import asyncio
from contextlib import asynccontextmanager, suppress
from typing import TYPE_CHECKING

from core.background import beside
from core.errors import Duplicate, Malformed, Occupied, OneTimeShareError, Unavailable
from core.invitation import HandedIn, Purpose
from core.invitations import LEASE
from core.link import SecretId
from core.secret import Kind

if TYPE_CHECKING:
    from collections.abc import AsyncIterable, AsyncIterator
    from contextlib import AbstractAsyncContextManager
    from datetime import timedelta

    from core.draft import Draft
    from core.invitation import InvitationId, Token
    from core.invitations import Invitations, Taken
    from core.secret import Sealed
    from core.vault import Vault


class Place:
    """The one place of an invitation: takes a secret in as the vault does, for whoever asked."""

    def __init__(
        self,
        vault: Vault,
        invitations: Invitations,
        name: InvitationId,
        secret_id: SecretId,
        taken: Taken,
    ) -> None:
        self.asking = taken.asking
        self.unsure = False  # a secret may be left of it, which the next upload revokes
        self._vault = vault
        self._invitations = invitations
        self._name = name
        self._id = secret_id
        self._owner = taken.owner

    def draft(
        self,
        content: AsyncIterable[bytes],
        *,
        kind: Kind,
        name: str | None = None,
        size: int | None = None,
    ) -> AbstractAsyncContextManager[Draft]:
        """Seal the bytes, as `Vault.draft` does.

        Raises:
            Malformed: a text, where a file is awaited.
        """
        if self.asking.purpose is Purpose.UPLOAD and kind is not Kind.FILE:
            raise Malformed("form: send a file")
        return self._vault.draft(content, kind=kind, name=name, size=size, secret_id=self._id)

    def again(self, _draft: Draft, /) -> AsyncIterator[bytes]:
        """Refuse what comes beside a draft.

        Raises:
            Malformed: always; this takes one thing.
        """
        raise Malformed("form: send one file or one text")

    async def commit(
        self,
        draft: Draft,
        *,
        name: str | None = None,
        media_type: str | None = None,
        lifetime: timedelta | None = None,
        password: str | None = None,
    ) -> Sealed:
        """Write the record and use the invitation up. Where it is told is noted with its link.

        Raises:
            As `Vault.commit` does.
            NotFound, Occupied, Closed: the place was lost meanwhile; nothing is kept.
        """
        self.unsure = True
        try:
            sealed = await self._vault.commit(
                draft,
                name=name,
                media_type=media_type,
                lifetime=lifetime,
                password=password,
                owner=self._owner,
            )
            await self._hand(sealed, draft.kind, protected=bool(password))
        except Unavailable:
            raise
        except Duplicate:  # whoever has the place now gave this upload up
            self.unsure = False
            raise Occupied(LEASE // 1000) from None
        except OneTimeShareError:
            if draft.committed:
                await self._vault.control.abandon(draft.id, self._owner)
            self.unsure = False
            raise
        self.unsure = False
        return sealed

    async def _hand(self, sealed: Sealed, kind: Kind, *, protected: bool) -> None:
        handed = HandedIn(sealed.link, kind, sealed.size, sealed.expires_at, protected)
        link = handed.seal(self._vault.server_key, self._name)
        await self._invitations.hand(self._name, self._id, self.asking.ref.door, link)


class Reception:
    """Gives places to uploads."""

    def __init__(self, vault: Vault, invitations: Invitations) -> None:
        self._vault = vault
        self._invitations = invitations

    @asynccontextmanager
    async def place(self, name: InvitationId, token: Token) -> AsyncIterator[Place]:
        """Have an invitation's place in the block; it is free again unless it was used up.

        Raises:
            NotFound: no such invitation, or another token.
            Occupied: another upload has the place.
            Closed: it was used, revoked, or is over.
        """
        secret_id = SecretId.random()
        taken = await self._invitations.take(name, token, secret_id)
        place = Place(self._vault, self._invitations, name, secret_id, taken)
        try:
            for left in taken.earlier:
                await self._vault.control.abandon(left, taken.owner)
            async with beside(self._stay(name, secret_id)):
                yield place
        finally:
            if not place.unsure:
                with suppress(Unavailable):  # its lease frees it then
                    await asyncio.shield(self._invitations.leave(name, secret_id))

    async def _stay(self, name: InvitationId, secret_id: SecretId) -> None:
        while True:
            await asyncio.sleep(LEASE / 3 / 1000)
            with suppress(Unavailable):
                await self._invitations.stay(name, secret_id)
