import { delimiter, resolve, sep } from "node:path";
import { fileURLToPath } from "node:url";
import { fetchPackages } from "./fetch-packages.js";
import { type Launch, unpackedLaunch, whyNot } from "./launch.js";

const CACHE = fileURLToPath(new URL("../../node_modules/.cache/holdfast/chromium", import.meta.url));

const ALTERNATIVES = `The browser tests run in a real Chromium. Provide one on the PATH:
  Debian           apt-get install chromium
  Fedora, RHEL     dnf install chromium-headless
  Alpine           apk add chromium
or name the program (Chromium, Chrome or its headless shell) in HOLDFAST_CHROMIUM.`;

/** The headless shell needs no display libraries; the files that it shares with the browser are in the other package. */
const PACKAGES = ["chromium-headless-shell", "chromium-common"];

const NAMES = ["chromium", "chromium-browser", "chromium-headless-shell", "google-chrome", "chrome"];

const whyUnusable = (launch: Launch) => whyNot(launch, /chrom/i, "a Chromium");

const unpacked = (root: string) => unpackedLaunch(root, "usr/lib/chromium/chromium-headless-shell");

/**
 * Finds a Chromium: HOLDFAST_CHROMIUM, then the PATH, then the project's cache folder, then the distribution's packages
 * unpacked into that folder. Throws an error if none works: tests are never skipped because a browser is missing.
 */
export async function findChromium(env: NodeJS.ProcessEnv = process.env): Promise<Launch> {
  const named = env.HOLDFAST_CHROMIUM;
  if (named) return namedChromium(named);
  const found = (await chromiumOnPath(env.PATH ?? "")) ?? (await cachedChromium());
  if (found) return found;
  try {
    await fetchPackages(CACHE, PACKAGES, async (root) => whyUnusable(await unpacked(root)));
  } catch (error) {
    const reason = error instanceof Error ? error.message.trim() : String(error);
    throw new Error(`No Chromium was found, and none could be fetched (${reason}).\n${ALTERNATIVES}`);
  }
  return unpacked(CACHE);
}

async function namedChromium(named: string): Promise<Launch> {
  const launch = { command: named.includes(sep) ? resolve(named) : named, env: {} };
  const reason = await whyUnusable(launch);
  if (reason !== undefined)
    throw new Error(`HOLDFAST_CHROMIUM=${named} can not be used: ${reason}\n${ALTERNATIVES}`);
  return launch;
}

async function chromiumOnPath(path: string): Promise<Launch | undefined> {
  for (const name of NAMES) {
    for (const folder of path.split(delimiter).filter(Boolean)) {
      const launch = { command: resolve(folder, name), env: {} };
      if ((await whyUnusable(launch)) === undefined) return launch;
    }
  }
  return undefined;
}

async function cachedChromium(): Promise<Launch | undefined> {
  const launch = await unpacked(CACHE);
  return (await whyUnusable(launch)) === undefined ? launch : undefined;
}
