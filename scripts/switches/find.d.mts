export interface Place {
  readonly path: string;
  /** Offset of the first character. */
  readonly from: number;
  /** Offset after the last character. */
  readonly to: number;
  /** The current name of each identifier of the pattern. */
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
