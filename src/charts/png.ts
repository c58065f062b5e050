import type { ResvgRenderOptions } from "@resvg/resvg-js";

/**
 * The result of drawing a PNG. `unloadable`: the library cannot be loaded; `reason` is null if it is not installed.
 * `fontless`: there is no font to draw text with.
 */
export type Png =
  | { readonly kind: "drawn"; readonly bytes: Uint8Array }
  | { readonly kind: "unloadable"; readonly reason: string | null }
  | { readonly kind: "fontless" };

type Fonts = NonNullable<ResvgRenderOptions["font"]>;
type Resvg = typeof import("@resvg/resvg-js");

/** Pixels per px, for sharpness on high-density screens. */
const zoom = 2;

/**
 * Renders an SVG as a PNG with the optional package @resvg/resvg-js. `fonts`: the fonts to use; default: the
 * system's. Without a font the library would silently leave out all text.
 */
export async function pngOf(
  svg: string,
  fonts: Fonts = {},
  load: () => Promise<Resvg> = () => import("@resvg/resvg-js"),
): Promise<Png> {
  let library: Resvg;
  try {
    library = await load();
  } catch (error) {
    const { code, message } = error as NodeJS.ErrnoException; // All that `import` rejects with here.
    return { kind: "unloadable", reason: code === "ERR_MODULE_NOT_FOUND" ? null : message };
  }
  const render = (text: string) =>
    new library.Resvg(text, { fitTo: { mode: "zoom", value: zoom }, font: fonts }).render();
  if (!hasFont(render)) return { kind: "fontless" };
  return { kind: "drawn", bytes: render(svg).asPng() };
}

/** Whether a letter changes any pixel of an empty image. */
const hasFont = (render: (svg: string) => { readonly pixels: Uint8Array }): boolean =>
  ["sans-serif", "monospace"].every((family) =>
    render(
      `<svg xmlns="http://www.w3.org/2000/svg" width="20" height="20"><text x="2" y="16" font-family="${family}" font-size="16">a</text></svg>`,
    ).pixels.some((value) => value !== 0),
  );
