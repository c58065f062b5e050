/**
 * Binds the methods of an object's class to the object, so that they can be passed on without it, as in
 * `finally(locks.close)`. Takes too long for objects that are made for each call.
 */
export function bindMethods(object: object): void {
  const members = Object.getOwnPropertyDescriptors(Object.getPrototypeOf(object));
  for (const [name, { value }] of Object.entries(members)) {
    if (name === "constructor" || typeof value !== "function") continue;
    Object.defineProperty(object, name, { value: value.bind(object), writable: true, configurable: true });
  }
}
