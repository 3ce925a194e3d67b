"""The names of all settings, as the program itself asks for them."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from core.settings import Settings


class Asked(Mapping[str, str | None]):
    """Says nothing, and remembers what it was asked for."""

    def __init__(self) -> None:
        self.names: set[str] = set()

    def __getitem__(self, name: str) -> None:
        self.names.add(name)

    def __iter__(self) -> Iterator[str]:
        return iter(self.names)

    def __len__(self) -> int:
        return len(self.names)


def setting_names() -> set[str]:
    """Name every setting that there is."""
    asked = Asked()
    Settings.parse(asked)
    return asked.names
