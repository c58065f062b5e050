import { InvalidOptionError } from "../../errors.js";
import { parametersOf } from "./parameters.js";

type Method = (...given: never[]) => unknown;

const placeholder = /\$\{([^}]*)\}/g;
const path = /^[\p{ID_Start}$_][\p{ID_Continue}$]*(?:\.[\p{ID_Continue}$]+)*$/u;

/**
 * Compiles a key such as "orders:${id}" or "orders:${order.id}": each placeholder names a parameter of the method, or a property
 * below it. Returns the function that gives the key for a call's arguments.
 *
 * @throws InvalidOptionError if a placeholder names no parameter, or does not end. The function throws it if a value is no
 * string, finite number or bigint, or is empty, because the key would then stand for something else.
 */
export function keyTemplate(template: string, method: Method): (given: readonly unknown[]) => string {
  if (template.replace(placeholder, " ").includes("${"))
    throw new InvalidOptionError("key", template, "a text in which each placeholder has its closing brace");
  const names = parametersOf(method);
  const places = [...template.matchAll(placeholder)].map(([, inner = ""]) =>
    placeOf(inner.trim(), names, template),
  );
  return (given) => {
    let next = 0;
    return template.replace(placeholder, () => valueAt(places[next++] as Place, given));
  };
}

/** A parameter by its index, and the properties below it. */
interface Place {
  readonly named: string;
  readonly index: number;
  readonly below: readonly string[];
}

function placeOf(named: string, names: readonly (string | null)[], template: string): Place {
  const [name = "", ...below] = named.split(".");
  const index = path.test(named) ? names.indexOf(name) : -1;
  if (index !== -1) return { named, index, below };
  const known = names.filter((one) => one !== null).join(", ") || "none has a name";
  throw new InvalidOptionError(
    "key",
    template,
    `a text whose placeholders name parameters of the method (${known}), or a function of the arguments; put @Locked directly ` +
      "above the method, below other decorators, and give a function if a minifier renames parameters",
  );
}

function valueAt({ named, index, below }: Place, given: readonly unknown[]): string {
  let value = given[index];
  for (const name of below) value = (value as Readonly<Record<string, unknown>> | null | undefined)?.[name];
  if ((typeof value === "string" && value !== "") || typeof value === "bigint" || Number.isFinite(value))
    return String(value);
  throw new InvalidOptionError(`\${${named}}`, value, "a non-empty string, a finite number or a bigint");
}
