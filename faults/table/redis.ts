import { connect } from 'node:net';
import { setTimeout as delay } from 'node:timers/promises';
import type { Cluster } from '../rig/cluster';
import type { Fault } from './fault';
import { underLoad } from './under-load';

interface RedisFault {
  name: string;
  does: string;
  breaks: (cluster: Cluster) => Promise<void>;
}

const ROWS: readonly RedisFault[] = [
  {
    name: 'redis-gone',
    does: 'kill -9 of Redis, back after 3 s.',
    breaks: async ({ redis }) => {
      await redis!.stop();
      await delay(3_000);
      redis!.startAgain();
      await delay(1_000);
    },
  },
  {
    name: 'redis-flapping',
    does: 'Redis is killed and comes back every half second, and is flushed when it is there.',
    breaks: async ({ redis }) => {
      for (let n = 0; n < 4; n++) {
        await redis!.stop();
        await delay(500);
        redis!.startAgain();
        await delay(500);
        await flush(redis!.url);
      }
    },
  },
  {
    name: 'redis-black-hole',
    does: 'The link to Redis swallows everything, for 5 s.',
    breaks: async ({ redisLink }) => {
      redisLink!.hang();
      await delay(5_000);
      await redisLink!.mend();
      await delay(500);
    },
  },
];

export const REDIS_FAULTS: readonly Fault[] = ROWS.map((row) => ({
  name: row.name,
  does: row.does,
  passes: 'all counts 0; no request is refused, none takes > 5 s',
  needsRedis: true,
  async run(trial) {
    await underLoad(
      trial,
      {
        messages: 500,
        replies: 100,
        conversations: 8,
        pauseMs: 50,
        chat: { users: 6, messages: 1_000, answers: 1_000 },
        untilDone: true,
      },
      async () => await row.breaks(trial.cluster),
    );
    trial.check('refused', trial.journal.tries.refused, 0, '');
    trial.check('unknown', trial.journal.tries.unknown, 0, '');
    trial.check('slowest answer', trial.journal.slowestMs, 5_500);
    trial.limitRecovery(5_000);
  },
}));

async function flush(url: string): Promise<void> {
  const { hostname, port } = new URL(url);
  await new Promise<void>((done) => {
    const socket = connect(Number(port), hostname, () => socket.write('FLUSHALL\r\n'));
    socket.once('data', () => socket.end());
    socket.on('error', () => done()); // not up yet
    socket.on('close', () => done());
  });
}
