import { usageError } from "./exit.js";
import { hideCredentials, redact } from "./redact.js";

const sources =
  "Name them with --node redis://host:6379 (once for each), in HOLDFAST_NODES (separated by commas or spaces), " +
  'or as "nodes" in holdfast.config.json';

/**
 * The node addresses: from the command line (`flag`), else from the environment, else from the configuration file.
 */
export function chooseNodes(
  flags: readonly string[] | undefined,
  environment: string | undefined,
  configured: readonly string[] | undefined,
  flag = "--node",
): readonly string[] {
  if (flags !== undefined && flags.length > 0) return checkAll(flags, flag);
  const listed = (environment ?? "").split(/[\s,]+/).filter(Boolean);
  if (listed.length > 0) return checkAll(listed, "HOLDFAST_NODES");
  if (configured !== undefined && configured.length > 0) return checkAll(configured, '"nodes"');
  throw usageError(`no nodes to ask. ${sources}`);
}

function checkAll(addresses: readonly string[], where: string): readonly string[] {
  for (const address of addresses) hideCredentials(address);
  addresses.forEach((address, index) => {
    const why = whyNoAddress(address);
    if (why === undefined) return;
    const which = addresses.length === 1 ? where : `${where} (the ${ordinal(index + 1)})`;
    throw usageError(`${which}: ${shown(address)} is not an address such as redis://host:6379: ${why}`);
  });
  return addresses;
}

function whyNoAddress(address: string): string | undefined {
  if (!/^rediss?:\/\//i.test(address)) return "it must start with redis:// or rediss://";
  // Otherwise a "#" or "/" in a password would end the host there, and the rest of the password would count as
  // public.
  const rest = address.slice(address.indexOf("//") + 2);
  if (/[/?#]/.test(rest.slice(0, Math.max(0, rest.indexOf("@")))))
    return "a /, ? or # in a password must be percent-encoded";
  try {
    return new URL(address).hostname === "" ? "it names no host" : undefined;
  } catch {
    return "its host or port cannot be read";
  }
}

/** A malformed address may have its password anywhere, so it is shown only if it plainly has none. */
function shown(address: string): string {
  if (address.includes("@")) return JSON.stringify(redact(address));
  return /^(?:rediss?:\/\/)?[a-z0-9.-]*(?::\d{1,6})?$/i.test(address)
    ? JSON.stringify(address)
    : "what it says";
}

const ordinal = (n: number) => `${n}${n === 1 ? "st" : n === 2 ? "nd" : n === 3 ? "rd" : "th"}`;
