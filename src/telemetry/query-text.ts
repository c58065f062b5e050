/** Makes the text of a command for a span. `args` are the arguments as the client was given them. */
export type QueryTextSerializer = (command: string, args: readonly unknown[]) => string;

const scripts = /^(eval|evalsha|eval_ro|evalsha_ro|fcall|fcall_ro)$/i;
/** Longer texts are whole scripts. */
const maxShown = 60;

/** A script's text is left out, and its SHA-1 is shown. */
const shown = (arg: unknown): string => (String(arg).length > maxShown ? "?" : String(arg));

/**
 * Makes a serializer for the instrumentation of a client, such as the `dbStatementSerializer` of OpenTelemetry's
 * instrumentations of ioredis and redis. By default they export every argument of `EVAL` and `EVALSHA` as `db.query.text`, and so
 * the tokens of locks. Here a script keeps its SHA-1 and its keys, and its arguments become `?`.
 *
 * `others` serializes all other commands. Default: their name, with `?` for each argument.
 */
export function withoutTokens(others?: QueryTextSerializer): QueryTextSerializer {
  return (command, args) => {
    if (!scripts.test(command)) {
      return others === undefined ? [command, ...args.map(() => "?")].join(" ") : others(command, args);
    }
    const [script, count, ...rest] = args.flat();
    const keys = Number(count);
    const hidden = (_: unknown, index: number) => (index < keys ? String(rest[index]) : "?");
    return [command, shown(script), String(count), ...rest.map(hidden)].join(" ");
  };
}
