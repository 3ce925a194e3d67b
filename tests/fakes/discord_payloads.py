"""What Discord says: its objects, as far as the bot and the platform's description look at them."""

from __future__ import annotations

from typing import Any

APP = "123456789012345678"
USER = "223456789012345678"
DM = "323456789012345678"
GUILD = "423456789012345678"
OTHER = "523456789012345678"


def guild_channel(guild: str) -> dict[str, Any]:
    return {
        "id": DM,
        "type": 0,
        "guild_id": guild,
        "name": "general",
        "position": 0,
        "permission_overwrites": [],
        "nsfw": False,
        "parent_id": None,
        "topic": None,
        "rate_limit_per_user": 0,
        "permissions": "0",
    }


def interaction(number: str, kind: int, data: dict[str, Any]) -> dict[str, Any]:
    return {
        "id": number,
        "application_id": APP,
        "type": kind,
        "data": data,
        "channel_id": DM,
        "token": f"token-{number}",
        "version": 1,
        "locale": "en-US",
        "entitlements": [],
        "attachment_size_limit": 10_485_760,
    }


def dm_channel(recipient: str) -> dict[str, Any]:
    return {"id": DM, "type": 1, "flags": 0, "recipients": [user(recipient)]}


def member(number: str, permissions: int) -> dict[str, Any]:
    return {
        "user": user(number),
        "roles": [],
        "permissions": str(permissions),
        "joined_at": None,
        "deaf": False,
        "mute": False,
        "flags": 0,
    }


def components(asked: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """Tell components as the platform does: with a number each."""
    count = iter(range(1, 100))
    return [
        {
            **row,
            "id": next(count),
            "components": [{**item, "id": next(count)} for item in row["components"]],
        }
        for row in asked
    ]


def user(number: str = USER) -> dict[str, Any]:
    return {
        "id": number,
        "username": "sam",
        "avatar": None,
        "discriminator": "0",
        "global_name": "Sam",
        "public_flags": 0,
        "flags": 0,
        "primary_guild": None,
    }


def bot() -> dict[str, Any]:
    return {
        **user(),
        "id": APP,
        "username": "once",
        "bot": True,
        "mfa_enabled": False,
        "locale": "en-US",
        "email": None,
        "verified": True,
    }


def application() -> dict[str, Any]:
    return {
        "id": APP,
        "name": "once",
        "icon": None,
        "description": "",
        "type": None,
        "verify_key": "00" * 32,
        "flags": 0,
        "flags_new": "0",
        "redirect_uris": [],
        "interactions_endpoint_url": None,
        "role_connections_verification_url": None,
        "owner": user(),
        "approximate_guild_count": 1,
        "approximate_user_install_count": 1,
        "approximate_user_authorization_count": 1,
        "explicit_content_filter": 0,
        "team": None,
        "eligible_oauth2_scopes": [],
        "bot_public": True,
        "bot_require_code_grant": False,
        "summary": "",
    }


def command(number: int, command: dict[str, Any]) -> dict[str, Any]:
    known = {
        "description": "",
        "nsfw": False,
        "dm_permission": True,
        "default_member_permissions": None,
    }
    return {**known, **command, "id": str(1000 + number), "application_id": APP, "version": "1"}


def ready(session: str, shard: int, count: int) -> dict[str, Any]:
    return {
        "v": 10,
        "user": bot(),
        "guilds": [],
        "session_id": session,
        "application": {"id": APP, "flags": 0},
        "resume_gateway_url": "wss://gateway.discord.gg",
        "shard": [shard, count],
        "private_channels": [],
        "relationships": [],
    }


def message(number: str, content: str) -> dict[str, Any]:
    return {
        "id": number,
        "channel_id": DM,
        "type": 0,
        "content": content,
        "mentions": [],
        "mention_roles": [],
        "attachments": [],
        "embeds": [],
        "timestamp": "2026-01-01T00:00:00+00:00",
        "edited_timestamp": None,
        "flags": 0,
        "components": [],
        "pinned": False,
        "mention_everyone": False,
        "tts": False,
    }
