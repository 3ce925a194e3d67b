"""Lighthouse on the two pages that most people meet, as on a phone and on a desktop."""

from __future__ import annotations

import shutil
from typing import TYPE_CHECKING

import pytest

from tests.audit.process import told
from tests.e2e.conftest import ARGUMENTS
from tests.e2e.test_pages import sealed

if TYPE_CHECKING:
    from pathlib import Path

    from tests.conftest import Web

LEAST = 0.95  # of 1
CATEGORIES = ("performance", "accessibility", "best-practices")


@pytest.mark.parametrize("form", ["phone", "desktop"])
@pytest.mark.parametrize("name", ["home", "reveal"])
async def test_lighthouse_scores_95_and_more(
    web: Web, tools: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str], name: str, form: str
) -> None:
    """Performance, accessibility and best practices."""
    chromium = shutil.which("chromium") or pytest.skip("no Chromium here")
    url = web.url if name == "home" else (await sealed(web, b"x")).link.url(web.url)
    report = await told(
        "node",
        str(tools / "lighthouse" / "cli" / "index.js"),
        url,
        "--quiet",
        "--output=json",
        f"--only-categories={','.join(CATEGORIES)}",
        f"--chrome-flags={' '.join(['--headless', *ARGUMENTS])}",
        *(["--preset=desktop"] if form == "desktop" else []),
        CHROME_PATH=chromium,
        TMPDIR=str(tmp_path),
    )
    scores = {category: report["categories"][category]["score"] for category in CATEGORIES}
    short = [one["id"] for one in report["audits"].values() if one["score"] not in {1, None}]
    with capsys.disabled():
        print(f"\nLighthouse, {name}, {form}: {scores}; not perfect: {short}")
    assert min(scores.values()) >= LEAST
