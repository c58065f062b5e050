import { execFile } from "node:child_process";
import { readdir } from "node:fs/promises";
import { delimiter, join } from "node:path";
import { promisify } from "node:util";

const run = promisify(execFile);

/** `--version` answers in milliseconds; a program that takes longer is not the one. */
const VERSION_TIMEOUT_MS = 10_000;

/** How a redis-server is started: the program and what it needs in its environment beside our own. */
export interface RedisLaunch {
  readonly command: string;
  readonly env: Readonly<Record<string, string>>;
}

/** Why this program can not serve, or undefined when it can. */
export async function whyUnusable(launch: RedisLaunch): Promise<string | undefined> {
  try {
    const { stdout } = await run(launch.command, ["--version"], {
      env: { ...process.env, ...launch.env },
      timeout: VERSION_TIMEOUT_MS,
      killSignal: "SIGKILL",
    });
    // The same program serves or checks dump files, depending on its name: only the server says this.
    return /server v=/i.test(stdout) ? undefined : `it is not a Redis server: ${stdout.trim().slice(0, 200)}`;
  } catch (error) {
    const stderr = (error as { stderr?: string }).stderr?.trim();
    return stderr || (error instanceof Error ? error.message : String(error));
  }
}

/** The server inside a folder into which Debian packages were unpacked, with the libraries unpacked beside it. */
export async function unpackedLaunch(root: string): Promise<RedisLaunch> {
  const entries = await readdir(root, { recursive: true, withFileTypes: true }).catch(() => []);
  const libraries = new Set(
    entries.filter((entry) => /\.so(\.|$)/.test(entry.name)).map((entry) => entry.parentPath),
  );
  const inherited = process.env.LD_LIBRARY_PATH;
  const path = [...libraries, ...(inherited ? [inherited] : [])].join(delimiter);
  return { command: join(root, "usr/bin/redis-server"), env: path ? { LD_LIBRARY_PATH: path } : {} };
}
