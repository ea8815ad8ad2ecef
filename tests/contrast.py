"""Contrast of what is written on a page, measured where axe-core cannot tell what is behind it.

Every text of the document and of the components' shadows, plotly's in SVG too, against the colours
it lies on, with all opacities between; icons likewise. What a canvas draws is not seen here.
"""

from playwright.sync_api import Page

TEXT, LARGE = 4.5, 3.0  # WCAG 2.2, 1.4.3 and 1.4.11; large is 24 px, or 18.66 px in bold
FAINT = """([text, large]) => {
  const pen = new OffscreenCanvas(1, 1).getContext("2d", { willReadFrequently: true });
  const rgba = (colour) => {
    pen.clearRect(0, 0, 1, 1);
    pen.fillStyle = colour;
    pen.fillRect(0, 0, 1, 1);
    const [r, g, b, a] = pen.getImageData(0, 0, 1, 1).data;
    return [r, g, b, a / 255];
  };
  const over = (top, below) => below.map((c, at) => top[at] * top[3] + c * (1 - top[3]));
  const linear = (c) => (c <= 0.04045 ? c / 12.92 : ((c + 0.055) / 1.055) ** 2.4);
  const PARTS = [0.2126, 0.7152, 0.0722];
  const light = (rgb) => PARTS.reduce((sum, part, at) => sum + part * linear(rgb[at] / 255), 0);
  const ratio = (one, two) => {
    const [high, low] = [light(one), light(two)].sort((a, b) => b - a);
    return (high + 0.05) / (low + 0.05);
  };
  const upwards = (one) => {
    const all = [];
    for (let at = one; at; at = at.parentElement ?? at.getRootNode().host) all.push(at);
    return all;
  };
  const ground = (all) => {
    const layers = [];
    for (const at of all) {
      const colour = rgba(getComputedStyle(at).backgroundColor);
      layers.unshift(colour);
      if (colour[3] === 1) break;
    }
    return layers.reduce((below, one) => over(one, below), [255, 255, 255]);
  };
  // What cannot be used, is not shown, or is written beside what holds it (a slider's number).
  const PASSED = ":disabled, [aria-disabled=true], [disabled], option, style, script, .aloud, " +
    "[aria-hidden=true]:not([data-testid=stIconMaterial]), [data-testid=stSliderThumbValue]";
  const ICONS = "[data-testid=stIconMaterial], [data-testid=stTooltipIcon] svg";
  const seen = { checkOpacity: true, checkVisibilityCSS: true };
  const found = [];
  const look = (root) => {
    for (const one of root.querySelectorAll("*")) {
      if (one.shadowRoot) look(one.shadowRoot);
      const icon = one.matches(ICONS);
      const texts = [...one.childNodes].filter((node) => node.nodeType === 3);
      const said = texts.map(({ data }) => data.trim()).join(" ");
      const box = one.getBoundingClientRect();
      if (!(icon || said.trim()) || Math.min(box.width, box.height) < 2) continue;
      const all = upwards(one);
      if (!one.checkVisibility(seen) || all.some((at) => at.matches(PASSED))) continue;
      const style = getComputedStyle(one);
      const drawn = one instanceof SVGElement && !icon;
      const colour = rgba(drawn ? style.fill : style.color);
      colour[3] *= all.reduce((product, at) => product * getComputedStyle(at).opacity, 1);
      const size = parseFloat(style.fontSize);
      const big = icon || size >= 24 || (size >= 18.66 && style.fontWeight >= 700);
      const back = ground(all);
      const has = ratio(over(colour, back), back);
      if (has >= (big ? large : text) - 0.005) continue;
      found.push(`${has.toFixed(2)}: ${said.slice(0, 60)} ${one.outerHTML.slice(0, 90)}`);
    }
  };
  look(document.body);
  return { found, looked: document.body.innerText.length };
}"""


def too_faint(page: Page) -> list[str]:
    """Texts and icons with less contrast than WCAG AA asks: the ratio, and what they say."""
    seen = page.evaluate(FAINT, [TEXT, LARGE])
    assert seen["looked"] > 200, "there is something to look at"
    found: list[str] = seen["found"]
    return found
