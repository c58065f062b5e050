import type { Random } from "../../engine/time/random.js";

const alphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";

/**
 * A seeded pseudo-random generator with the same output on every machine: it uses 32-bit integers only (sfc32, from Chris
 * Doty-Humphrey's PractRand). Not for secrets.
 */
export class SeededRandom implements Random {
  private a: number;
  private b: number;
  private c = 1;
  private d = 1;

  /** `stream` selects one of several independent sequences of a seed, so that the use of one does not shift the others. */
  constructor(
    readonly seed: number,
    stream = 0,
  ) {
    this.a = seed | 0;
    this.b = Math.imul(stream + 1, 0x9e3779b1) ^ Math.floor(seed / 2 ** 32);
    for (let round = 0; round < 15; round++) this.word();
  }

  /** Returns a number from 0 (included) to 1 (excluded). */
  fraction(): number {
    return this.word() / 2 ** 32;
  }

  flip(probability: number): boolean {
    return this.fraction() < probability;
  }

  between(least: number, most: number): number {
    return least + this.fraction() * (most - least);
  }

  /** Returns an integer from 0 to `count - 1`. */
  below(count: number): number {
    return Math.floor(this.fraction() * count);
  }

  pick<T>(from: readonly [T, ...T[]]): T {
    return from[this.below(from.length)] as T;
  }

  secret(): string {
    let text = "";
    for (let word = 0; text.length < 22; word >>>= 6) {
      if (text.length % 5 === 0) word = this.word();
      text += alphabet[word & 63];
    }
    return text;
  }

  private word(): number {
    const sum = (((this.a + this.b) | 0) + this.d) | 0;
    this.d = (this.d + 1) | 0;
    this.a = this.b ^ (this.b >>> 9);
    this.b = (this.c + (this.c << 3)) | 0;
    this.c = ((this.c << 21) | (this.c >>> 11)) + sum;
    this.c |= 0;
    return sum >>> 0;
  }
}
