import type { Count } from '../oracle/judge';
import type { Patch } from '../rig/patches';

/** A bug that is put in on purpose, and the fault that must show it. */
export interface Mutation {
  name: string;
  does: string;
  patches?: readonly Patch[];
  sql?: readonly string[];
  settings?: Record<string, string>;
  fault: string;
  /** One of these counts must be above 0, or one of these checks above its limit. */
  turnsRed: readonly (Count | 'check')[];
}
