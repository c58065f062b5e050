import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { expect, onTestFinished } from "vitest";
import { runNode } from "./program.js";

/** The program of the section of a page with this title. Empty if there is none. */
export function programOf(page: string, title: string): string {
  const section = page.split(/^##+ /m).find((one) => one.startsWith(`${title}\n`)) ?? "";
  return /^```[jt]s\n([\s\S]*?)^```$/m.exec(section)?.[1] ?? "";
}

const options = ["--module", "nodenext", "--target", "es2022", "--strict", "--skipLibCheck"];
const decorators = ["--types", "node", "--experimentalDecorators", "--emitDecoratorMetadata"];

/**
 * Writes a program to a file that the test deletes, and returns its path. A program in TypeScript is compiled with type
 * checks.
 */
export async function writeProgram(program: string): Promise<string> {
  const folder = mkdtempSync(join("test", "examples", "page-"));
  onTestFinished(() => rmSync(folder, { recursive: true, force: true }));
  const compiled = join(folder, "program.mjs");
  if (!/^@|^interface/m.test(program)) {
    writeFileSync(compiled, program);
    return compiled;
  }
  const source = join(folder, "program.mts");
  writeFileSync(source, program);
  const tsc = join("node_modules", "typescript", "bin", "tsc");
  const ended = await runNode([tsc, ...options, ...decorators, "--ignoreConfig", source]);
  expect(ended, ended.stdout).toMatchObject({ code: 0, stderr: "" });
  return compiled;
}
