import type { Heard } from '../load/listener';
import type { Evidence, Expectations, StoredMessage } from './evidence';
import { judgeChats } from './judge-chat';
import { judgeRights } from './judge-rights';
import { type Counts, Verdict } from './verdict';

export { type Count, COUNTS, type Counts } from './verdict';

export interface Judgement {
  counts: Counts;
  /** The first of each kind, in words. */
  examples: string[];
}

/** Written down here once more on purpose: the server's own table is what is judged. */
const RANK: Readonly<Record<string, number>> = {
  pending: 0,
  uncertain: 1,
  sent: 2,
  failed: 3,
  delivered: 4,
  read: 5,
};

/** What was asked and answered against what is there, was sent and was heard. */
export function judge(evidence: Evidence, expected: Expectations): Judgement {
  const verdict = new Verdict();
  const stored = new Stored(evidence.messages);
  judgeInbound(evidence, stored, verdict);
  judgeReplies(evidence, stored, expected, verdict);
  judgeStrangers(evidence, verdict);
  judgeOrder(evidence, stored, verdict);
  judgeJournal(evidence, verdict);
  for (const heard of evidence.heard) judgeHeard(evidence, heard, verdict);
  judgeChats(evidence, verdict);
  judgeRights(evidence, verdict);
  judgeCounters(evidence, verdict);
  return { counts: verdict.counts, examples: verdict.examples };
}

class Stored {
  readonly byExternalId: ReadonlyMap<string, StoredMessage[]>;
  readonly byClientId: ReadonlyMap<string, StoredMessage[]>;

  constructor(messages: readonly StoredMessage[]) {
    this.byExternalId = grouped(messages, (m) => m.externalId);
    this.byClientId = grouped(messages, (m) => m.clientMessageId);
  }
}

function grouped<T>(items: readonly T[], keyOf: (item: T) => string | null): Map<string, T[]> {
  const groups = new Map<string, T[]>();
  for (const item of items) {
    const key = keyOf(item);
    if (key === null) continue;
    const group = groups.get(key);
    if (group === undefined) groups.set(key, [item]);
    else group.push(item);
  }
  return groups;
}

function judgeInbound({ inbound }: Evidence, stored: Stored, verdict: Verdict): void {
  for (const { wamid, phone, body, acknowledgedAt, messageId } of inbound) {
    const found = stored.byExternalId.get(wamid) ?? [];
    if (found.length === 0 && acknowledgedAt !== null) verdict.add('lost', `${wamid} was acknowledged`);
    if (acknowledgedAt === null) verdict.add('lost', `${wamid} was never taken`);
    if (found.length > 1) verdict.add('duplicated', `${wamid} is there ${found.length} times`);
    for (const message of found) {
      if (message.phone !== phone || message.body !== body)
        verdict.add('unexpected', `${wamid} of ${phone} is "${message.body}" of ${message.phone}`);
      if (messageId !== undefined && message.id !== messageId)
        verdict.add('unexpected', `${wamid} was answered with another message`);
    }
  }
}

function judgeReplies(
  { replies, accepted, chat }: Evidence,
  stored: Stored,
  expected: Expectations,
  verdict: Verdict,
): void {
  const sends = grouped(accepted, (send) => String(send.messageId));
  for (const { clientMessageId, messageId, acknowledgedAt, body } of replies) {
    const found = stored.byClientId.get(clientMessageId) ?? [];
    if (found.length > 1)
      verdict.add('duplicated', `reply ${clientMessageId} is there ${found.length} times`);
    const [message] = found;
    if (message === undefined || acknowledgedAt === null) {
      verdict.add(
        'lost',
        `reply ${clientMessageId} ${message === undefined ? 'is gone' : 'was never taken'}`,
      );
      continue;
    }
    if (message.id !== messageId || message.body !== body)
      verdict.add('unexpected', `reply ${clientMessageId} was answered with another message`);
    for (const each of found) {
      if (each.channel === 'app-chat') judgeArrival(each, chat.readers, verdict);
      else judgeSend(each, sends.get(String(each.id)) ?? [], expected, verdict);
    }
  }
}

function judgeSend(
  { id, status, reason }: StoredMessage,
  sends: Evidence['accepted'],
  expected: Expectations,
  verdict: Verdict,
): void {
  if (sends.length > 1) verdict.add('duplicated', `message ${id} was sent ${sends.length} times`);
  const [send] = sends;
  if (send !== undefined) {
    const wanted = expected.endState(send);
    if (status !== wanted)
      verdict.add('statuses', `message ${id} is ${status} (${reason}), Meta said ${wanted}`);
  } else if (RANK[status]! >= RANK['sent']! && status !== 'failed') {
    verdict.add('unexpected', `message ${id} is ${status} and was never sent`);
  } else if (!expected.unsent.includes(status)) {
    verdict.add('lost', `message ${id} was never sent and is ${status} (${reason})`);
  } else if (reason === null) {
    verdict.add('statuses', `message ${id} is ${status} without a reason`);
  }
}

/** In the live chat nothing is sent out: devices that are there get it, and some say that it was read. */
function judgeArrival(
  { id, status, phone }: StoredMessage,
  readers: Evidence['chat']['readers'],
  verdict: Verdict,
): void {
  const wanted = readers.has(phone) ? 'read' : 'delivered';
  if (status !== wanted) verdict.add('statuses', `message ${id} to ${phone} is ${status}, not ${wanted}`);
}

/** What nobody ever asked for. */
function judgeStrangers({ inbound, replies, messages, accepted }: Evidence, verdict: Verdict): void {
  const wamids = new Set(inbound.map(({ wamid }) => wamid));
  const clientIds = new Set(replies.map(({ clientMessageId }) => clientMessageId));
  const bodies = new Set(replies.map(({ body }) => body));
  for (const { id, senderType, externalId, clientMessageId } of messages) {
    const known =
      senderType === 'contact' ? wamids.has(externalId ?? '') : clientIds.has(clientMessageId ?? '');
    if (!known)
      verdict.add('unexpected', `message ${id} (${externalId ?? clientMessageId}) was never asked for`);
  }
  for (const { body, wamid } of accepted) {
    if (!bodies.has(body)) verdict.add('unexpected', `Meta took "${body}" (${wamid}), which nobody wrote`);
  }
}

function judgeOrder({ inbound, replies, accepted }: Evidence, stored: Stored, verdict: Verdict): void {
  // Who wrote after having been acknowledged stands after it, whoever took it in.
  for (const ofOne of grouped(inbound, ({ phone }) => phone).values())
    judgeRealTime(
      ofOne.map((one) => ({ ...one, id: stored.byExternalId.get(one.wamid)?.[0]?.id, name: one.wamid })),
      verdict,
    );
  for (const ofOne of grouped(replies, ({ conversationId }) => String(conversationId)).values())
    judgeRealTime(
      ofOne.map((one) => ({ ...one, id: one.messageId ?? undefined, name: one.clientMessageId })),
      verdict,
    );
  for (const [phone, sends] of grouped(accepted, (send) => send.phone)) {
    for (const [i, send] of sends.entries()) {
      const before = sends[i - 1];
      if (before !== undefined && before.messageId > send.messageId)
        verdict.add('disordered', `${phone} got "${send.body}" after "${before.body}"`);
    }
  }
}

interface Timed {
  id: number | undefined;
  name: string;
  askedAt: number;
  acknowledgedAt: number | null;
}

function judgeRealTime(operations: Timed[], verdict: Verdict): void {
  const known = operations.filter((one): one is Timed & { id: number } => one.id !== undefined);
  let earliest: (Timed & { id: number }) | null = null;
  for (const one of known.sort((a, b) => b.id - a.id)) {
    if (earliest !== null && earliest.acknowledgedAt! < one.askedAt)
      verdict.add(
        'disordered',
        `${one.name} was asked for after ${earliest.name} was done, and stands before it`,
      );
    if (one.acknowledgedAt !== null && (earliest === null || one.acknowledgedAt < earliest.acknowledgedAt!))
      earliest = one;
  }
}

/** Each stored message is announced once; each state that it reached is told, ever upward. */
function judgeJournal({ messages, journal }: Evidence, verdict: Verdict): void {
  const ids = new Set(messages.map(({ id }) => id));
  const announced = new Map<number, number>();
  const last = new Map<number, string>();
  for (const { id, type, messageId, status } of journal) {
    if (!ids.has(messageId))
      verdict.add('unexpected', `entry ${id} tells of message ${messageId}, which is not there`);
    if (type === 'message:new') announced.set(messageId, (announced.get(messageId) ?? 0) + 1);
    judgeStep(last, messageId, status, verdict);
  }
  for (const { id, status } of messages) {
    const times = announced.get(id) ?? 0;
    if (times === 0) verdict.add('lost', `message ${id} was never announced`);
    if (times > 1) verdict.add('duplicated', `message ${id} was announced ${times} times`);
    if (times > 0 && last.get(id) !== status)
      verdict.add('statuses', `message ${id} is ${status}, but ${last.get(id)} was told last`);
  }
}

function judgeStep(last: Map<number, string>, messageId: number, status: string, verdict: Verdict): void {
  const before = last.get(messageId);
  if (before !== undefined && RANK[status]! < RANK[before]!)
    verdict.add('statuses', `message ${messageId} went from ${before} back to ${status}`);
  last.set(messageId, status);
}

/**
 * A socket hears the journal: all of it, once, in order: the messages of a conversation, and what becomes of each.
 * Reports on two messages of one conversation may commit side by side; neither comes first.
 */
function judgeHeard({ journal, messages }: Evidence, heard: readonly Heard[], verdict: Verdict): void {
  const wanted = new Map(journal.map((entry) => [entry.id, entry]));
  const conversations = new Set(messages.map(({ conversationId }) => conversationId));
  const times = new Map<number, number>();
  const newest = new Map<string, number>();
  const last = new Map<number, string>();
  for (const { type, eventId, conversationId, messageId, status } of heard) {
    if (!conversations.has(conversationId)) continue; // another fault's
    times.set(eventId, (times.get(eventId) ?? 0) + 1);
    if (!wanted.has(eventId))
      verdict.add('unexpected', `entry ${eventId} was heard and is not in the journal`);
    const lines = [
      `message ${messageId}`,
      ...(type === 'message:new' ? [`conversation ${conversationId}`] : []),
    ];
    for (const line of lines) {
      const before = newest.get(line) ?? 0;
      if (before > eventId)
        verdict.add('disordered', `of ${line} entry ${eventId} was heard after ${before}`);
      newest.set(line, Math.max(before, eventId));
    }
    judgeStep(last, messageId, status, verdict);
  }
  for (const id of wanted.keys()) {
    const count = times.get(id) ?? 0;
    if (count === 0) verdict.add('lost', `entry ${id} was not heard`);
    if (count > 1) verdict.add('duplicated', `entry ${id} was heard ${count} times`);
  }
}

/** Each customer has one contact and one conversation, and what those say of their messages is so. */
function judgeCounters({ conversations, messages }: Evidence, verdict: Verdict): void {
  const byConversation = grouped(messages, (m) => String(m.conversationId));
  for (const [phone, own] of grouped(conversations, (c) => c.phone)) {
    if (own.length > 1) verdict.add('duplicated', `${phone} has ${own.length} conversations`);
  }
  for (const { id, unreadCount, read, readUpToId, lastMessageId } of conversations) {
    const own = byConversation.get(String(id)) ?? [];
    const unread = own.filter((m) => m.senderType === 'contact' && m.id > readUpToId).length;
    const newest = own.reduce((max, m) => Math.max(max, m.id), 0);
    if (unreadCount !== unread)
      verdict.add('counters', `conversation ${id} says ${unreadCount} unread, there are ${unread}`);
    if (read !== (unread === 0))
      verdict.add('counters', `conversation ${id} says read: ${read}, ${unread} unread`);
    if ((lastMessageId ?? 0) !== newest)
      verdict.add('counters', `conversation ${id} ends with ${lastMessageId}, not ${newest}`);
  }
}
