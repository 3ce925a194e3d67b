"""An invitation: who may see it, how long it lives, and what it shows."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING, cast

import pytest

from core.clock import now_ms
from core.errors import BadLabel, BadLifetime, Closed, Corrupt, Malformed, NotFound
from core.invitation import Asking, InvitationId, Purpose, Standing, Token
from core.policy import clean_label
from core.secret import SenderRef
from tests.asked import ANN, BEN, REF, asked, hand_in, key, standing

if TYPE_CHECKING:
    from core.bootstrap import House


@pytest.mark.parametrize(
    ("label", "shown"),
    [
        ("Ann", "Ann"),
        ("  Ann \n of\tAccounts ", "Ann of Accounts"),
        ("A\u202enn\u200b\u2066 \x00\x1b[31m", "Ann [31m"),
        ("e\u0301", "é"),
        ("x" * 60, "x" * 60),
        ("<b>&", "<b>&"),
        ("\u200b\u202e", ""),
        ("アン 🦊", "アン 🦊"),
    ],
)
def test_label_is_cleaned(label: str, shown: str) -> None:
    """No control, bidi or invisible character, one line, at most 60 characters."""
    assert clean_label(label) == shown


def test_label_that_is_too_long_is_refused() -> None:
    """It is not cut: half a name may be another's."""
    with pytest.raises(BadLabel):
        clean_label("x" * 61)


async def test_whoever_has_the_token_sees_who_asks(house: House) -> None:
    """The token shows the label, the purpose and the time; without it all is unknown."""
    invited = await asked(house, label="Ann\u202e")
    seen = await house.invitations.inquire(invited.id, invited.token.digest)
    assert (seen.standing, seen.asking.label) == (Standing.OPEN, "Ann")
    assert (seen.asking.purpose, seen.asking.ref) == (Purpose.REQUEST, REF)
    assert seen.expires_at == invited.expires_at
    for name, proof in (
        (invited.id, Token.random().digest),
        (InvitationId.random(), invited.token.digest),
        (invited.id, house.vault.owner(BEN)),
    ):
        with pytest.raises(NotFound):
            await house.invitations.inquire(name, proof)


async def test_nobody_gives_no_name(house: House) -> None:
    """An empty label, or one that nothing is left of, is shown as somebody."""
    invited = await asked(house, label="\u200b")
    seen = await house.invitations.inquire(invited.id, invited.token.digest)
    assert seen.asking.label == "Somebody"


async def test_nothing_in_redis_names_anybody_or_opens_anything(house: House) -> None:
    """Label, chat, token and the finished link's key are in no value in Redis."""
    invited = await asked(house, label="Anna Karenina")
    sealed = await hand_in(house, invited)
    everything = b""
    for name in cast("list[bytes]", await house.redis.keys()):
        if await house.redis.type(name) == b"hash":
            fields = cast("dict[bytes, bytes]", await house.redis.hgetall(name))
            everything += b"".join(fields.values())
    [(_, entry)] = await house.redis.xrange("ots:{inv}:handed:telegram") or []
    assert entry == {b"invitation": invited.id.raw}
    assert invited.token.digest in everything
    for value in (b"Karenina", invited.token.raw, sealed.link.key.raw):
        assert value not in everything
    for text in (invited.token.reveal(), sealed.link.key.reveal()):
        assert text.encode() not in everything


async def test_lifetime_is_bounded(house: House) -> None:
    """A day, unless another is wished; never longer than a secret may live."""
    day = await asked(house)
    assert abs(day.expires_at.timestamp() * 1000 - now_ms() - 86_400_000) < 60_000
    hour = await asked(house, lifetime=timedelta(hours=1))
    assert hour.expires_at < day.expires_at
    for wish in (timedelta(seconds=59), timedelta(days=7, seconds=1)):
        with pytest.raises(BadLifetime):
            await asked(house, lifetime=wish)


async def test_over_time_is_told_for_a_day(house: House) -> None:
    """An invitation that nobody used is expired to holders of its token, then unknown."""
    invited = await asked(house)
    await house.redis.hset(key(invited), "expires", 1)
    assert await standing(house, invited) is Standing.EXPIRED
    with pytest.raises(Closed, match="expired"):
        await hand_in(house, invited)
    assert 0 < await house.redis.pttl(key(invited)) <= 86_400_000
    await house.redis.delete(key(invited))
    with pytest.raises(NotFound):
        await standing(house, invited)


async def test_revoked_takes_nothing(house: House) -> None:
    """Its owner alone revokes it, as often as they like; it says so then."""
    invited = await asked(house)
    with pytest.raises(NotFound):
        await house.invitations.revoke(invited.id, house.vault.owner(BEN))
    with pytest.raises(NotFound):
        await house.invitations.revoke(invited.id, invited.token.digest)
    for _ in range(2):
        await house.invitations.revoke(invited.id, house.vault.owner(ANN))
    assert await standing(house, invited) is Standing.REVOKED
    with pytest.raises(Closed, match="revoked"):
        await hand_in(house, invited)


async def test_used_can_not_be_revoked(house: House) -> None:
    """What was handed in is a secret of its own by then."""
    invited = await asked(house)
    await hand_in(house, invited)
    with pytest.raises(Closed, match="used"):
        await house.invitations.revoke(invited.id, house.vault.owner(ANN))


async def test_owner_sees_their_own(house: House) -> None:
    """The list holds what waits and what ended, of this owner alone, until it is forgotten."""
    first, second = await asked(house, lifetime=timedelta(hours=1)), await asked(house)
    await asked(house, BEN)
    await hand_in(house, first)
    ann = house.vault.owner(ANN)
    told = await house.invitations.of_owner(ann)
    assert [(one.id, one.standing) for one in told] == [
        (second.id, Standing.OPEN),
        (first.id, Standing.USED),
    ]
    await house.invitations.forget(ann)
    assert await house.invitations.of_owner(ann) == []


async def test_creation_may_be_repeated(house: House) -> None:
    """A lost reply asked for again makes no other invitation and takes no foreign id."""
    invited = await asked(house)
    run = house.invitations._run
    args = 60_000, "ots:{inv}:of:x", invited.id.raw
    again = await run("invite", key(invited), *args, "token", invited.token.digest)
    assert again == [b"ok", round(invited.expires_at.timestamp() * 1000)]
    other = await run("invite", key(invited), *args, "token", b"another")
    assert other == [b"taken"]


async def test_place_of_the_asker_may_become_known_later(house: House) -> None:
    """Where it is told is noted by its owner alone, and read back."""
    invited = await asked(house)
    later = Asking("Ann", Purpose.REQUEST, SenderRef("telegram", "1", "de", "77"))
    assert not await house.invitations.amend(invited.id, house.vault.owner(BEN), later)
    assert await house.invitations.amend(invited.id, house.vault.owner(ANN), later)
    seen = await house.invitations.inquire(invited.id, invited.token.digest)
    assert seen.asking == later


async def test_sealed_label_belongs_to_its_invitation(house: House) -> None:
    """What is shown for one invitation can't be moved to another."""
    one, other = await asked(house, label="Ann"), await asked(house, label="The bank")
    sealed = await house.redis.hget(key(other), "asking")
    await house.redis.hset(key(one), "asking", sealed or b"")
    with pytest.raises(Corrupt):
        await house.invitations.inquire(one.id, one.token.digest)


async def test_invitations_share_one_slot(house: House) -> None:
    """All keys that one step writes are in one slot of a cluster."""
    invited = await asked(house)
    await hand_in(house, invited)
    keys = cast("list[bytes]", await house.redis.keys())
    names = [name for name in keys if name.startswith(b"ots:{inv}:")]
    assert len(names) == 3
    assert all(name.count(b"{") == 1 for name in names)


def test_token_and_id_are_read_strictly() -> None:
    """The one canonical spelling of either is accepted, and a token never prints."""
    token = Token.random()
    assert Token.parse(token.reveal()) == token
    assert token.reveal() not in f"{token} {token!r}"
    for wrong in ("", "x", token.reveal() + "="):
        with pytest.raises(Malformed):
            Token.parse(wrong)
