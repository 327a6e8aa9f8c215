import { io, type Socket } from 'socket.io-client';
import type { ErrorBody } from '../../src/common/app-error';
import { CrmGateway } from '../../src/crm-gateway/crm.gateway';
import { conversation } from '../../src/crm-gateway/rooms';
import { SOCKET_DOCUMENT } from './asyncapi';
import { eventually } from './eventually';
import type { Caller, Heard, Listener, TestSystem } from './system';

/** A socket on /crm whose connection is not waited for. Disconnect it yourself. */
export function knock(
  system: TestSystem,
  auth: Record<string, unknown>,
  extraHeaders: Record<string, string> = {},
  transport = 'websocket',
): Socket {
  return io(`${system.url}/crm`, {
    auth,
    extraHeaders,
    transports: [transport],
    forceNew: true,
    reconnection: false,
  });
}

/** With which body /crm refuses a connection. Fails where it lets it in. */
export async function refusalOf(
  system: TestSystem,
  auth: Record<string, unknown>,
  extraHeaders: Record<string, string> = {},
): Promise<ErrorBody> {
  const socket = knock(system, auth, extraHeaders);
  try {
    return await new Promise<ErrorBody>((refused, failed) => {
      socket.once('connect', () => failed(new Error('the connection was let in')));
      socket.once('connect_error', (error: Error & { data?: ErrorBody }) =>
        error.data === undefined ? failed(error) : refused(error.data),
      );
    });
  } finally {
    socket.disconnect();
  }
}

/** What the server acknowledges a message with, as it is documented; an error is `{ error: body }`. */
export async function ask<Answer = Record<string, unknown>>(
  { socket }: Listener,
  event: string,
  ...payload: unknown[]
): Promise<Answer & { error?: ErrorBody }> {
  const answer: unknown = await socket.timeout(10_000).emitWithAck(event, ...payload);
  const problems = SOCKET_DOCUMENT.problemsOfAnswer(event, answer);
  if (problems.length > 0) throw new Error(problems.join('\n'));
  return answer as Answer & { error?: ErrorBody };
}

/** Resolves once the server has closed the socket. */
export async function closed(listener: Listener, timeoutMs = 10_000): Promise<void> {
  await eventually(() => listener.socket.disconnected, { timeoutMs, what: 'the end of the socket' });
}

/** What came from the journal, without what the gateway says of itself. */
export function streamed(listener: Listener): Heard[] {
  return listener.heard.filter((h) => h.meta !== undefined);
}

/** What was heard, without who else came and went meanwhile. */
export function withoutPresence(listener: Listener): Heard[] {
  return listener.heard.filter((h) => h.event !== 'presence:changed');
}

/** The sockets in a conversation's room on this server. */
export function membersOf(system: TestSystem, conversationId: number, workspaceId = 1): string[] {
  const { adapter } = system.app.get(CrmGateway, { strict: false })['namespace'];
  return [...(adapter.rooms.get(conversation(workspaceId, conversationId)) ?? [])];
}

/** A customer writes for the first time; the id of the conversation that this opens. */
export async function openConversation(
  system: TestSystem,
  options: { phoneNumberId?: string; workspaceId?: number; says?: string } = {},
): Promise<number> {
  const phone = `54911${Math.floor(Math.random() * 1e8)
    .toString()
    .padStart(8, '0')}`;
  await system.meta.customerSays({ phone, name: `Customer ${phone}` }, options.says ?? 'hello', {
    phoneNumberId: options.phoneNumberId,
  });
  return await eventually(
    async () => {
      const [row] = await system.sql<{ id: string }>(
        `select c.id from conversation c join contact k on k.workspace_id = c.workspace_id and k.id = c.contact_id
         where c.workspace_id = $1 and k.name = 'Customer ' || $2`,
        [options.workspaceId ?? 1, phone],
      );
      return Number(row?.id ?? 0);
    },
    { what: 'the conversation' },
  );
}

/** A WhatsApp number of the workspace that the simulator knows; made where there is none. */
export async function integrationOf(
  system: TestSystem,
  { id, admin }: { id: number; admin: Caller },
): Promise<number> {
  const [known] = await system.sql<{ id: string }>(
    'select id from whatsapp_integration_config where workspace_id = $1 order by id limit 1',
    [id],
  );
  if (known !== undefined) return Number(known.id);
  const phoneNumberId = `77${Math.floor(Math.random() * 1e12)}`;
  system.meta.addNumber({
    phoneNumberId,
    displayPhoneNumber: `1555${phoneNumberId.slice(0, 7)}`,
    businessAccountId: '102290129340398',
  });
  const made = await admin.post<{ id: number }>('/whatsapp-integration-config', {
    phone_number_id: phoneNumberId,
    access_token: 'test-access-token',
  });
  if (made.status !== 201) throw new Error(`no integration: ${JSON.stringify(made.body)}`);
  return made.body.id;
}

/** A new conversation on the workspace's number, opened by a customer. */
export async function conversationOf(
  system: TestSystem,
  workspace: { id: number; admin: Caller },
): Promise<number> {
  const [number] = await system.sql<{ phone: string }>(
    'select phone_number_id as phone from whatsapp_integration_config where id = $1',
    [await integrationOf(system, workspace)],
  );
  return await openConversation(system, { phoneNumberId: number!.phone, workspaceId: workspace.id });
}

/** Assigns a conversation to a new employer, out of the sight of all others. */
export async function giveToSomebodyElse(system: TestSystem, conversationId: number): Promise<void> {
  const [row] = await system.sql<{ workspace_id: string }>(
    'select workspace_id from conversation where id = $1',
    [conversationId],
  );
  const other = await system.signIn('employer', { workspaceId: Number(row!.workspace_id) });
  await system.sql(`update conversation set assigned_user = $2, status = 'active' where id = $1`, [
    conversationId,
    other.user.id,
  ]);
}

/** A second tenant with people, a number of its own and one conversation. */
export async function secondWorkspace(
  system: TestSystem,
  slug: string,
): Promise<{
  id: number;
  admin: Caller;
  supervisor: Caller;
  employer: Caller;
  integrationId: number;
  conversationId: number;
}> {
  const { id } = await system.createWorkspace(slug);
  const admin = await system.signIn('admin', { workspaceId: id });
  const supervisor = await system.signIn('supervisor', { workspaceId: id });
  const employer = await system.signIn('employer', { workspaceId: id });
  const workspace = { id, admin, supervisor, employer };
  const integrationId = await integrationOf(system, workspace);
  return { ...workspace, integrationId, conversationId: await conversationOf(system, workspace) };
}
