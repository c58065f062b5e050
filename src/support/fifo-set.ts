/**
 * First in, first out; anyone may leave from anywhere. Each step in constant time: to look for the first of a Set anew
 * each time would pass over all that were taken before.
 */
export class FifoSet<T> {
  private readonly those = new Set<T>();
  /** Those behind it were taken, or have left. */
  private next = this.those.values();
  /** How many have left since it moved last. */
  private left = 0;

  get size(): number {
    return this.those.size;
  }

  add(one: T): void {
    this.those.add(one);
  }

  delete(one: T): void {
    if (!this.those.delete(one)) return;
    this.left += 1;
    // One that stands still keeps all that the Set ever was since, and with it those who left.
    if (this.left > this.those.size) this.start();
  }

  /** The first, which it is then no more; undefined if there is none. */
  take(): T | undefined {
    this.left = 0;
    let { value, done } = this.next.next();
    if (done) {
      // An iterator that has reached the end stays there.
      this.start();
      ({ value, done } = this.next.next());
    }
    if (done) return undefined;
    this.those.delete(value as T);
    return value;
  }

  private start(): void {
    this.next = this.those.values();
    this.left = 0;
  }
}
