/** A chapter of a story as the page shows it. */
export interface StoryView {
  /** The number of the chapter, from 1. */
  readonly chapter: number;
  readonly chapters: number;
  /** What happens. */
  readonly title: string;
  readonly why: string;
  /** The story stays at this chapter until the reader goes on. The locks work all the same. */
  readonly paused: boolean;
}

/** What a reader of the page can do with the story. */
export const storyActs = ["pause", "play", "next"] as const;
export type StoryAct = (typeof storyActs)[number];

export const isStoryAct = (text: string | null): text is StoryAct =>
  (storyActs as readonly (string | null)[]).includes(text);

/** A story that a page tells beside what it shows: that of the demo. */
export interface Story {
  readonly view: StoryView;
  act(act: StoryAct): void;
  /** Sets the function that is called when the view has changed. */
  onChange(listener: (view: StoryView) => void): void;
}

/** The only path that takes a POST, and only where there is a story. */
export const storyPath = "/story";
