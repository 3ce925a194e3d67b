// What stands out of the window, or of its own box where that does not scroll; who has no heading;
// what runs the wrong way.
() => {
  const faults = [], shown = (element) => element.checkVisibility({ visibilityProperty: true });
  const named = (element) => `${element.tagName} ${element.id} ${element.textContent.trim().slice(0, 40)}`;
  const wide = document.scrollingElement.scrollWidth - innerWidth;
  if (wide > 0) faults.push(`scrolls sideways by ${wide}`);
  for (const element of document.querySelectorAll("body *")) {
    const box = element.getBoundingClientRect();
    if (!shown(element) || box.width <= 1) continue; // 1: for readers alone
    if (element.closest("pre, .wide")) continue; // they scroll by themselves
    if (!element.closest("[aria-hidden=true]") && (box.left < -1 || box.right > innerWidth + 1)) faults.push(`out of the window: ${named(element)}`);
    const speaks = [...element.childNodes].some((node) => node.nodeType === Node.TEXT_NODE && node.data.trim());
    if (!speaks || getComputedStyle(element).display === "inline") continue;
    const over = element.scrollWidth - element.clientWidth;
    if (over > 1) faults.push(`cut off by ${over}: ${named(element)}`);
  }
  const headings = [...document.querySelectorAll("h1")].filter(shown);
  if (headings.length !== 1) faults.push(`${headings.length} headings`);
  for (const element of document.querySelectorAll("code, #link, #link-key, .host")) {
    if (getComputedStyle(element).direction !== "ltr") faults.push(`not left to right: ${named(element)}`);
  }
  const body = document.querySelector(".body"), stub = document.querySelector(".stub");
  if (body && innerWidth > 600) {
    const mirrored = body.getBoundingClientRect().left > stub.getBoundingClientRect().left;
    if (mirrored !== (document.dir === "rtl")) faults.push("the ticket's stub is on the wrong side");
  }
  return faults;
}
