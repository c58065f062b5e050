/**
 * The property of an actor that holds its port. One symbol is enough: an actor runs one state machine, which has one kind
 * of port. The symbol is registered, because the package contains the charts apart from the code that binds ports.
 */
const port = Symbol.for("holdfast.port");

// Only the functions of this module write this property, so its type is that of the bound port.
const portOwner = <Port>(actor: object) => actor as { [port]?: Port | undefined };

/**
 * Gives the actions of a state machine access to the objects that they act on. The port is a property of the actor rather
 * than of its context, which must stay serialisable for inspection; the property is a symbol, which is never serialised.
 * The actions of an actor without a port (a state machine that is only explored) do nothing.
 */
export class Ports<Port> {
  bind(actor: object, bound: Port): void {
    portOwner<Port>(actor)[port] = bound;
  }

  of(actor: object): Port | undefined {
    return portOwner<Port>(actor)[port];
  }
}

/**
 * Lets actor `to` use whatever port actor `from` has at the time. Programs may have actor `to`. Whoever prints it must not print
 * the port, which leads to tokens and clients, so the property is hidden and has a getter.
 */
export function sharePort(from: object, to: object): void {
  Object.defineProperty(to, port, { get: () => portOwner(from)[port] });
}
