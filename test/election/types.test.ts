import { expectTypeOf, it } from "vitest";
import {
  createLocks,
  type Election,
  type ElectionState,
  type FencedTerm,
  isHoldfastError,
  memoryNode,
  type Term,
  TermEndedError,
} from "../../src/index.js";

it("terms have a fence in the types only with the option `fence: true`", async () => {
  const locks = createLocks({ nodes: [memoryNode()] });
  const fenced = locks.election("fenced", {
    fence: true,
    onElected: (term) => void expectTypeOf(term).toEqualTypeOf<FencedTerm>(),
  });
  const plain = locks.election("plain", {
    onElected: (term) => void expectTypeOf(term).toEqualTypeOf<Term>(),
  });
  const decided = locks.election("decided", { fence: Math.random() < 0.5 });
  expectTypeOf(fenced).toEqualTypeOf<Election<FencedTerm>>();
  expectTypeOf(plain).toEqualTypeOf<Election<Term>>();
  expectTypeOf(decided.term).toEqualTypeOf<Term | null>();
  expectTypeOf(fenced.state).toEqualTypeOf<ElectionState>();
  const error: unknown = new TermEndedError("a", 1, "resigned");
  if (isHoldfastError(error, "TERM_ENDED")) expectTypeOf(error).toEqualTypeOf<TermEndedError>();
  // @ts-expect-error: an election has no wait
  void (() => locks.election("a", { wait: 1 }));
  await locks.close();
});
