import type { ChatHeard, SaidMessage } from '../load/chat-client';
import type { Heard } from '../load/listener';
import { ALL_SENT_AND_READ, type Evidence, type LimitedHearer, SENDER_MAY_DIE } from './evidence';
import { COUNTS, type Counts, judge } from './judge';

const PHONE = '551100001';

/** A customer wrote twice and was answered twice; all of it went well. */
function good(): Evidence {
  const inbound = [1, 2].map((n) => ({
    wamid: `w${n}`,
    phone: PHONE,
    body: `hello ${n}`,
    askedAt: n * 10,
    acknowledgedAt: n * 10 + 5,
  }));
  const replies = [3, 4].map((n) => ({
    clientMessageId: `c${n}`,
    conversationId: 7,
    body: `reply ${n}`,
    askedAt: n * 10,
    acknowledgedAt: n * 10 + 5,
    messageId: n,
  }));
  const message = (id: number) => ({
    id,
    conversationId: 7,
    channel: 'whatsapp',
    phone: PHONE,
    senderType: id < 3 ? 'contact' : 'user',
    body: id < 3 ? `hello ${id}` : `reply ${id}`,
    externalId: `w${id}`,
    clientMessageId: id < 3 ? null : `c${id}`,
    status: id < 3 ? 'delivered' : 'read',
    reason: null,
  });
  const entry = (id: number, type: string, messageId: number, status: string) => ({
    id,
    type,
    conversationId: 7,
    messageId,
    status,
  });
  const journal = [
    entry(11, 'message:new', 1, 'delivered'),
    entry(12, 'message:new', 2, 'delivered'),
    entry(13, 'message:new', 3, 'pending'),
    entry(14, 'message:new', 4, 'pending'),
    entry(15, 'message:status_changed', 3, 'sent'),
    entry(16, 'message:status_changed', 4, 'sent'),
    entry(17, 'message:status_changed', 3, 'read'),
    entry(18, 'message:status_changed', 4, 'read'),
  ];
  return {
    inbound,
    replies,
    messages: [1, 2, 3, 4].map(message),
    conversations: [
      { id: 7, contactId: 5, phone: PHONE, unreadCount: 2, read: false, readUpToId: 0, lastMessageId: 4 },
    ],
    journal,
    accepted: [3, 4].map((id) => ({ phone: PHONE, body: `reply ${id}`, messageId: id, wamid: `w${id}` })),
    heard: [journal.map(({ id, ...rest }): Heard => ({ ...rest, eventId: id, externalId: null, at: id }))],
    owners: [],
    limited: [],
    chat: { heard: [], readers: new Set() },
  };
}

const USER = 'app:551100002';

/** A user of the live chat, with two devices and a desk, wrote and was answered, and read the answer. */
function goodChat(): Evidence {
  const evidence = good();
  const message = (id: number, senderType: string, body: string, status: string) => ({
    ...evidence.messages[0]!,
    id,
    conversationId: 8,
    channel: 'app-chat',
    phone: USER,
    senderType,
    body,
    externalId: senderType === 'contact' ? `u${id}` : null,
    clientMessageId: senderType === 'contact' ? null : `a${id}`,
    status,
  });
  const messages = [message(21, 'contact', 'help', 'delivered'), message(22, 'user', 'here', 'read')];
  const said = (id: number) => ({ id, conversationId: 8, at: id });
  const device = {
    who: 'device',
    phone: USER,
    joined: [],
    userId: null,
    endedAt: null,
    connections: [[said(21), said(22)]],
    fetched: [],
  };
  const steps = [
    [31, 'message:new', 21, 'delivered'],
    [32, 'message:new', 22, 'sent'],
    [33, 'message:status_changed', 22, 'read'],
  ] as const;
  return {
    ...evidence,
    inbound: [{ wamid: 'u21', phone: USER, body: 'help', askedAt: 1, acknowledgedAt: 2, messageId: 21 }],
    replies: [
      {
        clientMessageId: 'a22',
        conversationId: 8,
        body: 'here',
        askedAt: 3,
        acknowledgedAt: 4,
        messageId: 22,
      },
    ],
    messages,
    conversations: [
      { id: 8, contactId: 6, phone: USER, unreadCount: 1, read: false, readUpToId: 0, lastMessageId: 22 },
    ],
    journal: steps.map(([id, type, messageId, status]) => ({
      id,
      type,
      conversationId: 8,
      messageId,
      status,
    })),
    accepted: [],
    heard: [],
    chat: {
      heard: [
        device,
        { ...device, who: 'other device', connections: [[said(21)], []], fetched: [said(22)] },
        { ...device, who: 'desk', phone: null, joined: [8] },
      ],
      readers: new Set([USER]),
    },
  };
}

const countsOf = (evidence: Evidence, expected = ALL_SENT_AND_READ): Partial<Counts> =>
  Object.fromEntries(Object.entries(judge(evidence, expected).counts).filter(([, count]) => count > 0));

/** The same with one thing otherwise. */
type Change = (evidence: Evidence) => Partial<Evidence>;
const change =
  <K extends 'messages' | 'journal' | 'accepted' | 'inbound' | 'replies' | 'conversations'>(
    kind: K,
    at: number,
    more: Partial<Evidence[K][number]>,
  ): Change =>
  (evidence) => ({ [kind]: evidence[kind].map((one, i) => (i === at ? { ...one, ...more } : one)) });
const heard =
  (otherwise: (events: readonly Heard[]) => Heard[]): Change =>
  ({ heard: [events] }) => ({ heard: [otherwise(events!)] });

test('where all went well every count is 0', () => {
  expect(judge(good(), ALL_SENT_AND_READ)).toEqual({
    counts: Object.fromEntries(COUNTS.map((count) => [count, 0])),
    examples: [],
  });
});

test.each<[what: string, counts: (keyof Counts)[], change: Change]>([
  [
    'an acknowledged message that is not there',
    ['lost'],
    (e) => ({
      messages: e.messages.slice(1),
      journal: e.journal.slice(1),
      heard: [e.heard[0]!.slice(1)],
      conversations: [{ ...e.conversations[0]!, unreadCount: 1 }],
    }),
  ],
  ['a message that was never taken', ['lost'], change('inbound', 0, { acknowledgedAt: null })],
  ['a reply that is gone', ['lost', 'unexpected'], change('replies', 0, { clientMessageId: 'other' })],
  [
    'a message that is not announced',
    ['lost'],
    (e) => ({ journal: e.journal.slice(1), heard: [e.heard[0]!.slice(1)] }),
  ],
  ['an entry that a socket does not hear', ['lost'], heard((events) => events.slice(1))],
  [
    'a reply that waits for ever',
    ['lost', 'statuses'],
    (e) => ({ accepted: e.accepted.slice(1), ...change('messages', 2, { status: 'pending' })(e) }),
  ],
  [
    'a message that is there twice',
    ['duplicated', 'lost', 'counters'],
    (e) => ({ messages: [...e.messages, { ...e.messages[0]!, id: 5 }] }),
  ],
  [
    'a message that is announced twice',
    ['duplicated', 'lost'],
    (e) => ({ journal: [...e.journal, { ...e.journal[0]!, id: 19 }] }),
  ],
  [
    'an entry that is heard twice',
    ['duplicated'],
    heard((events) => events.flatMap((one, i) => (i === 0 ? [one, one] : [one]))),
  ],
  [
    'a reply that Meta takes twice',
    ['duplicated'],
    (e) => ({ accepted: [e.accepted[0]!, e.accepted[0]!, e.accepted[1]!] }),
  ],
  [
    'a second conversation of one customer',
    ['duplicated'],
    (e) => ({
      conversations: [
        ...e.conversations,
        { ...e.conversations[0]!, id: 8, unreadCount: 0, read: true, lastMessageId: null },
      ],
    }),
  ],
  ['a message under another customer', ['unexpected'], change('messages', 0, { phone: 'other' })],
  ['a message that nobody wrote', ['unexpected', 'lost'], change('inbound', 0, { wamid: 'other' })],
  [
    'a send that nobody wrote',
    ['unexpected'],
    (e) => ({ accepted: [...e.accepted, { phone: PHONE, body: 'x', messageId: 9, wamid: 'x' }] }),
  ],
  ['a state that says more than Meta knows', ['unexpected'], (e) => ({ accepted: e.accepted.slice(1) })],
  [
    'an entry that is not in the journal',
    ['unexpected'],
    heard((events) => [...events, { ...events[7]!, eventId: 99 }]),
  ],
  ['replies that Meta gets in another order', ['disordered'], (e) => ({ accepted: e.accepted.toReversed() })],
  [
    'a message that stands before an earlier one',
    ['disordered'],
    (e) => ({ inbound: [{ ...e.inbound[0]!, askedAt: 50, acknowledgedAt: 60 }, e.inbound[1]!] }),
  ],
  [
    'entries of one conversation in another order',
    ['disordered'],
    heard(([a, b, ...rest]) => [b!, a!, ...rest]),
  ],
  [
    'a state that goes back',
    ['statuses'],
    (e) => ({
      journal: [...e.journal, { ...e.journal[7]!, id: 19, status: 'sent' }],
      heard: [[...e.heard[0]!, { ...e.heard[0]![7]!, eventId: 19, status: 'sent' }]],
    }),
  ],
  ['a state other than Meta reported', ['statuses'], change('messages', 2, { status: 'sent' })],
  ['a wrong unread count', ['counters'], change('conversations', 0, { unreadCount: 1 })],
  ['a wrong read mark', ['counters'], change('conversations', 0, { read: true })],
  ['a wrong last message', ['counters'], change('conversations', 0, { lastMessageId: 3 })],
])('%s counts', (_, counts, changed) => {
  const evidence = good();
  expect(Object.keys(countsOf({ ...evidence, ...changed(evidence) })).sort()).toEqual(counts.toSorted());
});

/** Of the first device, what each connection heard, otherwise. */
const toldTo =
  (
    otherwise: (connection: Evidence['chat']['heard'][number]['connections'][number]) => SaidMessage[],
  ): Change =>
  ({ chat }) => ({
    chat: {
      ...chat,
      heard: chat.heard.map((one, i) =>
        i === 0 ? { ...one, connections: one.connections.map(otherwise) } : one,
      ),
    },
  });

test('where all went well in the live chat every count is 0', () => {
  expect(judge(goodChat(), ALL_SENT_AND_READ).examples).toEqual([]);
});

test.each<[what: string, counts: (keyof Counts)[], change: Change]>([
  ['a message that a device is never told', ['lost'], toldTo((said) => said.slice(1))],
  ['a message told twice on one connection', ['duplicated'], toldTo((said) => [...said, said[1]!])],
  ['a message told after a later one', ['disordered'], toldTo((said) => said.toReversed())],
  [
    'a message that is not there',
    ['unexpected'],
    toldTo((said) => [...said, { id: 99, conversationId: 8, at: 9 }]),
  ],
  [
    "a message of somebody else's conversation",
    ['overheard'],
    toldTo((said) => [...said, { id: 99, conversationId: 7, at: 9 }]),
  ],
  [
    'an answer that nobody is known to have',
    ['statuses'],
    (e) => ({
      messages: e.messages.map((m) => (m.id === 22 ? { ...m, status: 'sent' } : m)),
      journal: e.journal.slice(0, 2),
    }),
  ],
  ['an answer with another message', ['unexpected'], change('inbound', 0, { messageId: 20 })],
])('%s counts in the live chat', (_, counts, changed) => {
  const evidence = goodChat();
  expect(Object.keys(countsOf({ ...evidence, ...changed(evidence) })).sort()).toEqual(counts.toSorted());
});

/** The first customer's conversation was nobody's, then employer 1's, then employer 2's; both listen. */
function goodRights(): Evidence {
  const evidence = good();
  const listener = (userId: number, from: number, to: number): LimitedHearer => ({
    who: `employer ${userId}`,
    userId,
    heard: evidence.heard[0]!.filter(({ eventId }) => eventId < 12 || (eventId > from && eventId < to)),
    seesAllUntil: -Infinity,
    endedAt: null,
  });
  const step = (entryId: number, owner: number | null) => ({ entryId, conversationId: 7, owner });
  return {
    ...evidence,
    owners: [step(10.5, null), step(11.5, 1), step(14.5, 2)],
    limited: [listener(1, 11, 14.5), listener(2, 14.5, 99)],
  };
}

/** Of the first listener something otherwise. */
const listener =
  (more: (one: LimitedHearer, all: readonly Heard[]) => Partial<LimitedHearer>): Change =>
  ({ limited, heard: [all] }) => ({
    limited: limited.map((one, i) => (i === 0 ? { ...one, ...more(one, all!) } : one)),
  });

test('where everybody hears what is theirs every count is 0', () => {
  expect(judge(goodRights(), ALL_SENT_AND_READ).examples).toEqual([]);
});

test.each<[what: string, counts: (keyof Counts)[], change: Change]>([
  [
    'what is another’s by then',
    ['overheard'],
    listener(({ heard: own }, all) => ({ heard: [...own, all[4]!] })),
  ],
  ['what is theirs and not heard', ['lost'], listener(({ heard: own }) => ({ heard: own.slice(1) }))],
  ['what is heard twice', ['duplicated'], listener(({ heard: own }) => ({ heard: [...own, own[0]!] }))],
  [
    'what is heard long after the session was over',
    ['overheard'],
    listener(({ heard: own }) => ({ endedAt: 11, heard: own.map((one) => ({ ...one, at: 2_500 })) })),
  ],
  [
    'what only a supervisor may hear, long after the demotion',
    ['overheard'],
    listener((_, all) => ({ seesAllUntil: 11, heard: all.map((one) => ({ ...one, at: 2_500 })) })),
  ],
])('%s counts', (_, counts, changed) => {
  const evidence = goodRights();
  expect(Object.keys(countsOf({ ...evidence, ...changed(evidence) })).sort()).toEqual(counts.toSorted());
});

test('what a right gave may still be heard for a moment', () => {
  const evidence = goodRights();
  const ended = listener(({ heard: own }) => ({ endedAt: 11, heard: own }));
  const demoted = listener((_, all) => ({ seesAllUntil: 11, heard: all }));
  for (const changed of [ended, demoted]) expect(countsOf({ ...evidence, ...changed(evidence) })).toEqual({});
});

test.each<[what: string, counts: (keyof Counts)[], change: Partial<ChatHeard>]>([
  ['after the session was over', ['overheard'], { endedAt: -3_000 }],
  ['of a conversation that is another’s', ['overheard'], { userId: 5 }],
])('a desk of the live chat that is told something %s counts', (_, counts, more) => {
  const evidence = goodChat();
  const taken: Evidence = {
    ...evidence,
    owners: [{ entryId: 30, conversationId: 8, owner: 6 }],
    chat: {
      ...evidence.chat,
      heard: evidence.chat.heard.map((one) => (one.phone === null ? { ...one, ...more } : one)),
    },
  };
  expect(Object.keys(countsOf(taken)).sort()).toEqual(counts);
});

test('a message that says that nobody knows is none that was lost, where somebody died while it was sent', () => {
  const evidence = good();
  const told = { status: 'uncertain', reason: 'Interrupted.' };
  const unsure: Evidence = {
    ...evidence,
    accepted: evidence.accepted.slice(1),
    messages: evidence.messages.map((m) => (m.id === 3 ? { ...m, ...told } : m)),
    journal: evidence.journal
      .filter(({ id }) => id !== 15)
      .map((entry) => (entry.id === 17 ? { ...entry, status: 'uncertain' } : entry)),
    heard: [],
  };
  expect(countsOf(unsure, SENDER_MAY_DIE)).toEqual({});
  expect(countsOf(unsure)).toEqual({ lost: 1 });
});
