"""What can be measured of how a page looks: does it fit, can it be read."""

from playwright.sync_api import Page

# Elements that reach over the right edge of the phone, apart from rows that scroll sideways.
OVERFLOW = """() => {
  const width = document.documentElement.clientWidth;
  const wide = [...document.querySelectorAll('.page-host:not([hidden]) wx-page *')].filter((e) =>
    !e.closest('wx-scroll-view') && e.getBoundingClientRect().right > width + 0.5);
  const roots = [document.documentElement, ...document.querySelectorAll('.page-host')];
  const scrolled = roots.filter((e) => e.scrollWidth > e.clientWidth);
  return [...scrolled, ...wide].map((e) =>
    `${e.className || e.tagName} “${e.textContent.trim().slice(0, 30)}”`);
}"""

# Text whose contrast with the ground below it is under WCAG's AA (4.5 : 1, large text 3 : 1).
FAINT = """() => {
  const parse = (colour) => {
    const [r, g, b, a = 1] = colour.match(/[\\d.]+/g).map(Number);
    return { rgb: [r, g, b], a };
  };
  const over = (top, below) => top.rgb.map((c, i) => c * top.a + below[i] * (1 - top.a));
  const light = (rgb) => {
    const [r, g, b] = rgb.map((c) => c / 255)
      .map((c) => (c <= 0.04045 ? c / 12.92 : ((c + 0.055) / 1.055) ** 2.4));
    return 0.2126 * r + 0.7152 * g + 0.0722 * b;
  };
  const ground = (e) => {
    if (!e) return getComputedStyle(document.documentElement).colorScheme.includes('dark')
      && matchMedia('(prefers-color-scheme: dark)').matches ? [0, 0, 0] : [255, 255, 255];
    const own = parse(getComputedStyle(e).backgroundColor);
    return own.a === 1 ? own.rgb : over(own, ground(e.parentElement));
  };
  const faint = [];
  const shown = document.querySelector('.page-host:not([hidden])') ?? document.body;
  const words = document.createTreeWalker(shown, NodeFilter.SHOW_TEXT);
  while (words.nextNode()) {
    const node = words.currentNode;
    const e = node.parentElement;
    if (!node.data.trim() || e.closest('[aria-disabled=true], option, .unseen, .skip')) continue;
    if (!e.checkVisibility({ visibilityProperty: true })) continue;
    const style = getComputedStyle(e);
    const below = ground(e);
    const [a, b] = [light(over(parse(style.color), below)), light(below)].sort((x, y) => y - x);
    const size = parseFloat(style.fontSize);
    const large = size >= 24 || (size >= 18.66 && Number(style.fontWeight) >= 700);
    const ratio = (a + 0.05) / (b + 0.05);
    if (ratio < (large ? 3 : 4.5)) faint.push(`${ratio.toFixed(2)} “${node.data.trim()}”`);
  }
  return faint;
}"""


def overflowing(page: Page) -> list[str]:
    """What reaches over the right edge of the phone; nothing should."""
    found: list[str] = page.evaluate(OVERFLOW)
    return found


def faint_words(page: Page) -> list[str]:
    """Words that are hard to read, on the shown page of the mini-program or on any other."""
    found: list[str] = page.evaluate(FAINT)
    return found


def brightness(page: Page) -> float:
    """Of the ground of the shown page of the mini-program: 0 black, 1 white."""
    found: float = page.evaluate(
        "() => { const page = document.querySelector('.page-host:not([hidden]) wx-page');"
        " const rgb = getComputedStyle(page).backgroundColor.match(/\\d+/g).slice(0, 3);"
        " return rgb.reduce((sum, c) => sum + Number(c), 0) / 765 }"
    )
    return found
