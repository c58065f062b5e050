import { unprintable } from "./words.js";

/** Maximum characters of a value. */
const maxValueLength = 100;

/** The fields of an INFO reply. */
export class Info {
  readonly #fields: ReadonlyMap<string, string>;

  constructor(text: string) {
    const lines = text.split(/\r?\n/).filter((line) => !line.startsWith("#"));
    this.#fields = new Map(
      lines.flatMap((line) => {
        const colon = line.indexOf(":");
        return colon === -1 ? [] : [[line.slice(0, colon), line.slice(colon + 1)] as const];
      }),
    );
  }

  text(name: string): string | null {
    return this.#fields.get(name)?.replace(unprintable, " ").slice(0, maxValueLength) || null;
  }

  number(name: string): number | null {
    const value = Number(this.#fields.get(name) || Number.NaN);
    return Number.isFinite(value) ? value : null;
  }
}

export interface ServerKind {
  readonly kind: "Redis" | "Valkey" | "KeyDB" | "Dragonfly";
  /** The server's own version. */
  readonly version: string | null;
  /** The version of Redis that the server claims to be compatible with. */
  readonly redisVersion: string | null;
}

export function serverKind(info: Info): ServerKind {
  const redisVersion = info.text("redis_version");
  const dragonfly = info.text("dragonfly_version");
  if (dragonfly !== null)
    return { kind: "Dragonfly", version: dragonfly.replace(/^df-v?/, ""), redisVersion };
  const valkey = info.text("valkey_version");
  if (valkey !== null) return { kind: "Valkey", version: valkey, redisVersion };
  const keydb = info.text("mvcc_depth") !== null || /keydb/i.test(info.text("executable") ?? "");
  return { kind: keydb ? "KeyDB" : "Redis", version: redisVersion, redisVersion };
}
