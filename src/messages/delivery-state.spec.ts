import { advance, type Delivery, type DeliveryReport } from './delivery-state';

const NOTHING: Delivery = {
  whatsappStatus: 'pending',
  sentAt: null,
  deliveredAt: null,
  readAt: null,
  failedAt: null,
  errorCode: null,
  errorReason: null,
};
const at = (second: number): Date => new Date(second * 1000);
const failed = (second: number, code: number | null, reason: string): DeliveryReport => ({
  status: 'failed',
  at: at(second),
  error: { code, reason },
});

/** All that can be reported of one message; `accepted` is the answer to the send, which reports `sent` as well. */
const REPORTS: Record<string, DeliveryReport> = {
  accepted: { status: 'sent', at: at(10) },
  sent: { status: 'sent', at: at(9) },
  delivered: { status: 'delivered', at: at(20) },
  'delivered on another device': { status: 'delivered', at: at(25) },
  read: { status: 'read', at: at(30) },
  failed: failed(15, 131026, 'Not on WhatsApp.'),
  'failed on another device': failed(16, 131047, 'Too late.'),
  'failed in the same second': failed(15, 131000, 'Something.'),
};

function subsetsOf<T>(items: T[]): T[][] {
  return items.reduce<T[][]>((sets, item) => [...sets, ...sets.map((set) => [...set, item])], [[]]);
}

function permutationsOf<T>(items: T[]): T[][] {
  if (items.length <= 1) return [items];
  return items.flatMap((item, i) => permutationsOf(items.toSpliced(i, 1)).map((rest) => [item, ...rest]));
}

const endOf = (reports: DeliveryReport[], from = NOTHING): Delivery =>
  reports.reduce((delivery, report) => advance(delivery, report), from);

const some = (reports: DeliveryReport[], status: DeliveryReport['status']): DeliveryReport[] =>
  reports.filter((report) => report.status === status);
const earliestOf = (reports: DeliveryReport[]): Date | null =>
  reports.length === 0 ? null : new Date(Math.min(...reports.map((report) => report.at.getTime())));

/** What a set of reports means, told without their order. */
function truthOf(reports: DeliveryReport[]): Delivery {
  const [sent, delivered, read, failures] = (['sent', 'delivered', 'read', 'failed'] as const).map((status) =>
    some(reports, status),
  ) as [DeliveryReport[], DeliveryReport[], DeliveryReport[], DeliveryReport[]];
  const whatsappStatus =
    read.length > 0
      ? 'read'
      : delivered.length > 0
        ? 'delivered'
        : failures.length > 0
          ? 'failed'
          : sent.length > 0
            ? 'sent'
            : 'pending';
  const first = failures.toSorted(
    (a, b) => a.at.getTime() - b.at.getTime() || a.error!.code! - b.error!.code!,
  )[0];
  const explained = whatsappStatus === 'failed' ? first?.error : undefined;
  return {
    whatsappStatus,
    sentAt: earliestOf([...sent, ...delivered, ...read]),
    deliveredAt: earliestOf([...delivered, ...read]),
    readAt: earliestOf(read),
    failedAt: earliestOf(failures),
    errorCode: explained?.code ?? null,
    errorReason: explained?.reason ?? null,
  };
}

test('every set of reports, in every order, ends in the state that is true of the set', () => {
  const wrong: string[] = [];
  for (const names of subsetsOf(Object.keys(REPORTS)).filter((set) => set.length <= 6)) {
    const expected = JSON.stringify(truthOf(names.map((name) => REPORTS[name]!)));
    for (const order of permutationsOf(names)) {
      const end = JSON.stringify(endOf(order.map((name) => REPORTS[name]!)));
      if (end !== expected) wrong.push(`${order.join(' → ')}: ${end} instead of ${expected}`);
    }
  }
  expect(wrong.slice(0, 3)).toEqual([]);
});

test('a report that comes again, at any place, changes nothing', () => {
  const wrong: string[] = [];
  for (const names of subsetsOf(Object.keys(REPORTS)).filter((set) => set.length > 0 && set.length <= 3)) {
    const expected = JSON.stringify(truthOf(names.map((name) => REPORTS[name]!)));
    for (const order of permutationsOf([...names, ...names])) {
      const end = JSON.stringify(endOf(order.map((name) => REPORTS[name]!)));
      if (end !== expected) wrong.push(`${order.join(' → ')}: ${end} instead of ${expected}`);
    }
  }
  expect(wrong.slice(0, 3)).toEqual([]);
});

test('the state never goes back, whatever is reported', () => {
  const order = ['pending', 'uncertain', 'sent', 'failed', 'delivered', 'read'];
  for (const sequence of permutationsOf(Object.values(REPORTS).slice(0, 7))) {
    let delivery = NOTHING;
    for (const report of sequence) {
      const next = advance(delivery, report);
      if (order.indexOf(next.whatsappStatus) < order.indexOf(delivery.whatsappStatus))
        throw new Error(`${delivery.whatsappStatus} became ${next.whatsappStatus} by ${report.status}`);
      delivery = next;
    }
  }
});

test('a report that tells nothing new leaves the same object, so that nothing is written or announced', () => {
  for (const report of Object.values(REPORTS)) {
    const once = advance(NOTHING, report);
    expect(advance(once, report)).toBe(once);
    expect(once).not.toBe(NOTHING);
  }
});

test('why the last try waited or was uncertain is forgotten once a report tells what became of the message', () => {
  const uncertain: Delivery = {
    ...NOTHING,
    whatsappStatus: 'uncertain',
    errorReason: 'The answer was lost.',
  };
  expect(advance(uncertain, REPORTS['sent']!)).toMatchObject({ whatsappStatus: 'sent', errorReason: null });
  const postponed: Delivery = { ...NOTHING, errorCode: 130429, errorReason: 'Too fast.' };
  expect(advance(postponed, failed(15, null, 'It failed.'))).toMatchObject({
    whatsappStatus: 'failed',
    errorCode: null,
    errorReason: 'It failed.',
  });
});
