/** Functions to call when this process ends, including by a failure or a signal. */
const stops = new Set();

process.once("exit", () => {
  for (const stop of stops) stop();
});

for (const [signal, code] of Object.entries({ SIGINT: 130, SIGTERM: 143, SIGHUP: 129 })) {
  process.once(signal, () => process.exit(code));
}

/** Registers a function to call when this process ends. Returns a function that removes the registration. */
export function stopAtExit(stop) {
  stops.add(stop);
  return () => stops.delete(stop);
}
