"""The start: what it needs, what it makes, and what it refuses with a sentence."""

from __future__ import annotations

import asyncio
import stat
import tempfile
from pathlib import Path

import pytest

from core.bootstrap import open_vault
from core.errors import CannotStart
from core.settings import Settings
from tests.embedded import url_of


async def refusal(**given: str) -> str:
    with pytest.raises(CannotStart) as refused:
        async with open_vault(Settings.parse(given)):
            pass
    return refused.value.reason


async def test_what_it_makes_is_for_this_user_alone(tmp_path: Path) -> None:
    """The data folder, the folders in it and the server's key are closed to others."""
    async with open_vault(Settings.parse({"DATA_DIR": str(tmp_path / "new/data")})):
        made = [tmp_path / "new/data", *(tmp_path / "new/data").iterdir()]
    assert {stat.S_IMODE(path.stat().st_mode) & 0o077 for path in made} == {0}
    assert stat.S_IMODE((tmp_path / "new/data/secret.key").stat().st_mode) == 0o600


@pytest.mark.parametrize("mode", [0o755, 0o701, 0o777])
async def test_folder_open_to_others_is_refused(tmp_path: Path, mode: int) -> None:
    """A data folder that others can enter stops the start, with the command that closes it."""
    await asyncio.to_thread(tmp_path.chmod, mode)
    assert f"chmod 700 {tmp_path}" in await refusal(DATA_DIR=str(tmp_path))


async def test_folder_of_blobs_open_to_others_is_refused(tmp_path: Path) -> None:
    """One that others can come to is closed by its owner, or holds one of ours that is closed."""
    given = {"DATA_DIR": str(tmp_path / "data")}
    with tempfile.TemporaryDirectory() as blobs:  # others may pass through all that it lies in
        await asyncio.to_thread(Path(blobs).chmod, 0o755)
        assert f"chmod 700 {blobs}" in await refusal(**given, BLOBS_URL=f"file://{blobs}")
        ours = {"BLOBS_URL": f"file://{blobs}/ours"}
        async with open_vault(Settings.parse(given | ours)) as house:
            assert await house.readiness.look()
        made = await asyncio.to_thread(Path(blobs, "ours").stat)
        assert stat.S_IMODE(made.st_mode) == 0o700
    # Nobody comes to what lies in a closed folder: a copy of the data that was brought back, say.
    await asyncio.to_thread((tmp_path / "data/blobs").mkdir, 0o755)
    async with open_vault(Settings.parse(given)) as house:
        assert await house.readiness.look()


async def test_disk_of_the_embedded_redis_counts_too(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Where it is fuller than that of the blobs, nothing is let in; one's own Redis has another."""
    monkeypatch.setattr("core.bootstrap.free", lambda _: 1000)
    given = {"DATA_DIR": str(tmp_path / "data"), "MIN_FREE_DISK": "1MB"}
    async with open_vault(Settings.parse(given)) as house:
        assert await house.free() == 1000
        assert not (await house.readiness.look()).room
        url = url_of(house)
        async with open_vault(Settings.parse(given | {"REDIS_URL": url})) as other:
            assert (await other.readiness.look()).room


async def test_place_that_can_not_be_written_is_told(tmp_path: Path) -> None:
    """A file where a folder should be stops the start, and the sentence names the place."""
    taken = tmp_path / "taken"
    taken.write_text("")
    assert f"{taken}/data" in await refusal(DATA_DIR=f"{taken}/data")
    reason = await refusal(DATA_DIR=str(tmp_path / "data"), BLOBS_URL=f"{taken.as_uri()}/blobs")
    assert f"{taken}/blobs" in reason


async def test_damaged_key_is_told(tmp_path: Path) -> None:
    """A key file that was cut off is neither used nor replaced, and its text is not shown."""
    async with open_vault(Settings.parse({"DATA_DIR": str(tmp_path / "data")})):
        pass
    path = tmp_path / "data/secret.key"
    path.write_text(path.read_text()[:20])
    reason = await refusal(DATA_DIR=str(tmp_path / "data"))
    assert str(path) in reason
    assert path.read_text() not in reason


async def test_fault_inside_the_block_stays_what_it_is(tmp_path: Path) -> None:
    """An error of whoever uses the vault is not taken for one of the start."""
    with pytest.raises(ValueError, match="mine"):
        async with open_vault(Settings.parse({"DATA_DIR": str(tmp_path / "data")})):
            raise ValueError("mine")
