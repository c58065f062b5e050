/**
 * `missing`: there is nothing to read. `corrupt`: the content cannot be read. `unwritable`: the file cannot be
 * written.
 */
export type RecordingProblem = "missing" | "corrupt" | "unwritable";

/** A problem with the file of a recording, in one line that names the file. */
export class RecordingError extends Error {
  override readonly name = "RecordingError";
  constructor(
    readonly problem: RecordingProblem,
    readonly path: string,
    what: string,
    /** Counted from 1; null if the problem is not about one line. */
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
  EAGAIN: "the reader of this pipe is too slow",
};

/** The system's error in words. */
export function systemReason(error: unknown): string {
  const { code, message } = error as NodeJS.ErrnoException;
  return reasons[code ?? ""] ?? code ?? message;
}
