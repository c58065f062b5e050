/** A port in front of another one, behind which every answer comes so many ms later. */
import { once } from "node:events";
import { connect, createServer } from "node:net";
import { serve } from "./serve.mjs";

serve(async ({ port, target, delay }) => {
  const server = createServer((client) => {
    const upstream = connect(target, "127.0.0.1");
    client.setNoDelay(true);
    upstream.setNoDelay(true);
    client.pipe(upstream);
    // Timers of one delay fire in the order in which they were set.
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
