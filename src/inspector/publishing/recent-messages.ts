/** Maximum number of messages that are remembered, and of their characters together. */
const maxMessages = 100;
const maxCharacters = 1_000_000;

/** Tells messages that were received lately, such as over another node, from new ones, without parsing them. */
export class RecentMessages {
  private readonly messages = new Set<string>();
  private characters = 0;

  /** Whether the message was received lately. Remembers it otherwise. */
  repeats(message: string): boolean {
    if (this.messages.has(message)) return true;
    this.messages.add(message);
    this.characters += message.length;
    for (const oldest of this.messages) {
      if (this.messages.size <= maxMessages && this.characters <= maxCharacters) break;
      this.messages.delete(oldest);
      this.characters -= oldest.length;
    }
    return false;
  }

  get sizes(): { readonly messages: number; readonly characters: number } {
    return { messages: this.messages.size, characters: this.characters };
  }
}
