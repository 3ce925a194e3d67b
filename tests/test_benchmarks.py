"""The benchmarks themselves: that each still measures what it says."""

from __future__ import annotations

import asyncio
import os
import sys
from math import inf
from pathlib import Path

import pytest

from tests.benchmarks.__main__ import PARTS
from tests.benchmarks.scale import TINY

ROOT = Path(__file__).parents[1]


@pytest.mark.parametrize("part", PARTS)
async def test_each_part_gives_tables(part: str) -> None:
    """Each part, at its smallest, fills its tables with figures, and finds all that it marks."""
    tables = [table async for table in PARTS[part](TINY)]
    assert tables
    for table in tables:
        assert table.rows, table.title
        figures = [cell for row in table.rows for cell in row if isinstance(cell, float)]
        assert any(figure > 0 for figure in figures), table.plain()
        assert inf not in figures, table.plain()
        assert not [remark for remark in table.remarks if "Not found" in remark], table.remarks
        assert table.title in table.markdown()


async def test_command_prints_and_keeps_what_it_found(tmp_path: Path) -> None:
    """The command runs the parts that it is given, prints their tables and keeps them."""
    command = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "tests.benchmarks", "quick", "cipher", "--rounds", "1"),
        cwd=tmp_path,
        env={**os.environ, "PYTHONPATH": str(ROOT)},
        stdout=asyncio.subprocess.PIPE,
    )
    told, _ = await command.communicate()
    assert command.returncode == 0
    assert b"cipher alone" in told
    kept = tmp_path / "artifacts" / "performance" / "cipher.md"
    assert "| cipher alone |" in kept.read_text()
