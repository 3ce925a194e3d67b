"""What Discord shows of the commands, in each language that it knows and we speak."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from discord import app_commands
from discord.app_commands import TranslationContextLocation as Location

from core.language import gettext, language_of, speaking

if TYPE_CHECKING:
    import discord


class Translations(app_commands.Translator):
    """Translates descriptions, and the entry in a message's menu; a command is typed as it is."""

    async def translate(
        self,
        string: app_commands.locale_str,
        locale: discord.Locale,
        context: app_commands.TranslationContext[Any, Any],
    ) -> str | None:
        """Answer None where nothing is to be shown instead."""
        typed = context.location in {Location.command_name, Location.parameter_name}
        if typed and not isinstance(context.data, app_commands.ContextMenu):
            return None
        with speaking(language_of(str(locale))):
            said = gettext(string.message)
        return None if said == string.message else said
