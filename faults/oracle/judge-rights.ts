import type { ChatHeard } from '../load/chat-client';
import type { Evidence, LimitedHearer } from './evidence';
import type { Verdict } from './verdict';

/** What was lost may still be heard for so long, in ms: sessions and roles are looked at again and again. */
const STILL_HEARD_MS = 2_000;

/** Whose each conversation is, at each entry of the journal. */
export class Ownership {
  private readonly steps = new Map<number, Evidence['owners'][number][]>();

  constructor(owners: Evidence['owners']) {
    for (const step of owners) {
      const known = this.steps.get(step.conversationId);
      if (known === undefined) this.steps.set(step.conversationId, [step]);
      else known.push(step);
    }
  }

  /** The rule, written down once more on purpose: an employer hears of their own and of what is nobody's. */
  mayHear(userId: number, conversationId: number, entryId: number): boolean {
    const step = this.steps.get(conversationId)?.findLast((one) => one.entryId <= entryId);
    return step === undefined || step.owner === null || step.owner === userId;
  }

  /** The first entry from which on somebody else has it. */
  lostAt(userId: number, conversationId: number): number {
    const step = this.steps.get(conversationId)?.find(({ owner }) => owner !== null && owner !== userId);
    return step?.entryId ?? Infinity;
  }
}

export function judgeRights(evidence: Evidence, verdict: Verdict): void {
  const ownership = new Ownership(evidence.owners);
  for (const one of evidence.limited) judgeHearer(evidence, one, ownership, verdict);
  for (const one of evidence.chat.heard) judgeChatHearer(evidence, one, ownership, verdict);
}

/** On /crm: every entry that is theirs, and after a right was lost, soon nothing that it gave. */
function judgeHearer(
  { journal, messages }: Evidence,
  { who, userId, heard, seesAllUntil, endedAt }: LimitedHearer,
  ownership: Ownership,
  verdict: Verdict,
): void {
  const conversations = new Set(messages.map(({ conversationId }) => conversationId));
  const times = new Map<number, number>();
  for (const { eventId, conversationId, at } of heard) {
    if (!conversations.has(conversationId)) continue; // another fault's
    times.set(eventId, (times.get(eventId) ?? 0) + 1);
    if (at > (endedAt ?? Infinity) + STILL_HEARD_MS)
      verdict.add('overheard', `${who} heard entry ${eventId} after the session was over`);
    else if (at > seesAllUntil + STILL_HEARD_MS && !ownership.mayHear(userId, conversationId, eventId))
      verdict.add('overheard', `${who} heard entry ${eventId} of ${conversationId}, which is another's`);
  }
  for (const { id, conversationId } of journal) {
    const count = times.get(id) ?? 0;
    if (count > 1) verdict.add('duplicated', `${who} heard entry ${id} ${count} times`);
    if (count === 0 && endedAt === null && ownership.mayHear(userId, conversationId, id))
      verdict.add('lost', `${who} did not hear entry ${id}`);
  }
}

/** On `/`: nothing of a conversation that somebody else has by then, nothing once the session is over. */
function judgeChatHearer(
  { journal }: Evidence,
  { who, userId, endedAt, connections, fetched }: ChatHeard,
  ownership: Ownership,
  verdict: Verdict,
): void {
  if (userId === null && endedAt === null) return;
  const announced = new Map(
    journal.flatMap(({ id, type, messageId }) => (type === 'message:new' ? [[messageId, id]] : [])),
  );
  for (const { id, conversationId, at } of [...connections.flat(), ...fetched]) {
    if (at > (endedAt ?? Infinity) + STILL_HEARD_MS)
      verdict.add('overheard', `${who} was told message ${id} after the session was over`);
    else if (userId !== null && !ownership.mayHear(userId, conversationId, announced.get(id) ?? 0))
      verdict.add('overheard', `${who} was told message ${id} of ${conversationId}, which is another's`);
  }
}
