import picocolors from "picocolors";

export type Colours = ReturnType<typeof picocolors.createColors>;

/** Colours for this stream: only on a capable terminal, unless FORCE_COLOR requests or NO_COLOR forbids colours. */
export function coloursFor(
  stream: NodeJS.WriteStream,
  environment: NodeJS.ProcessEnv = process.env,
): Colours {
  const { NO_COLOR, FORCE_COLOR, TERM } = environment;
  const forced = FORCE_COLOR !== undefined && FORCE_COLOR !== "" && FORCE_COLOR !== "0";
  return picocolors.createColors(!NO_COLOR && (forced || (stream.isTTY === true && TERM !== "dumb")));
}
