import { collectEntrances, type Entrance } from '../../scripts/access-table';
import { AppModule } from '../../src/app.module';
import { includesLevel, type AccessLevel } from '../../src/common/access-level';
import { ChatSessionWatch } from '../../src/chat-gateway/chat-session-watch';
import { UploadsService } from '../../src/uploads/uploads.service';
import type { Workspace } from '../support/areas';
import { type ChatPerson, openChat } from '../support/chat';
import { type Customer, customer } from '../support/chat-admin';
import {
  askChat,
  type ChatListener,
  type ChatReply,
  enterChat,
  hangUp,
  type HeardOnChat,
  hears,
  refusalOfChat,
} from '../support/chat-socket';
import { giveToSomebodyElse } from '../support/crm';
import { pdf } from '../support/files';
import { StoredRows } from '../support/stored-rows';
import { type Caller, TestSystem } from '../support/system';
import { type ChatThings, SOCKET_TRIES, type SocketTry } from './access/chat-socket.tries';
import { appIn } from './access/chat-user.area';

/** Ids that nothing has. */
const MISSING: ChatThings = {
  conversation: 888_888,
  message: 888_888,
  file: 'upload_00000000-0000-4000-8000-000000000000',
};
const NAMES = [
  'a visitor',
  'a user',
  'an employer',
  'a supervisor',
  'an admin',
  'a user of another workspace',
  'an employer of another workspace',
  'an admin of another workspace',
] as const;

/** Somebody with a good session, and what the others have. */
interface Walker {
  caller: Caller;
  /** Null: a user. */
  level: AccessLevel | null;
  /** Of theirs, or of the queue. */
  own: ChatThings;
  /** Of somebody else in their workspace, whom nobody below a supervisor sees. */
  others: ChatThings;
  foreign: ChatThings;
}

/** A workspace with two users and a visitor, and what each has. The second one's is an employer's. */
interface Side extends Workspace {
  users: [Customer, Customer];
  visitor: ChatPerson;
  things: Record<'first' | 'second' | 'visitor', ChatThings>;
  /** Somebody who hears all that staff can hear. */
  staff: ChatListener;
  /** The first user, on another device. */
  user: ChatListener;
}

let system: TestSystem;
let rows: StoredRows;
let messages: Entrance[];
let ours: Side;
let theirs: Side;
let walkers: Record<(typeof NAMES)[number], Walker>;

beforeAll(async () => {
  // How often somebody may say what is tested elsewhere.
  system = await TestSystem.start({ config: { chat: { rateLimitEnabled: false } } });
  rows = await StoredRows.of(system);
  messages = (await collectEntrances(AppModule)).filter(
    ({ kind, scope }) => kind === 'message' && scope === '/',
  );
  ours = await sideOf(1);
  theirs = await sideOf((await system.createWorkspace('rivals')).id);
  const user = (side: Side, caller: Caller, own: ChatThings, foreign: ChatThings): Walker => ({
    caller,
    level: null,
    own,
    others: side.things.second,
    foreign,
  });
  const staff = (side: Side, level: AccessLevel, foreign: ChatThings): Walker => ({
    caller: side[level],
    level,
    own: side.things.first,
    // Files are those of all staff.
    others: {
      ...side.things.second,
      file: includesLevel(level, 'supervisor') ? side.things.second.file : MISSING.file,
    },
    foreign,
  });
  const [here, there] = [ours.things.first, theirs.things.first];
  walkers = {
    'a visitor': user(ours, ours.visitor, ours.things.visitor, there),
    'a user': user(ours, ours.users[0], here, there),
    'an employer': staff(ours, 'employer', there),
    'a supervisor': staff(ours, 'supervisor', there),
    'an admin': staff(ours, 'admin', there),
    'a user of another workspace': user(theirs, theirs.users[0], there, here),
    'an employer of another workspace': staff(theirs, 'employer', here),
    'an admin of another workspace': staff(theirs, 'admin', here),
  };
});
afterAll(async () => {
  hangUp();
  await system.stop();
});

async function sideOf(id: number): Promise<Side> {
  const [admin, supervisor, employer, witness] = [
    await system.signIn('admin', { workspaceId: id }),
    await system.signIn('supervisor', { workspaceId: id }),
    await system.signIn('employer', { workspaceId: id }),
    await system.signIn('admin', { workspaceId: id }),
  ];
  const workspace = { id, admin, supervisor, employer };
  const app = await appIn(system, workspace);
  const users: Side['users'] = [await customer(system, {}, app), await customer(system, {}, app)];
  const visitor = await visitorOf(workspace);
  const { body } = await visitor.post<{ data: { conversation_id: number } }>('/api/chat/messages', {
    message: 'hello',
  });
  const [first, second] = [
    await thingsIn(workspace, users[0], users[0].conversation),
    await thingsIn(workspace, users[1], users[1].conversation),
  ];
  const things = { first, second, visitor: await thingsIn(workspace, visitor, body.data.conversation_id) };
  await giveToSomebodyElse(system, second.conversation);
  const staff = await enterChat(system, witness);
  for (const { conversation } of Object.values(things))
    await askChat(staff, 'join_conversation', { conversation_id: conversation });
  await askChat(staff, 'join_admin_rooms', { rooms: ['admin_notifications'] });
  return { ...workspace, users, visitor, things, staff, user: await enterChat(system, users[0]) };
}

async function visitorOf({ admin }: Workspace): Promise<ChatPerson> {
  const app = await admin.post<{ app_id: string }>('/chat-apps', { name: 'Website', visitors: true });
  const { status, body } = await system.call<{ data: { token: string; user: { user_id: number } } }>(
    'POST',
    '/api/chat/visitors',
    { app_id: app.body.app_id },
  );
  expect([status, body]).toEqual([201, body]);
  return { ...system.callerWith(body.data.token), userId: body.data.user.user_id, uuid: '' };
}

/** Staff have answered, and the user has read it: connecting brings and changes nothing. */
async function thingsIn(
  { id, admin }: Workspace,
  user: ChatPerson,
  conversation: number,
): Promise<ChatThings> {
  const said = await admin.post<{ id: number }>('/messages', { conversation_id: conversation, body: 'hi' });
  await user.patch(`/api/chat/conversations/${conversation}/messages/read`);
  const uploads = system.app.get(UploadsService, { strict: false });
  const { uuid } = await uploads.store({ workspaceId: id, userId: null }, pdf(), { name: 'theirs.pdf' });
  return { conversation, message: said.body.id, file: `upload_${uuid}` };
}

/** Whether the server declares that it takes the message of somebody. */
function mayAtAll(message: string, { level }: Walker): boolean {
  const rule = messages.find(({ name }) => name === message)!.rule!;
  if (rule.kind === 'public') return true;
  if (level === null) return rule.kind === 'callers';
  return rule.level !== undefined && includesLevel(level, rule.level);
}

const seesOthers = ({ level }: Walker): boolean => level !== null && includesLevel(level, 'supervisor');

/** What an answer says, but for the id that it was asked about. */
function told({ data, ...rest }: ChatReply, { conversation }: ChatThings): object {
  return data?.['conversation_id'] === conversation
    ? { ...rest, data: { ...data, conversation_id: 0 } }
    : { ...rest, data };
}

/** What the witnesses heard since they were asked last, once all that was said before can have reached them. */
async function overheard({ staff, user, things }: Side): Promise<string[]> {
  for (const [i, event] of ['typing-start', 'typing-stop'].entries()) {
    await askChat(user, event, { conversationId: things.first.conversation });
    await hears(staff, 'user-typing', i + 1);
  }
  const marker = (one: HeardOnChat): boolean => /typing/.test(one.event);
  expect(staff.heard.filter(marker)).toHaveLength(4);
  const rest = [...staff.heard.filter((one) => !marker(one)), ...user.heard];
  for (const { heard } of [staff, user]) heard.splice(0);
  return rest.map(({ event }) => event);
}

test('every message of the namespace is walked, and no other', () => {
  expect(new Set(SOCKET_TRIES.map(({ message }) => message))).toEqual(
    new Set(messages.map(({ name }) => name)),
  );
});

describe('what is not theirs answers as what does not exist, is heard by nobody and stores nothing:', () => {
  test.each(NAMES)('%s', async (name) => {
    const walker = walkers[name];
    const { own, others, foreign } = walker;
    const listener = await enterChat(system, walker.caller);
    const before = [await rows.settled(ours.id), await rows.settled(theirs.id)];
    for (const { heard } of [ours, theirs].flatMap(({ staff, user }) => [staff, user])) heard.splice(0);
    const ask = async ({ message, payload }: SocketTry, things: ChatThings): Promise<object> =>
      told(await askChat(listener, message, payload(things, own)), things);

    for (const one of SOCKET_TRIES) {
      const allowed = mayAtAll(one.message, walker);
      if (allowed && one.bare) continue;
      const missing = await ask(one, MISSING);
      if (!allowed) expect([one.message, missing]).toMatchObject([one.message, { error_code: 'FORBIDDEN' }]);
      else
        expect([one.message, missing]).toMatchObject([
          one.message,
          one.harmless
            ? { status: 'success' }
            : { error_code: expect.stringMatching(/^(NOT_FOUND|VALIDATION_FAILED)$/) },
        ]);
      expect([one.message, await ask(one, foreign)]).toEqual([one.message, missing]);
      if (!allowed || !seesOthers(walker))
        expect([one.message, await ask(one, others)]).toEqual([one.message, missing]);
    }

    for (const side of [ours, theirs]) expect(await overheard(side)).toEqual([]);
    expect(listener.heard.map(({ event }) => event)).toEqual([]);
    expect([await rows.now(ours.id), await rows.now(theirs.id)]).toEqual(before);
    listener.socket.disconnect();
  });
});

const deep = (levels: number): object => (levels === 0 ? {} : { a: deep(levels - 1) });
const AS_IDS = ['1', 0, -1, 1.5, 2 ** 53, 1e308, null, true, [], [1], {}, '٣', 'a\0b', '\ud800'];
const JUNK: unknown[][] = [
  [],
  [null],
  [true],
  [5],
  ['text'],
  [[]],
  [[[]]],
  [{}],
  [deep(40)],
  [{}, {}],
  // Null is none, and users need none.
  ...AS_IDS.filter((id) => id !== null).map((id) => [{ conversation_id: id, content: 'x' }]),
  ...AS_IDS.map((id) => [{ conversationId: id, message: 'x' }]),
  ...AS_IDS.map((id) => [{ rooms: id }]),
  ...AS_IDS.map((id) => [{ conversation_id: 1, message_ids: id }]),
  ...AS_IDS.map((id) => [{ conversation_id: 1, message_ids: [id] }]),
];

test('what is no message of the contracts is refused as bad input, and stores nothing', async () => {
  const listeners = [await enterChat(system, theirs.users[1]), await enterChat(system, theirs.admin)];
  const before = await rows.settled(theirs.id);
  for (const { name: message } of messages)
    for (const { socket } of listeners) {
      const replies = await Promise.all(
        JUNK.map((junk) => socket.timeout(10_000).emitWithAck(message, ...junk) as Promise<ChatReply>),
      );
      for (const [i, reply] of replies.entries())
        expect([message, JUNK[i], reply]).toMatchObject([
          message,
          JUNK[i],
          { status: 'error', error_code: expect.stringMatching(/^(VALIDATION_FAILED|NOT_FOUND|FORBIDDEN)$/) },
        ]);
    }
  expect(await rows.now(theirs.id)).toEqual(before);
});

describe('what they may see they have to do with, and what is not for them to say is refused:', () => {
  test.each(NAMES)('%s', async (name) => {
    const walker = walkers[name];
    const listener = await enterChat(system, walker.caller);
    for (const things of seesOthers(walker) ? [walker.own, walker.others] : [walker.own])
      for (const { message, payload, ofStaff } of SOCKET_TRIES) {
        const reply = await askChat(listener, message, payload(things, things));
        const works =
          mayAtAll(message, walker) && (ofStaff === undefined || walker.level !== null)
            ? { status: 'success' }
            : { status: 'error', error_code: mayAtAll(message, walker) ? 'VALIDATION_FAILED' : 'FORBIDDEN' };
        expect([message, payload(things, things), reply]).toMatchObject([message, expect.anything(), works]);
      }
    listener.socket.disconnect();
  });
});

const ENDINGS: [string, () => Promise<Caller>, (caller: Caller) => Promise<unknown>][] = [
  ['a user', () => openChat(system), (user) => user.delete('/api/chat/sessions/current')],
  ['a visitor', () => visitorOf(ours), (user) => user.delete('/api/chat/sessions/current')],
  ['an admin', () => system.signIn('admin'), (admin) => admin.post('/auth/logout')],
];

describe('whose session is over', () => {
  beforeAll(async () => {
    // It would end the sockets first.
    system.app.get(ChatSessionWatch, { strict: false }).stop();
    // Their answers to pings would be kept as deliveries in the middle of it.
    hangUp();
    await rows.settled(ours.id);
  });

  test.each(ENDINGS)('is not let in: %s', async (_, signIn, end) => {
    const caller = await signIn();
    await end(caller);
    for (const token of [caller.token, '', undefined])
      expect(await refusalOfChat(system, { token })).toEqual({
        code: 'UNAUTHORIZED',
        message: 'Invalid authentication token',
      });
  });

  test.each(ENDINGS)('says nothing on a socket that is still open: %s', async (_, signIn, end) => {
    for (const { name: message } of messages) {
      const { payload } = SOCKET_TRIES.find((one) => one.message === message)!;
      const caller = await signIn();
      const listener = await enterChat(system, caller);
      await end(caller);
      const before = await rows.now(ours.id);
      expect([message, await askChat(listener, message, payload(MISSING, MISSING))]).toMatchObject([
        message,
        { status: 'error', error_code: 'UNAUTHENTICATED' },
      ]);
      expect(await rows.now(ours.id)).toEqual(before);
    }
  });
});
