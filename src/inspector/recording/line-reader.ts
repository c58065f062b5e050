/** Splits chunks into lines, without the line ends. */
export class LineReader {
  private pieces: Buffer[] = [];
  private length = 0;

  /** Bytes of the incomplete line. */
  get pending(): number {
    return this.length;
  }

  *cut(chunk: Buffer): Generator<Buffer> {
    let from = 0;
    for (let end = chunk.indexOf(newline); end !== -1; end = chunk.indexOf(newline, from)) {
      this.keep(chunk.subarray(from, end));
      from = end + 1;
      yield this.rest();
    }
    this.keep(chunk.subarray(from));
  }

  /** The incomplete line. */
  rest(): Buffer {
    const [first] = this.pieces;
    const line = this.pieces.length === 1 && first !== undefined ? first : Buffer.concat(this.pieces);
    this.pieces = [];
    this.length = 0;
    return line;
  }

  private keep(piece: Buffer): void {
    if (piece.length === 0) return;
    this.pieces.push(piece);
    this.length += piece.length;
  }
}

const newline = 0x0a;
