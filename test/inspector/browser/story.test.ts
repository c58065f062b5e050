import { afterEach, expect, test } from "vitest";
import { endAll, startHoldfast } from "../../cli/support/holdfast.js";
import { waitUntil } from "../../support/wait-until.js";
import { accessibilityFindings } from "./support/accessible.js";
import { expectNoTrouble, useBrowser, visit } from "./support/browser.js";

useBrowser();
afterEach(endAll);

test("the demo's page tells what happens and why; the reader pauses the story and goes on", async () => {
  const demo = await startHoldfast(["demo", "--for", "forever"]);
  await waitUntil("the address is printed", 30_000, () => demo.stdout.includes("\n"));
  const address = /http:\S+/.exec(demo.stdout)?.[0] ?? "";
  const visited = await visit(address);
  const { page } = visited;
  const story = page.getByRole("region", { name: "Story" });
  await story.getByText(/^1 of 6 One at a time\. 3 workers want payouts:42\./).waitFor();
  await page.getByRole("heading", { name: "payouts:42", level: 1 }).waitFor();
  await page.getByRole("heading", { name: "Waiting in line: 2" }).waitFor();
  await story.getByRole("button", { name: "Pause" }).click();
  await story.getByRole("button", { name: "Pause", pressed: true }).waitFor();
  expect(await accessibilityFindings(page)).toEqual([]);
  const next = story.getByRole("button", { name: "Next" });
  await next.click();
  await story.getByText(/^2 of 6 A lease, renewed while the job runs/).waitFor();
  await next.click();
  await story.getByText(/^3 of 6 One node breaks/).waitFor();
  await page.getByRole("link", { name: /^Nodes: 1 in trouble \(node-5: down\)$/ }).waitFor();
  // A new page knows the chapter, and that the story is paused.
  await page.reload();
  await story.getByText(/^3 of 6 One node breaks/).waitFor();
  await story.getByRole("button", { name: "Pause", pressed: true }).click();
  await story.getByRole("button", { name: "Pause", pressed: false }).waitFor();
  await story.getByText(/^4 of 6 The node is back/).waitFor();
  expectNoTrouble(visited);
});
