/** A proxy that delays every answer of the target port by `delay` ms. */
import { once } from "node:events";
import { connect, createServer } from "node:net";
import { serve } from "./serve.mjs";

serve(async ({ port, target, delay }) => {
  const server = createServer((client) => {
    const upstream = connect(target, "127.0.0.1");
    client.setNoDelay(true);
    upstream.setNoDelay(true);
    client.pipe(upstream);
    // Timers with equal delays fire in the order in which they were set, so the data stays in order.
    upstream.on("data", (chunk) => setTimeout(() => client.write(chunk), delay));
    const end = () => {
      client.destroy();
      upstream.destroy();
    };
    for (const socket of [client, upstream]) socket.on("error", end).on("close", end);
  }).listen(port, "127.0.0.1");
  await once(server, "listening");
  return () => server.close();
});
