export const tones = ["grey", "blue", "green", "teal", "amber", "red", "violet"] as const;
export type Tone = (typeof tones)[number];

const toneOfState: Readonly<Record<string, Tone>> = {
  acquiring: "amber",
  held: "green",
  renewing: "teal",
  upgrading: "violet",
  releasing: "blue",
  expired: "red",
  connecting: "blue",
  ready: "green",
  suspect: "amber",
  unresponsive: "red",
  down: "red",
  quarantined: "violet",
  open: "green",
  closing: "amber",
  campaigning: "amber",
  leading: "green",
  resigning: "blue",
};

/** The colour of a state and its substates; grey for an unknown state. */
export function toneOf(path: string): Tone {
  const [top = ""] = path.split(".");
  return Object.hasOwn(toneOfState, top) ? (toneOfState[top] ?? "grey") : "grey";
}
