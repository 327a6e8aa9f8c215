/** One line that tells how far something is: rewritten at a terminal, written once at the end elsewhere. */
export class Progress {
  private done = 0;

  constructor(
    private readonly what: string,
    private readonly total: number,
  ) {}

  add(count: number): void {
    this.done += count;
    if (process.stdout.isTTY) process.stdout.write(`\r${this.line}`);
    if (this.done < this.total) return;
    process.stdout.write(process.stdout.isTTY ? '\n' : `${this.line}\n`);
  }

  private get line(): string {
    return `${this.what.padEnd(16)} ${this.done}/${this.total}`;
  }
}
