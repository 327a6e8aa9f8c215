import {
  type GraphErrorClass,
  type GraphErrorRule,
  MAX_RECONCILED_ATTEMPTS,
  ruleForCode,
  ruleForHttpStatus,
} from './graph-error-rules';
import { cutText, storableText } from './storable-text';

export type { GraphErrorClass } from './graph-error-rules';

/** An error of Meta's, from an HTTP answer or from `statuses[].errors`. */
export interface GraphErrorInput {
  /** Null or absent for an error in a status: the message was accepted and then failed. */
  httpStatus?: number | null;
  code?: number | null;
  subcode?: number | null;
  title?: string | null;
  message?: string | null;
  /** `error_data.details` */
  details?: string | null;
  /** `is_transient`; counts only for codes we do not know. */
  isTransient?: boolean | null;
  /** How long Meta asked us to wait, from `Retry-After` or the usage headers. */
  retryAfterSeconds?: number | null;
}

export interface ClassifiedError {
  class: GraphErrorClass;
  code: number | null;
  /** Plain English for the agent: what happened and what to do, then Meta's own words. At most about 600 characters. */
  reason: string;
  /** The operator should see it: the account is stopped, or Meta said something that we do not know. */
  alert: boolean;
  retryAfterSeconds?: number;
  /** Sends in all, the first one included. */
  maxAttempts?: number;
}

const MAX_META_WORDS = 300;
const REPEATED: ReadonlySet<GraphErrorClass> = new Set(['retry', 'slow_number', 'slow_pair', 'reconcile']);

/**
 * What to do about an error. Branches on the code, as Meta asks, and on the HTTP status only without a known one.
 * In a failed status, a fault that would have to be reconciled is a plain `retry`: its echo has arrived.
 */
export function classifyGraphError(error: GraphErrorInput): ClassifiedError {
  const code = error.code ?? null;
  const known = code === null ? null : ruleForCode(code);
  const rule = forSource(known ?? unknownRule(error), error);
  const { class: errorClass, retryAfterSeconds, maxAttempts } = rule;
  const asked = REPEATED.has(errorClass) ? (error.retryAfterSeconds ?? undefined) : undefined;
  const wait = asked === undefined ? retryAfterSeconds : Math.max(asked, retryAfterSeconds ?? 0);
  return {
    class: errorClass,
    code: storableCode(code),
    reason: `${rule.reason}${metaWords(error)}`,
    alert: errorClass === 'account' || (known === null && errorClass !== 'slow_number'),
    ...(wait !== undefined && { retryAfterSeconds: wait }),
    ...(maxAttempts !== undefined && { maxAttempts }),
  };
}

/** Codes are stored as 32-bit integers; Meta's own are far smaller. */
function storableCode(code: number | null): number | null {
  return code !== null && (code | 0) === code ? code : null;
}

const PAIR_WAIT_LIMIT = 6;

/**
 * Seconds to wait after error 131056 (`slow_pair`): Meta asks for 4^n.
 *
 * @param n how often this pair has been refused before, from 0; the wait stops growing at 4,096 seconds
 */
export function pairWaitSeconds(n: number): number {
  return 4 ** Math.min(Math.max(0, Math.trunc(n)), PAIR_WAIT_LIMIT);
}

function unknownRule({ httpStatus, isTransient }: GraphErrorInput): GraphErrorRule {
  const byStatus = ruleForHttpStatus(httpStatus ?? null);
  if (isTransient !== true || byStatus.class !== 'permanent') return byStatus;
  return {
    class: 'reconcile',
    reason: 'WhatsApp had a passing fault. We check whether the message was sent and otherwise try again.',
    maxAttempts: MAX_RECONCILED_ATTEMPTS,
  };
}

function forSource(rule: GraphErrorRule, { httpStatus }: GraphErrorInput): GraphErrorRule {
  const inStatus = httpStatus === undefined || httpStatus === null;
  return inStatus && rule.class === 'reconcile' ? { ...rule, class: 'retry' } : rule;
}

function metaWords({ httpStatus, code, subcode, title, message, details }: GraphErrorInput): string {
  const number = [code, subcode].filter((part) => part !== undefined && part !== null).join('/');
  const source = number || (httpStatus ? `HTTP ${httpStatus}` : '');
  const words = details || message || title || '';
  if (!source && !words) return '';
  const said = [source, storableText(cutText(words, MAX_META_WORDS))].filter(Boolean).join(': ');
  return ` (WhatsApp: ${said})`;
}
