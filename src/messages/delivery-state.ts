import type { DeliveryStatus } from './messages.types';

/** What the provider says became of a message of ours. */
export interface DeliveryReport {
  status: 'sent' | 'failed' | 'delivered' | 'read';
  at: Date;
  /** With `failed`. */
  error?: { code: number | null; reason: string };
}

/** The part of a message that reports change. */
export interface Delivery {
  whatsappStatus: DeliveryStatus;
  sentAt: Date | null;
  deliveredAt: Date | null;
  readAt: Date | null;
  failedAt: Date | null;
  errorCode: number | null;
  errorReason: string | null;
}

/**
 * Reports come twice, late and in any order; the state only ever moves up this list, so every order of the
 * same reports ends the same. `failed` stands below `delivered`: with several devices both can be true, and
 * what reached the customer did reach them.
 */
const ORDER: readonly DeliveryStatus[] = ['pending', 'uncertain', 'sent', 'failed', 'delivered', 'read'];

/** The state after a report; the same object where the report tells nothing new. */
export function advance(delivery: Delivery, report: DeliveryReport): Delivery {
  const status = ORDER[Math.max(ORDER.indexOf(delivery.whatsappStatus), ORDER.indexOf(report.status))]!;
  const reached = report.status === 'delivered' || report.status === 'read';
  const next: Delivery = {
    whatsappStatus: status,
    sentAt: report.status === 'failed' ? delivery.sentAt : earliest(delivery.sentAt, report.at),
    deliveredAt: reached ? earliest(delivery.deliveredAt, report.at) : delivery.deliveredAt,
    readAt: report.status === 'read' ? earliest(delivery.readAt, report.at) : delivery.readAt,
    failedAt: report.status === 'failed' ? earliest(delivery.failedAt, report.at) : delivery.failedAt,
    // A reason is shown for as long as it explains the state.
    ...(status === 'failed' ? firstFailure(delivery, report) : { errorCode: null, errorReason: null }),
  };
  return same(delivery, next) ? delivery : next;
}

type Failure = Pick<Delivery, 'errorCode' | 'errorReason'>;

/** Of several failures the earliest is shown; of one second's, the first by code and words. */
function firstFailure({ failedAt, errorCode, errorReason }: Delivery, report: DeliveryReport): Failure {
  const known = { errorCode, errorReason };
  if (report.status !== 'failed') return known;
  const reported = { errorCode: report.error?.code ?? null, errorReason: report.error?.reason ?? null };
  if (failedAt === null || report.at < failedAt) return reported;
  return report.at > failedAt || compareFailures(known, reported) <= 0 ? known : reported;
}

function compareFailures(a: Failure, b: Failure): number {
  const byCode = (a.errorCode ?? 0) - (b.errorCode ?? 0);
  return byCode === 0 && (a.errorReason ?? '') > (b.errorReason ?? '') ? 1 : byCode;
}

function earliest(known: Date | null, reported: Date): Date {
  return known !== null && known <= reported ? known : reported;
}

function same(a: Delivery, b: Delivery): boolean {
  return (
    a.whatsappStatus === b.whatsappStatus &&
    a.errorCode === b.errorCode &&
    a.errorReason === b.errorReason &&
    a.sentAt?.getTime() === b.sentAt?.getTime() &&
    a.deliveredAt?.getTime() === b.deliveredAt?.getTime() &&
    a.readAt?.getTime() === b.readAt?.getTime() &&
    a.failedAt?.getTime() === b.failedAt?.getTime()
  );
}
