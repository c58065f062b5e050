import { hashOf } from "../model/route.js";

/** Leads to the list where it is not beside the view. */
export function BackLink() {
  return (
    <a class="back" href={hashOf({ view: "locks" })}>
      ← All locks
    </a>
  );
}
