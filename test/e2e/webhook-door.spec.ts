import { gzipSync } from 'node:zlib';
import { envelope } from '../../simulator/envelope';
import { metaJson, sign } from '../../simulator/signature';
import { APP_SECRET, TestSystem, VERIFY_TOKEN } from '../support/system';
import { deliverBytes, message, setAsideOf, storedMessages, stranger, wamidOf } from '../support/webhooks';

const NEW_SECRET = 'the-secret-of-tomorrow';
const LIMIT = 4 * 1024 * 1024;

let system: TestSystem;

beforeAll(async () => {
  system = await TestSystem.start({ config: { whatsapp: { appSecrets: [NEW_SECRET, APP_SECRET] } } });
});
afterAll(() => system.stop());

describe('the handshake', () => {
  test('gives the challenge back, as plain text, to who knows the token', async () => {
    expect(await system.meta.verify({ challenge: '<b>1158201444</b>' })).toMatchObject({
      status: 200,
      text: '<b>1158201444</b>',
    });
    const answer = await system.call(
      'GET',
      `/meta-whatsapp/webhook?hub.mode=subscribe&hub.verify_token=${VERIFY_TOKEN}&hub.challenge=7`,
    );
    expect(answer.headers.get('content-type')).toBe('text/plain; charset=utf-8');
    expect(answer.headers.get('x-content-type-options')).toBe('nosniff');
  });

  test.each([
    ['a wrong token', `hub.mode=subscribe&hub.verify_token=${VERIFY_TOKEN}x&hub.challenge=1`, 403],
    ['no token', 'hub.mode=subscribe&hub.challenge=1', 403],
    ['an empty token', 'hub.mode=subscribe&hub.verify_token=&hub.challenge=1', 403],
    [
      'the token twice',
      `hub.mode=subscribe&hub.verify_token=${VERIFY_TOKEN}&hub.verify_token=${VERIFY_TOKEN}`,
      403,
    ],
    ['another mode', `hub.mode=unsubscribe&hub.verify_token=${VERIFY_TOKEN}&hub.challenge=1`, 403],
    ['nothing at all', '', 403],
    ['no challenge', `hub.mode=subscribe&hub.verify_token=${VERIFY_TOKEN}`, 400],
  ])('refuses %s', async (_what, query, status) => {
    expect(await system.call('GET', `/meta-whatsapp/webhook?${query}`)).toMatchObject({ status });
  });
});

describe('the signature', () => {
  const item = message(stranger(), 'Olá / ☕');
  const bytes = metaJson(envelope([item]));
  const good = sign(bytes, APP_SECRET);

  const forged: [string, Buffer, Record<string, string>][] = [
    ['no signature', bytes, {}],
    ['an empty one', bytes, { 'x-hub-signature-256': '' }],
    ['another secret’s', bytes, { 'x-hub-signature-256': sign(bytes, 'another') }],
    ['the verify token’s', bytes, { 'x-hub-signature-256': sign(bytes, VERIFY_TOKEN) }],
    ['an empty secret’s', bytes, { 'x-hub-signature-256': sign(bytes, '') }],
    ['sha1', bytes, { 'x-hub-signature': good.replace('sha256', 'sha1') }],
    ['without its prefix', bytes, { 'x-hub-signature-256': good.slice(7) }],
    ['in capitals', bytes, { 'x-hub-signature-256': `sha256=${good.slice(7).toUpperCase()}` }],
    ['cut short', bytes, { 'x-hub-signature-256': good.slice(0, -1) }],
    ['twice', bytes, { 'x-hub-signature-256': `${good}, ${good}` }],
    [
      'of the same JSON, written otherwise',
      Buffer.from(JSON.stringify(envelope([item]))),
      { 'x-hub-signature-256': good },
    ],
    ['of one bit less', flipped(bytes), { 'x-hub-signature-256': good }],
    ['of the bytes before they were compressed', gzipSync(bytes), { 'x-hub-signature-256': good }],
  ];

  test.each(forged)('%s is refused, and nothing is kept', async (_what, body, headers) => {
    expect(await deliverBytes(system, body, headers)).toMatchObject({
      status: 401,
      body: { code: 'INVALID_SIGNATURE' },
    });
    expect(await storedMessages(system, [wamidOf(item)])).toEqual([]);
    expect(await system.sql('select id from webhook_delivery')).toEqual([]);
  });

  test.each([
    ['the old secret', APP_SECRET],
    ['the new secret', NEW_SECRET],
  ])('by %s is good while one replaces the other', async (_which, secret) => {
    const fresh = message(stranger(), 'Olá / ☕');
    const body = metaJson(envelope([fresh]));
    expect(await deliverBytes(system, body, { 'x-hub-signature-256': sign(body, secret) })).toMatchObject({
      status: 200,
    });
    expect(await storedMessages(system, [wamidOf(fresh)])).toHaveLength(1);
  });

  test.each(['text/plain', 'application/octet-stream', 'no/such; charset=none'])(
    'counts, not the content type (%s)',
    async (type) => {
      const fresh = message(stranger(), 'hello');
      const body = metaJson(envelope([fresh]));
      const headers = { 'content-type': type, 'x-hub-signature-256': sign(body, APP_SECRET) };
      expect(await deliverBytes(system, body, headers)).toMatchObject({ status: 200 });
      expect(await storedMessages(system, [wamidOf(fresh)])).toHaveLength(1);
    },
  );
});

describe('the size', () => {
  const ofSize = (size: number, item = message(stranger(), 'large')): Buffer => {
    const json = metaJson({ ...envelope([item]), filler: '' }).toString();
    return Buffer.from(json.replace('"filler":""', `"filler":"${'x'.repeat(size - json.length)}"`));
  };

  test('4 MB are taken', async () => {
    const item = message(stranger(), 'large');
    const body = ofSize(LIMIT, item);
    expect(body).toHaveLength(LIMIT);
    expect(await deliverBytes(system, body)).toMatchObject({ status: 200 });
    expect(await storedMessages(system, [wamidOf(item)])).toHaveLength(1);
    expect(await setAsideOf(system, body)).toEqual([]);
  });

  test('one byte more is refused', async () => {
    expect(await deliverBytes(system, ofSize(LIMIT + 1))).toMatchObject({
      status: 413,
      body: { code: 'PAYLOAD_TOO_LARGE' },
    });
  });
});

function flipped(bytes: Buffer): Buffer {
  const copy = Buffer.from(bytes);
  copy[copy.length - 20]! ^= 1;
  return copy;
}
