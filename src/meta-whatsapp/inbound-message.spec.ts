import { ANA, EXPECTED_MESSAGES, FIRST } from '../../test/fixtures/meta-webhooks/expected-messages';
import { webhookFixture, webhookFixtureNames } from '../../test/fixtures/meta-webhooks/read-fixture';
import type { InboundMessage } from './webhook-item';
import { parseWebhook } from './webhook-payload';

function firstMessage(body: unknown): InboundMessage {
  const item = parseWebhook(body).find((each) => each.kind === 'message');
  if (!item) throw new Error('No message in the webhook');
  return item;
}

describe('a message of each type', () => {
  it.each(Object.entries(EXPECTED_MESSAGES))('%s', (name, expected) => {
    const message = firstMessage(webhookFixture(name));
    const { payload, ...fields } = expected;
    expect(message).toMatchObject({
      kind: 'message',
      phoneNumberId: '106540352242922',
      businessAccountId: '102290129340398',
      path: 'entry[0].changes[0].value.messages[0]',
      replyToWamid: null,
      forwarded: false,
      groupId: null,
      ...fields,
    });
    expect(message.payload).toStrictEqual(payload);
    expect(JSON.parse(JSON.stringify(message.payload))).toStrictEqual(payload);
  });

  it('carries id, time and person', () => {
    const message = firstMessage(webhookFixture('text'));
    expect(message.wamid).toBe(FIRST);
    expect(message.sentAt).toStrictEqual(new Date('2025-02-12T00:43:44Z'));
    expect(message.sender).toStrictEqual(ANA);
  });

  it('leaves no fixture of a message out', () => {
    const isMessage =
      /^(text|image|video|audio|doc|sticker|loc|cont|inter|button|rea|order|unsup|sys|edit|rev|req|type)/;
    expect(Object.keys(EXPECTED_MESSAGES).sort()).toEqual(
      webhookFixtureNames()
        .filter((name) => isMessage.test(name))
        .sort(),
    );
  });
});
