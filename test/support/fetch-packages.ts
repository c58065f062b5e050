import { chmod, mkdir, mkdtemp, readdir, rename, rm, stat } from "node:fs/promises";
import { basename, dirname, join } from "node:path";
import { Apt } from "./apt.js";

/** The timeout for the whole fetch: lists, downloads and unpacking. */
const FETCH_TIMEOUT_MS = 240_000;
/** The maximum depth of library dependencies; usually two rounds are enough. */
const MAX_LIBRARY_ROUNDS = 5;
/** The files of an interrupted run are removed once they are older than the maximum duration of a run. */
const LEFTOVER_AGE_MS = 3_600_000;

/** Returns why the program in a folder does not run; undefined if it does. */
type WhyUnusable = (root: string) => Promise<string | undefined>;

/**
 * Unpacks a program from the distribution's packages into `target`, for Debian and its relatives. Needs no
 * root and changes nothing outside: packages are unpacked, never installed, and lists are read from the
 * system, or fetched into a private folder when the system's are missing or stale. apt checks the signatures.
 */
export async function fetchPackages(
  target: string,
  packages: readonly string[],
  whyUnusable: WhyUnusable,
): Promise<void> {
  await mkdir(dirname(target), { recursive: true });
  await sweepLeftovers(target);
  // Next to the target, so that a single rename publishes the finished folder: no run sees a partial folder.
  const work = await mkdtemp(`${target}-`);
  try {
    const root = join(work, "root");
    await unpack(packages, new Apt(work, AbortSignal.timeout(FETCH_TIMEOUT_MS)), root, whyUnusable);
    await chmod(root, 0o755);
    await putInPlace(root, target, whyUnusable);
  } finally {
    await rm(work, { recursive: true, force: true });
  }
}

async function unpack(
  packages: readonly string[],
  apt: Apt,
  root: string,
  whyUnusable: WhyUnusable,
): Promise<void> {
  await mkdir(root);
  let dependencies = await apt.unpack(packages, root);
  for (let round = 0; ; round += 1) {
    const reason = await whyUnusable(root);
    if (reason === undefined) return;
    const missing = await apt.missingLibraries(dependencies);
    if (missing.length === 0 || round === MAX_LIBRARY_ROUNDS) throw new Error(reason);
    dependencies = await apt.unpack(missing, root);
  }
}

/** Moves the folder to the target, unless another run has already put a working program there. */
async function putInPlace(root: string, target: string, whyUnusable: WhyUnusable): Promise<void> {
  if ((await whyUnusable(target)) === undefined) return;
  const broken = `${root}-replaced`;
  await rename(target, broken).catch(ignoreCode("ENOENT"));
  await rename(root, target).catch(ignoreCode("ENOTEMPTY", "EEXIST"));
}

async function sweepLeftovers(target: string): Promise<void> {
  const parent = dirname(target);
  const leftovers = (await readdir(parent)).filter((name) => name.startsWith(`${basename(target)}-`));
  for (const name of leftovers) {
    const path = join(parent, name);
    const age = Date.now() - (await stat(path).then(({ mtimeMs }) => mtimeMs, Date.now));
    if (age > LEFTOVER_AGE_MS) await rm(path, { recursive: true, force: true });
  }
}

function ignoreCode(...codes: string[]): (error: NodeJS.ErrnoException) => void {
  return (error) => {
    if (!codes.includes(error.code ?? "")) throw error;
  };
}
