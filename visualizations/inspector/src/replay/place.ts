/** The time in the address, so that a moment can be linked: "#/nodes?at=1767268800000". Null if there is none. */
export function placeOf(hash: string): number | null {
  const at = new URLSearchParams(hash.split("?")[1] ?? "").get("at");
  const time = at === null || at === "" ? Number.NaN : Number(at);
  return Number.isFinite(time) && Math.abs(time) <= 8.64e15 ? time : null;
}

/** The address with another time; null removes it. */
export function withPlace(hash: string, time: number | null): string {
  const [path = "", query] = hash.split("?");
  const all = new URLSearchParams(query ?? "");
  if (time === null) all.delete("at");
  else all.set("at", String(Math.round(time)));
  const rest = all.toString();
  return `${path === "" ? "#/" : path}${rest === "" ? "" : `?${rest}`}`;
}
