import { describe, expect, test } from "vitest";
import { keyTemplate } from "../../src/integrations/nest/key-template.js";
import { parametersOf } from "../../src/integrations/nest/parameters.js";

type Method = (...given: never[]) => unknown;

/** Methods as compilers write them: the source is what counts. */
const compiled = (source: string): Method => new Function(`return ${source}`)() as Method;

describe("the names of parameters", () => {
  test.each([
    ["({ async pay(id, amount) {} }).pay", ["id", "amount"]],
    ["({ async pay() {} }).pay", []],
    ["(class { async pay(id,) {} }).prototype.pay", ["id"]],
    ["function (id) { return 1; }", ["id"]],
    [
      "function (id = ')', amount = [1, 2].map((one) => one), last = {a: (1, 2)}) {}",
      ["id", "amount", "last"],
    ],
    ["({ async pay(/* a, b */ id, // c, d)\n amount) {} }).pay", ["id", "amount"]],
    ["({ async pay({ id }, [first], ...rest) {} }).pay", [null, null, null]],
    ["({ async pay($id, _été, имя = `)${1}`) {} }).pay", ["$id", "_été", "имя"]],
    ["({ async pay(id = '\\')', other) {} }).pay", ["id", "other"]],
  ])("of %s", (source, names) => {
    expect(parametersOf(compiled(source))).toEqual(names);
  });
});

describe("a key", () => {
  const method = compiled("({ async pay(id, order, { hidden }) {} }).pay");

  test.each([
    ["orders:${id}", ["7"], "orders:7"],
    ["orders:${ id }:${order.customer.id}", [7n, { customer: { id: 12 } }], "orders:7:12"],
    ["${id}${id}", ["$&"], "$&$&"],
    ["all", [], "all"],
    ["orders:$id {id}", ["7"], "orders:$id {id}"],
  ])("%s of %o", (template, given, key) => {
    expect(keyTemplate(template, method)(given)).toBe(key);
  });

  test.each(["${other}", "${}", "${hidden}", "${id[0]}", "${id.}", "${id + 1}", "x:${id", "${id}${"])(
    "refuses %s",
    (template) => {
      expect(() => keyTemplate(template, method)).toThrow(
        expect.objectContaining({ code: "INVALID_OPTION", option: "key" }),
      );
    },
  );

  test.each([[undefined], [null], [""], [{}], [true], [["7"]], [Symbol("7")], [Number.NaN], [1 / 0]])(
    "refuses the argument %o",
    (id) => {
      expect(() => keyTemplate("orders:${id}", method)([id])).toThrow(
        expect.objectContaining({ code: "INVALID_OPTION", option: "${id}" }),
      );
    },
  );

  test("refuses a property of nothing", () => {
    expect(() => keyTemplate("orders:${order.id}", method)(["7", undefined])).toThrow(
      /\$\{order.id\} must be/,
    );
  });
});
