import { readFileSync } from "node:fs";

/** The code blocks of docs/fences.md in one language, in order. */
export const blocks = (language: string): string[] =>
  [...readFileSync("docs/fences.md", "utf8").matchAll(/^```(\w+)\n([\s\S]*?)^```$/gm)].flatMap(
    ([, found, text = ""]) => (found === language ? [text] : []),
  );

export const programOf = (module: string): string => {
  const [program, ...others] = blocks("js").filter((text) => text.includes(` from "${module}"`));
  if (program === undefined || others.length > 0) throw new Error(`not one program imports ${module}`);
  return program;
};

/** The output that a program promises in its comments: one line each, after the call. */
export const promised = (program: string): string[] =>
  [...program.matchAll(/^.*console\.log\(.*\); \/\/ (.*)$/gm)].map(([, said = ""]) => said);
