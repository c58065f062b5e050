/** What has to be stopped when this process ends, also by a failure or a signal. */
const stops = new Set();

process.once("exit", () => {
  for (const stop of stops) stop();
});

for (const [signal, code] of Object.entries({ SIGINT: 130, SIGTERM: 143, SIGHUP: 129 })) {
  process.once(signal, () => process.exit(code));
}

/** Gives the function that takes it off again. */
export function stopAtExit(stop) {
  stops.add(stop);
  return () => stops.delete(stop);
}
