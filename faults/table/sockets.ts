import { isDeepStrictEqual } from 'node:util';
import { setTimeout as delay } from 'node:timers/promises';
import { Listener } from '../load/listener';
import { reader } from '../load/rest';
import { apply, comparable, type CrmState, fetchState } from '../oracle/crm-state';
import type { Fault } from './fault';
import { underLoad } from './under-load';

/** Sockets of agents, and users of the live chat with two devices each. */
const STORM = { agents: 700, users: 150 };

export const SOCKET_FAULTS: readonly Fault[] = [
  {
    name: 'reconnect-storm',
    does: '1,000 sockets, of agents and of users of the live chat, on a process that is killed; all come to the other one, under load.',
    passes: 'all counts 0 at each socket; all hear again ≤ 10 s',
    async run(trial) {
      const { urls } = trial;
      await trial.listen();
      const agents = await Promise.all(
        Array.from({ length: trial.times(STORM.agents) }, () => Listener.open(urls, trial.cluster.token)),
      );
      trial.listeners.push(...agents);
      const chat = await trial.chat({
        users: trial.times(STORM.users),
        messages: 0,
        answers: 1,
        together: true,
      });
      const left = (): number =>
        agents.filter(({ connections }) => connections < 2).length +
        chat.clients.filter(({ entries }) => entries < 2).length;
      const size = { messages: 60, replies: 2, conversations: 6 };
      await underLoad(trial, size, async () => {
        const talk = chat.run();
        await delay(500);
        trial.cluster.api[0]!.kill('SIGKILL');
        const killed = performance.now();
        const waitedBefore = trial.cluster.api[1]!.waitedMs;
        while (left() > 0 && performance.now() - killed < 60_000) await delay(20);
        const waited = trial.cluster.api[1]!.waitedMs - waitedBefore;
        trial.check(
          `all ${agents.length + chat.clients.length} hear again`,
          performance.now() - killed - waited,
          10_000,
        );
        trial.check('and the other one waited for a processor', waited, Infinity);
        await talk;
      });
      await trial.cluster.api[0]!.ready();
      trial.limitRecovery(30_000);
    },
  },
  {
    name: 'absence',
    does: 'Sockets leave and come back to the other process while everything goes on, and ask for what they missed.',
    passes: 'the state before + the events since = the state fetched anew, in every field',
    async run(trial) {
      const [first, second] = trial.urls;
      const listener = await Listener.open([first!, second!], trial.cluster.token, { keepsAll: true });
      trial.listeners.push(listener);
      await trial.listen();
      const ids = new Set(await trial.conversations(12));
      const before = await fetchState(reader(trial.cluster), ids);
      const known = listener.told.length;
      await underLoad(trial, { messages: 400, replies: 6, conversations: 12 }, async (busy) => {
        while (busy()) {
          await delay(200 + Math.random() * 400);
          listener.leave();
          await delay(200 + Math.random() * 400);
          await listener.comeBack();
        }
      });
      await trial.settle();
      const after = listener.told
        .slice(known)
        .filter(
          ({ event, payload }) => /^(message|conversation):/.test(event) && ids.has(conversationOf(payload)),
        )
        .reduce<CrmState>((state, told) => apply(state, told, null), before);
      const fresh = await fetchState(reader(trial.cluster), ids);
      const same = isDeepStrictEqual(comparable(after, new Map()), comparable(fresh, new Map()));
      trial.check('states that differ', same ? 0 : 1, 0, '');
    },
  },
];

function conversationOf(payload: object): number {
  const { conversation_id: of, id } = payload as { conversation_id?: number; id: number };
  return of ?? id;
}
