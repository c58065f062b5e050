/** The switches: the rule, the fault that the switch introduces, and the changes of the source that introduce it. */
export const switches = [
  {
    rule: "1 exclusion",
    off: "grants of different permits are counted together",
    faults: "permits",
    changes: [
      [
        "src/engine/quorum/permit-decision.ts",
        "permitsOf(ballots[member]).includes(permit)",
        "permitsOf(ballots[member]).length > 0",
      ],
    ],
  },
  {
    rule: "1 exclusion",
    off: "a minority is enough",
    changes: [
      ["src/engine/protocol/quorum.ts", "Math.floor(nodes / 2) + 1", "Math.max(1, Math.floor(nodes / 2))"],
    ],
  },
  {
    rule: "1 exclusion",
    off: "a node grants a key that is already held",
    changes: [
      [
        "src/clients/memory/memory-store.ts",
        "this.#first({ keys, token }, now, (value) => value !== null && value !== token);\n    return held",
        "null;\n    return held",
      ],
    ],
  },
  {
    rule: "1 exclusion",
    off: "a release deletes any value",
    changes: [
      [
        "src/clients/memory/memory-store.ts",
        "if (this.#readers.view(key, now, token) === token) this.#drop(key, rest, now, token);",
        "this.#drop(key, rest, now, token);",
      ],
    ],
  },
  {
    rule: "1 exclusion",
    off: "an equal fence is accepted",
    // The proposal is changed too, because two random fences are seldom equal.
    changes: [
      ["src/clients/memory/memory-fences.ts", "fence <= bound", "fence < bound"],
      ["src/engine/protocol/fence.ts", "this.highest += 1;", ""],
    ],
  },
  {
    rule: "1 exclusion",
    off: "a fence needs no quorum",
    changes: [
      [
        "src/engine/quorum/fence-rounds.ts",
        "claim.membership.isQuorumOf(accepted)",
        "accepted.length > 0 || answers.length > 0",
      ],
    ],
  },
  {
    rule: "1 exclusion",
    off: "the group of a resource depends on the order in which a process lists the groups",
    faults: "groups",
    changes: [
      [
        "src/groups/rendezvous.ts",
        "[...names].sort().map((name) => ({ name, seed: hash(name) }))",
        "names.map((name, at) => ({ name, seed: hash(String(at)) }))",
      ],
    ],
  },
  {
    rule: "1 exclusion",
    off: "while the nodes are being changed, a majority of the new set alone is enough",
    faults: "membership",
    changes: [
      [
        "src/engine/quorum/engine.ts",
        "new Membership(names, options.sets)",
        "new Membership(names, options.sets?.slice(0, 1))",
      ],
    ],
  },
  {
    rule: "1 exclusion",
    off: "the new set does not learn the fences of the previous one",
    faults: "membership",
    changes: [
      ["src/engine/quorum/set-watch.ts", "this.records.map(({ watermark }) => watermark)", "[0]"],
      [
        "src/testing/simulator/membership-change.ts",
        "if (known.includes(null)) return false;",
        "return true;",
      ],
    ],
  },
  {
    rule: "2 validity",
    off: "no drift",
    changes: [
      ["src/engine/protocol/validity.ts", "Math.ceil(ttl * driftFactor) + 2", "ttl * driftFactor * 0"],
    ],
  },
  {
    rule: "2 validity",
    off: "validity counts from the reply",
    changes: [
      [
        "src/lock/lease-state.ts",
        "this.confirmedAt = grant.at;",
        "this.confirmedAt = { monotonic: this.clock.monotonic(), wall: this.clock.wall() };",
      ],
    ],
  },
  {
    rule: "2 validity",
    off: "a renewal counts from its reply",
    changes: [
      [
        "src/lock/lease-state.ts",
        "this.confirmedAt = start;",
        "this.confirmedAt = { monotonic: this.clock.monotonic(), wall: this.clock.wall() };",
      ],
    ],
  },
  {
    rule: "2 validity",
    off: "a lease that expired before the grant is accepted",
    changes: [["src/lock/acquisition.ts", "leaseState.left() > 0", "true"]],
  },
  {
    rule: "2 validity",
    off: "a renewal shortens what a node grants",
    changes: [
      ["src/clients/memory/memory-entries.ts", "Math.max(ttl, entry === null ? 0 : left(entry, now))", "ttl"],
      ["src/lock/lease-state.ts", "Math.ceil((this.left() + 4) / (1 - driftFactor))", "0"],
    ],
  },
  {
    rule: "3 clean-up",
    off: "only nodes that granted",
    changes: [["src/engine/quorum/claim-undo.ts", "!record.touched &&", "!record.granted &&"]],
  },
  {
    rule: "3 clean-up",
    off: "one token for all attempts",
    changes: [["src/engine/protocol/token.ts", "random.secret()", '"0123456789012345678901"']],
  },
  {
    rule: "3 clean-up",
    off: "a failed attempt is not released",
    changes: [["src/lock/acquisition.ts", "this.abandoned?.discard(!this.decided, patient, waits);", ""]],
  },
  {
    rule: "3 clean-up",
    off: "a release to an unreachable node is dropped",
    changes: [["src/engine/node/pending-releases.ts", "this.pending.push(entry);", ""]],
  },
  {
    rule: "3 clean-up",
    off: "a lost lease is not released",
    changes: [
      [
        "src/lock/held-lease.ts",
        "else this.leaseState.claim.discard(true);",
        "else this.leaseState.claim.end();",
      ],
    ],
  },
  {
    rule: "3 clean-up",
    off: "an adopted lease is released only on nodes that renamed its token",
    changes: [
      [
        "src/engine/quorum/claim-undo.ts",
        "const inherited = from !== null && kept;",
        "const inherited = false;",
      ],
    ],
  },
  {
    rule: "4 decide early",
    off: "a round never times out",
    changes: [
      [
        "src/engine/quorum/round.ts",
        "if (this.answered[index] !== true) this.count(index, member.silentFor(waited));",
        "",
      ],
    ],
  },
  {
    rule: "5 loss",
    off: "no timer is set for the deadline",
    changes: [
      [
        "src/lock/held-lease.ts",
        "Math.min(this.leaseState.left(), this.untilRenewal())",
        "this.untilRenewal()",
      ],
    ],
  },
  {
    rule: "5 loss",
    off: "the state is trusted, not the clock",
    changes: [
      ["src/lock/held-lease.ts", "this.leaseState.end === null && this.leaseState.left() <= 0", "false"],
    ],
  },
  {
    rule: "5 loss",
    off: "expiry is not final",
    changes: [["src/lock/renewable-lease.ts", "if (!this.checkHeld()) return false;", ""]],
  },
  {
    rule: "5 loss",
    off: "the signal is not aborted",
    changes: [
      [
        "src/lock/held-lease.ts",
        "if (lost) lock.notifier.defer(() => leaseState.abort(leaseState.lossError(reason)));",
        "",
      ],
    ],
  },
  {
    rule: "5 loss",
    off: "onLost is not called",
    changes: [["src/lock/held-lease.ts", "if (lost && onLost)", "if (false)"]],
  },
  {
    rule: "6 two clocks",
    off: "monotonic only",
    changes: [["src/engine/time/clock.ts", "clock.wall() - start.wall, 0)", "0)"]],
  },
  {
    rule: "6 two clocks",
    off: "wall only",
    changes: [["src/engine/time/clock.ts", "clock.monotonic() - start.monotonic, ", ""]],
  },
  {
    rule: "6 two clocks",
    off: "no shared tick",
    changes: [
      ["src/manager/active-locks.ts", "for (const lock of this.locks.toArray()) lock.clocksDiverged();", ""],
    ],
  },
  {
    rule: "7 release",
    off: "a renewal timer survives the release",
    changes: [["src/lock/held-lease.ts", "this.lock.timer.clear();\n", ""]],
  },
  {
    rule: "7 release",
    off: "a subscription survives the close",
    changes: [
      [
        "src/engine/quorum/wakeup-channel.ts",
        "for (const unsubscribe of this.unsubscribes ?? []) unsubscribe();",
        "",
      ],
    ],
  },
  {
    rule: "9 memory",
    off: "no quarantine",
    changes: [
      [
        "src/engine/node/abstention.ts",
        'rule === "auto" ? planForLost(index, memory, others, view, terms)',
        'rule === "auto" ? vote(memory, others)',
      ],
    ],
  },
  {
    rule: "9 memory",
    off: "abstains for a quarter of the time",
    changes: [
      [
        "src/engine/node/abstention.ts",
        "{ until, least, settles, settled: false }",
        "{ until: now + (until - now) / 4, least: now, settles: now, settled: true }",
      ],
    ],
  },
  {
    rule: "9 memory",
    off: "memory is not checked in every batch",
    changes: [
      ["src/clients/memory/memory-node.ts", "if (mark !== null && needsMemory(command)) {", "if (false) {"],
    ],
  },
  {
    rule: "9 memory",
    off: "requested TTLs are not recorded",
    changes: [["src/clients/memory/memory-node.ts", "command.ttl > longest &&", "false &&"]],
  },
  {
    rule: "9 memory",
    off: "the others' watermark is not taken over",
    changes: [
      [
        "src/clients/memory/memory-node.ts",
        "this.#store.raiseWatermark(watermark);\n    this.#marker =",
        "this.#marker =",
      ],
    ],
  },
  {
    rule: "10 healing",
    off: "healing continues after the release has begun",
    changes: [
      [
        "src/engine/quorum/claim.ts",
        "if (record === undefined || this.ended) return;",
        "if (record === undefined) return;",
      ],
      ["src/engine/quorum/claim-command.ts", "return !this.claim.ended;", "return true;"],
    ],
  },
  {
    rule: "12 stored form",
    off: "keys of other clients are taken",
    changes: [
      [
        "src/clients/memory/memory-store.ts",
        "this.#first({ keys, token }, now, (value) => value !== null && value !== token);\n    return held",
        "this.#first({ keys, token }, now, (value) => value !== null && value !== token && /^~*[^~]*~[\\w-]{22}$/.test(value));\n    return held",
      ],
    ],
  },
  {
    rule: "13 batches",
    off: "every caller gets the first reply of the batch",
    changes: [
      [
        "src/clients/memory/memory-node.ts",
        "request.answered(replies[index] ?? lost)",
        "request.answered(replies[0] ?? lost)",
      ],
    ],
  },
  {
    rule: "waiting",
    off: "a free lock stays reserved for a dead waiter",
    changes: [
      ["src/clients/memory/memory-queue.ts", "until: now + placeTtl", "until: now + placeTtl * 1e6"],
      ["src/clients/memory/memory-queue.ts", "{ ...waiter, until }", "{ ...waiter }"],
    ],
  },
  {
    rule: "waiting",
    off: "the time to wait is not bounded",
    changes: [
      ["src/lock/acquisition-limits.ts", ": Math.max(0, wait - elapsed(clock, since));", ": wait * 1e3;"],
    ],
  },
  {
    rule: "2 validity",
    off: "each renewal requests a slightly longer TTL",
    changes: [
      ["src/lock/lease-state.ts", "Math.max(asked, Math.min(kept, this.ttl))", "Math.max(asked, kept)"],
    ],
  },
  {
    rule: "3 clean-up",
    off: "a release to a silent node is dropped",
    changes: [
      [
        "src/engine/node/quorum-member.ts",
        "    this.releases.release(release);\n  }\n\n  /** Gives up",
        "    if (!this.detector.suspects) this.releases.release(release);\n    else release.answered?.(unresponsive);\n  }\n\n  /** Gives up",
      ],
    ],
  },
  {
    rule: "3 clean-up",
    off: "a release that the client refuses is not kept pending",
    changes: [
      [
        "src/engine/node/pending-releases.ts",
        '["connection", "notReady", "refused", "timeout", "overloaded"]',
        '["connection", "notReady", "refused"]',
      ],
    ],
  },
  {
    rule: "3 clean-up",
    off: "a claim that arrives after its release is not released again",
    changes: [
      [
        "src/engine/node/pending-releases.ts",
        "return unanswered && (askedOn === null || askedOn !== connection);",
        "return false;",
      ],
    ],
  },
  {
    rule: "14 liveness",
    off: "identifying a node starts the failure timeout although nothing is sent, and an open circuit is not probed",
    changes: [
      [
        "src/engine/node/member-connection.ts",
        'if (this.node.connection === "ready" && this.server.identify()) this.detector.sent(1);',
        'if (this.node.connection === "ready") this.server.identify();\n    this.detector.sent(1);',
      ],
      ["src/engine/node/failure-detector.ts", "    this.options.probe();\n", ""],
    ],
  },
  {
    rule: "14 liveness",
    off: "an open circuit is not probed",
    changes: [["src/engine/node/failure-detector.ts", "    this.options.probe();\n", ""]],
  },
  {
    rule: "14 liveness",
    off: "a silent connection is not replaced",
    changes: [["src/engine/node/member-connection.ts", "    this.guard.silent();\n", ""]],
  },
  {
    rule: "14 liveness",
    off: "silence is counted before the network is read",
    changes: [
      [
        "src/engine/time/clock.ts",
        "clock.after(delay, () => afterPoll(clock, () => cancelled || callback()), background)",
        "clock.after(delay, () => cancelled || callback(), background)",
      ],
    ],
  },
  {
    rule: "14 liveness",
    off: "a round ends before the network is read",
    changes: [
      [
        "src/engine/quorum/round.ts",
        "afterPoll(this.context.clock, () => this.countSilent());",
        "this.countSilent();",
      ],
    ],
  },
  {
    rule: "14 liveness",
    off: "waiters are not woken and do not poll",
    changes: [
      ["src/clients/memory/memory-queue.ts", "this.publish(wakeChannel(process), waiter.id);", ""],
      ["src/lock/waiting/wait-strategy.ts", "const poll = 400;", "const poll = 1e9;"],
    ],
  },
  {
    rule: "14 liveness",
    off: "the last waiter is served first",
    changes: [
      [
        "src/clients/memory/memory-queue.ts",
        "one.ticket < other.ticket || (one.ticket",
        "one.ticket > other.ticket || (one.ticket",
      ],
    ],
  },
  {
    rule: "14 liveness",
    off: "every caller barges",
    changes: [["src/lock/waiting/wait-strategy.ts", "barge: !fair }", "barge: true }"]],
  },
  {
    rule: "14 liveness",
    off: "the watermark that caused a refusal is not recorded, and a clock that is ahead is not followed",
    changes: [
      ["src/clients/memory/memory-fences.ts", "for (const key of keys) write(key, seen(key));", ""],
      ["src/engine/protocol/fence.ts", "if (time > this.due) this.anchor(time);", ""],
    ],
  },
  {
    rule: "14 liveness",
    off: "acquisitions of several resources do not queue",
    changes: [
      [
        "src/lock/acquisition.ts",
        "this.queues ? this.waits()",
        "this.queues && this.keys.length === 1 ? this.waits()",
      ],
    ],
  },
  {
    rule: "14 liveness",
    off: "an abstaining node is not checked again",
    changes: [
      [
        "src/engine/node/quarantine.ts",
        "this.timer = this.clock.after(pause, weakRequest(new WeakRef(this)), true);",
        "",
      ],
    ],
  },
  {
    rule: "minimum hold",
    off: "a release deletes the key at once",
    minimumHolds: true,
    changes: [["src/engine/node/release-command.ts", "rest > 0 ? { ...command, rest } : command", "command"]],
  },
  {
    rule: "minimum hold",
    off: "the ttl does not cover it",
    minimumHolds: true,
    changes: [["src/lock/settings.ts", "Math.max(settings.ttl, holdAtLeast)", "settings.ttl"]],
  },
  {
    rule: "minimum hold",
    off: "it counts by the wall clock",
    minimumHolds: true,
    changes: [
      [
        "src/lock/lease-state.ts",
        "this.grant.at.monotonic + this.grant.holdAtLeast",
        "this.clock.monotonic() + this.grant.holdAtLeast - (this.clock.wall() - this.grant.at.wall)",
      ],
      [
        "src/lock/held-lease.ts",
        "leaseState.claim.keptUntil = leaseState.keptUntil",
        "Object.defineProperty(leaseState.claim, 'keptUntil', { get: () => leaseState.keptUntil })",
      ],
    ],
  },
  {
    rule: "1 exclusion",
    off: "a shared lease is upgraded although others share its keys",
    readers: true,
    changes: [["src/clients/memory/memory-upgrades.ts", "this.readers.hasOthers(key, token, now)", "false"]],
  },
  {
    rule: "1 exclusion",
    off: "a release of one reader frees the key",
    readers: true,
    changes: [
      [
        "src/clients/memory/memory-readers.ts",
        "this.#sets.get(key)?.delete(token);\n    this.#cover(key, now);",
        "this.entries.delete(key);",
      ],
    ],
  },
  {
    rule: "1 exclusion",
    off: "a key does not last as long as its readers",
    readers: true,
    changes: [
      [
        "src/clients/memory/memory-readers.ts",
        "entries.extend(key, sharedForm, left, now);",
        "entries.extend(key, sharedForm, left / 4, now);",
      ],
    ],
  },
  {
    rule: "3 clean-up",
    off: "permits that a node granted besides those of the lease are kept",
    faults: "permits",
    changes: [["src/engine/quorum/permit-claim.ts", "this.releaseSurplus(record, surplus);", ""]],
  },
  {
    rule: "3 clean-up",
    off: "of a node that has not answered only one permit is released",
    faults: "permits",
    changes: [
      [
        "src/engine/quorum/permit-claim.ts",
        "if (answered === undefined || unanswered > 0) return order.all;",
        "if (answered === undefined || unanswered > 0) return order.all.slice(0, 1);",
      ],
    ],
  },
  {
    rule: "1 exclusion",
    off: "an upgraded lease is renewed as one whose keys others may share",
    readers: true,
    changes: [
      [
        "src/engine/quorum/reader-claim.ts",
        "place === null ? super.renewal(ttl)",
        "true ? super.renewal(ttl)",
      ],
    ],
  },
];
