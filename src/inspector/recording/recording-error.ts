/** `missing`: there is nothing to read. `corrupt`: what is there cannot be read. `unwritable`: it cannot be written. */
export type RecordingProblem = "missing" | "corrupt" | "unwritable";

/** What is wrong with the file of a recording, in one line that names it. */
export class RecordingError extends Error {
  override readonly name = "RecordingError";
  constructor(
    readonly trouble: RecordingProblem,
    readonly path: string,
    what: string,
    /** Counted from 1; null where it is not about one line. */
    readonly line: number | null = null,
  ) {
    super(`${path}${line === null ? "" : `, line ${line}`}: ${what}`);
  }
}

const reasons: Readonly<Record<string, string>> = {
  ENOENT: "there is no such file or folder",
  EACCES: "permission denied",
  EPERM: "permission denied",
  EISDIR: "it is a folder",
  ENOTDIR: "a part of the path is no folder",
  ENOSPC: "no space is left",
  EDQUOT: "no space is left to this user",
  EROFS: "the file system is read-only",
  ENAMETOOLONG: "the name is too long",
  ENXIO: "nobody reads from this pipe",
  EAGAIN: "whoever reads from this pipe is too slow",
};

/** What the system says, in words. */
export function systemReason(error: unknown): string {
  const { code, message } = error as NodeJS.ErrnoException;
  return reasons[code ?? ""] ?? code ?? message;
}
