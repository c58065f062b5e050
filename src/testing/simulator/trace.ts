/** The log of a run, one line per event. `hash` covers all events, whether or not the lines are kept. */
export class Trace {
  readonly lines: string[] = [];
  private one = 0x811c9dc5;
  private other = 0x9747b28c;
  private readonly float = new Float64Array(1);
  private readonly words = new Uint32Array(this.float.buffer);

  /** `keep`: whether to keep the lines too. */
  constructor(private readonly keep: boolean) {}

  note(time: number, who: string, what: string, ...details: readonly (string | number)[]): void {
    this.addNumber(time);
    this.addText(who);
    this.addText(what);
    for (const detail of details) {
      if (typeof detail === "number") this.addNumber(detail);
      else this.addText(detail);
    }
    if (!this.keep) return;
    const shown = details.map((detail) => (typeof detail === "number" ? String(round(detail)) : detail));
    this.lines.push(`${time.toFixed(2).padStart(10)}  ${who.padEnd(10)} ${[what, ...shown].join(" ")}`);
  }

  /** 16 hexadecimal digits, equal for equal runs on every machine. */
  get hash(): string {
    return [this.one, this.other].map((lane) => (lane >>> 0).toString(16).padStart(8, "0")).join("");
  }

  private addNumber(value: number): void {
    this.float[0] = value;
    this.mix(this.words[0] ?? 0);
    this.mix(this.words[1] ?? 0);
  }

  private addText(text: string): void {
    this.mix(text.length);
    for (let index = 0; index < text.length; index++) this.mix(text.charCodeAt(index));
  }

  private mix(word: number): void {
    this.one = Math.imul(this.one ^ word, 0x01000193);
    this.other = Math.imul((this.other ^ word) + 0x7f4a7c15, 0x85ebca6b) ^ (this.other >>> 13);
  }
}

const round = (value: number): number => Math.round(value * 1_000) / 1_000;
