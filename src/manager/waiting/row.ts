/**
 * First in, first out; anyone may leave from anywhere. Each step in constant time: to look for the first of a Set anew
 * each time would pass over all that were taken before.
 */
export class Row<T> {
  private readonly those = new Set<T>();
  /** Those behind it were taken, or have left. */
  private next = this.those.values();

  get size(): number {
    return this.those.size;
  }

  add(one: T): void {
    this.those.add(one);
  }

  delete(one: T): void {
    this.those.delete(one);
  }

  /** The first, which it is then no more; undefined if there is none. */
  take(): T | undefined {
    let { value, done } = this.next.next();
    if (done) {
      // An iterator that has reached the end stays there.
      this.next = this.those.values();
      ({ value, done } = this.next.next());
    }
    if (done) return undefined;
    this.those.delete(value as T);
    return value;
  }
}
