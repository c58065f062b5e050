import { utc } from "../axis/zone.js";

/** A duration in words: "850 ms", "4.2 s", "3 min 05 s", "2 h 10 min". Negative durations count as 0. */
export function formatDuration(ms: number): string {
  const left = Math.max(0, ms);
  if (left < 1_000) return `${Math.round(left)} ms`;
  if (left < 9_950) return `${(left / 1_000).toFixed(1)} s`;
  const seconds = Math.round(left / 1_000);
  if (seconds < 60) return `${seconds} s`;
  const minutes = Math.floor(seconds / 60);
  if (minutes < 60) return `${minutes} min ${pad(seconds % 60)} s`;
  const hours = Math.floor(minutes / 60);
  if (hours < 48) return `${hours} h ${pad(minutes % 60)} min`;
  return `${Math.floor(hours / 24)} days`;
}

const pad = (part: number): string => String(part).padStart(2, "0");

/** The time of day with ms, local or in UTC as the user chose: "14:03:07.120". `time`: epoch ms. */
export function formatClock(time: number): string {
  if (utc.value) return new Date(time).toISOString().slice(11, 23);
  const date = new Date(time);
  const clock = [date.getHours(), date.getMinutes(), date.getSeconds()].map(pad).join(":");
  return `${clock}.${String(date.getMilliseconds()).padStart(3, "0")}`;
}

/** A request's time: "0.42 ms", "12 ms"; "–" for null. */
export function formatLatency(ms: number | null): string {
  if (ms === null) return "–";
  return ms < 10 ? `${ms.toFixed(ms < 1 ? 2 : 1)} ms` : `${Math.round(ms)} ms`;
}
