"""Several files that became one zip: its bytes are the server's, what is in it is the sender's."""

from __future__ import annotations

from dataclasses import dataclass, field
from io import BytesIO
from typing import TYPE_CHECKING, Any
from zipfile import ZipFile

from tests.soak.recipients import Page, Shared

if TYPE_CHECKING:
    from tests.soak.front import Front


@dataclass(slots=True)
class Packed(Shared):
    """A secret of several files; how long the zip is, the first who opens it is told."""

    files: dict[str, bytes] = field(default_factory=dict, repr=False)

    def content(self) -> bytes:
        return b""


class Unpacker(Page):
    """Keeps what arrives and looks into it at the end."""

    def __init__(self, front: Front, shared: Packed, **more: float) -> None:
        super().__init__(front, shared, **more)
        self._packed = shared
        self._kept = bytearray()

    def opened(self, told: dict[str, Any]) -> None:
        super().opened(told)
        self._packed.size = told["size"]

    def _note(self, piece: bytes) -> None:
        self._kept += piece
        self.got += len(piece)
        if self.got == self._packed.size:
            with ZipFile(BytesIO(self._kept)) as zipped:
                same = {name: zipped.read(name) for name in zipped.namelist()} == self._packed.files
            assert same, "other files than were shared"
