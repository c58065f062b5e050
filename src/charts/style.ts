import { metrics } from "./metrics.js";
import { type Tone, tones } from "./tones.js";

/** "auto" follows the reader's system. */
export type Theme = "light" | "dark" | "auto";

interface Shades {
  readonly tint: string;
  readonly line: string;
  /** The fill of a highlighted state, and the text on it. */
  readonly lit: string;
  readonly onLit: string;
}

interface Palette {
  readonly canvas: string;
  readonly frame: string;
  readonly ink: string;
  readonly dim: string;
  readonly arrow: string;
  readonly pill: string;
  readonly moved: string;
  readonly tones: Readonly<Record<Tone, Shades>>;
}

const light: Palette = {
  canvas: "#ffffff",
  frame: "#d8dee4",
  ink: "#1f2328",
  dim: "#57606a",
  arrow: "#8c959f",
  pill: "#ffffff",
  moved: "#0969da",
  tones: {
    grey: { tint: "#f5f6f8", line: "#a3adba", lit: "#56606e", onLit: "#ffffff" },
    blue: { tint: "#edf4ff", line: "#7ba7ee", lit: "#1f5fd0", onLit: "#ffffff" },
    green: { tint: "#ecf9f0", line: "#5cb882", lit: "#157a3c", onLit: "#ffffff" },
    teal: { tint: "#e8f7f7", line: "#4fb0b5", lit: "#0c6f78", onLit: "#ffffff" },
    amber: { tint: "#fff8e8", line: "#dca23c", lit: "#a4590a", onLit: "#ffffff" },
    red: { tint: "#fdf0ef", line: "#e0807a", lit: "#b3261e", onLit: "#ffffff" },
    violet: { tint: "#f5f0ff", line: "#a98ee8", lit: "#6b3fc4", onLit: "#ffffff" },
  },
};

const dark: Palette = {
  canvas: "#0d1117",
  frame: "#30363d",
  ink: "#e6edf3",
  dim: "#9aa4af",
  arrow: "#78828d",
  pill: "#151b23",
  moved: "#58a6ff",
  tones: {
    grey: { tint: "#171c24", line: "#5b6572", lit: "#b6c0cc", onLit: "#0d1117" },
    blue: { tint: "#111d33", line: "#3f6fc2", lit: "#79b0ff", onLit: "#071226" },
    green: { tint: "#0f2018", line: "#2f8a4f", lit: "#4ad077", onLit: "#04150a" },
    teal: { tint: "#0d2023", line: "#2b828a", lit: "#45cbd6", onLit: "#041517" },
    amber: { tint: "#221a0c", line: "#9a6b1c", lit: "#f0b13f", onLit: "#1c1203" },
    red: { tint: "#2a1516", line: "#a6433f", lit: "#ff8279", onLit: "#230605" },
    violet: { tint: "#1d1730", line: "#7355b8", lit: "#b697ff", onLit: "#12082a" },
  },
};

const sans = 'system-ui,-apple-system,"Segoe UI",Roboto,"Helvetica Neue",Arial,"DejaVu Sans",sans-serif';
const mono = 'ui-monospace,SFMono-Regular,Menlo,Consolas,"Liberation Mono","DejaVu Sans Mono",monospace';

const shape = `
.chart .name{font-family:${sans};font-size:${metrics.name.size}px;font-weight:600}
.chart .note{font-family:${mono};font-size:${metrics.note.size}px}
.chart .event{font-family:${mono};font-size:${metrics.event.size}px}
.chart .lit .name{font-weight:700}
.chart .line{fill:none;stroke-width:1.5}
.chart .state rect{stroke-width:1.5}
.chart .state.any rect{stroke-dasharray:5 4}
.chart .state.lit rect{stroke-width:2.5}
.chart .edge.moved .line{stroke-width:3}
.chart .edge.moved .event.moved,.chart .note.moved{font-weight:700}
`;

/** Without CSS variables and the like, which some programs that draw SVG do not support. */
const coloursOf = (palette: Palette): string => `
.chart .canvas{fill:${palette.canvas};stroke:${palette.frame}}
.chart .name{fill:${palette.ink}}
.chart .note{fill:${palette.dim}}
.chart .line{stroke:${palette.arrow}}
.chart .tip,.chart .dot{fill:${palette.arrow}}
.chart .pill{fill:${palette.pill};stroke:${palette.frame}}
.chart .event{fill:${palette.ink}}
.chart .guard{fill:${palette.dim}}
${tones.map((tone) => shadesOf(tone, palette)).join("\n")}
.chart .edge.moved .line,.chart .edge.moved .pill{stroke:${palette.moved}}
.chart .edge.moved .tip,.chart .event.moved{fill:${palette.moved}}
`;

function shadesOf(tone: Tone, palette: Palette): string {
  const { tint, line, lit, onLit } = palette.tones[tone];
  return `.chart .${tone} rect{fill:${tint};stroke:${line}}
.chart .${tone}.lit rect{stroke:${lit}}
.chart .${tone}.lit.leaf rect{fill:${lit}}
.chart .${tone}.lit.leaf text{fill:${onLit}}
.chart .${tone} .note.moved{fill:${lit}}
.chart .${tone}.lit.leaf .note.moved{fill:${onLit}}`;
}

const overviewShape = `
.overview .sub{font-family:${sans};font-size:${metrics.sub.size}px}
.overview .lit .sub .lit{font-weight:700;text-decoration:underline}
.overview .lease rect{fill:none;stroke-width:1.5;stroke-dasharray:6 5}
`;

const overviewColours = ({ dim, tones }: Palette): string => `
.overview .sub{fill:${dim}}
.overview .lease rect{stroke:${tones.green.line}}
`;

/** The further style of an overview. It affects nothing outside of `.overview`. */
export const overviewStyle = (theme: Theme): string => styleFor(theme, overviewShape, overviewColours);

/** The style for the classes of a drawn chart. It affects nothing outside of `.chart`. */
export const chartStyle = (theme: Theme): string => styleFor(theme, shape, coloursOf);

/** Adds the colours of a theme. `colours`: the rules for a palette. */
function styleFor(theme: Theme, shape: string, colours: (palette: Palette) => string): string {
  if (theme === "light") return tidy(shape + colours(light));
  if (theme === "dark") return tidy(shape + colours(dark));
  return tidy(`${shape}${colours(light)}@media (prefers-color-scheme:dark){${colours(dark)}}`);
}

const tidy = (css: string): string => `${css.replace(/\n+/g, "\n").trim()}\n`;
