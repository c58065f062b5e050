import type { Theme } from "../charts/style.js";

export const formats = ["svg", "mermaid", "json", "png"] as const;
export type Format = (typeof formats)[number];

export const themes = ["light", "dark", "auto"] as const satisfies readonly Theme[];

export interface ChartFlags {
  readonly format?: Format;
  readonly state?: string;
  readonly theme?: Theme;
  /** A file name. */
  readonly output?: string;
}
