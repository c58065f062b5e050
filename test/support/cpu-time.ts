/** Returns the processor time of a function in ms. Unlike elapsed time, it does not include other processes of a busy machine. */
export function cpuTime(run: () => void): number {
  const before = process.cpuUsage();
  run();
  const { user, system } = process.cpuUsage(before);
  return (user + system) / 1_000;
}
