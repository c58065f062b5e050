import { plain } from "../../../../src/cli/plain.js";
import type { StoryAct } from "../../../../src/inspector/server/story.js";
import { useInspector } from "../context.js";

/** The server tells the page of the new chapter; without a server there is none. */
const act = (what: StoryAct) => void fetch(`story?do=${what}`, { method: "POST" }).catch(() => undefined);

/** What happens in the demo, and why; stays at a chapter as long as the reader wants. */
export function StoryStrip() {
  const story = useInspector().story.value;
  if (story === null) return null;
  const { chapter, chapters, title, why, paused } = story;
  return (
    <section class="story" aria-label="Story">
      <p aria-live="polite">
        <span class="muted">
          {chapter} of {chapters}
        </span>{" "}
        <b>{plain(title)}.</b> {plain(why)}
      </p>
      <button
        type="button"
        class="button"
        aria-pressed={paused}
        onClick={() => act(paused ? "play" : "pause")}
      >
        Pause
      </button>
      <button type="button" class="button" onClick={() => act("next")}>
        Next
      </button>
    </section>
  );
}
