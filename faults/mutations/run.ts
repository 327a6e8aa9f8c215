import { Cluster } from '../rig/cluster';
import { runFault } from '../run';
import { FAULTS } from '../table/all';
import type { Result } from '../trial';
import type { Mutation } from './mutation';

export interface MutationResult {
  mutation: Mutation;
  found: boolean;
  /** What turned red, in words. */
  red: string;
}

/** A bug is waited for no longer than this, in ms: it never comes right. */
const SETTLE_LIMIT_MS = 12_000;

/** Part of the short form's load that is enough to see a bug. */
const LOAD_FACTOR = 0.4;

/** Puts one bug into a cluster of its own and runs the fault that must show it. */
export async function runMutation(
  mutation: Mutation,
  dir: string,
  started: (cluster: Cluster) => void,
): Promise<MutationResult> {
  const fault = FAULTS.find(({ name }) => name === mutation.fault);
  if (fault === undefined) throw new Error(`${mutation.name} names no fault: ${mutation.fault}`);
  const { patches = [], sql = [], settings = {} } = mutation;
  const cluster = await Cluster.start({ dir, jobHoldSeconds: 5, mutation: { patches, sql, settings } });
  started(cluster);
  try {
    const trial = await runFault(cluster, fault, LOAD_FACTOR, SETTLE_LIMIT_MS);
    return judged(mutation, await trial.result());
  } finally {
    await cluster.destroy();
  }
}

function judged(mutation: Mutation, { counts, checks }: Result): MutationResult {
  const missed = checks.filter(({ value, limit, what }) => !(value <= limit) && what !== 'right again');
  const found = mutation.turnsRed.some((red) => (red === 'check' ? missed.length > 0 : counts[red] > 0));
  const red = [
    ...Object.entries(counts)
      .filter(([, count]) => count > 0)
      .map(([name, count]) => `${name} ${count}`),
    ...missed.map(({ what, value }) => `${what} ${Math.round(value)}`),
  ];
  return { mutation, found, red: red.join(', ') || 'nothing' };
}
