"""Opening a link: a password where one is wanted, a place for what comes, and what is said."""

from __future__ import annotations

from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from client.progress import Progress
from client.receive import burn, claim, receive
from client.server import Server
from client.signals import reluctantly
from client.target import File, Output, check
from client.terminal import say
from core.language import _
from core.policy import clean_name
from core.secret import Kind

if TYPE_CHECKING:
    from client.address import Address
    from client.target import Target
    from core.link import Claim, Link
    from core.secret import Metadata


@dataclass(frozen=True, slots=True)
class Place:
    """Where the recipient wants it: a file, a folder, `-`, or None: as it comes."""

    wish: str | None
    force: bool = False

    def check(self) -> None:
        """Refuse what can't be, before the server is asked.

        Raises:
            Failure: see `target.check`.
        """
        if self.wish not in {None, "-"} and not self._in_folder:
            check(Path(self.wish), force=self.force)

    def target(self, metadata: Metadata) -> AbstractContextManager[Target]:
        """Open the place for what comes: without a wish, a text is shown and a file is kept."""
        shown = metadata.kind is Kind.TEXT if self.wish is None else self.wish == "-"
        if shown:
            return nullcontext(Output())
        folder = Path(self.wish or ".")
        path = folder / _name(metadata) if self._in_folder else folder
        return File.at(path, metadata.size, force=self.force)

    @property
    def _in_folder(self) -> bool:
        return Path(self.wish or ".").is_dir()


def _name(metadata: Metadata) -> str:
    """Name a file as its sender did, but never one that a shell or a program reads by itself."""
    name = clean_name(metadata.name, "message.txt" if metadata.kind is Kind.TEXT else "file")
    return f"_{name[1:]}" if name.startswith(".") else name


@dataclass(frozen=True, slots=True)
class Opening:
    """One recipient's opening of one link."""

    address: Address
    link: Link
    claim: Claim
    place: Place
    quiet: bool

    async def run(self, password: str | None) -> None:
        """Claim it, receive it, and have it destroyed.

        Raises:
            PasswordWanted: another call with one goes on with the same claim.
            Failure: it came to nothing.
        """
        async with Server.at(self.address) as server:
            metadata, right = await claim(server, self.link, self.claim, password)
            progress = Progress(metadata.size, quiet=self.quiet)
            with self.place.target(metadata) as target, reluctantly(), progress.shown():
                await receive(server, right, metadata.size, target, progress)
                path = await target.finish()
            self._tell(path, burned=await burn(server, right))

    def _tell(self, path: Path | None, *, burned: bool) -> None:
        if self.quiet:
            return
        if path is not None:
            say(_("Saved as {path}").format(path=path))
        if burned:
            say(_("The server has destroyed it: the link opens nothing any more."))
        else:
            say(_("The server could not be told. It destroys it by itself within 15 minutes."))
