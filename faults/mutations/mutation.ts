import type { Count } from '../oracle/judge';
import type { Patch } from '../rig/patches';

/** A count above 0, a check above its limit, or an answer that nobody may get. */
export type Red = Count | 'check' | 'answer';

/** A bug that is put in on purpose, and the fault that must show it. */
export interface Mutation {
  name: string;
  does: string;
  patches?: readonly Patch[];
  sql?: readonly string[];
  settings?: Record<string, string>;
  fault: string;
  /** One of these must be seen. */
  turnsRed: readonly Red[];
}
