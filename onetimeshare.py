"""The console command, and the only place where everything comes together."""

from __future__ import annotations

import argparse
import asyncio
import signal
import sys
from contextlib import nullcontext, suppress
from getpass import getpass
from typing import TYPE_CHECKING

import structlog

from client import commands as client
from core import guards
from core.background import beside
from core.credentials import hash_password, make_password, stored_hash
from core.errors import CannotStart, DoorClosed
from core.garbage import collect_seldom
from core.heartbeats import part_of
from core.logs import set_up_logs
from core.settings import Settings

if TYPE_CHECKING:
    from collections.abc import Coroutine
    from contextlib import AbstractAsyncContextManager

    from core.bootstrap import House

log = structlog.get_logger()

DOORS = ("telegram", "discord")
STOPS = (signal.SIGINT, signal.SIGTERM)
PAUSE = 10.0  # seconds before a door that broke is opened again
SWAP = "turn it off (swapoff -a), encrypt it, or set a memory limit without it"
NO_DOORS = """\
No bot is set up yet; the page works without one. To add them, put into .env and start again:
  TELEGRAM_BOT_TOKEN=…  from @BotFather in Telegram: /newbot (docs/telegram.md)
  DISCORD_BOT_TOKEN=…   from discord.com/developers: New Application, Bot, Reset Token (docs/discord.md)"""  # noqa: E501 - lines as they are shown


def main() -> None:
    """Run the command line."""
    arguments = _parser().parse_args()
    guards.forbid_core_dumps()
    if "client" in arguments:
        sys.exit(client.run(arguments))
    if arguments.command == "hash-password":
        return _hash_password()
    guards.keep_files_private()
    guards.allow_many_files()
    guards.share_one_heap()
    try:
        settings = Settings.read()
        if arguments.command == "doctor":
            from doctor import report  # noqa: PLC0415 - only here

            sys.exit(report.run(settings))
        set_up_logs(getattr(arguments, "door", arguments.command), settings.log_format)
        for doubt in settings.doubts:
            log.warning("a name in the environment is nearly a setting's", doubt=doubt)
        if guards.may_swap():
            log.warning("memory may be swapped to a disk", advice=SWAP)
        with suppress(KeyboardInterrupt), asyncio.Runner(loop_factory=_loop_factory()) as runner:
            runner.run(_until_stopped(_command(arguments, settings)))
    except (CannotStart, DoorClosed) as error:
        sys.exit(error.reason)
    return None


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser("onetimeshare", description="Links that open exactly once.")
    commands = parser.add_subparsers(dest="command", required=True)
    commands.add_parser("run", help="everything: Redis, web, and each bot with a token")
    commands.add_parser("web", help="the web server alone")
    client.add_commands(commands)
    commands.add_parser("doctor", help="look at everything that it stands on, and say what to do")
    commands.add_parser("hash-password", help="make the setting for the admin's password")
    bot = commands.add_parser("bot", help="one bot alone")
    bot.add_argument("door", choices=DOORS)
    return parser


def _command(arguments: argparse.Namespace, settings: Settings) -> Coroutine[None, None, None]:
    if arguments.command == "bot":
        return run_bot(arguments.door, settings)
    return run(settings) if arguments.command == "run" else run_web(settings)


async def run(settings: Settings) -> None:
    """Run everything in this process. A door that can't open does not take the others down."""
    async with (
        _vault(settings) as house,
        beside(house.sweeper.run()),
        asyncio.TaskGroup() as group,
    ):
        tokens = {"telegram": settings.telegram_bot_token, "discord": settings.discord_bot_token}
        for door in DOORS:
            if tokens[door] is not None:
                group.create_task(_keep_open(door, house, settings))
        if not any(tokens.values()):
            sys.stderr.write(f"{NO_DOORS}\n")
        await asyncio.to_thread(_first_admin, settings)
        await _serve(house, settings)


async def run_web(settings: Settings) -> None:
    """Run the web server, and the sweeper beside it."""
    async with _vault(settings, own_redis=False) as house, beside(house.sweeper.run()):
        await _serve(house, settings)


async def run_bot(door: str, settings: Settings) -> None:
    """Run one door; one that can't open ends the process with the reason."""
    if getattr(settings, f"{door}_bot_token") is None:
        raise CannotStart(
            f"{door.upper()}_BOT_TOKEN is empty; docs/{door}.md says where to get one."
        )
    async with _vault(settings, own_redis=False) as house, _metrics(house, settings):
        collect_seldom()
        await _open_door(door, house, settings)


def _vault(settings: Settings, *, own_redis: bool = True) -> AbstractAsyncContextManager[House]:
    from core.bootstrap import open_vault  # noqa: PLC0415 - `share` and `open` need not load it

    return open_vault(settings, own_redis=own_redis)


def _metrics(house: House, settings: Settings) -> AbstractAsyncContextManager[None]:
    if settings.metrics_port is None:
        return nullcontext()
    from web.metrics import serve_metrics  # noqa: PLC0415 - for who wants them

    return serve_metrics(house, settings.metrics_host, settings.metrics_port)


def _first_admin(settings: Settings) -> None:
    """Make a password for the admin where there is none, for a terminal only: logs are kept."""
    if sys.stderr.isatty() and stored_hash(settings.admin_password_hash, settings.data_dir) is None:
        password = make_password(settings.data_dir)
        sys.stderr.write(
            f"The admin page is {settings.public_url}/stats\n"
            f"  user {settings.admin_user}, password {password} (shown this once)\n"
        )


def _hash_password() -> None:
    """Ask for a password, never on the command line, and print the setting that it makes."""
    if sys.stdin.isatty():
        password = getpass("A password for the admin: ")
        if password != getpass("Once more: "):
            sys.exit("These were two different passwords. Nothing was made.")
    else:
        password = sys.stdin.readline().rstrip("\r\n")
    try:
        sys.stdout.write(f"ADMIN_PASSWORD_HASH='{hash_password(password)}'\n")
    except ValueError as error:
        sys.exit(str(error))


async def _serve(house: House, settings: Settings) -> None:
    from web.app import serve  # noqa: PLC0415 - a bot's process need not load it

    try:
        async with (
            _metrics(house, settings),
            serve(house, settings) as address,
            beside(house.heartbeats.beat("web")),
        ):
            collect_seldom()
            log.info("web is open", address=address, links=settings.public_url)
            await asyncio.Event().wait()
    except OSError as error:
        reason = f"Port {settings.port} on {settings.host} can not be used: {error.strerror}"
        raise CannotStart(reason) from None


async def _keep_open(door: str, house: House, settings: Settings) -> None:
    """Open a door again when it breaks; leave it closed when only its operator can help."""
    while True:
        try:
            await _open_door(door, house, settings)
        except DoorClosed as error:
            log.error("door stays closed", door=door, reason=error.reason)  # noqa: TRY400 - the reason says it
            return
        except Exception as error:  # noqa: BLE001 - one door's fault is not the others'
            log.error("door broke", door=door, error=type(error).__name__, again_in=PAUSE)  # noqa: TRY400 - a traceback prints values
        await asyncio.sleep(PAUSE)


async def _open_door(door: str, house: House, settings: Settings) -> None:
    from bots.share import Share  # noqa: PLC0415 - the web's process need not load it

    share = Share.of(house, settings.public_url)
    shard = settings.discord_shard if door == "discord" else None
    async with beside(house.heartbeats.beat(part_of(door, shard))):
        # Each library is loaded where it is used: a process that needs one only stays small.
        if door == "telegram":
            from bots import telegram_bot  # noqa: PLC0415

            await telegram_bot.run(share, settings)
        else:
            from bots import discord_bot  # noqa: PLC0415

            await discord_bot.run(share, settings)


async def _until_stopped(work: Coroutine[None, None, None]) -> None:
    """Run until the work ends or a signal asks for an end; then everything closes in order.

    A second signal ends the process at once: nothing is lost by it, but what runs is cut off.
    """
    task = asyncio.ensure_future(work)
    loop = asyncio.get_running_loop()

    def leave() -> None:
        task.cancel()
        for number in STOPS:
            loop.remove_signal_handler(number)
            signal.signal(number, signal.SIG_DFL)

    for number in STOPS:
        loop.add_signal_handler(number, leave)
    with suppress(asyncio.CancelledError):
        try:
            await task
        except BaseExceptionGroup as group:
            raise _first(group) from None


def _first(group: BaseExceptionGroup[BaseException]) -> BaseException:
    error: BaseException = group
    while isinstance(error, BaseExceptionGroup):
        error = error.exceptions[0]
    return error


def _loop_factory() -> type[asyncio.AbstractEventLoop] | None:
    try:
        import uvloop  # noqa: PLC0415 - not on every system
    except ImportError:
        return None
    loop: type[asyncio.AbstractEventLoop] = uvloop.Loop
    return loop


if __name__ == "__main__":
    main()
