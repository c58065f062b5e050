import type { Page } from "playwright-core";

export interface Contrast {
  readonly text: string;
  readonly ratio: number;
}

/** The contrast of each visible text with its background: WCAG's ratio, 1 to 21. */
export function contrastsOf(page: Page): Promise<Contrast[]> {
  return page.evaluate(() => {
    // A canvas parses every notation of a colour.
    const canvas = document.createElement("canvas").getContext("2d", { willReadFrequently: true })!;
    const rgbOf = (...layers: string[]) => {
      canvas.clearRect(0, 0, 1, 1);
      for (const layer of layers) {
        canvas.fillStyle = layer;
        canvas.fillRect(0, 0, 1, 1);
      }
      return [...canvas.getImageData(0, 0, 1, 1).data].slice(0, 3);
    };
    const luminanceOf = (rgb: number[]) => {
      const [r = 0, g = 0, b = 0] = rgb.map((part) => {
        const share = part / 255;
        return share <= 0.04045 ? share / 12.92 : ((share + 0.055) / 1.055) ** 2.4;
      });
      return 0.2126 * r + 0.7152 * g + 0.0722 * b;
    };
    const found: { text: string; ratio: number }[] = [];
    for (const element of document.querySelectorAll<HTMLElement>("#app *")) {
      if (element.closest("svg") !== null || element.closest(":disabled") !== null) continue;
      const own = [...element.childNodes].filter((node) => node.nodeType === Node.TEXT_NODE);
      const text = own
        .map((node) => node.textContent)
        .join("")
        .trim();
      const { width, height } = element.getBoundingClientRect();
      if (text === "" || width <= 1 || height <= 1) continue;
      const behind: string[] = [];
      for (let at: HTMLElement | null = element; at !== null; at = at.parentElement) {
        behind.unshift(getComputedStyle(at).backgroundColor);
      }
      const ground = luminanceOf(rgbOf("white", ...behind));
      const ink = luminanceOf(rgbOf("white", ...behind, getComputedStyle(element).color));
      const ratio = (Math.max(ground, ink) + 0.05) / (Math.min(ground, ink) + 0.05);
      found.push({ text, ratio: Math.round(ratio * 100) / 100 });
    }
    return found;
  });
}
