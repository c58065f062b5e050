import { writeFile } from "node:fs/promises";
import { extname } from "node:path";
import { drawChart } from "../charts/draw.js";
import type { ChartName } from "../charts/layout.js";
import { layouts } from "../charts/layouts.js";
import { machines } from "../charts/machines.js";
import { mermaidOf } from "../charts/mermaid.js";
import { modelOf } from "../charts/model.js";
import { pngOf } from "../charts/png.js";
import { statelyOf } from "../charts/stately.js";
import type { Theme } from "../charts/style.js";
import { CommandError, exitCode, usageError } from "./exit.js";
import { output } from "./output.js";

export const formats = ["svg", "mermaid", "json", "png"] as const;
type Format = (typeof formats)[number];

export const themes = ["light", "dark", "auto"] as const satisfies readonly Theme[];

const formatOfEnding: Readonly<Record<string, Format>> = {
  ".svg": "svg",
  ".mmd": "mermaid",
  ".json": "json",
  ".png": "png",
};

export interface ChartFlags {
  readonly format?: Format;
  readonly state?: string;
  readonly theme?: Theme;
  readonly output?: string;
}

/** `holdfast chart`: a machine's chart, on stdout or in a file. Resolves with what to exit with. */
export async function chart(name: ChartName, flags: ChartFlags): Promise<number> {
  const { output: file } = flags;
  if (file === "") throw usageError("--output needs the name of a file");
  const format = flags.format ?? formatOfEnding[extname(file ?? "").toLowerCase()] ?? "svg";
  check(name, format, flags);
  const content = await contentOf(name, format, flags);
  if (file === undefined) await output.whole(content);
  else await writeTo(file, content);
  return exitCode.ok;
}

function check(name: ChartName, format: Format, { state, theme, output: file }: ChartFlags): void {
  if (format !== "svg" && format !== "png") {
    if (state !== undefined) throw usageError(`--state is for svg and png: ${format} lights no state`);
    if (theme !== undefined) throw usageError(`--theme is for svg and png: ${format} has no colours`);
  }
  const states = layouts[name].states.map(({ path }) => path).filter((path) => path !== "");
  if (state !== undefined && !states.includes(state)) {
    throw usageError(
      `the ${name} has no state ${JSON.stringify(state)}; it has ${states.join(", ")} (--state)`,
    );
  }
  if (format === "png" && file === undefined && process.stdout.isTTY) {
    throw usageError("a png is nothing for a terminal: name a file with --output, or redirect it");
  }
}

async function contentOf(
  name: ChartName,
  format: Format,
  { state, theme }: ChartFlags,
): Promise<string | Uint8Array> {
  switch (format) {
    case "svg":
      return drawChart(layouts[name], { state, theme });
    case "mermaid":
      return mermaidOf(modelOf(machines[name]));
    case "json":
      return `${JSON.stringify(statelyOf(modelOf(machines[name])), null, 2)}\n`;
    case "png":
      return png(drawChart(layouts[name], { state, theme: theme === "dark" ? "dark" : "light" }));
  }
}

async function png(svg: string): Promise<Uint8Array> {
  const result = await pngOf(svg);
  switch (result.kind) {
    case "drawn":
      return result.bytes;
    case "unloadable":
      throw new CommandError(
        exitCode.unavailable,
        result.reason === null
          ? "a png needs the package @resvg/resvg-js: npm install @resvg/resvg-js"
          : `a png needs the package @resvg/resvg-js, which cannot be loaded: ${result.reason}`,
      );
    case "fontless":
      throw new CommandError(
        exitCode.unavailable,
        "a png needs a font, and this system has none: install one, such as DejaVu (Debian: fonts-dejavu-core; Alpine: font-dejavu), or take --format svg",
      );
  }
}

async function writeTo(file: string, content: string | Uint8Array): Promise<void> {
  try {
    await writeFile(file, content);
  } catch (error) {
    // What else could it throw; and a name with a zero in it has a code as well.
    const { code } = error as NodeJS.ErrnoException;
    throw new CommandError(exitCode.cannotCreate, `cannot write ${JSON.stringify(file)}: ${why(code)}`);
  }
}

const reasons: Readonly<Record<string, string>> = {
  ENOENT: "there is no such folder",
  ENOTDIR: "there is no such folder",
  EISDIR: "it is a folder",
  EACCES: "permission denied",
  EROFS: "the file system is read-only",
  ENOSPC: "no space is left",
};

const why = (code = "it is no name of a file"): string => reasons[code] ?? code;
