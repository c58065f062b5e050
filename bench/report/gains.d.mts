export function gainsReport(run: {
  readonly environment: object;
  /** The raw results of the scenarios, by their letters. */
  readonly results: Readonly<Record<string, object>>;
}): string | null;
