import type { Reply } from "../../engine/node/lock-node.js";
import type { LockCommand } from "../../engine/protocol/command.js";
import type { Link } from "./link.js";
import type { Oracle } from "./oracle.js";
import type { Program } from "./program.js";
import type { Action } from "./script.js";

/** Follows the Redlock specification by hand, as clients in other languages do, and knows of nothing beside the key. */
export class ForeignClient {
  private tokens = 0;

  constructor(
    private readonly program: Program,
    private readonly oracle: Oracle,
  ) {}

  async act({ resources: [resource = "a"], ttl, hold, end }: Action): Promise<void> {
    const { host, links, plan } = this.program;
    const { clock } = host;
    const token = `foreign-${host.name}-${++this.tokens}`;
    const [mono, wall] = [clock.monotonic(), clock.wall()];
    const left = () =>
      ttl - Math.ceil(ttl / 100) - 2 - Math.max(clock.monotonic() - mono, clock.wall() - wall);
    let granted = 0;
    for (const link of links) {
      say(link, { op: "acquire", keys: [resource], token, ttl }, ({ kind }) => {
        if (kind === "granted") granted++;
      });
    }
    await host.sleep(Math.min(plan.nodeTimeout, ttl / 2));
    let over = granted <= links.length / 2 || left() <= 0;
    if (!over) {
      this.oracle.count("acquired by others");
      const believes = () => !over && !host.dead && left() > 0;
      this.oracle.begins({ name: token, resources: [resource], believes });
      await host.sleep(Math.min(hold, ttl));
      if (end === "forget") return;
    }
    over = true;
    for (const link of links) say(link, { op: "release", keys: [resource], token }, () => {});
  }
}

function say(link: Link, command: LockCommand, answered: (reply: Reply) => void): void {
  link.execute({ mark: null, requests: [{ command, wanted: () => true, answered }] });
}
