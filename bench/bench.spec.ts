import { parseWebhook } from '../src/meta-whatsapp/webhook-payload';
import { verifySignature } from '../src/meta-whatsapp/webhook-signature';
import { spread } from './figures';
import { statusOfWhole } from './http-connection';
import { parseOptions, UsageError } from './options';
import { APP_SECRET, messagesByPhone, phoneOf, signedRequests } from './webhooks';

describe('the intake benchmark', () => {
  it('sends what the server takes for a signed message', () => {
    const batch = { run: 'r', messages: 3, contacts: 2 };
    const [, , third] = signedRequests(batch, 'http://127.0.0.1:3000/hook');
    const [head, body] = third!.toString().split('\r\n\r\n');
    const signature = /X-Hub-Signature-256: (\S+)/.exec(head!)?.[1];
    expect(verifySignature(Buffer.from(body!), signature, [APP_SECRET])).toBe(true);
    expect(parseWebhook(JSON.parse(body!))).toEqual([
      expect.objectContaining({
        kind: 'message',
        wamid: 'wamid.r.2',
        sender: expect.objectContaining({ phone: phoneOf(0) }),
      }),
    ]);
    expect(messagesByPhone([batch, batch]).get(phoneOf(0))).toBe(4);
  });

  it('waits for the whole answer', () => {
    const answer = Buffer.from('HTTP/1.1 503 Busy\r\nContent-Length: 2\r\n\r\nok');
    expect(statusOfWhole(answer.subarray(0, 30))).toBeNull();
    expect(statusOfWhole(answer.subarray(0, -1))).toBeNull();
    expect(statusOfWhole(answer)).toBe(503);
  });

  it('takes the middle of its figures', () => {
    expect(spread([9, 1, 4])).toEqual({ median: 4, min: 1, max: 9 });
    expect(spread([4, 1])).toEqual({ median: 2.5, min: 1, max: 4 });
  });

  it('refuses flags it does not understand', () => {
    expect(parseOptions(['--n', '50'])).toMatchObject({ messages: 50, connections: 64, only: null });
    for (const bad of [
      ['--n', '0'],
      ['--k', 'many'],
      ['--only', 'half'],
      ['--fast'],
      ['extra'],
      ['--check', '--only', 'server'],
    ]) {
      expect(() => parseOptions(bad)).toThrow(UsageError);
    }
  });
});
