"""schemathesis against the description of the API: no fault of ours, no status that it hides."""

from __future__ import annotations

import asyncio
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from tests.conftest import Web

COMMAND = Path(__file__).parents[2] / ".venv" / "audit" / "python" / "bin" / "schemathesis"
CHECKS = "not_a_server_error,status_code_conformance,content_type_conformance"
EXAMPLES = 60  # of each kind and call
LIMIT = 600.0  # seconds


@pytest.mark.timeout(LIMIT + 60)
async def test_every_answer_is_one_that_is_described(
    web: Web, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """Whatever is sent, well-formed or not: nothing breaks, and each status is in /openapi.json."""
    if not COMMAND.exists():
        pytest.skip("no schemathesis here: make audit could not install it")
    process = await asyncio.create_subprocess_exec(
        *(str(COMMAND), "run", f"{web.url}/openapi.json", "--checks", CHECKS),
        *("--max-examples", str(EXAMPLES), "--no-color", "--continue-on-failure"),
        cwd=tmp_path,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.STDOUT,
    )
    try:
        async with asyncio.timeout(LIMIT):
            output, _ = await process.communicate()
    finally:
        if process.returncode is None:
            process.kill()
    told = output.decode()
    with capsys.disabled():
        print(f"\n{told[-600:]}")
    assert process.returncode == 0, told[-8000:]
