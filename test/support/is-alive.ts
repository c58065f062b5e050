/** Whether a process has this pid; one that ended counts until its parent has taken note. */
export function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch {
    return false;
  }
}
