import { it } from "vitest";
import { readAndWrite } from "./readers-writers.js";

it("no writer is beside anybody in 20,000 acquisitions of 8 processes", async () => {
  await readAndWrite(2_500);
}, 900_000);
