import { type ClassifiedError, classifyGraphError } from './graph-errors';
import { retryHintSeconds } from './retry-hint';
import { flagOf, idOf, type Loose, numberOf, objectOf, objectsOf, phoneOf, textOf } from './loose-json';
import { errorDetailsOf } from './meta-error';
import { wamidOf } from './wamid';

/** What became of one send. */
export type SendOutcome =
  /** Meta took the message; it says later, in statuses, whether it was delivered. */
  | {
      kind: 'accepted';
      wamid: string;
      waId: string | null;
      userId: string | null;
      /** `accepted`, `held_for_quality_assessment`, `paused` */
      messageStatus: string | null;
    }
  /** Surely not sent: at the last moment the sender itself did not want it any more. */
  | { kind: 'held_back' }
  | GraphFailure;

/** What became of a call that was not answered as it should be. */
export type GraphFailure =
  /** Meta answered with an error; `error.class` says what follows. */
  | { kind: 'refused'; error: ClassifiedError; httpStatus: number; traceId: string | null }
  /** It surely never reached Meta: sending again cannot double it. */
  | { kind: 'not_sent'; reason: string }
  /** It may have reached Meta: sending again may double it. */
  | { kind: 'unknown'; reason: string };

/** One HTTP answer. */
export interface GraphAnswer {
  status: number;
  headers: { get(name: string): string | null };
  body: { text: string } | { unreadable: string };
}

/** Takes secrets out of a text. */
export type Redact = (text: string) => string;

/**
 * What an answer to a send means. Only a 2xx with a message id is an acceptance, only a 3xx, a 4xx and an error
 * in Meta's own shape are refusals; anything else leaves the question open.
 */
export function outcomeOfAnswer(answer: GraphAnswer, redact: Redact): SendOutcome {
  const { status } = answer;
  const json = 'text' in answer.body ? jsonObject(answer.body.text) : null;
  const accepted = json !== null && isOk(status) ? acceptedIn(json) : null;
  return accepted ?? failureIn(answer, json, 'no message id', redact);
}

/** The same of calls that send nothing. */
export function answeredOrFailed(
  answer: GraphAnswer,
  redact: Redact,
): { kind: 'answered'; json: Loose } | GraphFailure {
  const json = 'text' in answer.body ? jsonObject(answer.body.text) : null;
  if (json !== null && isOk(answer.status) && objectOf(json.error) === null)
    return { kind: 'answered', json };
  return failureIn(answer, json, 'nothing we can read', redact);
}

function isOk(status: number): boolean {
  return status >= 200 && status < 300;
}

function failureIn(answer: GraphAnswer, json: Loose | null, otherwise: string, redact: Redact): GraphFailure {
  const { status } = answer;
  const error = objectOf(json?.error);
  const code = numberOf(error?.code);
  if (error !== null && (code !== null || status >= 400)) {
    if (code === null && status >= 500) return unknown(answer, 'an error without a code');
    return refused(answer, error, redact);
  }
  if (status >= 300 && status < 500) return refused(answer, {}, redact);
  if (status < 200 || status >= 500) return unknown(answer, 'no error we can read');
  return unknown(answer, otherwise);
}

function acceptedIn(json: Loose): SendOutcome | null {
  const [message] = objectsOf(json.messages);
  const wamid = wamidOf(message?.id);
  if (wamid === null) return null;
  const [contact] = objectsOf(json.contacts);
  return {
    kind: 'accepted',
    wamid,
    waId: phoneOf(contact?.wa_id),
    userId: idOf(contact?.user_id),
    messageStatus: textOf(message?.message_status, 64),
  };
}

function refused(answer: GraphAnswer, error: Loose, redact: Redact): GraphFailure {
  const words = (value: unknown): string | null => {
    const text = textOf(value, 2_000);
    return text === null ? null : redact(text);
  };
  return {
    kind: 'refused',
    error: classifyGraphError({
      httpStatus: answer.status,
      code: numberOf(error.code),
      subcode: numberOf(error.error_subcode),
      title: words(error.error_user_title),
      message: words(error.message) ?? words(error.error_user_msg),
      details: words(errorDetailsOf(error.error_data)),
      isTransient: flagOf(error.is_transient),
      retryAfterSeconds: retryHintSeconds(answer.headers),
    }),
    httpStatus: answer.status,
    traceId: words(error.fbtrace_id)?.slice(0, 128) ?? null,
  };
}

function unknown({ status, body }: GraphAnswer, otherwise: string): GraphFailure {
  const found = 'unreadable' in body ? body.unreadable : body.text === '' ? 'an empty body' : otherwise;
  return {
    kind: 'unknown',
    reason: `WhatsApp answered ${status} with ${found}; the message may have been sent`,
  };
}

function jsonObject(text: string): Loose | null {
  try {
    return objectOf(JSON.parse(text));
  } catch {
    return null;
  }
}
