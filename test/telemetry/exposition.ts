export interface Sample {
  readonly name: string;
  readonly labels: Readonly<Record<string, string>>;
  readonly value: number;
}

const name = "[a-zA-Z_:][a-zA-Z0-9_:]*";
const label = `[a-zA-Z_][a-zA-Z0-9_]*="(?:[^"\\\\\\n]|\\\\["\\\\n])*"`;
const sampleLine = new RegExp(
  `^(${name})(?:\\{(${label}(?:,${label})*)?\\})? (NaN|[+-]Inf|[-+0-9.eE]+)(?: -?\\d+)?$`,
);
const typeLine = new RegExp(`^# TYPE (${name}) (counter|gauge|histogram|summary|untyped)$`);

/** Parses Prometheus' text format, version 0.0.4. Throws for any other text. */
export function samplesOf(text: string): Sample[] {
  if (!text.endsWith("\n")) throw new Error("the last line does not end");
  const types = new Map<string, string>();
  const samples: Sample[] = [];
  const seen = new Set<string>();
  for (const line of text.split("\n")) {
    if (line === "") continue;
    const type = typeLine.exec(line);
    if (type !== null) {
      const [, of = "", kind = ""] = type;
      if (types.has(of)) throw new Error(`a second type of ${of}`);
      types.set(of, kind);
    }
    if (line.startsWith("#")) continue;
    const [, of, labels = "", value] = sampleLine.exec(line) ?? [];
    if (of === undefined) throw new Error(`no sample: ${line}`);
    const family = types.has(of) ? of : of.replace(/_(count|sum|bucket)$/, "");
    if (!types.has(family)) throw new Error(`no type before ${line}`);
    if (types.get(family) === "counter" && !of.endsWith("_total")) throw new Error(`no total: ${line}`);
    if (seen.has(`${of}{${labels}}`)) throw new Error(`duplicate sample: ${line}`);
    seen.add(`${of}{${labels}}`);
    const pairs = [...labels.matchAll(new RegExp(label, "g"))].map(([pair]) => {
      const at = pair.indexOf("=");
      return [pair.slice(0, at), JSON.parse(pair.slice(at + 1))] as const;
    });
    samples.push({ name: of, labels: Object.fromEntries(pairs), value: numberOf(value) });
  }
  return samples;
}

const numberOf = (text: string | undefined): number =>
  text === "+Inf" ? Number.POSITIVE_INFINITY : text === "-Inf" ? Number.NEGATIVE_INFINITY : Number(text);

/** The sum of a name's samples that have these labels. */
export const sumOf = (samples: readonly Sample[], of: string, labels: Record<string, string> = {}): number =>
  samples
    .filter((sample) => sample.name === of)
    .filter((sample) => Object.entries(labels).every(([key, value]) => sample.labels[key] === value))
    .reduce((sum, { value }) => sum + value, 0);
