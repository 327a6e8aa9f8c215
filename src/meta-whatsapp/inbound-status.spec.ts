import { webhookFixture } from '../../test/fixtures/meta-webhooks/read-fixture';
import { parseWebhook } from './webhook-payload';

const ANA = { phone: '5511999990000', userId: 'BR.13491208655302741918' };
const GROUP = 'Y2FwaV9ncm91cDoxNzA1NTU1MDEzOToxMjAzNjM0MDQ2OTQyMzM4MjAZD';
const NOTHING = { callbackData: null, groupId: null, errors: [], pricing: null };

const statusesOf = (name: string): object[] =>
  parseWebhook(webhookFixture(name)).map(({ raw: _raw, path: _path, ...rest }) => rest);

const base = {
  kind: 'status',
  phoneNumberId: '106540352242922',
  businessAccountId: '102290129340398',
  recipient: ANA,
  ...NOTHING,
};

describe('statuses', () => {
  it('follow a message from sent to read; a voice message heard is read', () => {
    const pricing = { category: 'marketing', type: 'regular' };
    const at = (seconds: number): Date => new Date(seconds * 1000);
    expect(statusesOf('statuses')).toEqual([
      {
        ...base,
        wamid: 'wamid.OUT1',
        status: 'sent',
        at: at(1750263773),
        pricing,
        callbackData: 'outbox:42',
      },
      { ...base, wamid: 'wamid.OUT1', status: 'delivered', at: at(1750263774), pricing },
      { ...base, wamid: 'wamid.OUT1', status: 'read', at: at(1750263790) },
      { ...base, wamid: 'wamid.OUT2', status: 'read', at: at(1750263773) },
    ]);
  });

  it('say why a message failed', () => {
    expect(statusesOf('statuses-failed')).toMatchObject([
      {
        status: 'failed',
        callbackData: 'outbox:43',
        recipient: { phone: '5511999990000', userId: null },
        errors: [
          {
            code: 131047,
            title: 'Re-engagement message',
            details: expect.stringContaining('more than 24 hours') as string,
          },
        ],
      },
    ]);
  });

  it('name the participant of a group, in both spellings', () => {
    const inGroup = { wamid: 'wamid.OUT4', status: 'delivered', groupId: GROUP };
    expect(statusesOf('statuses-group')).toMatchObject([
      { ...inGroup, recipient: ANA, pricing: { category: 'group_service', type: 'regular' } },
      { ...inGroup, recipient: { phone: '5511977776666', userId: null } },
    ]);
  });

  it('may come for messages whose answer we never had', () => {
    expect(statusesOf('statuses-early')).toMatchObject([
      { wamid: 'wamid.NEVERSEEN', callbackData: 'outbox:44', recipient: { ...ANA, phone: null } },
    ]);
  });

  it('of calls, payments and former times are set aside, and so are unheard-of ones', () => {
    expect(statusesOf('statuses-of-other-families')).toMatchObject([
      { kind: 'set_aside', reason: 'status_not_handled', detail: 'A status of type "call"' },
      { reason: 'status_not_handled', detail: 'A status of type "payment"' },
      { reason: 'status_not_handled', detail: 'The status "deleted"' },
      { reason: 'status_not_handled', detail: 'The status "warning"' },
      { reason: 'status_unknown', detail: 'The status "teleported"' },
    ]);
  });
});
