type Encoding = "utf8" | "hex" | "base64url";

/** Bytes as Node's `Buffer` has them, as far as the core needs them. */
export class Bytes extends Uint8Array {
  /** As `Buffer.toString`, of the part from `start` to `end`. */
  override toString(encoding: Encoding = "utf8", start = 0, end = this.length): string {
    const part = this.subarray(start, end);
    if (encoding === "utf8") return new TextDecoder().decode(part);
    if (encoding === "hex") return [...part].map((byte) => byte.toString(16).padStart(2, "0")).join("");
    return btoa(String.fromCharCode(...part))
      .replaceAll("+", "-")
      .replaceAll("/", "_")
      .replaceAll("=", "");
  }
}

/** What the core uses of Node's `Buffer`, for a platform that has none. */
export const BrowserBuffer = {
  from(source: string | Uint8Array, encoding: Encoding = "utf8"): Bytes {
    if (typeof source !== "string") return new Bytes(source);
    if (encoding === "utf8") return new Bytes(new TextEncoder().encode(source));
    if (encoding === "hex")
      return new Bytes((source.match(/../g) ?? []).map((pair) => Number.parseInt(pair, 16)));
    return new Bytes([...atob(withoutForeign(source))].map((one) => one.charCodeAt(0)));
  },
  alloc: (length: number): Bytes => new Bytes(length),
  byteLength: (text: string): number => new TextEncoder().encode(text).length,
};

/** Base64 as `atob` takes it: Node leaves out what belongs to neither of the two alphabets, too. */
function withoutForeign(text: string): string {
  const digits = text
    .replaceAll("-", "+")
    .replaceAll("_", "/")
    .replace(/[^A-Za-z0-9+/]/g, "");
  // A single digit more than whole groups is no byte.
  return digits.length % 4 === 1 ? digits.slice(0, -1) : digits;
}
