"""What people do in the tests' Discord."""

from __future__ import annotations

import time
from typing import Any

from tests.contents import until
from tests.fakes import discord_payloads as payloads
from tests.fakes.discord_gateway import Gateway
from tests.fakes.discord_payloads import DM, GUILD, USER
from tests.fakes.discord_world import Asked, Attachment, World

CDN = "cdn.discordapp.com"
LABEL, UPLOAD, CHOICE, PARAGRAPH = 18, 19, 21, 2


class People(World, Gateway):
    """Their acts, and what they see of the answers."""

    def __init__(self) -> None:
        World.__init__(self)
        Gateway.__init__(self)
        self.locale = "en-US"  # of everybody's app
        self.may = 0  # the person's permissions where they are
        self.bot_may = 0
        self.guild = GUILD  # where "guild" and "guest" are

    def store(
        self,
        body: bytes,
        name: str = "a.bin",
        host: str = CDN,
        cut: int | None = None,
        status: int = 200,
    ) -> dict[str, Any]:
        """Keep a file on the CDN; answer what the platform says of it."""
        number = self.new_id()
        self.files[number] = Attachment(body, cut, status)
        url = f"https://{host}/attachments/{DM}/{number}/file?ex=1&is=1&hm=1"
        return {
            "id": number,
            "filename": name,
            "size": len(body),
            "url": url,
            "proxy_url": url,
            "content_type": "application/octet-stream",
        }

    def written(self, content: str, *files: dict[str, Any], author: str = USER) -> dict[str, Any]:
        """Let a message be there that a person wrote."""
        number = self.new_id()
        told = {"author": payloads.user(author), "attachments": list(files)}
        self.messages[number] = {**payloads.message(number, content), **told}
        return self.messages[number]

    async def message(self, content: str = "", *files: dict[str, Any], number: str = "") -> str:
        """Send the bot a direct message; answer its id."""
        message = self.messages[number] if number else self.written(content, *files)
        await self.tell("MESSAGE_CREATE", {**message, "channel_type": 1})
        return str(message["id"])

    async def command(
        self,
        name: str,
        file: dict[str, Any] | None = None,
        *,
        place: str = "dm",
        user: str = USER,
        **options: Any,
    ) -> str:
        """Use a slash command; answer the interaction's id."""
        given = [
            {"name": key, "type": 3 if isinstance(value, str) else 4, "value": value}
            for key, value in options.items()
        ]
        data: dict[str, Any] = {"id": "1", "name": name, "type": 1, "options": given}
        if file is not None:
            given.append({"name": "file", "type": 11, "value": file["id"]})
            data["resolved"] = {"attachments": {file["id"]: file}}
        return await self._interact(2, data, place, user=user)

    async def menu(self, message: dict[str, Any], *, place: str = "guild") -> str:
        """Choose "Share once" in a message's menu."""
        data = {
            "id": "2",
            "name": "Share once",
            "type": 3,
            "target_id": message["id"],
            "resolved": {"messages": {message["id"]: message}},
        }
        return await self._interact(2, data, place)

    async def press(
        self, message: str, label: str, *chosen: str, place: str = "dm", user: str = USER
    ) -> str:
        """Press a button, or choose in a menu, by what is written on it."""
        item = self.button(message, label)
        data = {"custom_id": item["custom_id"], "component_type": item["type"], "id": 1}
        if chosen:
            data["values"] = list(chosen)
        return await self._interact(3, data, place, message, user=user)

    async def submit(
        self,
        form: dict[str, Any],
        values: dict[str, Any],
        *files: dict[str, Any],
        message: str | None = None,
        user: str = USER,
    ) -> str:
        """Fill in a form that the bot showed, field by field, and submit it."""
        components = []
        for label in form["components"]:
            field = label["component"]
            filled = {"type": field["type"], "custom_id": field["custom_id"], "id": 1}
            if field["type"] == UPLOAD:
                filled["values"] = [file["id"] for file in files]
            elif field["type"] == CHOICE:
                filled["value"] = values.get(field["custom_id"])
            else:
                filled["value"] = values.get(field["custom_id"], "")
            components.append({"type": LABEL, "id": 2, "component": filled})
        data: dict[str, Any] = {"custom_id": form["custom_id"], "components": components}
        if files:
            data["resolved"] = {"attachments": {file["id"]: file for file in files}}
        return await self._interact(5, data, "dm", message, user=user)

    async def _interact(
        self,
        kind: int,
        data: dict[str, Any],
        place: str,
        message: str | None = None,
        *,
        user: str = USER,
    ) -> str:
        where = self._where(place, user)
        # The three seconds begin when the bot is told.
        await self.connected(where.get("guild_id"))
        number = self.new_id()
        self.interactions[number] = Asked(
            time.monotonic(), self.clock(), place in {"dm", "guild"}, message
        )
        told = payloads.interaction(number, kind, data)
        told |= {"app_permissions": str(self.bot_may), "locale": self.locale, **where}
        if message is not None:
            told["message"] = self.messages[message]
        await self.tell("INTERACTION_CREATE", told)
        return number

    def _where(self, place: str, user: str) -> dict[str, Any]:
        """Say where it happens; a guest is somebody with the app in a server without it."""
        owners = {"dm": {"0": "0"}, "guild": {"0": self.guild}}.get(place, {"1": USER})
        where = {"authorizing_integration_owners": owners}
        if place in {"guild", "guest"}:
            member = payloads.member(user, self.may)
            channel = payloads.guild_channel(self.guild)
            there = {"channel": channel, "guild_id": self.guild, "member": member}
            return {**where, **there, "context": 0}
        context, kind = (2, 3) if place == "group" else (1, 1)
        channel = {"id": DM, "type": kind}
        return {**where, "channel": channel, "context": context, "user": payloads.user(user)}

    # ── what they see ───────────────────────────────────────────────────────────────────────

    async def form(self, number: str) -> dict[str, Any]:
        """Wait for the form that an interaction was answered with."""
        await until(lambda: self.interactions[number].response)
        response = self.interactions[number].response
        assert response is not None
        assert response["type"] == 9
        data: dict[str, Any] = response["data"]
        return data

    def contents(self, number: str) -> list[str]:
        """Read the words that an interaction was answered with so far."""
        asked = self.interactions[number]
        shown = [self.messages[one]["content"] for one in asked.made]
        return [content for content in shown if content]

    async def answers(self, number: str, count: int) -> list[str]:
        """Wait for that many answers to an interaction."""
        await until(lambda: len(self.contents(number)) >= count)
        return self.contents(number)

    async def reply(self, number: str) -> str:
        """Wait for the words that an interaction was answered with."""
        return (await self.answers(number, 1))[0]

    async def replies(self, count: int) -> list[str]:
        """Wait for the bot's direct messages."""
        await until(lambda: len(self.dms) >= count)
        return [message["content"] for message in self.dms]

    async def shows(self, message: str, words: str) -> dict[str, Any]:
        """Wait until a message says something."""
        await until(lambda: words in self.messages[message]["content"])
        return self.messages[message]
