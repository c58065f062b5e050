export type Attributes = Readonly<Record<string, string | number>>;

const escapes: Readonly<Record<string, string>> = {
  "&": "&amp;",
  "<": "&lt;",
  ">": "&gt;",
  '"': "&quot;",
  "'": "&#39;",
};

/** Characters that XML does not allow, not even escaped. */
const forbidden = /[^\t\n\r -\ud7ff\ue000-\ufffd\u{10000}-\u{10ffff}]/gu;

/** Escapes text for use as content or as an attribute's value. */
export const text = (raw: string): string =>
  raw.replace(forbidden, "\ufffd").replace(/[&<>"']/g, (letter) => escapes[letter] ?? letter);

const tenth = (number: number): string => String(Math.round(number * 10) / 10);

/** `content`: elements and text that are escaped already. */
export function element(
  name: string,
  attributes: Attributes,
  content: string | readonly string[] = "",
): string {
  const all = Object.entries(attributes)
    .map(([key, value]) => ` ${key}="${typeof value === "number" ? tenth(value) : text(value)}"`)
    .join("");
  const inner = typeof content === "string" ? content : `\n${content.join("\n")}\n`;
  return inner === "" ? `<${name}${all}/>` : `<${name}${all}>${inner}</${name}>`;
}
