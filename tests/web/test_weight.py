"""What the pages weigh on the wire."""

from __future__ import annotations

import gzip
import re
from typing import TYPE_CHECKING

from aiohttp import ClientSession

from core.language import LANGUAGES, tag

if TYPE_CHECKING:
    from tests.conftest import Web

MOST = 40_000  # bytes


async def test_page_behind_a_link_weighs_little_in_every_language(web: Web) -> None:
    """Page, scripts, style and icon are under 40 KB together, compressed as browsers take them."""
    async with ClientSession(auto_decompress=False, headers={"Accept-Encoding": "gzip"}) as client:
        for language in LANGUAGES:
            chosen = {"Accept-Language": tag(language)}
            page = await (await client.get(f"{web.url}/s/x", headers=chosen)).read()
            paths = re.findall(r'"(/static/[^"]+)"', gzip.decompress(page).decode())
            files = [await (await client.get(web.url + path)).read() for path in paths]
            assert len(files) >= 5
            assert sum(map(len, [page, *files])) < MOST


async def test_whoever_takes_nothing_compressed_gets_it_plain(web: Web) -> None:
    """Without gzip in Accept-Encoding, or with gzip refused, the same comes as it is."""
    async with ClientSession(auto_decompress=False) as client:
        plain = [
            await client.get(f"{web.url}/s/x", headers={"Accept-Encoding": encoding})
            for encoding in ("identity", "br, gzip;q=0", "gzip; q=0.0, deflate")
        ]
        bodies = {await answer.read() for answer in plain}
        small = await client.get(f"{web.url}/s/x", headers={"Accept-Encoding": "br, gzip;q=0.5"})
        assert {gzip.decompress(await small.read())} == bodies
        assert not any("Content-Encoding" in answer.headers for answer in plain)
