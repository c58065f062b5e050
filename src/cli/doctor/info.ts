import { unprintable } from "./words.js";

/** Characters of a value that are looked at. */
const longest = 100;

/** What INFO told, field by field. */
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
    return this.#fields.get(name)?.replace(unprintable, " ").slice(0, longest) || null;
  }

  number(name: string): number | null {
    const value = Number(this.#fields.get(name) || Number.NaN);
    return Number.isFinite(value) ? value : null;
  }
}

export interface ServerKind {
  readonly kind: "Redis" | "Valkey" | "KeyDB" | "Dragonfly";
  /** Its own. */
  readonly version: string | null;
  /** Of the Redis it says it behaves as. */
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
