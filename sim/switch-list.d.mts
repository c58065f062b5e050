export const switches: readonly {
  readonly rule: string;
  readonly off: string;
  readonly faults?: "beyond" | "membership" | "groups";
  readonly minimumHolds?: true;
  readonly changes: readonly (readonly [file: string, from: string, to: string])[];
}[];
