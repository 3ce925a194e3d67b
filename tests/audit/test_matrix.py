"""Every state of every page in every language, size and light: axe, the layout, and a picture."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from core.language import ENGLISH, LANGUAGES, tag
from tests.admin import with_admin
from tests.e2e import tongues
from tests.e2e.look import DESKTOP, NARROW, PHONE, Light, Look, barriers, contrasts, unreached
from tests.e2e.scenes import SCENES
from tests.e2e.test_pages import sealed

if TYPE_CHECKING:
    from playwright.async_api import Browser

    from core.settings import Settings
    from tests.conftest import Web
    from tests.e2e.conftest import Watch

# In English every look; in the others what differs: room and direction.
EVERY: tuple[tuple[str, tuple[int, int], Light], ...] = (
    ("phone-dark", PHONE, "dark"),
    ("desktop-light", DESKTOP, "light"),
    ("narrow-dark", NARROW, "dark"),
    ("phone-light", PHONE, "light"),
    ("desktop-dark", DESKTOP, "dark"),
)
OTHERS = EVERY[:3]


@pytest.fixture
def settings(settings: Settings) -> Settings:
    """Give the server an admin, whose pages are looked at too."""
    return with_admin(settings)


@pytest.mark.timeout(600)
@pytest.mark.parametrize("language", [*LANGUAGES, "long", "leftwards"])
async def test_every_state_in_every_look(
    browser: Browser, web: Web, watch: Watch, monkeypatch: pytest.MonkeyPatch, language: str
) -> None:
    """Nothing shuts anybody out, is cut off, scrolls sideways, complains or asks elsewhere."""
    if language in tongues.MADE_UP:
        monkeypatch.setattr("core.language.catalog", tongues.catalog)
    spoken = tag(tongues.MADE_UP.get(language, language))
    context = await browser.new_context(locale=spoken)
    page, wrong = watch.over(await context.new_page()), []
    await sealed(web, b"x", "a.bin")  # for the admin's list
    for scene in SCENES:
        await scene.play(page, web.url)
        wrong += await barriers(page, f"{scene.name}, {language}")
        if language == ENGLISH:
            wrong += await unreached(page, scene.name)
        for name, size, light in EVERY if language == ENGLISH else OTHERS:
            wrong += await Look(f"{language}/{name}", size, light).faults(page, scene.name)
            wrong += await contrasts(page, f"{scene.name}, {language}, {name}")
    assert await page.get_attribute("html", "lang") == spoken
    await context.close()
    assert not wrong, "\n".join(wrong)
