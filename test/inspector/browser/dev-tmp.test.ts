import { test } from "vitest";
import { Crowd } from "./support/crowd.js";
import { useBrowser, visit } from "./support/browser.js";
import { serve } from "./support/serve.js";
useBrowser();
test("dev", { timeout: 120_000 }, async () => {
  const { hub, server } = await serve();
  const crowd = new Crowd(400);
  for (const f of crowd.frames(Date.now())) hub.hear(f);
  const t = setInterval(() => { hub.hear(crowd.steps(20, Date.now())); hub.hear(crowd.beat(Date.now())); }, 100);
  for (const theme of ["light", "dark"] as const) {
    for (const width of [1280, 375]) {
      const v = await visit(server.url, { theme, width, height: width === 375 ? 740 : 800 });
      await v.page.waitForSelector(".row");
      await v.page.waitForTimeout(900);
      await v.page.screenshot({ path: `/tmp/page-cr/list-${theme}-${width}.png` });
      await v.page.goto(`${server.url}#/lock/crowd%2F7`);
      await v.page.waitForTimeout(4500);
      await v.page.screenshot({ path: `/tmp/page-cr/lock-${theme}-${width}.png` });
      await v.page.goto(`${server.url}#/nodes`);
      await v.page.waitForTimeout(500);
      await v.page.screenshot({ path: `/tmp/page-cr/nodes-${theme}-${width}.png` });
      console.log(theme, width, v.trouble);
      await v.close();
    }
  }
  clearInterval(t);
  await server.close();
});
