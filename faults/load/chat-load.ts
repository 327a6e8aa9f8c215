import { setTimeout as delay } from 'node:timers/promises';
import { openChatSession } from './chat-app';
import { ChatClient } from './chat-client';
import { type Answer, post } from './http';
import type { InboundOperation, OperationJournal, ReplyOperation } from './operations';

const WAIT_AFTER_REFUSAL_MS = 250;
/** Refusals that are none of 503 are counted as wrong; after so many it is given up. */
const MOST_REFUSALS = 5;

export interface ChatLoadOptions {
  journal: OperationJournal;
  urls: string[];
  /** Of an admin, who answers. */
  token: string;
  run: string;
  /** The numbers by which the app knows its users begin here. */
  firstUserId: number;
  users: number;
  /** Of each user. */
  messages: number;
  /** To each user. */
  answers: number;
  pauseMs?: number;
  /** All devices begin at the first server. */
  together?: true;
}

interface Person {
  phone: string;
  /** Each at another server. */
  devices: [ChatClient, ChatClient];
  conversationId: number;
}

/** One way to say something. */
type Door = (url: string) => Promise<Answer>;

/** By what the customers of the live chat are known in the evidence. */
export const phoneOfUser = (userId: number): string => `app:${userId}`;

/**
 * Users of the live chat with two devices each, and staff who answer them. Every second user writes over the socket,
 * the others over REST; staff take one door after the other. Each goes on once it is answered, and asks again, with the
 * same id and elsewhere, until it is.
 */
export class ChatLoad {
  /** Users who say that they have read what they are told. */
  readonly readers = new Set<string>();
  private readonly people: Person[] = [];
  private readonly desks: ChatClient[] = [];
  private over: () => boolean = () => false;

  private constructor(private readonly options: ChatLoadOptions) {}

  /** Resolves once each user has written once, and everybody hears. */
  static async open(options: ChatLoadOptions): Promise<ChatLoad> {
    const load = new ChatLoad(options);
    const { urls, token } = options;
    for (const [i] of urls.entries()) load.desks.push(await load.client(`desk ${i}`, null, token, i));
    await Promise.all(Array.from({ length: options.users }, (_, n) => load.arrive(n)));
    for (const desk of load.desks) await desk.join(load.people.map(({ conversationId }) => conversationId));
    return load;
  }

  /** How many users. */
  get size(): number {
    return this.options.users;
  }

  /** A further device of one of the users, with a session of its own. */
  async deviceOf(n: number, who: string): Promise<ChatClient> {
    const { urls, firstUserId } = this.options;
    const userId = firstUserId + n;
    const token = await openChatSession(urls[n % urls.length]!, userId);
    return await this.client(who, phoneOfUser(userId), token, n);
  }

  get conversationIds(): number[] {
    return this.people.map(({ conversationId }) => conversationId);
  }

  /** The users' second devices, over which nothing is said. */
  get secondDevices(): ChatClient[] {
    return this.people.map(({ devices }) => devices[1]);
  }

  get clients(): ChatClient[] {
    return [...this.people.flatMap(({ devices }) => devices), ...this.desks];
  }

  /** Nothing new is said once this holds. */
  stopWhen(over: () => boolean): void {
    this.over = over;
  }

  async run(): Promise<void> {
    const { messages, answers } = this.options;
    await Promise.all(
      this.people.flatMap((person, n) => [
        this.inTurn(messages, async (turn) => void (await this.userSays(person, n, turn))),
        this.inTurn(answers, async (turn) => await this.staffSays(person, n, turn)),
      ]),
    );
  }

  close(): void {
    for (const client of this.clients) client.close();
  }

  private async inTurn(times: number, act: (turn: number) => Promise<void>): Promise<void> {
    for (let turn = 1; turn <= times && !this.over(); turn++) {
      await act(turn);
      if (this.options.pauseMs) await delay(this.options.pauseMs);
    }
  }

  private async arrive(n: number): Promise<void> {
    const { urls, firstUserId } = this.options;
    const userId = firstUserId + n;
    const phone = phoneOfUser(userId);
    const token = await openChatSession(urls[n % urls.length]!, userId);
    const reads = n % 3 === 0;
    if (reads) this.readers.add(phone);
    const devices: Person['devices'] = [
      await this.client(`user ${userId}, device 1`, phone, token, n, reads),
      await this.client(`user ${userId}, device 2`, phone, token, n + 1),
    ];
    const person = { phone, devices, conversationId: 0 };
    person.conversationId = await this.userSays(person, n, 0);
    this.people.push(person);
  }

  private async client(
    who: string,
    phone: string | null,
    token: string,
    turn: number,
    reads = false,
  ): Promise<ChatClient> {
    const { urls, journal, together } = this.options;
    const from = together ? 0 : turn % urls.length;
    return await ChatClient.open({
      urls: [...urls.slice(from), ...urls.slice(0, from)],
      token,
      who,
      phone,
      reads,
      wrong: (what) => journal.wrong(what),
    });
  }

  /** Answers the conversation in which it stands. */
  private async userSays(
    { phone, devices, conversationId }: Person,
    n: number,
    turn: number,
  ): Promise<number> {
    const { run, journal } = this.options;
    const wamid = `${run}-${phone}-${turn}`;
    const body = `says ${wamid}`;
    const operation: InboundOperation = {
      wamid,
      phone,
      body,
      askedAt: performance.now(),
      acknowledgedAt: null,
    };
    journal.inbound.set(wamid, operation);
    const where = turn % 2 === 0 || conversationId === 0 ? null : conversationId;
    const [device] = devices;
    const said = await this.untilAnswered('chat message', turn, (url) =>
      n % 2 === 0
        ? device.say(where, body, wamid)
        : post(
            where === null ? `${url}/api/chat/messages` : `${url}/api/chat/conversations/${where}/messages`,
            JSON.stringify({ message: body, client_message_id: wamid }),
            { authorization: `Bearer ${device.token}` },
          ),
    );
    if (said === null) return conversationId;
    operation.acknowledgedAt = performance.now();
    operation.messageId = said.id;
    return said.conversation_id;
  }

  private async staffSays({ conversationId }: Person, n: number, turn: number): Promise<void> {
    const { run, journal, token } = this.options;
    const clientMessageId = `${run}-${conversationId}-answer-${turn}`;
    const body = `answer ${clientMessageId}`;
    const operation: ReplyOperation = {
      clientMessageId,
      conversationId,
      body,
      askedAt: performance.now(),
      acknowledgedAt: null,
      messageId: null,
    };
    journal.replies.set(clientMessageId, operation);
    const headers = { authorization: `Bearer ${token}` };
    const desk = this.desks[n % this.desks.length]!;
    const doors: Door[] = [
      () => desk.say(conversationId, body, clientMessageId),
      (url) =>
        post(
          `${url}/messages`,
          JSON.stringify({ conversation_id: conversationId, body, client_message_id: clientMessageId }),
          headers,
        ),
      (url) =>
        post(
          `${url}/admin/chat/conversations/${conversationId}/messages`,
          JSON.stringify({ message: body }),
          {
            ...headers,
            'idempotency-key': clientMessageId,
          },
        ),
    ];
    const said = await this.untilAnswered('chat answer', turn, doors[(n + turn) % doors.length]!);
    if (said === null) return;
    operation.acknowledgedAt = performance.now();
    operation.messageId = said.id;
  }

  /** Null where it was refused for good, which is counted as wrong. */
  private async untilAnswered(
    what: string,
    turn: number,
    door: Door,
  ): Promise<{ id: number; conversation_id: number } | null> {
    const { journal, urls } = this.options;
    for (let attempt = 0; ; attempt++) {
      const startedAt = performance.now();
      const answer = await door(urls[(turn + attempt) % urls.length]!);
      if (journal.note(what, startedAt, answer) === 'answered') {
        const said = JSON.parse(answer.body) as { data?: { id: number; conversation_id: number } };
        return said.data ?? (said as unknown as { id: number; conversation_id: number });
      }
      await delay(WAIT_AFTER_REFUSAL_MS);
      if (answer.status !== 0 && answer.status < 500 && attempt > MOST_REFUSALS) return null;
    }
  }
}
