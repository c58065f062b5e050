/**
 * How a chart's actions reach what they drive. The port is kept beside the actor, not in its context, which must
 * stay serialisable for inspection. An actor without a port (a chart that is only walked) drives nothing.
 */
export class Ports<Port> {
  private readonly ports = new WeakMap<object, Port>();

  bind(actor: object, port: Port): void {
    this.ports.set(actor, port);
  }

  of(actor: object): Port | undefined {
    return this.ports.get(actor);
  }
}
