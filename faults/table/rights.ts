import { createHash } from 'node:crypto';
import { setTimeout as delay } from 'node:timers/promises';
import { ChatClient } from '../load/chat-client';
import type { ChatLoad } from '../load/chat-load';
import { Listener } from '../load/listener';
import { below, randomFrom } from '../load/random';
import { ask } from '../load/rest';
import { hire, type Member } from '../load/staff';
import type { LimitedListener, Trial } from '../trial';
import type { Fault } from './fault';
import { underLoad } from './under-load';

const HEARD_LIMIT_MS = 2_000;
const HANDS_OVER_FOR_MS = 6_000;
/** Not fewer, however busy the machine. */
const HANDED_OVER = 60;
/** What is said after the last right was lost shows whether anybody still hears it. */
const AFTERWARDS_MS = 4_000;

export const RIGHTS_FAULTS: readonly Fault[] = [
  {
    name: 'reassignment',
    does: 'Conversations, of the live chat too, change hands again and again between employers who are connected, under load.',
    passes: 'all counts 0: each hears exactly what is theirs or nobody’s; who gets one hears so ≤ 2 s after',
    async run(trial) {
      const employers = await Promise.all(
        [1, 2, 3].map((n) => hire(trial.cluster, 'employer', name(trial, n))),
      );
      const heard = await Promise.all(employers.map((member, i) => listens(trial, member, i)));
      const random = randomFrom(7);
      const given: { owner: number; conversationId: number; at: number }[] = [];
      await underLoad(trial, LOAD, async () => {
        const ids = [...(await conversationsOf(trial)), ...chatIds(trial)];
        for (const [i, member] of employers.entries()) await standsIn(trial, member, i, ids);
        const until = performance.now() + HANDS_OVER_FOR_MS;
        while (performance.now() < until || given.length < HANDED_OVER) {
          const conversationId = ids[below(ids.length, random)]!;
          const to = employers[below(employers.length + 1, random)];
          const askedAt = performance.now();
          const answer = await ask(
            trial.cluster,
            'PATCH',
            `/conversations/${conversationId}/${to === undefined ? 'unassign' : 'assign'}`,
            to === undefined ? undefined : { assigned_user: to.id },
          );
          if (answer.status !== 200) trial.journal.wrong(`a reassignment answers ${answer.status}`);
          else if (to !== undefined) given.push({ owner: to.id, conversationId, at: askedAt });
          await delay(30);
        }
      });
      await trial.settle();
      const waits = given.map(({ owner, conversationId, at }) => {
        const told = heard
          .find(({ userId }) => userId === owner)!
          .listener.assignments.find(
            (one) => one.conversationId === conversationId && one.owner === owner && one.at >= at,
          );
        return told === undefined ? null : told.at - at;
      });
      // Given to whom it was theirs already changes nothing, and is not told.
      const known = waits.filter((wait) => wait !== null);
      trial.check('hand-overs short of 10', Math.max(0, 10 - known.length), 0, '');
      trial.check('told whose it is', Math.max(...known), HEARD_LIMIT_MS);
    },
  },
  {
    name: 'token-expiry',
    does: 'Sessions of staff and of chat users expire, are signed out, deleted and demoted, all while connected, under load.',
    passes:
      'all counts 0: 2 s later nobody hears what they may not; sockets of sessions that are over are closed by then',
    async run(trial) {
      const [expiring, leaving, deleted, demoted] = await Promise.all([
        hire(trial.cluster, 'supervisor', name(trial, 1)),
        hire(trial.cluster, 'employer', name(trial, 2)),
        hire(trial.cluster, 'supervisor', name(trial, 3)),
        hire(trial.cluster, 'supervisor', name(trial, 4)),
      ] as const);
      const on = await Promise.all(
        [expiring, leaving, deleted, demoted].map((member, i) => listens(trial, member, i, Infinity)),
      );
      on[1]!.seesAllUntil = -Infinity;
      const gone: { goneAt: () => number | null; endedAt: number }[] = [];
      await underLoad(trial, LOAD, async () => {
        const ids = await conversationsOf(trial);
        const chats = chatIds(trial);
        await ask(trial.cluster, 'PATCH', `/conversations/${ids[0]!}/assign`, { assigned_user: leaving.id });
        await ask(trial.cluster, 'PATCH', `/conversations/${ids[1]!}/assign`, { assigned_user: leaving.id });
        for (const id of ids.slice(2, 5)) await ask(trial.cluster, 'PATCH', `/conversations/${id}/assign`);
        const desks = await Promise.all(
          [expiring, deleted].map((member, i) => standsIn(trial, member, i, chats, true)),
        );
        const end = (listener: Listener | ChatClient): void => {
          if (listener instanceof Listener) listener.stay();
          else listener.sessionEnded();
          gone.push({ goneAt: () => listener.goneAt, endedAt: performance.now() });
        };
        const over = (one: LimitedListener, ...more: ChatClient[]): void => {
          one.endedAt = performance.now();
          for (const each of [one.listener, ...more]) end(each);
        };
        const [chat] = trial.chats;
        const devices = [
          await chat!.deviceOf(0, 'device that signs out'),
          await chat!.deviceOf(1, 'device that expires'),
        ] as const;
        trial.desks.push(...devices);
        await delay(500);
        await ask(
          { api: trial.cluster.api, token: devices[0].token },
          'DELETE',
          '/api/chat/sessions/current',
        );
        end(devices[0]);
        await trial.cluster.sql('update chat_session set expires_at = now() where token_hash = $1', [
          createHash('sha256').update(devices[1].token).digest(),
        ]);
        end(devices[1]);
        await trial.cluster.sql(
          `update user_session set expires_at = now() + interval '300 milliseconds' where id = $1`,
          [expiring.sessionId],
        );
        await delay(300);
        over(on[0]!, desks[0]!);
        await ask({ api: trial.cluster.api, token: leaving.token }, 'POST', '/auth/logout');
        over(on[1]!);
        await ask(trial.cluster, 'DELETE', `/users/${deleted.id}`);
        over(on[2]!, desks[1]!);
        await trial.cluster.sql(
          `update users set role_id = (select r.id from roles r where r.name = 'employer' and r.workspace_id = users.workspace_id)
           where id = $1`,
          [demoted.id],
        );
        on[3]!.seesAllUntil = performance.now();
        await delay(AFTERWARDS_MS);
      });
      await trial.settle();
      const waits = gone.map(({ goneAt, endedAt }) => (goneAt() ?? Infinity) - endedAt);
      trial.check(`${gone.length} sockets closed after`, Math.max(...waits), HEARD_LIMIT_MS);
    },
  },
];

/** It goes on for as long as something is done. */
const LOAD = {
  messages: 300,
  replies: 1_000,
  conversations: 8,
  pauseMs: 20,
  chat: { users: 4, messages: 1_000, answers: 1_000 },
  untilDone: true,
} as const;

const name = (trial: Trial, n: number): string => `${trial.run}-${n}`;

/** The ids of conversations on WhatsApp of the fault's customers who have been answered. */
async function conversationsOf(trial: Trial): Promise<number[]> {
  const rows = await trial.cluster.sql<{ id: number }>(
    `select c.id from contact_identity i join conversation c on c.contact_id = i.contact_id
     where i.scheme = 'whatsapp_phone' and i.value like $1 || '%' order by c.id limit 8`,
    [trial.phonePrefix],
  );
  return rows.map(({ id }) => id);
}

function chatIds(trial: Trial): number[] {
  return trial.chats.flatMap((chat: ChatLoad) => chat.conversationIds);
}

/** On /crm, at one of the servers. */
async function listens(
  trial: Trial,
  { id, token, username }: Member,
  turn: number,
  seesAllUntil = -Infinity,
): Promise<LimitedListener> {
  const [first, second] = trial.urls;
  const urls = turn % 2 === 0 ? [first!, second!] : [second!, first!];
  const listener = await Listener.open(urls, token);
  const limited = { who: username, userId: id, seesAllUntil, endedAt: null, listener };
  trial.limited.push(limited);
  return limited;
}

/** On `/`, in all of these conversations of the live chat that they may see. */
async function standsIn(
  trial: Trial,
  { id, token, username }: Member,
  turn: number,
  ids: readonly number[],
  seesAll = false,
): Promise<ChatClient> {
  const client = await ChatClient.open({
    urls: turn % 2 === 0 ? trial.urls : trial.urls.toReversed(),
    token,
    who: `desk of ${username}`,
    phone: null,
    ...(seesAll ? {} : { userId: id }),
    wrong: (what) => trial.journal.wrong(what),
  });
  trial.desks.push(client);
  const chats = new Set(chatIds(trial));
  await client.join(ids.filter((each) => chats.has(each)));
  return client;
}
