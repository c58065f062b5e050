import type { Reply } from "../../engine/node/lock-node.js";
import type { LockCommand } from "../../engine/protocol/command.js";
import type { Link } from "./link.js";
import type { Oracle } from "./oracle.js";
import type { Program } from "./program.js";
import type { Action } from "./script.js";

/** A client that implements only the Redlock specification, as clients in other languages do: it uses no key but the lock's. */
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
      send(link, { op: "acquire", keys: [resource], token, ttl }, ({ kind }) => {
        if (kind === "granted") granted++;
      });
    }
    await host.sleep(Math.min(plan.nodeTimeout, ttl / 2));
    let ended = granted <= links.length / 2 || left() <= 0;
    if (!ended) {
      this.oracle.count("acquired by others");
      const believes = () => !ended && !host.dead && left() > 0;
      this.oracle.leaseBegan({ name: token, resources: [resource], believes });
      await host.sleep(Math.min(hold, ttl));
      if (end === "forget") return;
    }
    ended = true;
    for (const link of links) send(link, { op: "release", keys: [resource], token }, () => {});
  }
}

function send(link: Link, command: LockCommand, answered: (reply: Reply) => void): void {
  link.execute({ mark: null, requests: [{ command, wanted: () => true, answered }] });
}
