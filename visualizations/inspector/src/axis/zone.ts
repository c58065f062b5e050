import { signal } from "@preact/signals";

/** Whether times are shown in UTC; otherwise in the local time of the browser. */
export const utc = signal(false);
