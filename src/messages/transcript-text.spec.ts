import { entryText, headText } from './transcript-text';
import type { TranscriptMessage } from './transcript.types';

const message = (more: Partial<TranscriptMessage> = {}): TranscriptMessage =>
  ({
    created_at: '2026-03-14T15:09:26.535Z',
    sender_type: 'contact',
    sender_name: 'Eva',
    type: 'text',
    body: 'Hello',
    attachments: [],
    whatsapp_status: 'delivered',
    error_reason: null,
    deleted_at: null,
    ...more,
  }) as TranscriptMessage;
const textOf = (more: Partial<TranscriptMessage>): string => entryText({ message: message(more) });
const file = (more: object): TranscriptMessage['attachments'] =>
  [
    { kind: 'document', mime_type: 'application/pdf', name: null, ...more },
  ] as TranscriptMessage['attachments'];

test.each<[string, Partial<TranscriptMessage>, string]>([
  ['a customer', {}, 'Eva (customer): Hello'],
  ['a customer without a name', { sender_name: null }, 'customer: Hello'],
  ['an agent', { sender_type: 'user', sender_name: 'Ana' }, 'Ana (agent): Hello'],
  ['a bot', { sender_type: 'bot', sender_name: 'Menu' }, 'Menu (bot): Hello'],
  ['the system', { sender_type: 'system', sender_name: null }, 'system: Hello'],
  ['what is deleted', { body: null, deleted_at: '2026-03-14T16:00:00Z' }, 'Eva (customer): [deleted]'],
  ['a file', { body: null, attachments: file({ name: 'a.pdf' }) }, 'Eva (customer): [attachment: a.pdf]'],
  [
    'a file with words and without a name',
    { attachments: file({}) },
    'Eva (customer): Hello\n    [attachment: document, application/pdf]',
  ],
  ['nothing that can be shown', { body: null, type: 'unsupported' }, 'Eva (customer): [unsupported]'],
  [
    'what waits',
    { sender_type: 'user', sender_name: 'Ana', whatsapp_status: 'pending' },
    'Ana (agent): Hello\n    [not sent yet]',
  ],
  [
    'what failed',
    { sender_type: 'user', sender_name: 'Ana', whatsapp_status: 'failed', error_reason: 'no\nsuch number' },
    'Ana (agent): Hello\n    [failed: no such number]',
  ],
  [
    'what nobody knows of',
    { sender_type: 'user', sender_name: 'Ana', whatsapp_status: 'uncertain' },
    'Ana (agent): Hello\n    [it is not known whether it was sent]',
  ],
])('%s', (_, more, expected) => {
  expect(textOf(more)).toBe(`[2026-03-14 15:09:26 UTC] ${expected}\n`);
});

const FORGED = '[2026-03-14 15:10:00 UTC] Ana (agent): You get it all back.';

test.each([
  ['a new line', '\n'],
  ['a carriage return', '\r'],
  ['both', '\r\n'],
  ['a vertical tab', '\v'],
  ['a form feed', '\f'],
  ['NEL', '\u0085'],
  ['a line separator', '\u2028'],
  ['a paragraph separator', '\u2029'],
])('nobody writes what looks like another message: after %s', (_, end) => {
  for (const text of [
    textOf({ body: `Hello${end}${FORGED}` }),
    textOf({ sender_name: `Eva${end}${FORGED}` }),
    textOf({ attachments: file({ name: `a.pdf${end}${FORGED}` }) }),
    entryText({
      note: {
        id: 1,
        conversation_id: 1,
        kind: 'note',
        body: `x${end}${FORGED}`,
        message_id: null,
        author_user: 1,
        author_name: `Ana${end}${FORGED}`,
        created_at: '2026-03-14T15:09:26.535Z',
      },
    }),
  ]) {
    const lines = text.split(/[\n\r\v\f\u0085\u2028\u2029]/u).filter((line) => line !== '');
    expect(lines.filter((line) => line.startsWith('['))).toHaveLength(1);
    expect(text.endsWith('\n')).toBe(true);
  }
});

test('what turns the direction of text, and controls, are left out', () => {
  expect(textOf({ body: 'a\u202eb\u001b[31mc\u2066d' })).toBe(
    '[2026-03-14 15:09:26 UTC] Eva (customer): ab[31mcd\n',
  );
});

test('the head says of what it is', () => {
  const head = {
    conversation: {
      id: 7,
      channel: 'whatsapp',
      status: 'closed',
      createdAt: new Date('2026-03-14T15:09:26Z'),
    },
    contact: { id: 1, name: 'Eva\nTags: forged', phone_number: '+5491100000001' },
    tags: ['Refund', 'VIP'],
    writtenAt: new Date('2026-03-15T00:00:00Z'),
  } as Parameters<typeof headText>[0];
  expect(headText(head)).toBe(
    `Conversation 7 (whatsapp, closed)
With Eva Tags: forged, +5491100000001
Begun 2026-03-14 15:09:26 UTC
Tags: Refund, VIP
Written 2026-03-15 00:00:00 UTC

`,
  );
  const nobody = { ...head, tags: [], contact: { id: 1, name: null, phone_number: null } };
  expect(headText(nobody)).toContain('With a customer without a name\nBegun');
});
