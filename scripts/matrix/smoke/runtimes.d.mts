interface Runtime {
  readonly label: string;
  readonly packages: Readonly<Record<string, string>>;
  /** Returns the program that runs a file, and its arguments. */
  command(project: { path(name: string): string }, file: string): [program: string, args: readonly string[]];
}

export const runtimes: readonly Runtime[];
