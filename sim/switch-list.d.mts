export const switches: readonly {
  readonly rule: string;
  readonly off: string;
  readonly faults?: "beyond" | "membership" | "groups" | "permits" | "kinds";
  readonly minimumHolds?: true;
  readonly readers?: true;
  readonly changes: readonly (readonly [file: string, from: string, to: string])[];
}[];
