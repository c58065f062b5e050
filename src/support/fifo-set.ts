/**
 * A set with first-in, first-out order, from which any member can be deleted. Every operation takes constant time:
 * reading the first member of a plain Set from a new iterator each time would skip over all members deleted before.
 */
export class FifoSet<T> {
  private readonly members = new Set<T>();
  /** The number of members. A property, because callers of empty sets skip the other methods. */
  size = 0;
  /** Members before this position of the iterator were taken or deleted. */
  private iterator = this.members.values();
  /** How many members were deleted since the iterator last advanced. */
  private deleted = 0;

  add(member: T): void {
    this.members.add(member);
    this.size = this.members.size;
  }

  delete(member: T): void {
    if (!this.members.delete(member)) return;
    this.size = this.members.size;
    this.deleted += 1;
    // A stalled Set iterator retains outgrown tables and deleted members.
    if (this.deleted > this.members.size) this.restart();
  }

  /** Removes and returns the first member; undefined if the set is empty. */
  take(): T | undefined {
    this.deleted = 0;
    let { value, done } = this.iterator.next();
    if (done) {
      // An iterator that has reached the end stays at the end.
      this.restart();
      ({ value, done } = this.iterator.next());
    }
    if (done) return undefined;
    this.members.delete(value as T);
    this.size = this.members.size;
    return value;
  }

  private restart(): void {
    this.iterator = this.members.values();
    this.deleted = 0;
  }
}
