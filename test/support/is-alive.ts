/** Whether a process has this pid. An ended process counts until its parent has waited for it. */
export function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch {
    return false;
  }
}
