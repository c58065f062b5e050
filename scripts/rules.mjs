/**
 * Switches each rule of safety off, one at a time, in a copy of the sources, and checks that its test then fails.
 * A rule whose test still passes without it is not tested.
 */
import { execFile } from "node:child_process";
import { cpSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { promisify } from "node:util";

/** Each: the rule, what is switched off, where, what stands there, what stands there instead, the tests that must fail (and of which name, where a file has many). */
const switches = [
  [
    "8 one vote",
    "an id that was left there tells nothing",
    "src/engine/memory.ts",
    "one.id !== null && one.id === other.id",
    "false",
    "test/engine/memory",
  ],
  [
    "8 one vote",
    "who hides is not refused, though it is to be",
    "src/engine/seat.ts",
    "!this.options.admitsNameless",
    "false",
    "test/safety/rule-08",
  ],
  [
    "9 memory",
    "a node that lost its memory votes at once",
    "src/engine/abstention.ts",
    "return abstain(memory, others, Math.max(longest, terms.patience), terms);",
    "return vote(memory, others);",
    "test/safety/rule-09",
  ],
  [
    "9 memory",
    "batches do not ask for it",
    "src/engine/seat.ts",
    "mark: this.options.checksMemory ? this.server.mark : null,",
    "mark: null,",
    "test/safety/rule-09",
  ],
  [
    "9 memory",
    "an old memory is believed in a new life",
    "src/engine/memory.ts",
    "life !== runId",
    "false",
    "test/engine/memory",
  ],
  [
    "9 memory",
    "one other node is enough to know how long",
    "src/engine/abstention.ts",
    "> nodes - quorumOf(nodes)",
    "> 0",
    "test/safety/rule-09",
  ],
  [
    "9 memory",
    "the fences of the others are not taken over",
    "src/engine/abstention.ts",
    "watermark: Math.max(0, ...others.map(({ watermark }) => watermark)),",
    "watermark: 0,",
    "test/safety/rule-09",
  ],
  [
    "9 memory",
    "a set is taken for new though one of it was not asked",
    "src/engine/abstention.ts",
    "if (introduction === null) return false;",
    "if (introduction === null) return true;",
    "test/safety/rule-09",
  ],
  [
    "9 memory",
    "clocks agree",
    "src/engine/abstention.ts",
    "ttl + driftOf(ttl, terms.driftFactor)",
    "ttl",
    "test/safety/rule-09",
  ],
  [
    "9 memory",
    "the longest ttl is not recorded",
    "src/clients/memory.ts",
    "command.ttl > longest",
    "false",
    "test/safety/rule-09",
  ],
  [
    "1 exclusion",
    "a minority is enough",
    "src/engine/quorum.ts",
    "Math.floor(nodes / 2) + 1",
    "Math.max(1, Math.floor(nodes / 2))",
    "test/safety/rule-01",
  ],
  [
    "1 exclusion",
    "a fence that is only equal is accepted",
    "src/clients/memory-store.ts",
    "fence <= bound",
    "fence < bound",
    "test/manager/fence",
  ],
  [
    "1 exclusion",
    "a fence needs no quorum",
    "src/engine/claim.ts",
    "answers.filter(({ accepted }) => accepted).length >= quorumOf(this.ground.seats.length)",
    "answers.length > 0",
    "test/manager/fence",
  ],
  [
    "2 validity",
    "the answers' time is not taken off",
    "src/manager/pursuit.ts",
    "hold.left() > 0",
    "true",
    "test/safety/rule-02",
  ],
  [
    "2 validity",
    "counted from the reply",
    "src/manager/hold.ts",
    "this.confirmedAt = grant.at;",
    "this.confirmedAt = { monotonic: this.clock.monotonic(), wall: this.clock.wall() };",
    "test/safety/rule-02",
  ],
  [
    "2 validity",
    "no drift",
    "src/engine/validity.ts",
    "Math.ceil(ttl * driftFactor) + 2",
    "ttl * driftFactor * 0",
    "test/safety/rule-02",
  ],
  [
    "2 validity",
    "a renewal asks for less than is left",
    "src/manager/hold.ts",
    "Math.ceil((this.left() + 4) / (1 - driftFactor))",
    "0",
    "test/safety/rule-02",
  ],
  [
    "3 clean-up",
    "only nodes that granted",
    "src/engine/claim.ts",
    "if (!dealings.touched && !inherited)",
    "if (!dealings.granted && !inherited)",
    "test/safety/rule-03",
  ],
  [
    "3 clean-up",
    "given-up commands are still wanted",
    "src/engine/claim.ts",
    "return !this.claim.ended;",
    "return true;",
    "test/safety/rule-03",
  ],
  [
    "3 clean-up",
    "one token for all attempts",
    "src/engine/token.ts",
    "random.secret()",
    '"0123456789012345678901"',
    "test/safety/rule-03",
  ],
  [
    "3 clean-up",
    "a late grant is not released again",
    "src/engine/claim.ts",
    "if (dealings.over && this.mayUndo(askedAt))",
    "if (false)",
    "test/safety/rule-03",
  ],
  [
    "3 clean-up",
    "an unreachable node is forgotten",
    "src/engine/debts.ts",
    "this.debts.push(debt);",
    "",
    "test/safety/rule-03",
  ],
  [
    "3 clean-up",
    "a failed adoption ends the lease it was to take over",
    "src/engine/claim.ts",
    "if (from === null || this.kept || this.named)",
    "if (true)",
    "test/manager/nodes",
  ],
  [
    "3 clean-up",
    "a release that was not taken is not tried again",
    "src/engine/debts.ts",
    "const maxTries = 20;",
    "const maxTries = 0;",
    "test/manager/nodes",
  ],
  [
    "4 decide early",
    "waits for every vote",
    "src/engine/quorum.ts",
    "if (granted >= quorum)",
    "if (open === 0 && granted >= quorum)",
    "test/safety/rule-04",
  ],
  [
    "4 decide early",
    "failed counts as denied",
    "src/engine/quorum.ts",
    "if (denied > spare)",
    "if (denied + failed > spare)",
    "test/safety/rule-04",
  ],
  [
    "4 decide early",
    "a node that is down is asked",
    "src/engine/seat.ts",
    'if (connection === "down") return',
    "if (false) return",
    "test/safety/rule-04",
  ],
  [
    "4 decide early",
    "no bound in flight",
    "src/engine/seat.ts",
    "const maxInFlight = 10_000;",
    "const maxInFlight = 1e9;",
    "test/safety/rule-04",
  ],
  [
    "5 loss",
    "the deadline has no alarm",
    "src/manager/tenure.ts",
    "Math.min(this.hold.left(), this.untilRenewal())",
    "this.untilRenewal()",
    "test/manager/loss",
  ],
  [
    "5 loss",
    "the state is believed, not the clock",
    "src/manager/tenure.ts",
    "this.hold.end === null && this.hold.left() <= 0",
    "false",
    "test/manager/loss",
  ],
  [
    "6 two clocks",
    "monotonic only",
    "src/engine/clock.ts",
    "clock.wall() - start.wall, 0)",
    "0)",
    "test/manager/loss",
  ],
  [
    "6 two clocks",
    "wall only",
    "src/engine/clock.ts",
    "clock.monotonic() - start.monotonic, ",
    "",
    "test/manager/loss",
  ],
  [
    "6 two clocks",
    "no shared tick",
    "src/manager/vigil.ts",
    "for (const sleeper of this.sleepers.toArray()) sleeper.wake();",
    "",
    "test/manager/loss",
  ],
  [
    "7 release",
    "renewal survives it",
    "src/manager/tenure.ts",
    "this.lock.alarm.clear();\n",
    "",
    "test/manager/loss",
  ],
  [
    "7 release",
    "asked of the nodes each time",
    "src/manager/lock.ts",
    "if (hold.releasing !== null) return hold.releasing;",
    "",
    "test/safety/rule-07",
  ],
  [
    "8 one vote",
    "the same server may vote twice",
    "src/engine/acquaintance.ts",
    "circle.slice(0, index).find((other) => other.isSame(one))?.name ?? null",
    "null",
    "test/safety/rule-08",
  ],
  [
    "10 healing",
    "before the majority has confirmed",
    "src/engine/claim.ts",
    "let accepted = false;",
    "let accepted = true;",
    "test/safety/rule-10",
  ],
  [
    "10 healing",
    "after the release has begun",
    "src/engine/claim.ts",
    "this.ended = true;",
    "",
    "test/safety/rule-10",
  ],
  [
    "10 healing",
    "over somebody else's key",
    "src/engine/claim.ts",
    'reply.kind !== "denied" || reply.holder !== null',
    'reply.kind !== "denied"',
    "test/safety/rule-10",
  ],
  [
    "11 secrets",
    "a denial carries the token",
    "src/clients/memory-store.ts",
    '.digest("hex").slice(0, 16)',
    '.digest("hex").slice(0, 0) + entry.value',
    "test/safety/rule-11",
  ],
  [
    "11 secrets",
    "a lease shows its token",
    "src/manager/lease.ts",
    "acquisition: this.#hold.acquisition,",
    "acquisition: this.#hold.acquisition, token: this.#hold.claim.token,",
    "test/safety/rule-11",
  ],
  [
    "1 exclusion",
    "what was owed under a name undoes what is held under it",
    "src/engine/seat.ts",
    'if (claims(command) || command.op === "renew") this.forgive(command.token);',
    "",
    "test/redlock/trouble",
    "owed",
  ],
  [
    "1 exclusion",
    "an earlier attempt that hears late undoes what is held under its name",
    "src/engine/claim.ts",
    "this.isLast?.(this) === true",
    "true",
    "test/redlock/trouble",
    "hears late",
  ],
  [
    "3 clean-up",
    "a name that is granted after it was given up is left behind",
    "src/engine/claim.ts",
    "if (askedAt === null) return true;",
    "return askedAt === null;",
    "test/redlock/trouble",
    "whenever that is",
  ],
  [
    "3 clean-up",
    "a Redlock that owes a release is collected",
    "src/engine/seat.ts",
    "if (!this.options.collectable || this.closed) return;",
    "return;",
    "test/redlock/dropped",
    "owes",
  ],
  [
    "1 exclusion",
    "a lease that others may have renewed is released at its deadline",
    "src/manager/tenure.ts",
    '(end === "deadline" && this.entrusted)',
    "false",
    "test/redlock/safety",
    "is left to its ttl",
  ],
  [
    "1 exclusion",
    "a renewal that fails releases what another process holds",
    "src/engine/claim.ts",
    "if (this.shared && !this.kept) return;",
    "",
    "test/redlock/safety",
    "is not touched by a renewal",
  ],
  [
    "10 healing",
    "a process that only knows the token puts the key back",
    "src/engine/claim.ts",
    "decided(result) && !this.shared",
    "decided(result)",
    "test/redlock/safety",
    "is not put back",
  ],
  [
    "12 stored form",
    "a key that is not the token",
    "src/engine/script.ts",
    "call('SET', KEYS[first], token, 'PX'",
    "call('SET', KEYS[first], 'x' .. token, 'PX'",
    "test/contract/single.redis",
    "is a string key that holds the token",
  ],
  [
    "13 batches",
    "one command's error is that of all",
    "src/engine/script.ts",
    "if not fine then reply =",
    "if not fine then return redis.error_reply('ERR') elseif false then reply =",
    "test/contract/single.redis",
    "goes on when one of them fails",
  ],
  [
    "3 clean-up",
    "what is given up before its turn is over is sent all the same",
    "src/engine/seat.ts",
    "if (!errand.wanted()) errand.heard(",
    "if (false) errand.heard(",
    "test/manager/grouping",
    "leaves out what is given up",
  ],
  [
    "3 clean-up",
    "what is asked in one turn arrives in another order",
    "src/engine/seat.ts",
    "else requests.push(errand);",
    "else requests.unshift(errand);",
    "test/manager/grouping",
    "in the order in which it was asked",
  ],
  [
    "3 clean-up",
    "what was given up is sent again behind a refusal",
    "src/clients/redis-node.ts",
    'request.command.op === "release" || request.wanted()',
    "true",
    "test/clients/redis-node",
    "sending again",
  ],
  [
    "4 decide early",
    "a node whose silence lasts is asked on and on",
    "src/engine/seat.ts",
    "if (this.silence.lasting)",
    "if (false)",
    "test/manager/grouping",
    "asked nothing else",
  ],
  [
    "4 decide early",
    "nothing bounds what a node that stands still is asked in one patience",
    "src/engine/seat.ts",
    "const maxInFlight = 10_000;",
    "const maxInFlight = 1e9;",
    "test/load/hung-node",
  ],
  [
    "13 batches",
    "a release waits while its node is silent",
    "src/engine/seat.ts",
    'if (this.node.connection === "ready") this.send(delivery);',
    'if (this.node.connection === "ready" && !this.silence.lasting) this.send(delivery);',
    "test/manager/grouping",
    "asked nothing else",
  ],
  [
    "13 batches",
    "a release waits while its node owes too many answers",
    "src/engine/seat.ts",
    'if (this.node.connection === "ready") this.send(delivery);',
    'if (this.node.connection === "ready" && this.pending < maxInFlight) this.send(delivery);',
    "test/manager/grouping",
    "a release is never held back",
  ],
  [
    "13 batches",
    "a release is not sent again once nobody waits for it",
    "src/clients/redis-node.ts",
    'request.command.op === "release" || request.wanted()',
    "request.wanted()",
    "test/clients/redis-node",
    "sending again",
  ],
  [
    "13 batches",
    "a call that was refused as a whole is not split",
    "src/clients/redis-node.ts",
    "if (requests.length > 1 && (splittable.has(code)",
    "if (false && (splittable.has(code)",
    "test/clients/redis-node",
    "after a refusal of the whole",
  ],
  [
    "13 batches",
    "every caller is given the first one's reply",
    "src/clients/redis-node.ts",
    "decodeReply(request.command, raw[index])",
    "decodeReply(request.command, raw[0])",
    "test/clients/redis-node",
    "answered by its own reply",
  ],
  [
    "waiting",
    "a free lock is not kept for who has waited longest",
    "src/clients/memory-store.ts",
    "if (turn === undefined || turn.barge) return null;",
    "return null;",
    "test/manager/waiting",
    "asks once, and soon is",
  ],
  [
    "waiting",
    "the same, on servers",
    "src/engine/script.ts",
    "if not reply then return commands.p(token, ttl, place) end",
    "do return commands.p(token, ttl, place) end",
    "test/contract/single.redis",
    "goes to the first only",
  ],
  [
    "waiting",
    "the order differs from node to node",
    "src/clients/memory-queue.ts",
    "one.ticket < other.ticket || (one.ticket === other.ticket && one.id < other.id);",
    "false && one !== other;",
    "test/manager/order",
    "messages that take their time",
  ],
  [
    "waiting",
    "a free lock is kept for the dead",
    "src/engine/command.ts",
    "export const reservation = 50;",
    "export const reservation = 5_000;",
    "test/manager/places",
    "behind one who will not come",
  ],
  [
    "waiting",
    "who gives up keeps its place",
    "src/manager/pursuit.ts",
    "if (this.patience?.place) this.last?.leave(this.patience.place);",
    "",
    "test/manager/places",
  ],
  [
    "waiting",
    "who gives up leaves its place only where the last attempt was sent",
    "src/engine/claim.ts",
    "for (const { seat } of this.dealings) seat.release(command, placeTtl",
    "for (const { seat, touched } of this.dealings) if (touched) seat.release(command, placeTtl",
    "test/manager/places",
    "hangs, and wakes",
  ],
  [
    "waiting",
    "an attempt that was given up undecided tells nobody of its end",
    "src/manager/pursuit.ts",
    "this.abandoned?.discard(!this.decided);",
    "this.abandoned?.discard(false);",
    "test/manager/places",
    "undecided",
  ],
  [
    "waiting",
    "what a minority had granted is told of when it is given back",
    "src/manager/pursuit.ts",
    "this.abandoned?.discard(!this.decided);",
    "this.abandoned?.discard(true);",
    "test/manager/waking",
    "tells nobody",
  ],
  [
    "waiting",
    "a release tells nobody",
    "src/engine/claim.ts",
    "this.wakes = true;",
    "this.wakes = false;",
    "test/manager/waking",
    "seldom asks",
  ],
  [
    "waiting",
    "who is told of nothing does not ask",
    "src/manager/waiting/patience.ts",
    "const poll = 400;",
    "const poll = 20_000;",
    "test/manager/waking",
    "by asking",
  ],
  [
    "waiting",
    "one who lost its subscription stands in its own way",
    "src/manager/waiting/patience.ts",
    "this.standing === null && !this.lock",
    "!this.lock",
    "test/manager/waking",
    "in its way",
  ],
  [
    "waiting",
    "where the nodes were split nobody asks soon",
    "src/manager/waiting/patience.ts",
    "const split = isSplit(votes, nodes);",
    "const split = false;",
    "test/manager/order",
  ],
  [
    "waiting",
    "who is not fair waits behind those of its process",
    "src/manager/waiting/lines.ts",
    "return fair ? wanted :",
    "return true ? wanted :",
    "test/manager/lines",
    "past those of its process",
  ],
  [
    "waiting",
    "each of a process has a place of its own",
    "src/manager/waiting/lines.ts",
    "if (this.fronts[line] === undefined) {",
    "if (true) {",
    "test/manager/lines",
    "one place on each node",
  ],
  [
    "waiting",
    "a process listens for ever",
    "src/engine/doorbell.ts",
    "if (!this.waiting.delete(id) || this.waiting.size > 0) return;",
    "return;",
    "test/manager/waking",
    "listens once",
  ],
  [
    "12 stored form",
    "a client that knows of no queue is not waited for",
    "src/clients/memory-store.ts",
    "value !== null && value !== token)",
    "value !== null && value !== token && ownToken.test(value))",
    "test/safety/rule-12",
  ],
  [
    "12 stored form",
    "a client that knows of no queue is denied a free key",
    "src/clients/memory-store.ts",
    "if (turn === undefined || turn.barge) return null;",
    "if (turn?.barge) return null;\n    turn ??= { place: null, barge: false };",
    "test/safety/rule-12",
  ],
];

const root = resolve(import.meta.dirname, "..");
const vitest = join(root, "node_modules/vitest/vitest.mjs");
const run = promisify(execFile);
let missed = 0;

/** The tests' report, however they ended. */
async function report(copy, args) {
  try {
    return (await run(process.execPath, args, { cwd: copy, timeout: 120_000, maxBuffer: 64 << 20 })).stdout;
  } catch ({ stdout }) {
    return stdout ?? "";
  }
}

async function tryOut([rule, off, file, from, to, tests, name]) {
  const copy = mkdtempSync(join(tmpdir(), "holdfast-rules-"));
  try {
    for (const part of ["src", "test", "vitest.config.ts", "package.json", "tsconfig.json"]) {
      cpSync(join(root, part), join(copy, part), { recursive: true });
    }
    symlinkSync(join(root, "node_modules"), join(copy, "node_modules"));
    const source = readFileSync(join(copy, file), "utf8");
    writeFileSync(
      join(copy, file),
      source.replace(from, () => to),
    );
    const project = tests.includes(".redis") ? "redis" : "unit";
    const args = [vitest, "run", "--project", project, "--reporter", "json", tests];
    if (name !== undefined) args.push("--testNamePattern", name);
    const stdout = await report(copy, args);
    const start = stdout.indexOf("{");
    const failed = start < 0 ? 0 : JSON.parse(stdout.slice(start)).numFailedTests;
    if (failed === 0) missed++;
    console.log(`${failed > 0 ? "caught" : "MISSED"}  rule ${rule}: ${off} (${failed} failed in ${tests})`);
  } finally {
    rmSync(copy, { recursive: true, force: true });
  }
}

/** Each must stand where it is said to, also those that are not tried. */
for (const [, off, file, from] of switches) {
  if (readFileSync(join(root, file), "utf8").split(from).length === 2) continue;
  throw new Error(`${off}: "${from}" must stand exactly once in ${file}`);
}

// `--few`: one a rule, the first.
const few = process.argv.includes("--few");
const chosen = few
  ? switches.filter(([rule], index) => switches.findIndex(([other]) => other === rule) === index)
  : switches;

// Two at a time: each has a copy of its own.
const left = [...chosen];
const worker = async () => {
  for (let next = left.shift(); next !== undefined; next = left.shift()) await tryOut(next);
};
await Promise.all([worker(), worker()]);
console.log(`rules: ${chosen.length - missed} of ${switches.length} switches caught, ${missed} missed`);
process.exitCode = missed === 0 ? 0 : 1;
