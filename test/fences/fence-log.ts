/** Records the fences of all leases in order, and checks that the fences of each resource grow. */
export class FenceLog {
  leases = 0;
  readonly #highest = new Map<string, number>();
  readonly #wrong: string[] = [];

  note(resources: readonly string[], fence: number): void {
    this.leases++;
    for (const resource of resources) {
      const highest = this.#highest.get(resource) ?? 0;
      if (!Number.isSafeInteger(fence) || fence <= highest)
        this.#wrong.push(`${resource}: ${fence} after ${highest}, in lease ${this.leases}`);
      this.#highest.set(resource, Math.max(highest, fence));
    }
  }

  /** The highest fence so far. */
  get highest(): number {
    return Math.max(0, ...this.#highest.values());
  }

  /** Descriptions of all fences that did not grow. */
  get wrong(): readonly string[] {
    return this.#wrong;
  }
}
