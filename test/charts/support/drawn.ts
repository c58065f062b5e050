/** An element of a drawn chart, with what the tests need. */
export interface Drawn {
  readonly classes: readonly string[];
  readonly attributes: Readonly<Record<string, string>>;
  readonly inner: string;
}

const attributesOf = (tag: string): Record<string, string> =>
  Object.fromEntries([...tag.matchAll(/([\w:-]+)="([^"]*)"/g)].map(([, key, value]) => [key, value]));

/** The groups of this class, "state" or "edge". `drawChart` does not nest groups. */
export function groupsOf(svg: string, kind: "state" | "edge"): Drawn[] {
  return [...svg.matchAll(/<g ([^>]*)>(.*?)<\/g>/gs)]
    .map(([, tag = "", inner = ""]) => {
      const attributes = attributesOf(tag);
      return { attributes, classes: (attributes.class ?? "").split(" "), inner };
    })
    .filter(({ classes }) => classes[0] === kind);
}

export const textsOf = ({ inner }: Drawn): string[] =>
  [...inner.matchAll(/<text [^>]*>(.*?)<\/text>/gs)].map(([, text = ""]) => text.replace(/<[^>]*>/g, ""));
