/** The sockets that Holdfast opened for addresses. They keep the process alive until the locks are closed. */
const sockets = new WeakSet<object>();

export const noteOwnSocket = (socket: object): void => void sockets.add(socket);

export const isOwnSocket = (socket: object): boolean => sockets.has(socket);
