export interface Place {
  readonly path: string;
  /** Offsets. */
  readonly from: number;
  readonly to: number;
  /** Names in the pattern, and what they are called there. */
  readonly renamed: ReadonlyMap<string, string>;
}

/** Texts by path. */
export type Sources = ReadonlyMap<string, string>;

export function readSources(root: string): Sources;
export function identifiersIn(pattern: string): string[];
export function findSwitch(
  sources: Sources,
  one: { readonly off: string; readonly file: string; readonly from: string },
): Place;
export function switchedOff(sources: Sources, place: Place, replacement: string): string;
