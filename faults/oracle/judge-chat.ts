import type { ChatHeard, SaidMessage } from '../load/chat-client';
import type { Evidence } from './evidence';
import { Ownership } from './judge-rights';
import type { Verdict } from './verdict';

/**
 * Of the live chat each device and desk gets every message that it may hear, live or when it comes back and asks; on one
 * connection each once, a conversation's in order; and nothing else.
 */
export function judgeChats(evidence: Evidence, verdict: Verdict): void {
  const { conversations, messages, journal, chat } = evidence;
  const ownership = new Ownership(evidence.owners);
  const announced = new Map(
    journal.flatMap(({ id, type, messageId }) => (type === 'message:new' ? [[messageId, id]] : [])),
  );
  const stored = new Map(messages.map((message) => [message.id, message]));
  const known = new Set(conversations.map(({ id }) => id));
  for (const one of chat.heard) {
    const own = new Set(
      conversations
        .filter(({ id, phone }) => (one.phone === null ? one.joined.includes(id) : phone === one.phone))
        .map(({ id }) => id),
    );
    const foreign = ({ conversationId }: SaidMessage): boolean =>
      // Desks of one fault may stand in conversations of none other; users never hear any but their own.
      one.phone === null ? known.has(conversationId) && !own.has(conversationId) : !own.has(conversationId);
    for (const said of [...one.connections.flat(), ...one.fetched]) {
      if (foreign(said)) verdict.add('overheard', `${one.who} was told message ${said.id} of others`);
      else if (!stored.has(said.id))
        verdict.add('unexpected', `${one.who} was told message ${said.id}, which is not there`);
    }
    for (const connection of one.connections) judgeConnection(one, connection, verdict);
    const told = new Set([...one.connections.flat(), ...one.fetched].map(({ id }) => id));
    // Whose session ended, or who lost a conversation, is told no more of it, and joins it no more.
    const until = (conversationId: number): number =>
      one.endedAt !== null
        ? 0
        : one.userId === null
          ? Infinity
          : ownership.lostAt(one.userId, conversationId);
    for (const { id, conversationId } of messages)
      if (own.has(conversationId) && !told.has(id) && (announced.get(id) ?? Infinity) < until(conversationId))
        verdict.add('lost', `${one.who} was never told message ${id}`);
  }
}

function judgeConnection({ who }: ChatHeard, connection: readonly SaidMessage[], verdict: Verdict): void {
  const seen = new Set<number>();
  const newest = new Map<number, number>();
  for (const { id, conversationId } of connection) {
    if (seen.has(id)) verdict.add('duplicated', `${who} was told message ${id} twice on one connection`);
    const before = newest.get(conversationId) ?? 0;
    if (before > id) verdict.add('disordered', `${who} was told message ${id} after ${before}`);
    seen.add(id);
    newest.set(conversationId, Math.max(before, id));
  }
}
