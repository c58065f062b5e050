/** The names that GLIDE gives to the error codes of servers. It leaves the other codes as they are. */
const codes: Readonly<Record<string, string>> = {
  ResponseError: "ERR",
  AuthenticationFailed: "WRONGPASS",
  ExecAbortError: "EXECABORT",
  BusyLoadingError: "LOADING",
  NoScriptError: "NOSCRIPT",
  PermissionDenied: "NOPERM",
  Moved: "MOVED",
  Ask: "ASK",
  TryAgain: "TRYAGAIN",
  ClusterDown: "CLUSTERDOWN",
  CrossSlot: "CROSSSLOT",
  MasterDown: "MASTERDOWN",
  ReadOnly: "READONLY",
  NotBusy: "NOTBUSY",
};

const form = /^(?:An error was signalled by the server: - )?(\w+): (.*)$/s;

/** An error of GLIDE, with the message that the server sent if the server sent one. */
export function serverError(thrown: unknown): unknown {
  const message = thrown instanceof Error ? thrown.message : "";
  const [, kind = "", text = ""] = form.exec(message) ?? [];
  const code = codes[kind] ?? (/^[A-Z][A-Z0-9]+$/.test(kind) ? kind : null);
  return code === null ? thrown : new Error(`${code} ${text}`, { cause: thrown });
}
