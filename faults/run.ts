import { noFaults } from '../simulator/faults';
import type { Cluster, ClusterOptions } from './rig/cluster';
import { SMALL_DISK } from './rig/small-disk';
import { FAULTS } from './table/all';
import type { Fault } from './table/fault';
import { type Result, Trial, type TrialSize } from './trial';

/** Runs one fault on a cluster that is well, and leaves it well. */
export async function runFault(cluster: Cluster, fault: Fault, size: TrialSize): Promise<Trial> {
  const trial = new Trial(cluster, fault.name, FAULTS.indexOf(fault), size);
  for (const node of cluster.nodes) node.deaths.length = 0;
  try {
    await fault.run(trial);
  } finally {
    Object.assign(cluster.meta.faults, noFaults());
    await cluster.databaseLink.mend();
    await cluster.nodesToMeta.mend();
    await cluster.metaToNodes.mend();
  }
  await trial.settle();
  return trial;
}

/** For the cluster of a fault that needs a disk of its own. */
export function ownDisk({ name, onSmallDisk: folder }: Fault): Pick<ClusterOptions, 'onSmallDisk'> {
  if (folder === undefined) return {};
  if (SMALL_DISK === null) throw new Error(`${name} needs a small disk, and none could be mounted.`);
  return { onSmallDisk: { disk: SMALL_DISK, folder } };
}

export function line(result: Result, seconds: number): string {
  const { counts } = result;
  const verdict = result.passed ? 'ok    ' : 'FAILED';
  const figures = Object.entries(counts)
    .map(([name, count]) => `${name} ${count}`)
    .join(', ');
  const right = result.recoveryMs === null ? 'never' : `${(result.recoveryMs / 1000).toFixed(1)} s`;
  return [
    `${verdict} ${result.name.padEnd(24)} ${seconds.toFixed(1).padStart(6)} s  ${String(result.operations).padStart(6)} operations, ` +
      `${result.unknown} unknown, ${result.refused} refused; ${figures}; right again after ${right}`,
    ...result.checks.map(({ what, value, unit }) =>
      `         ${what}: ${Math.round(value)} ${unit}`.trimEnd(),
    ),
    ...result.problems.map((problem) => `       ! ${problem}`),
  ].join('\n');
}
