import { Socket } from 'node:net';

type Write = (...args: unknown[]) => boolean;

/**
 * A connection to PostgreSQL that hands the kernel at once what one turn of the program writes: the driver writes
 * statement by statement, and each write is a system call that may wake the other side for a part only.
 */
export class GatheringSocket extends Socket {
  private gathering = false;

  override connect(...args: unknown[]): this {
    (super.connect as (...given: unknown[]) => this)(...args); // which puts Socket's own `write` in place of any other
    this.write = (...given: unknown[]): boolean => {
      this.gather();
      return (super.write as Write)(...given);
    };
    return this;
  }

  private gather(): void {
    if (this.gathering) return;
    this.gathering = true;
    this.cork();
    process.nextTick(() => {
      this.gathering = false;
      this.uncork();
    });
  }
}
