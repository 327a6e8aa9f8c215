import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { Simulator } from '../../simulator/simulator';
import { eventually } from './eventually';
import type { Caller, TestSystem } from './system';

export const BOT_SECRET = 'a-secret-of-the-bot-1234';

/** What a service was asked. */
export interface Asked {
  headers: IncomingMessage['headers'];
  body: string;
  json: {
    event_id: string;
    attempt: number;
    message: { id: number; body: string };
    history: { id: number; body: string }[];
    conversation: { id: number };
    contact: { id: number; name: string };
    bot: { id: number; name: string };
  };
}

export type Answering = (asked: Asked, response: ServerResponse) => void | Promise<void>;

/** A bot's service: a real HTTP server. */
export class BotService {
  readonly asked: Asked[] = [];
  /** Default: says back what it heard. */
  answer: Answering = ({ json }, response) => {
    reply(response, { replies: [{ type: 'text', body: `echo: ${json.message.body}` }] });
  };

  private constructor(private readonly server: Server) {}

  static async start(): Promise<BotService> {
    const server = createServer((request, response) => {
      let body = '';
      request.on('data', (chunk: Buffer) => (body += chunk.toString('utf8')));
      request.on('end', () => {
        const asked: Asked = {
          headers: request.headers,
          body,
          json: JSON.parse(body) as Asked['json'],
        };
        service.asked.push(asked);
        void service.answer(asked, response);
      });
    });
    const service = new BotService(server);
    await new Promise<void>((listening) => server.listen(0, '127.0.0.1', listening));
    return service;
  }

  get url(): string {
    return `http://127.0.0.1:${(this.server.address() as AddressInfo).port}/bot`;
  }

  async stop(): Promise<void> {
    this.server.closeAllConnections();
    await new Promise((closed) => this.server.close(closed));
  }
}

export function reply(response: ServerResponse, body: unknown, status = 200): void {
  response.writeHead(status, { 'content-type': 'application/json' });
  response.end(typeof body === 'string' ? body : JSON.stringify(body));
}

export async function makeBot(
  admin: Caller,
  fields: Record<string, unknown>,
): Promise<{ id: number } & Record<string, unknown>> {
  const made = await admin.post<{ id: number }>('/bots', { name: 'Bot', ...fields });
  if (made.status !== 201) throw new Error(`no bot: ${JSON.stringify(made.body)}`);
  return made.body;
}

export async function giveToBot(admin: Caller, conversationId: number, botId: number): Promise<void> {
  const answer = await admin.patch(`/conversations/${conversationId}/assign`, { assigned_bot: botId });
  if (answer.status !== 200) throw new Error(`not assigned: ${JSON.stringify(answer.body)}`);
}

/** What the bots have done with messages of a conversation, in the order of the messages; null: not done yet. */
export async function outcomesIn(system: TestSystem, conversationId: number): Promise<(string | null)[]> {
  const rows = await system.sql<{ outcome: string | null }>(
    'select outcome from bot_trigger where conversation_id = $1 order by message_id',
    [conversationId],
  );
  return rows.map((row) => row.outcome);
}

/** All that the bots were to do in a conversation is done, that of `count` messages at least. */
export async function settled(
  system: TestSystem,
  conversationId: number,
  count: number,
): Promise<(string | null)[]> {
  return await eventually(
    async () => {
      const outcomes = await outcomesIn(system, conversationId);
      if (outcomes.length < count || outcomes.includes(null)) throw new Error(JSON.stringify(outcomes));
      return outcomes;
    },
    { what: `${count} messages done with`, timeoutMs: 20_000 },
  );
}

/** What Graph took for a telephone number, in order: texts, and the words above buttons and lists. */
export function saidTo(meta: Simulator, phone: string): string[] {
  return meta.acceptedFor(phone).map(({ body }) => {
    const { text, interactive } = body as {
      text?: { body: string };
      interactive?: { type: string; body: { text: string } };
    };
    return text?.body ?? `[${interactive?.type}] ${interactive?.body.text}`;
  });
}
