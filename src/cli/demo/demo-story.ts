import { setTimeout as sleep } from "node:timers/promises";
import type { Story, StoryAct, StoryView } from "../../inspector/server/story.js";

/** Interval in ms at which the time is compared. */
const checkInterval = 50;

/** A chapter: what happens, and why. */
export interface Chapter {
  readonly title: string;
  readonly why: string;
}

/** Tells chapters one after the other, and gives the reader time for each. */
export class DemoStory implements Story {
  view: StoryView;
  #listener: (view: StoryView) => void = () => undefined;
  #told = 0;
  /** The reader wants to go on, although the scene may not have ended yet. */
  #wanted = false;

  /** `readingTime`: ms for each chapter; 0: none. */
  constructor(
    private readonly chapters: readonly Chapter[],
    private readonly readingTime: number,
  ) {
    this.view = this.#viewOf(0, false);
  }

  onChange(listener: (view: StoryView) => void): void {
    this.#listener = listener;
  }

  /** Begins a chapter. */
  tell(chapter: Chapter): void {
    this.#told = performance.now();
    this.#wanted = false;
    this.#show(this.chapters.indexOf(chapter), this.view.paused);
  }

  /** Resolves when the reader has had time for the chapter, or wants to go on. Rejects with the signal's reason. */
  async read(signal: AbortSignal): Promise<void> {
    const isRead = () => !this.view.paused && performance.now() - this.#told >= this.readingTime;
    while (!this.#wanted && !isRead()) await sleep(checkInterval, undefined, { signal });
  }

  act(act: StoryAct): void {
    if (act === "next") this.#wanted = true;
    else this.#show(this.view.chapter - 1, act === "pause");
  }

  #show(index: number, paused: boolean): void {
    this.view = this.#viewOf(index, paused);
    this.#listener(this.view);
  }

  #viewOf(index: number, paused: boolean): StoryView {
    const { title = "", why = "" } = this.chapters[index] ?? {};
    return { chapter: index + 1, chapters: this.chapters.length, title, why, paused };
  }
}
