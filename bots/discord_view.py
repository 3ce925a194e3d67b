"""What stands under a message of ours on Discord."""

from __future__ import annotations

from discord import ui


class Buttons(ui.View):
    """Buttons and menus that nothing waits for here.

    The door hears each press by its name, also after a restart; discord.py would keep what a
    message for one reader has, and a task with it, for 15 minutes.
    """

    def __init__(self) -> None:
        super().__init__(timeout=None)
        self.stop()
