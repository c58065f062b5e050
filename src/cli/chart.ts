import { constants } from "node:fs";
import { open, writeFile } from "node:fs/promises";
import { extname } from "node:path";
import { drawChart } from "../charts/draw.js";
import type { ChartName } from "../charts/layout.js";
import { layouts } from "../charts/layouts.js";
import { machines } from "../charts/machines.js";
import { mermaidOf } from "../charts/mermaid.js";
import { modelOf } from "../charts/model.js";
import { pngOf } from "../charts/png.js";
import { statelyOf } from "../charts/stately.js";
import type { ChartFlags, Format } from "./chart-options.js";
import { CommandError, exitCode, usageError } from "./exit.js";
import { output } from "./output.js";

// Undefined on systems without the flag (Windows), whatever its type says.
const { O_WRONLY, O_CREAT, O_TRUNC, O_NONBLOCK } = constants;

const formatOfEnding: Readonly<Record<string, Format>> = {
  ".svg": "svg",
  ".mmd": "mermaid",
  ".json": "json",
  ".png": "png",
};

/** `holdfast chart`: writes a machine's chart to stdout or a file. Resolves with the exit code. */
export async function chart(name: ChartName, flags: ChartFlags): Promise<number> {
  const { output: file } = flags;
  if (file === "") throw usageError("--output needs the name of a file");
  const format = flags.format ?? formatOf(file ?? "");
  check(name, format, flags);
  const content = await contentOf(name, format, flags);
  if (file === undefined) await output.document(content);
  else await writeTo(file, content);
  return exitCode.ok;
}

function formatOf(file: string): Format {
  const ending = extname(file).toLowerCase();
  if (ending === "") return "svg";
  const format = formatOfEnding[ending];
  if (format !== undefined) return format;
  const known = Object.keys(formatOfEnding).join(", ");
  throw usageError(`the ending ${JSON.stringify(ending)} says no format: use ${known}, or add --format`);
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
    // Non-blocking: opening a pipe that has no reader would hang.
    const handle = await open(file, O_WRONLY | O_CREAT | O_TRUNC | (O_NONBLOCK ?? 0), 0o666);
    try {
      // A pipe's reader may be slow, so a pipe is written by a second, blocking open; its reader has it open by now.
      await ((await handle.stat()).isFIFO() ? writeFile(file, content) : handle.writeFile(content));
    } finally {
      await handle.close();
    }
  } catch (error) {
    // Only system errors get here; the error for a file name with a zero byte has a code as well.
    const { code } = error as NodeJS.ErrnoException;
    throw new CommandError(exitCode.cannotCreate, `cannot write ${JSON.stringify(file)}: ${reasonOf(code)}`);
  }
}

const reasons: Readonly<Record<string, string>> = {
  ENOENT: "there is no such folder",
  ENOTDIR: "there is no such folder",
  EISDIR: "it is a folder",
  EACCES: "permission denied",
  EROFS: "the file system is read-only",
  ENOSPC: "no space is left",
  ENXIO: "nobody reads from this pipe",
};

const reasonOf = (code = "it is no name of a file"): string => reasons[code] ?? code;
