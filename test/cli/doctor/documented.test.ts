import { readFileSync } from "node:fs";
import { expect, test } from "vitest";
import { codes } from "../../../src/cli/doctor/finding.js";

const documentation = readFileSync(new URL("../../../docs/doctor.md", import.meta.url), "utf8");

test("docs/doctor.md lists the code of every finding, and no other", () => {
  const tables = documentation.slice(
    documentation.indexOf("## What it finds"),
    documentation.indexOf("## JSON"),
  );
  const listed = [...tables.matchAll(/^\| `([a-z-]+)` \|/gm)].map(([, code]) => code);
  expect([...listed].sort()).toEqual([...codes].sort());
});
