import { Buffer } from "../../support/platform.js";
import type { SentCall } from "../in-flight.js";
import type { IoredisClient, IoredisCommand } from "./library.js";

/** The class of ioredis' commands, as far as it is used here. */
type CommandClass = new (
  name: string,
  args: readonly string[],
  options: { readonly replyEncoding: "utf8" },
) => IoredisCommand & { args: readonly string[]; toWritable(): string | Uint8Array };

/** Makes a command of a name and its arguments. */
export type MakeCommand = (name: string, args: readonly string[]) => IoredisCommand;

/** The function for each class of commands: programs may use several versions of ioredis. */
const makers = new WeakMap<CommandClass, MakeCommand>();

/**
 * Returns the function that makes commands for `client.sendCommand`; null if the client's class of commands is not found.
 * ioredis' own functions encode each argument again for every node, and check each call for what only users do: callbacks,
 * nested arguments, arguments that are no strings.
 */
export function commandMaker(client: IoredisClient): MakeCommand | null {
  const Command = commandClass(client);
  if (Command === null) return null;
  let make = makers.get(Command);
  if (make === undefined) {
    make = makerOf(Command);
    makers.set(Command, make);
  }
  return make;
}

function commandClass(client: IoredisClient): CommandClass | null {
  // ioredis makes a command of its class, and gives it to this object instead of sending it.
  const receiver = { options: {}, sendCommand: (command: unknown) => command };
  try {
    const made: unknown = client.createBuiltinCommand("evalsha").string.call(receiver, "", 0);
    // A client that imitates ioredis may have sent the command.
    if (made instanceof Promise) made.catch(() => {});
    const { constructor: found } = Object(made) as { readonly constructor?: CommandClass };
    return typeof found?.prototype?.toWritable === "function" ? found : null;
  } catch {
    return null;
  }
}

function makerOf(Command: CommandClass): MakeCommand {
  class OwnCommand extends Command {
    private readonly text: string;

    constructor(name: string, args: readonly string[]) {
      // What the constructor does with arguments is not needed for strings.
      super(name, [], { replyEncoding: "utf8" });
      this.args = args;
      this.text = encode(name, args);
    }

    override toWritable(): string {
      return this.text;
    }
  }
  return (name, args) => new OwnCommand(name, args);
}

/** Sends a command now. */
export function sendOwn(client: IoredisClient, command: IoredisCommand): SentCall {
  const reply = client.sendCommand(command);
  if (reply === command.promise) return { reply, reject: (error) => command.reject(error) };
  // A program that instruments the client may return a promise of its own.
  let reject: (error: unknown) => void = () => {};
  const bounded = new Promise<unknown>((resolve, rejectBounded) => {
    reject = rejectBounded;
    Promise.resolve(reply).then(resolve, reject);
  });
  return { reply: bounded, reject };
}

/** The arguments of the latest command, and each as it is sent. The nodes of a round are sent nearly the same arguments. */
const latest: string[] = [];
const latestEncoded: string[] = [];

/** Encodes a command in the Redis protocol. */
function encode(name: string, args: readonly string[]): string {
  let text = `*${args.length + 1}\r\n$${name.length}\r\n${name}\r\n`;
  for (let index = 0; index < args.length; index++) {
    const arg = args[index] as string;
    if (arg !== latest[index]) {
      latest[index] = arg;
      latestEncoded[index] = `$${Buffer.byteLength(arg)}\r\n${arg}\r\n`;
    }
    text += latestEncoded[index];
  }
  return text;
}
