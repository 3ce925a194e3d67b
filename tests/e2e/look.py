"""What holds for every page in every state, at any size, in any light and language."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal, TypeAlias

from axe_playwright_python.async_playwright import Axe

if TYPE_CHECKING:
    from playwright.async_api import Page

ARTIFACTS = Path(__file__).parents[2] / "artifacts" / "pages"
Light: TypeAlias = Literal["dark", "light"]
PHONE, DESKTOP, NARROW = (390, 844), (1280, 800), (320, 640)

FAULTS = Path(__file__).with_name("faults.js").read_text()


@dataclass(frozen=True)
class Look:
    """How somebody sees it.

    Attributes:
        name: of the folder of its pictures.
        size: of the window, in CSS pixels.
        light: `dark` or `light`, as they prefer.
    """

    name: str
    size: tuple[int, int]
    light: Light

    async def onto(self, page: Page) -> None:
        width, height = self.size
        await page.set_viewport_size({"width": width, "height": height})
        await page.emulate_media(color_scheme=self.light, reduced_motion="reduce")

    async def faults(self, page: Page, scene: str, *, keep: bool = True) -> list[str]:
        """Look at it, keep a picture, and list what is wrong."""
        await self.onto(page)
        if keep:
            await page.screenshot(path=ARTIFACTS / self.name / f"{scene}.png", full_page=True)
        return [f"{scene}, {self.name}: {fault}" for fault in await page.evaluate(FAULTS)]


async def barriers(page: Page, scene: str) -> list[str]:
    """List what axe finds that shuts somebody out."""
    return _listed(scene, (await Axe().run(page)).response)


async def contrasts(page: Page, scene: str) -> list[str]:
    """List what is too faint, where axe has run before in another light."""
    only = '{ runOnly: ["color-contrast"], resultTypes: ["violations"] }'
    return _listed(scene, await page.evaluate(f"axe.run({only})"))


def _listed(scene: str, told: dict[str, Any]) -> list[str]:
    return [
        f"{scene}: {one['id']}: {node['html'][:120]} {node['failureSummary']}"
        for one in told["violations"]
        for node in one["nodes"]
    ]


# Where the focus is now, whether it shows, and what it has not been on by then.
FOCUS = """() => {
  const at = document.activeElement;
  if (at === document.body) return null;
  at.dataset.reached = "";
  return getComputedStyle(at).outlineStyle === "none" ? `no outline on ${at.tagName} ${at.id}` : "";
}"""
UNREACHED = """() => {
  const stops = "a, button, input, select, textarea, summary, [tabindex='0']";
  const missed = (stop) => stop.checkVisibility({ visibilityProperty: true })
    && !stop.disabled && !("reached" in stop.dataset);
  return [...document.querySelectorAll(stops)].filter(missed)
    .map((stop) => `not reached by keyboard: ${stop.tagName} ${stop.id}`);
}"""
MOST_STOPS = 200


async def unreached(page: Page, scene: str) -> list[str]:
    """Go through with the Tab key, and list what it misses and where its place does not show."""
    faults, ends = [], 0
    for _ in range(MOST_STOPS):
        await page.keyboard.press("Tab")
        told = await page.evaluate(FOCUS)
        ends += told is None
        if ends == 2:  # it began in the middle, at the heading
            break
        faults += [told] if told else []
    return [f"{scene}: {fault}" for fault in (*faults, *await page.evaluate(UNREACHED))]
