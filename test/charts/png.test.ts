import { expect, it } from "vitest";
import { drawChart } from "../../src/charts/draw.js";
import { layouts } from "../../src/charts/layouts.js";
import { pngOf } from "../../src/charts/png.js";

const svg = drawChart(layouts.manager, { theme: "light" });

it("is a PNG of twice the chart's size", async () => {
  const png = await pngOf(svg);
  if (png.kind !== "drawn") throw new Error(`not drawn: ${JSON.stringify(png)}`);
  const bytes = Buffer.from(png.bytes);
  expect(bytes.subarray(0, 8)).toEqual(Buffer.from("\x89PNG\r\n\x1a\n", "latin1"));
  expect([bytes.readUInt32BE(16), bytes.readUInt32BE(20)]).toEqual([
    2 * layouts.manager.width,
    2 * layouts.manager.height,
  ]);
});

it("is not drawn without a font, because all text would be missing", async () => {
  expect(await pngOf(svg, { loadSystemFonts: false })).toEqual({ kind: "fontless" });
});

it("is not drawn without the library, and the result says whether that is missing or broken", async () => {
  const missing = Object.assign(new Error("Cannot find package"), { code: "ERR_MODULE_NOT_FOUND" });
  expect(await pngOf(svg, {}, () => Promise.reject(missing))).toEqual({ kind: "unloadable", reason: null });
  const broken = new Error("Unsupported OS: plan9");
  expect(await pngOf(svg, {}, () => Promise.reject(broken))).toEqual({
    kind: "unloadable",
    reason: "Unsupported OS: plan9",
  });
});
