import { createHmac } from 'node:crypto';
import { Type } from 'class-transformer';
import { ArrayMaxSize, IsArray, IsIn, ValidateIf, ValidateNested } from 'class-validator';
import { IsId, IsLeftOutOrGiven, IsText } from '../common/text-rules';
import type { ContactSummary } from '../contacts/contacts.types';
import type { ConversationState } from '../conversations/conversations.types';
import type { MessageDto } from '../messages/messages.types';
import type { CallOutcome } from '../platform/http/outgoing-call';
import { checked } from '../platform/http/validation';
import { AppError } from '../common/app-error';

/** What a bot's service is sent. */
export interface BotQuestion {
  /** The same for every try of the same message: whoever has seen it need not act again. */
  event_id: string;
  type: 'message';
  /** 1 for the first. */
  attempt: number;
  bot: { id: number; name: string };
  conversation: ConversationState & { channel: string; integration_id: number | null };
  contact: ContactSummary | null;
  message: MessageDto;
  /** What was said before it, the oldest first, at most ten messages. */
  history: MessageDto[];
}

class TextReply {
  @IsIn(['text'])
  type!: 'text';

  @IsText(1, 4_096)
  body!: string;
}

/** What a bot's service answers. */
export class BotAnswer {
  /** Sent to the customer in this order. */
  @IsArray()
  @ArrayMaxSize(10)
  @ValidateNested({ each: true })
  @Type(() => TextReply)
  replies: TextReply[] = [];

  /** What happens to the conversation then. */
  @IsLeftOutOrGiven()
  @IsIn(['handoff', 'close', 'assign'])
  action?: 'handoff' | 'close' | 'assign';

  /** Who gets it; with `assign` only. */
  @ValidateIf((answer: BotAnswer) => answer.action === 'assign' || answer.assign_user !== undefined)
  @IsId()
  assign_user?: number;
}

/** What to make of a call to a bot's service. */
export type Verdict =
  | { kind: 'answer'; answer: BotAnswer }
  /** Worth another try. */
  | { kind: 'failed'; detail: string }
  | { kind: 'invalid'; detail: string };

/** The headers by which a service knows that the question is ours, new, and not changed on its way. */
export function signedHeaders(
  secret: string,
  eventId: string,
  body: string,
  now: Date,
): Record<string, string> {
  const timestamp = String(Math.floor(now.getTime() / 1000));
  const signature = createHmac('sha256', secret).update(`${timestamp}.${body}`).digest('hex');
  return {
    'content-type': 'application/json',
    'user-agent': 'ApiCeChat',
    'x-event-id': eventId,
    'x-timestamp': timestamp,
    'x-signature-256': `sha256=${signature}`,
  };
}

export function verdictOf(outcome: CallOutcome): Verdict {
  if (outcome.kind === 'failed') return { kind: 'failed', detail: outcome.reason };
  if (outcome.kind === 'refused') return { kind: 'invalid', detail: outcome.reason };
  if (outcome.kind === 'oversized') return { kind: 'invalid', detail: 'the answer is too long' };
  const { status, body } = outcome;
  if (status >= 500 || status === 429 || status === 408)
    return { kind: 'failed', detail: `the service answered with status ${status}` };
  if (status < 200 || status > 299)
    return { kind: 'invalid', detail: `the service answered with status ${status}` };
  try {
    const given: unknown = body.trim() === '' ? {} : JSON.parse(body);
    if (typeof given !== 'object' || given === null || Array.isArray(given))
      return { kind: 'invalid', detail: 'the answer is not a JSON object' };
    const answer = checked(BotAnswer, given, '');
    if (answer.assign_user !== undefined && answer.action !== 'assign')
      return { kind: 'invalid', detail: 'assign_user goes with the action assign' };
    return { kind: 'answer', answer };
  } catch (error) {
    const detail = error instanceof AppError ? error.message : 'the answer is not JSON';
    return { kind: 'invalid', detail };
  }
}
