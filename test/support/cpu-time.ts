/** ms of processor time that a function takes. Other processes of a busy machine do not add to it, as they do to elapsed time. */
export function cpuTime(run: () => void): number {
  const before = process.cpuUsage();
  run();
  const { user, system } = process.cpuUsage(before);
  return (user + system) / 1_000;
}
