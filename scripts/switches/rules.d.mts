export const switches: readonly (readonly [
  rule: string,
  off: string,
  file: string,
  from: string,
  to: string,
  tests: string,
  name?: string,
])[];
