/** Part of at most one chain. */
export abstract class ListNode {
  chain: LinkedList<ListNode> | null = null;
  before: ListNode | null = null;
  after: ListNode | null = null;
}

/**
 * A list that its members leave from anywhere, at no cost. In place of a Set where thousands come and go: V8 lets each
 * outgrown table of a Set refer to the next one, and an old one then keeps alive what all later ones held.
 */
export class LinkedList<Member extends ListNode> {
  first: Member | null = null;
  private last: Member | null = null;

  get empty(): boolean {
    return this.first === null;
  }

  add(member: Member): void {
    member.chain = this as unknown as LinkedList<ListNode>;
    member.before = this.last;
    if (this.last === null) this.first = member;
    else this.last.after = member;
    this.last = member;
  }

  /** Does nothing for one that is not part of it. */
  remove(member: Member): void {
    if (member.chain !== (this as unknown as LinkedList<ListNode>)) return;
    // Only members are linked to members.
    const [before, after] = [member.before as Member | null, member.after as Member | null];
    if (before === null) this.first = after;
    else before.after = after;
    if (after === null) this.last = before;
    else after.before = before;
    member.chain = member.before = member.after = null;
  }

  /** The members of this moment, in the order in which they came. */
  toArray(): Member[] {
    const members: Member[] = [];
    for (let next = this.first; next !== null; next = next.after as Member | null) members.push(next);
    return members;
  }
}
