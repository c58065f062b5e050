/** What an actor's port is kept under. One name serves all: an actor has one chart, and that drives one kind of port. */
const port = Symbol("port");

// Only `bind` and `handOn` write it, so it is what was bound.
const bearer = <Port>(actor: object) => actor as { [port]?: Port | undefined };

/**
 * How a chart's actions reach what they drive. The port is a property of the actor, not of its context, which must
 * stay serialisable for inspection, and a symbol, which nothing serialises. An actor without a port (a chart that is
 * only walked) drives nothing.
 */
export class Ports<Port> {
  bind(actor: object, bound: Port): void {
    bearer<Port>(actor)[port] = bound;
  }

  of(actor: object): Port | undefined {
    return bearer<Port>(actor)[port];
  }
}

/** The one drives from now on what the other drove. */
export function handPort(from: object, to: object): void {
  bearer(to)[port] = bearer(from)[port];
}
