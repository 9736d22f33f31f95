/** Of the first piece: most bodies fit. */
const FIRST_BYTES = 16_384;
const NEXT_BYTES = 1_048_576;

/** Most bytes of one UTF-16 unit in UTF-8. */
const MOST_BYTES = 3;

/**
 * Text as it goes over the wire, added to bit by bit. It is kept in pieces: one that grows would be copied again and
 * again, and megabytes of new memory are as slow to get as to fill.
 */
export class JsonBytes {
  private readonly full: Buffer[] = [];
  private last = Buffer.allocUnsafe(FIRST_BYTES);
  /** Bytes of the last piece. */
  private used = 0;
  private taken = 0;

  /** Adds a text; gives how many bytes it has. */
  add(text: string): number {
    this.reserve(text.length * MOST_BYTES);
    const size = this.last.write(text, this.used);
    this.used += size;
    return size;
  }

  /** Takes so many bytes from the beginning of another, at most what one call added to it; gives up the last `without`. */
  take(other: JsonBytes, size: number, without = 0): void {
    const kept = size - without;
    this.reserve(kept);
    this.used += other.first().copy(this.last, this.used, other.taken, other.taken + kept);
    other.taken += size;
  }

  /** What was added, in order; nothing more can be. */
  pieces(): readonly Buffer[] {
    return [...this.full, this.last.subarray(0, this.used)];
  }

  private first(): Buffer {
    let first = this.full[0];
    if (first?.length === this.taken) {
      this.full.shift();
      this.taken = 0;
      first = this.full[0];
    }
    return first ?? this.last;
  }

  private reserve(size: number): void {
    if (this.used + size <= this.last.length) return;
    if (this.used > 0) this.full.push(this.last.subarray(0, this.used));
    this.last = Buffer.allocUnsafe(Math.max(NEXT_BYTES, size));
    this.used = 0;
  }
}
