/** A member of at most one list. */
export abstract class ListNode {
  // Assigned in the constructor: V8 defines the fields of a class that many classes extend several times as slowly.
  declare list: LinkedList<ListNode> | null;
  declare before: ListNode | null;
  declare after: ListNode | null;

  constructor() {
    this.list = null;
    this.before = null;
    this.after = null;
  }
}

/**
 * A list whose members can be removed from any position in constant time. Used instead of a Set where thousands of
 * members come and go: in V8, each outgrown table of a Set refers to the next table, so an old table keeps alive what
 * all later tables held.
 */
export class LinkedList<Member extends ListNode> {
  first: Member | null = null;
  private last: Member | null = null;

  get empty(): boolean {
    return this.first === null;
  }

  add(member: Member): void {
    member.list = this as unknown as LinkedList<ListNode>;
    member.before = this.last;
    if (this.last === null) this.first = member;
    else this.last.after = member;
    this.last = member;
  }

  /** Does nothing if the member is not in this list. */
  remove(member: Member): void {
    if (member.list !== (this as unknown as LinkedList<ListNode>)) return;
    // Members are linked only to members of the same list.
    const [before, after] = [member.before as Member | null, member.after as Member | null];
    if (before === null) this.first = after;
    else before.after = after;
    if (after === null) this.last = before;
    else after.before = before;
    member.list = member.before = member.after = null;
  }

  /** The current members, in the order in which they were added. */
  toArray(): Member[] {
    const members: Member[] = [];
    for (let next = this.first; next !== null; next = next.after as Member | null) members.push(next);
    return members;
  }
}
