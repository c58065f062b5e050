/**
 * SHA-1 and SHA-256 (FIPS 180-4) in one call, which the Web Crypto API has as promises only. Here they make names and checksums,
 * and keep no secret.
 */

const rotateLeft = (value: number, by: number): number => (value << by) | (value >>> (32 - by));
const rotateRight = (value: number, by: number): number => rotateLeft(value, 32 - by);

/** The words of the padded message, in blocks of 16. */
function blocksOf(message: Uint8Array): Uint32Array {
  const padded = new Uint8Array(Math.ceil((message.length + 9) / 64) * 64);
  padded.set(message);
  padded[message.length] = 0x80;
  const view = new DataView(padded.buffer);
  view.setUint32(padded.length - 8, Math.floor(message.length / 2 ** 29));
  view.setUint32(padded.length - 4, message.length << 3);
  return Uint32Array.from({ length: padded.length / 4 }, (_, index) => view.getUint32(index * 4));
}

function bytesOf(words: readonly number[]): Uint8Array {
  const view = new DataView(new ArrayBuffer(words.length * 4));
  words.forEach((word, index) => {
    view.setUint32(index * 4, word);
  });
  return new Uint8Array(view.buffer);
}

/** Folds each block of the message into the state. `round` must not change `state`. */
function fold(
  message: Uint8Array,
  initial: readonly number[],
  round: (state: readonly number[], block: Uint32Array) => readonly number[],
): Uint8Array {
  const words = blocksOf(message);
  let state = initial;
  for (let from = 0; from < words.length; from += 16) {
    const mixed = round(state, words.subarray(from, from + 16));
    state = state.map((word, index) => (word + (mixed[index] ?? 0)) | 0);
  }
  return bytesOf(state);
}

type State1 = [number, number, number, number, number];

const initial1 = [0x67452301, 0xefcdab89, 0x98badcfe, 0x10325476, 0xc3d2e1f0];

export const sha1 = (message: Uint8Array): Uint8Array =>
  fold(message, initial1, (state, block) => {
    const schedule = Array.from(block);
    for (let t = 16; t < 80; t++) {
      const [a = 0, b = 0, c = 0, d = 0] = [t - 3, t - 8, t - 14, t - 16].map((index) => schedule[index]);
      schedule.push(rotateLeft(a ^ b ^ c ^ d, 1));
    }
    let [a, b, c, d, e] = state as State1;
    schedule.forEach((word, t) => {
      const [mixed, constant] =
        t < 20
          ? [(b & c) | (~b & d), 0x5a827999]
          : t < 40
            ? [b ^ c ^ d, 0x6ed9eba1]
            : t < 60
              ? [(b & c) | (b & d) | (c & d), 0x8f1bbcdc]
              : [b ^ c ^ d, 0xca62c1d6];
      [a, b, c, d, e] = [(rotateLeft(a, 5) + mixed + e + constant + word) | 0, a, rotateLeft(b, 30), c, d];
    });
    return [a, b, c, d, e];
  });

/** The first 32 bits of the fractions of these roots of the first primes. */
const fractions = (count: number, root: (prime: number) => number): number[] => {
  const primes: number[] = [];
  for (let one = 2; primes.length < count; one++)
    if (primes.every((prime) => one % prime !== 0)) primes.push(one);
  return primes.map((prime) => Math.floor((root(prime) % 1) * 2 ** 32) | 0);
};
const initial256 = fractions(8, Math.sqrt);
const constants256 = fractions(64, Math.cbrt);

type State256 = [number, number, number, number, number, number, number, number];

export const sha256 = (message: Uint8Array): Uint8Array =>
  fold(message, initial256, (state, block) => {
    const schedule = Array.from(block);
    for (let t = 16; t < 64; t++) {
      const [a = 0, b = 0, c = 0, d = 0] = [t - 15, t - 2, t - 16, t - 7].map((index) => schedule[index]);
      const low = rotateRight(a, 7) ^ rotateRight(a, 18) ^ (a >>> 3);
      const high = rotateRight(b, 17) ^ rotateRight(b, 19) ^ (b >>> 10);
      schedule.push((c + low + d + high) | 0);
    }
    let [a, b, c, d, e, f, g, h] = state as State256;
    schedule.forEach((word, t) => {
      const choice = (e & f) ^ (~e & g);
      const majority = (a & b) ^ (a & c) ^ (b & c);
      const sumE = rotateRight(e, 6) ^ rotateRight(e, 11) ^ rotateRight(e, 25);
      const sumA = rotateRight(a, 2) ^ rotateRight(a, 13) ^ rotateRight(a, 22);
      const first = h + sumE + choice + (constants256[t] ?? 0) + word;
      [a, b, c, d, e, f, g, h] = [(first + sumA + majority) | 0, a, b, c, (d + first) | 0, e, f, g];
    });
    return [a, b, c, d, e, f, g, h];
  });
