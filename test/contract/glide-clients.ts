import { GlideClient, GlideClusterClient, Logger } from "@valkey/valkey-glide";
import { recogniseNode } from "../../src/clients/recognise.js";
import type { Open } from "./subject.js";

// GLIDE prints each refusal of a server.
Logger.setLoggerConfig("off");

/** A request on a busy machine may take longer than the default of 250 ms. */
const requestTimeout = 10_000;
const addressesOf = (ports: readonly number[]) => ports.map((port) => ({ host: "127.0.0.1", port }));

/** Opens a node over a GLIDE client, which is closed after the test. */
export const openGlide =
  (port: () => number, options: object = {}): Open =>
  async () => {
    const client = await GlideClient.createClient({
      addresses: addressesOf([port()]),
      requestTimeout,
      ...options,
    });
    return { node: recogniseNode(client, 0), end: () => client.close() };
  };

export const openGlideCluster =
  (ports: () => readonly number[], options: object = {}): Open =>
  async () => {
    const client = await GlideClusterClient.createClient({
      addresses: addressesOf(ports()),
      requestTimeout,
      ...options,
    });
    return { node: recogniseNode(client, 0), end: () => client.close() };
  };
