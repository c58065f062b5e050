import { execFile } from "node:child_process";
import { readdir } from "node:fs/promises";
import { delimiter, join } from "node:path";
import { promisify } from "node:util";

const run = promisify(execFile);

/** `--version` takes milliseconds; a program that takes longer is a different one. */
const VERSION_TIMEOUT_MS = 10_000;

/** How to start a program: its command, and its additional environment variables. */
export interface Launch {
  readonly command: string;
  readonly env: Readonly<Record<string, string>>;
}

/** Checks the output of --version. Returns why this is not the wanted program; undefined if it is. */
export async function whyNot(launch: Launch, says: RegExp, wanted: string): Promise<string | undefined> {
  try {
    const { stdout } = await run(launch.command, ["--version"], {
      env: { ...process.env, ...launch.env },
      timeout: VERSION_TIMEOUT_MS,
      killSignal: "SIGKILL",
    });
    return says.test(stdout) ? undefined : `it is not ${wanted}: ${stdout.trim().slice(0, 200)}`;
  } catch (error) {
    const stderr = (error as { stderr?: string }).stderr?.trim();
    return stderr || (error instanceof Error ? error.message : String(error));
  }
}

/** How to start a program from unpacked Debian packages, with the libraries in the same folder. */
export async function unpackedLaunch(root: string, program: string): Promise<Launch> {
  const entries = await readdir(root, { recursive: true, withFileTypes: true }).catch(() => []);
  const libraries = new Set(
    entries.filter((entry) => /\.so(\.|$)/.test(entry.name)).map((entry) => entry.parentPath),
  );
  const inherited = process.env.LD_LIBRARY_PATH;
  const path = [...libraries, ...(inherited ? [inherited] : [])].join(delimiter);
  return { command: join(root, program), env: path ? { LD_LIBRARY_PATH: path } : {} };
}
