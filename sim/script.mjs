/** Returns the function of a build that generates the script of a seed. `entry`: URL of the simulator's folder. */
export async function scriptOf(entry) {
  const { generate } = await import(new URL("generate.js", entry).href);
  const { withMinimumHolds } = await import(new URL("minimum-holds.js", entry).href);
  const { withReaders } = await import(new URL("readers.js", entry).href);
  return (seed, { faults, minimumHolds, readers, actions }) => {
    const script = generate(seed, faults, actions);
    if (readers) return withReaders(script);
    return minimumHolds ? withMinimumHolds(script) : script;
  };
}
