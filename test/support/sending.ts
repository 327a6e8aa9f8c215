import type { Simulator } from '../../simulator/simulator';
import { eventually } from './eventually';
import type { Answer, Caller, TestSystem } from './system';

/** A message as the API shows it, as far as tests of sending look. */
export interface Shown extends Record<string, unknown> {
  id: number;
  conversation_id: number;
  body: string;
  whatsapp_status: string;
  whatsapp_message_id: string | null;
  error_code: number | null;
  error_reason: string | null;
}

let customers = 0;

/** A telephone number that no other test has. */
export function newPhone(): string {
  return `549115${String(++customers).padStart(6, '0')}`;
}

/** The customer has written: their conversation. */
export async function conversationOf(
  system: TestSystem,
  phone: string,
  phoneNumberId?: string,
): Promise<number> {
  await system.meta.customerSays({ phone }, 'Hello', { phoneNumberId });
  const [row] = await system.sql<{ id: number }>(
    `select c.id from conversation c join contact_identity i on i.contact_id = c.contact_id
     where i.scheme = 'whatsapp_phone' and i.value = $1 order by c.id desc limit 1`,
    [phone],
  );
  return row!.id;
}

export async function reply(agent: Caller, conversationId: number, body: string): Promise<Shown> {
  const answer = await agent.post<Shown>('/messages', { conversation_id: conversationId, body });
  if (answer.status !== 201) throw new Error(`the reply was refused: ${JSON.stringify(answer.body)}`);
  return answer.body;
}

export async function shown(agent: Caller, message: { id: number }): Promise<Shown> {
  return (await agent.get<Shown>(`/messages/${message.id}`)).body;
}

/** The message, once it is in this state. */
export async function becomes(
  agent: Caller,
  message: { id: number },
  state: string,
  timeoutMs?: number,
): Promise<Shown> {
  return await eventually(
    async () => {
      const now = await shown(agent, message);
      if (now.whatsapp_status !== state)
        throw new Error(`it is ${now.whatsapp_status}: ${now.error_reason ?? 'no reason'}`);
      return now;
    },
    { what: `message ${message.id} as ${state}`, timeoutMs },
  );
}

/** The message, once it waits for a reason that it shows. */
export async function waitsWithReason(agent: Caller, message: { id: number }): Promise<Shown> {
  const waiting = await eventually(
    async () => {
      const now = await shown(agent, message);
      return now.whatsapp_status === 'pending' && now.error_reason !== null ? now : null;
    },
    { what: `a reason why message ${message.id} waits` },
  );
  return waiting!;
}

/** What Graph took for a telephone number, in order. */
export function textsFor(meta: Simulator, phone: string): string[] {
  return meta.acceptedFor(phone).map((accepted) => (accepted.body['text'] as { body: string }).body);
}

/** The HTTP statuses of all sends so far. */
export function sendStatuses(meta: Simulator, phoneNumberId = ''): number[] {
  return meta.requests
    .filter(({ method, path }) => method === 'POST' && path.includes(`${phoneNumberId}/messages`))
    .map(({ status }) => status);
}

export function codeOf(answer: Answer): unknown {
  return answer.body['code'];
}
