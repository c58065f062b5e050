import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { afterEach, beforeEach, expect, test } from "vitest";
import { fakeProgram } from "./fake-program.js";
import { findRedisServer } from "./redis-binary.js";

let folder: string;

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), "holdfast-binary-"));
});

afterEach(() => rm(folder, { recursive: true, force: true }));

/** A program that prints a server's output for --version. These tests start no server. */
const program = (path: string, says = "Redis server v=7.0.15 sha=0") => fakeProgram(folder, path, says);

const paths = () => ({ PATH: `${join(folder, "a")}:${join(folder, "b")}`, cache: join(folder, "cache") });
const noFetch = () => Promise.reject(new Error("nothing to fetch"));

test("the program named in HOLDFAST_REDIS_SERVER takes precedence over all others", async () => {
  const { PATH, cache } = paths();
  await program("a/redis-server");
  const named = await program("elsewhere/my-redis");
  const found = await findRedisServer({ env: { PATH, HOLDFAST_REDIS_SERVER: named }, cache, fetch: noFetch });
  expect(found).toEqual({ command: named, env: {} });
});

test("a named program that is not a server is an error, even if another server could be found", async () => {
  const { PATH, cache } = paths();
  await program("a/redis-server");
  const named = await program("elsewhere/checker", "Cannot open file --version");
  const env = { PATH, HOLDFAST_REDIS_SERVER: named };
  await expect(findRedisServer({ env, cache, fetch: noFetch })).rejects.toThrow(
    /HOLDFAST_REDIS_SERVER.*not a Redis/,
  );
});

test("the PATH takes precedence over the cache, and redis-server over valkey-server", async () => {
  const { PATH, cache } = paths();
  await program("cache/usr/bin/redis-server");
  const valkey = await program("a/valkey-server", "Valkey server v=8.1.0");
  expect((await findRedisServer({ env: { PATH }, cache, fetch: noFetch })).command).toBe(valkey);
  const redis = await program("b/redis-server");
  expect((await findRedisServer({ env: { PATH }, cache, fetch: noFetch })).command).toBe(redis);
});

test("a program on the PATH that does not work is skipped", async () => {
  const { PATH, cache } = paths();
  await program("a/redis-server", "I check dump files");
  const redis = await program("b/redis-server");
  expect((await findRedisServer({ env: { PATH }, cache, fetch: noFetch })).command).toBe(redis);
});

test("the cache is used without fetching, with the libraries unpacked into it", async () => {
  const { PATH, cache } = paths();
  const redis = await program("cache/usr/bin/redis-server");
  const library = await program("cache/usr/lib/triplet/liblzf.so.1");
  const found = await findRedisServer({ env: { PATH }, cache, fetch: noFetch });
  expect(found.command).toBe(redis);
  expect(found.env.LD_LIBRARY_PATH?.split(":")).toContain(dirname(library));
});

test("a server that is not found is fetched into the cache", async () => {
  const { PATH, cache } = paths();
  const fetch = async (target: string) => {
    expect(target).toBe(cache);
    await program("cache/usr/bin/redis-server");
  };
  const found = await findRedisServer({ env: { PATH }, cache, fetch });
  expect(found.command).toBe(join(cache, "usr/bin/redis-server"));
});

test("a failed fetch is an error with the reason and instructions for each system", async () => {
  const { PATH, cache } = paths();
  const search = findRedisServer({ env: { PATH }, cache, fetch: noFetch });
  await expect(search).rejects.toThrow(
    /nothing to fetch[\s\S]*brew[\s\S]*dnf[\s\S]*HOLDFAST_REDIS_SERVER[\s\S]*docker/,
  );
});

test("a fetch that results in no working server is an error too", async () => {
  const { PATH, cache } = paths();
  const search = findRedisServer({ env: { PATH }, cache, fetch: async () => undefined });
  await expect(search).rejects.toThrow(/does not run[\s\S]*docker/);
});
