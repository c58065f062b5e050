import { Buffer } from "../support/platform.js";

/**
 * Chooses one of several groups for each key by rendezvous hashing (highest random weight: Thaler and Ravishankar, "Using
 * name-based mappings to increase hit rates", 1998). A group that is added takes its share of the keys from the others, and
 * no other key moves. The choice depends on the key and on the groups' names only. It is part of the protocol: processes that
 * choose differently lock the same key on different nodes.
 */
export class Rendezvous {
  /** The hashes of the names, in ascending order of the names, so that every process resolves equal weights alike. */
  private readonly seeds: readonly { readonly name: string; readonly seed: number }[];

  constructor(names: readonly string[]) {
    this.seeds = [...names].sort().map((name) => ({ name, seed: hash(name) }));
  }

  /** The name of the key's group: the one with the highest weight. */
  choose(key: string): string {
    const hashed = hash(hashTag(key));
    let chosen = "";
    let highest = -1;
    for (const { name, seed } of this.seeds) {
      const weight = finalise(hashed ^ seed);
      if (weight <= highest) continue;
      chosen = name;
      highest = weight;
    }
    return chosen;
  }
}

/** The hash tag of a key, as in Redis Cluster: the text in the first braces, or the whole key if there is none. */
export function hashTag(key: string): string {
  const open = key.indexOf("{");
  if (open === -1) return key;
  const close = key.indexOf("}", open + 1);
  return close <= open + 1 ? key : key.slice(open + 1, close);
}

/** FNV-1a with 32 bits, of the text's bytes in UTF-8. */
function hash(text: string): number {
  let hashed = 0x811c9dc5;
  for (let at = 0; at < text.length; at++) {
    const code = text.charCodeAt(at);
    if (code > 0x7f) return hashBytes(text);
    hashed = Math.imul(hashed ^ code, 0x01000193);
  }
  return hashed;
}

function hashBytes(text: string): number {
  let hashed = 0x811c9dc5;
  for (const byte of Buffer.from(text)) hashed = Math.imul(hashed ^ byte, 0x01000193);
  return hashed;
}

/** The finaliser of MurmurHash3 with 32 bits, which spreads a difference in any bit over all bits. */
function finalise(bits: number): number {
  let mixed = Math.imul(bits ^ (bits >>> 16), 0x85ebca6b);
  mixed = Math.imul(mixed ^ (mixed >>> 13), 0xc2b2ae35);
  return (mixed ^ (mixed >>> 16)) >>> 0;
}
