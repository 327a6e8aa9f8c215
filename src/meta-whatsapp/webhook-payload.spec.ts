import { webhookFixture, webhookFixtureNames } from '../../test/fixtures/meta-webhooks/read-fixture';
import type { WebhookItem } from './webhook-item';
import { parseWebhook } from './webhook-payload';

type Json = { [key: string]: unknown };

const isObject = (value: unknown): value is Json =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

const sum = (numbers: number[]): number => numbers.reduce((total, each) => total + each, 0);

/** How many items a body holds, told without the parser. */
function countItems(body: unknown): number {
  if (!isObject(body) || !Array.isArray(body.entry)) return 1;
  const inList = (list: unknown): number => {
    if (list === undefined || list === null) return 0;
    return Array.isArray(list) ? list.length : 1;
  };
  const inChange = (change: unknown): number => {
    if (!isObject(change) || change.field !== 'messages' || !isObject(change.value)) return 1;
    const { messages, statuses, errors, user_actions: actions } = change.value;
    return Math.max(1, sum([messages, statuses, errors, actions].map(inList)));
  };
  const inEntry = (entry: unknown): number =>
    isObject(entry) && Array.isArray(entry.changes) ? Math.max(1, sum(entry.changes.map(inChange))) : 1;
  return Math.max(1, sum(body.entry.map(inEntry)));
}

function valueAt(body: unknown, path: string): unknown {
  const steps = path.split(/[.[\]]+/).filter(Boolean);
  return steps.reduce((value, step) => (value as Json)[step], body);
}

/** Each item of the body came out once, with its own raw, and can be stored. */
function expectAccounted(body: unknown): WebhookItem[] {
  const items = parseWebhook(body);
  expect(items).toHaveLength(countItems(body));
  expect(new Set(items.map((item) => item.path)).size).toBe(items.length);
  for (const item of items) {
    expect(item.raw === valueAt(body, item.path)).toBe(true);
    const { raw: _raw, ...stored } = item;
    const json = JSON.stringify(stored);
    expect(json).not.toMatch(/\\u0000|\\ud[89a-f]/i);
    if (item.kind === 'message') expect(Number.isFinite(item.sentAt.getTime())).toBe(true);
  }
  return items;
}

const outcomes = (items: WebhookItem[]): string[] =>
  items.map((item) => (item.kind === 'set_aside' ? item.reason : item.kind));

describe('parseWebhook', () => {
  it('gives out a batch of several accounts, fields and kinds in its order', () => {
    const items = expectAccounted(webhookFixture('mixed-batch'));
    expect(items.map((item) => [item.path.replace('.value', ''), item.phoneNumberId])).toEqual([
      ['entry[0].changes[0].messages[0]', '106540352242922'],
      ['entry[0].changes[0].messages[1]', '106540352242922'],
      ['entry[0].changes[0].messages[2]', '106540352242922'],
      ['entry[0].changes[0].messages[3]', '106540352242922'],
      ['entry[0].changes[0].statuses[0]', '106540352242922'],
      ['entry[0].changes[1]', null],
      ['entry[0].changes[2].statuses[0]', '106540352242922'],
      ['entry[1].changes[0].messages[0]', '999000111222333'],
      ['entry[1].changes[0].errors[0]', '999000111222333'],
      ['entry[1].changes[1].user_actions[0]', '106540352242922'],
    ]);
    expect(outcomes(items)).toEqual([
      'message',
      'message',
      'message_without_sender',
      'message',
      'status',
      'field_not_handled',
      'status',
      'message',
      'value_error',
      'user_action',
    ]);
    const names = items.flatMap((item) => (item.kind === 'message' ? [item.sender.name] : []));
    expect(names).toEqual(['Caio', 'Ana Lúcia', null, null]);
    expect(items.slice(7).map((item) => item.businessAccountId)).toEqual(Array(3).fill('200000000000002'));
  });

  it.each([
    ['calls', 'field_not_handled', 'The field "calls"'],
    ['standby', 'field_not_handled', 'The field "standby"'],
    ['template-status', 'field_not_handled', 'The field "message_template_status_update"'],
    ['account-update', 'field_not_handled', 'The field "account_update"'],
    ['user-preferences', 'field_not_handled', 'The field "user_preferences"'],
    ['message-echoes', 'field_not_handled', 'The field "smb_message_echoes"'],
    ['history', 'field_not_handled', 'The field "history"'],
    ['user-actions', 'user_action', 'The action "marketing_messages_link_click"'],
    ['value-error', 'value_error', '131035 Webhook payload expired The payload is past its retention.'],
  ])('sets %s aside for the operator', (name, reason, detail) => {
    expect(expectAccounted(webhookFixture(name))).toMatchObject([{ kind: 'set_aside', reason, detail }]);
  });

  it('keeps a message beside its error', () => {
    const items = expectAccounted(webhookFixture('interactive-with-error'));
    expect(outcomes(items)).toEqual(['message', 'value_error']);
  });

  it.each(webhookFixture('malformed') as { name: string; body: unknown; outcome: string[] }[])(
    'survives $name',
    ({ body, outcome }) => {
      expect(outcomes(expectAccounted(body))).toEqual(outcome);
    },
  );

  it('cuts names and texts, and refuses to shorten ids', () => {
    const message = JSON.stringify(webhookFixture('text'))
      .replace('Ana Lúcia', '😀'.repeat(200))
      .replace(/Olá[^"]*/, `${'x'.repeat(65_535)}😀`)
      .replace(/"from_parent_user_id":"[^"]*"/, `"from_parent_user_id":"${'1'.repeat(513)}"`);
    const [item] = parseWebhook(JSON.parse(message));
    expect(item).toMatchObject({ body: 'x'.repeat(65_535), sender: { name: '😀'.repeat(150) } });
    expect(item).toMatchObject({ sender: { parentUserId: 'BR.ENT.11815799212886844830' } });
  });

  it('does not overflow on depth', () => {
    const deep = `${'['.repeat(100_000)}${']'.repeat(100_000)}`;
    const deepForm = `${'{"a":'.repeat(50_000)}1${'}'.repeat(50_000)}`;
    const body = (text: string): unknown => JSON.parse(text);
    expectAccounted(body(deep));
    expectAccounted(body(`{"entry":${deep}}`));
    const withText = JSON.stringify(webhookFixture('text'));
    expectAccounted(body(withText.replace(/"text":\{[^}]*\}/, `"text":${deep}`)));
    const form = webhookFixture('interactive-form-reply');
    const reply = valueAt(form, 'entry[0].changes[0].value.messages[0].interactive.nfm_reply') as Json;
    reply.response_json = deepForm;
    expectAccounted(form);
    expectAccounted(
      body(JSON.stringify(webhookFixture('interactive-payment-method')).replace('"pix"', deep)),
    );
  });

  it('takes a thousand items in a few milliseconds', () => {
    const body = webhookFixture('text') as never;
    const value = body['entry'][0]['changes'][0]['value'] as { messages: Json[]; contacts: Json[] };
    const [message] = value.messages;
    value.messages = Array.from({ length: 1000 }, (_, n) => ({
      ...message,
      id: `wamid.${n}`,
      from: `55${n}`,
    }));
    value.contacts = Array.from({ length: 1000 }, (_, n) => ({
      wa_id: `55${999 - n}`,
      profile: { name: `N${999 - n}` },
    }));
    const started = performance.now();
    const items = parseWebhook(body);
    expect(performance.now() - started).toBeLessThan(250);
    expect(items.every((item, n) => item.kind === 'message' && item.sender.name === `N${n}`)).toBe(true);
  });
});

describe('parseWebhook on broken bodies', () => {
  const REPLACEMENTS: (() => unknown)[] = [
    () => null,
    () => 7,
    () => -1e308,
    () => '',
    () => 'x'.repeat(70_000),
    () => '\ud800\u0000\udc00',
    () => [],
    () => [[], null, {}],
    () => ({}),
    () => ({ id: { id: 1 }, type: ['text'], length: -1 }),
    () => true,
  ];

  /** Numerical Recipes' generator: the same breakage on every run. */
  function random(seed: number): (below: number) => number {
    let state = seed;
    return (below) => {
      state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
      return Math.floor((state / 2 ** 32) * below);
    };
  }

  function slotsOf(value: unknown, slots: [holder: Json, key: string][] = []): [Json, string][] {
    if (typeof value !== 'object' || value === null) return slots;
    for (const [key, item] of Object.entries(value)) {
      slots.push([value as Json, key]);
      slotsOf(item, slots);
    }
    return slots;
  }

  it.each(webhookFixtureNames())('accounts for every item of %s, whichever field is broken', (name) => {
    const count = slotsOf(webhookFixture(name)).length;
    for (let at = 0; at < count; at++) {
      for (const replacement of [undefined, ...REPLACEMENTS]) {
        const body = webhookFixtureCopy(name);
        const [holder, key] = slotsOf(body)[at] ?? [{}, ''];
        if (replacement) holder[key] = replacement();
        else if (Array.isArray(holder)) holder.splice(Number(key), 1);
        else delete holder[key];
        accountedCheaply(body);
      }
    }
  });

  it('accounts for every item when many fields are broken at once', () => {
    const next = random(20_261_121);
    const names = webhookFixtureNames();
    for (let round = 0; round < 2_000; round++) {
      const body = webhookFixtureCopy(names[next(names.length)] ?? 'text');
      for (let change = next(6); change >= 0; change--) {
        const slots = slotsOf(body);
        const [holder, key] = slots[next(slots.length)] ?? [{}, ''];
        holder[key] = REPLACEMENTS[next(REPLACEMENTS.length)]?.();
      }
      if (round % 20 === 0) expectAccounted(body);
      else accountedCheaply(body);
    }
  });

  const texts = new Map(webhookFixtureNames().map((name) => [name, JSON.stringify(webhookFixture(name))]));
  const webhookFixtureCopy = (name: string): unknown => JSON.parse(texts.get(name) ?? 'null');

  /** `expectAccounted` without an assertion per item, for tens of thousands of bodies. */
  function accountedCheaply(body: unknown): void {
    const items = parseWebhook(body);
    const paths = new Set(items.map((item) => item.path));
    const intact = items.every((item) => item.raw === valueAt(body, item.path));
    if (items.length !== countItems(body) || paths.size !== items.length || !intact) expectAccounted(body);
  }
});
