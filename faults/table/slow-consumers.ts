import { setTimeout as delay } from 'node:timers/promises';
import { Listener } from '../load/listener';
import type { Trial } from '../trial';
import type { Fault } from './fault';

const SLEEPERS = 10;
/** 40 MB for each socket: far more than the network's own buffers hold. Fewer would show nothing, so they are never scaled down. */
const LOAD = { messages: 2_000, padding: 20_000 };
const LOOK_MS = 100;
const ASLEEP_MS = 12_000;

/** 1 MB is allowed, and what comes in the second until it is seen. */
const KEPT_LIMIT_KB = 10_000;
const GROWTH_LIMIT_MB = 300;
const SLOWER_LIMIT_MS = 500;

export const SLOW_CONSUMERS: Fault = {
  name: 'slow-consumers',
  does: `${SLEEPERS} sockets of agents and 4 of the live chat leave everything unread while 40 MB are told, then read again.`,
  passes:
    'all counts 0 at each socket, also of those that slept; ≤ 10 MB kept for any; the others hear as fast as before',
  async run(trial) {
    const sleepers = await Promise.all(
      Array.from({ length: SLEEPERS }, () => Listener.open(trial.urls, trial.cluster.token)),
    );
    await trial.listen();
    const others = [...trial.listeners];
    trial.listeners.push(...sleepers);
    const chat = await trial.chat({ users: 4, messages: 20, answers: 20, pauseMs: 50 });
    const ids = await trial.conversations(4);
    const load = async (part: number): Promise<void> => {
      const messages = Math.round(LOAD.messages * part);
      await Promise.all([
        trial.customers({ messages, padding: LOAD.padding, largest: 50 }).run(),
        trial.agents({ conversations: ids, replies: 20, pauseMs: 20 }).run(),
      ]);
    };
    await load(0.1);
    const before = await untilTold(trial, others, 0);

    const asleepSince = performance.now();
    const asleep = [...sleepers, ...chat.secondDevices];
    for (const each of asleep) each.sleep();
    const watching = watch(trial);
    const all = Promise.all([load(1), chat.run()]);
    // Any longer, and the ping that they do not answer ends them.
    await Promise.race([all, delay(ASLEEP_MS)]);
    const meanwhile = await untilTold(trial, others, asleepSince);
    const { mostKept, grown } = await watching.stop();
    for (const each of asleep) each.readAgain();
    await all;
    trial.healed();

    trial.check('kept for a socket that is not read, kB', mostKept / 1_000, KEPT_LIMIT_KB, '');
    trial.check('growth of the process, MB', grown / 1_000_000, GROWTH_LIMIT_MB, '');
    trial.check('others hear a reply, 95 %, before', before, Infinity);
    trial.check('others hear a reply, 95 %, meanwhile', meanwhile, 2 * before + SLOWER_LIMIT_MS);
  },
};

/** Looks again and again at what both API processes keep for their sockets. */
function watch(trial: Trial): { stop: () => Promise<{ mostKept: number; grown: number }> } {
  const { api } = trial.cluster;
  const state = { mostKept: 0, grown: 0, over: false };
  const first = Promise.all(api.map((node) => node.sockets()));
  const looking = (async () => {
    const before = await first;
    while (!state.over) {
      const now = await Promise.all(api.map((node) => node.sockets()));
      state.mostKept = Math.max(state.mostKept, ...now.map(({ mostKept }) => mostKept));
      state.grown = Math.max(state.grown, ...now.map(({ rss }, i) => rss - before[i]!.rss));
      await delay(LOOK_MS);
    }
  })();
  return {
    stop: async () => {
      state.over = true;
      await looking;
      return state;
    },
  };
}

/** How long after its acknowledgement 95 of 100 replies since then were heard, by the last to hear, in ms. */
async function untilTold(trial: Trial, listeners: readonly Listener[], since: number): Promise<number> {
  const replies = [...trial.journal.replies.values()].filter(
    ({ acknowledgedAt, clientMessageId }) =>
      acknowledgedAt !== null && acknowledgedAt > since && !clientMessageId.includes('-chat-'),
  );
  const waits = (): (number | null)[] =>
    replies.map(({ messageId, acknowledgedAt }) => {
      const heard = listeners.map((listener) =>
        listener.heard.find((one) => one.messageId === messageId && one.type === 'message:new'),
      );
      return heard.some((one) => one === undefined)
        ? null
        : Math.max(0, ...heard.map((one) => one!.at - acknowledgedAt!));
    });
  const deadline = performance.now() + 30_000;
  while (waits().includes(null) && performance.now() < deadline) await delay(LOOK_MS);
  const sorted = waits()
    .map((wait) => wait ?? Infinity)
    .sort((a, b) => a - b);
  return sorted[Math.floor(sorted.length * 0.95)] ?? Infinity;
}
