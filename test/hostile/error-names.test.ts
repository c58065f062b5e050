import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import * as redlock from "../../src/redlock.js";

/** Every class of an error in the sources: its name, and its text up to the first line that closes it. */
function errorClasses(): { readonly name: string; readonly body: string }[] {
  const files = readdirSync("src", { recursive: true, encoding: "utf8" });
  return files
    .filter((file) => /\.c?ts$/.test(file))
    .flatMap((file) => [
      ...readFileSync(join("src", file), "utf8").matchAll(
        /^(?:export )?(?:abstract )?class (\w+) extends \w*Error \{(.*?)^\}/gms,
      ),
    ])
    .map(([, name = "", body = ""]) => ({ name, body }));
}

const isNamed = ({ name, body }: { readonly name: string; readonly body: string }) =>
  body.includes(`override get name(): string {\n    return "${name}";`) ||
  body.includes(`override readonly name = "${name}";`);

describe("the name of an error does not depend on the name of its class, which minifiers change", () => {
  test("every class of an error contains its name", () => {
    const classes = errorClasses();
    expect(classes.length).toBeGreaterThan(20);
    expect(classes.filter((one) => !isNamed(one)).map(({ name }) => name)).toEqual([]);
  });

  test("a subclass of a program keeps the name, unless it has one of its own", () => {
    class a extends redlock.LockError {}
    class B extends redlock.LockError {
      override readonly name = "B" as never;
    }
    expect([new a().name, new B().name]).toEqual(["LockError", "B"]);
  });
});
