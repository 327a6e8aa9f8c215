import { isDeepStrictEqual } from 'node:util';
import { setTimeout as delay } from 'node:timers/promises';
import { Listener } from '../load/listener';
import { below, randomFrom } from '../load/random';
import { ask } from '../load/rest';
import { hire } from '../load/staff';
import { apply, comparable, type CrmState, fetchState, type Told } from '../oracle/crm-state';
import type { Trial } from '../trial';
import type { Fault } from './fault';

/** Each begins with somebody who leaves. */
const EPOCHS = 4;
/** Of these nothing is kept any more when they come back. */
const FORGOTTEN = 2;
const CONVERSATIONS = 8;
const ACTIONS = 40;
const FORGET_LIMIT_MS = 30_000;
const CALL_MS = 250;
const FETCHES = 10;
const HEAR_LIMIT_MS = 20_000;

/** Somebody who left, and what they knew then. */
interface Absence {
  epoch: number;
  who: string;
  token: string;
  /** The user whose own conversations and nobody's they see; null: all. */
  onlySees: number | null;
  listener: Listener;
  before: CrmState;
  told: number;
}

export const ABSENCE_HOUR: Fault = {
  name: 'absence-hour',
  does: `An admin and an employer leave at each of ${EPOCHS} moments, random things happen between, the journal of the first ${FORGOTTEN} is cleared as after a day, and all come back while more happens.`,
  passes:
    'the state before + the events since = the state fetched anew, in every field; only whom the journal no longer reaches is told to fetch anew, and is right from there on',
  async run(trial) {
    const seed = Date.now() % 1_000_000;
    const random = randomFrom(seed);
    const { cluster } = trial;
    await trial.listen();
    const employers = await Promise.all([1, 2].map((n) => hire(cluster, 'employer', `${trial.run}-${n}`)));
    const ids = await trial.conversations(CONVERSATIONS);
    const people = [
      { who: 'an admin', token: cluster.token, onlySees: null },
      { who: 'an employer', token: employers[0]!.token, onlySees: employers[0]!.id },
    ];
    const happen = async (): Promise<void> => {
      await Promise.all([
        trial.customers({ messages: 40, contacts: CONVERSATIONS, senders: 2 }).run(),
        trial.agents({ conversations: ids, replies: 2, writers: 3 }).run(),
        act(
          trial,
          ids,
          employers.map(({ id }) => id),
          random,
        ),
      ]);
    };

    const absences: Absence[] = [];
    let forgottenUpTo = 0;
    for (let epoch = 0; epoch < EPOCHS; epoch++) {
      await trial.quiet();
      if (epoch === FORGOTTEN) forgottenUpTo = await newestEntry(trial);
      for (const person of people) {
        const urls = epoch % 2 === 0 ? trial.urls : trial.urls.toReversed();
        const listener = await Listener.open(urls, person.token, { keepsAll: true });
        const before = await stateOf(trial, person.token, ids);
        listener.leave();
        absences.push({ ...person, epoch, listener, before, told: listener.told.length });
      }
      await happen();
    }
    await trial.quiet();
    await forget(trial, forgottenUpTo);

    const happening = happen();
    happening.catch(() => undefined); // heard below
    const outcomes = await Promise.all(absences.map((absence) => comeBack(trial, absence, ids)));
    await happening;
    await trial.quiet();
    const newest = await newestEntry(trial);
    for (const { absence } of outcomes) await hears(absence, trial, newest);

    const differing: string[] = [];
    for (const { absence, from, since } of outcomes) {
      const { listener, onlySees, token } = absence;
      // What was told before everything was fetched anew may be of a conversation that was gone by then.
      const isOver = (state: CrmState, one: Told): boolean =>
        listener.resyncs > 0 &&
        one.event === 'message:new' &&
        !state.conversations.has(subjectOf(one.payload));
      const known = toldOf(listener, since, ids).reduce(
        (state, one) => (isOver(state, one) ? state : apply(state, one, onlySees)),
        from,
      );
      const fresh = await stateOf(trial, token, ids);
      if (!isDeepStrictEqual(comparable(known, known.knownAfter), comparable(fresh, known.knownAfter)))
        differing.push(`${absence.who} of epoch ${absence.epoch}`);
      listener.close();
    }
    const anew = (wanted: boolean): number =>
      absences.filter(
        ({ epoch, listener }) => epoch < FORGOTTEN === wanted && listener.resyncs !== Number(wanted),
      ).length;
    if (differing.length > 0) trial.journal.wrong(`states differ (seed ${seed}): ${differing.join(', ')}`);
    trial.check('states that differ', differing.length, 0, '');
    trial.check('beyond what is kept and not told so', anew(true), 0, '');
    trial.check('told to fetch anew without need', anew(false), 0, '');
  },
};

/** Comes back, and where the journal no longer reaches so far, loads everything afresh, as the contract says. */
async function comeBack(
  trial: Trial,
  absence: Absence,
  ids: readonly number[],
): Promise<{ absence: Absence; from: CrmState; since: number }> {
  const { listener, before, told, token } = absence;
  const since = listener.told.length;
  await listener.comeBack();
  await delay(CALL_MS); // the call to fetch anew comes right behind the word that it hears everything
  if (listener.resyncs === 0) return { absence, from: before, since: told };
  return { absence, from: await stateOf(trial, token, ids), since };
}

function toldOf(listener: Listener, since: number, ids: readonly number[]): Listener['told'] {
  return listener.told
    .slice(since)
    .filter(
      ({ event, payload }) => /^(message|conversation):/.test(event) && ids.includes(subjectOf(payload)),
    );
}

function subjectOf(payload: object): number {
  const { conversation_id: of, id } = payload as { conversation_id?: number; id: number };
  return of ?? id;
}

async function stateOf({ cluster }: Trial, token: string, ids: readonly number[]): Promise<CrmState> {
  const reader = {
    get: async (path: string) => await ask<unknown>({ api: cluster.api, token }, 'GET', path),
  };
  for (let attempt = 1; ; attempt++) {
    try {
      return await fetchState(reader, new Set(ids));
    } catch (error) {
      // A conversation that is taken away between the list and its history: as any client, once more.
      if (attempt === FETCHES) throw error;
    }
  }
}

async function newestEntry({ cluster }: Trial): Promise<number> {
  const [row] = await cluster.sql<{ id: number }>('select coalesce(max(id), 0) as id from event');
  return row!.id;
}

/** Until the admin's sockets have heard the newest entry: those of employers heard theirs by then. */
async function hears({ listener, onlySees }: Absence, trial: Trial, newest: number): Promise<void> {
  if (onlySees !== null) return await delay(200);
  const deadline = performance.now() + HEAR_LIMIT_MS;
  while (listener.newestEntry < newest && performance.now() < deadline) await delay(20);
  if (listener.newestEntry < newest) trial.journal.wrong('the newest entry is not heard');
}

/** As if these entries were a day old: a process that runs jobs clears them when it starts. */
async function forget(trial: Trial, upTo: number): Promise<void> {
  const { cluster } = trial;
  await trial.keepJournal();
  await cluster.sql(`update event set created_at = created_at - interval '25 hours' where id <= $1`, [upTo]);
  await cluster.workers[0]!.restart({ FAULTS_RETENTION_MS: '100' });
  const left = async (): Promise<number> =>
    (await cluster.sql<{ n: number }>('select count(*) as n from event where id <= $1', [upTo]))[0]!.n;
  const deadline = performance.now() + FORGET_LIMIT_MS;
  while ((await left()) > 0 && performance.now() < deadline) await delay(50);
  trial.check('entries not cleared', await left(), 0, '');
}

/** Random things that an admin does with conversations. */
async function act(
  { cluster, journal }: Trial,
  ids: readonly number[],
  employers: readonly number[],
  random: () => number,
): Promise<void> {
  const pick = <T>(list: readonly T[]): T => list[below(list.length, random)]!;
  for (let n = 0; n < ACTIONS; n++) {
    const path = `/conversations/${pick(ids)}`;
    const [more, body] = pick<[string, object?]>([
      ['/assign'],
      ['/assign', { assigned_user: pick(employers) }],
      ['/transfer', { assigned_user: pick(employers), note: 'yours' }],
      ['/unassign'],
      ['/read'],
      ['/unread'],
      ['', { priority: pick(['low', 'normal', 'high', 'urgent']) }],
    ]);
    const { status } = await ask(cluster, 'PATCH', path + more, body);
    if (status >= 500) journal.wrong(`${more || 'a change'} answers ${status}`);
  }
}
