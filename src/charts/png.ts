import type { ResvgRenderOptions } from "@resvg/resvg-js";

/** What became of a picture. `unloadable`: the library that draws it does not run here; without a reason it is missing. */
export type Png =
  | { readonly kind: "drawn"; readonly bytes: Uint8Array }
  | { readonly kind: "unloadable"; readonly reason: string | null }
  | { readonly kind: "fontless" };

type Fonts = NonNullable<ResvgRenderOptions["font"]>;
type Resvg = typeof import("@resvg/resvg-js");

/** Pixels for one px: sharp on today's screens. */
const zoom = 2;

/**
 * An SVG as a PNG, by @resvg/resvg-js, which not everybody has. `fonts`: those to write with; by default the
 * system's. Without any the library would leave all text out, and say nothing.
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
  if (!writes(render)) return { kind: "fontless" };
  return { kind: "drawn", bytes: render(svg).asPng() };
}

/** Whether a letter leaves anything at all on an empty ground. */
const writes = (render: (svg: string) => { readonly pixels: Uint8Array }): boolean =>
  ["sans-serif", "monospace"].every((family) =>
    render(
      `<svg xmlns="http://www.w3.org/2000/svg" width="20" height="20"><text x="2" y="16" font-family="${family}" font-size="16">a</text></svg>`,
    ).pixels.some((value) => value !== 0),
  );
