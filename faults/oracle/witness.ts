import type { ChatClient } from '../load/chat-client';
import type { ChatLoad } from '../load/chat-load';
import type { Listener } from '../load/listener';
import type { OperationJournal } from '../load/operations';
import type { Cluster } from '../rig/cluster';
import type {
  AcceptedSend,
  Evidence,
  JournalEntry,
  LimitedHearer,
  OwnerStep,
  StoredConversation,
  StoredMessage,
} from './evidence';

/** Customers whose telephone numbers, or whose numbers as users of the app, begin like this. */
const CUSTOMERS = `(
  select workspace_id, contact_id, value as phone from contact_identity
  where scheme = 'whatsapp_phone' and value like $1 || '%'
  union all
  select workspace_id, contact_id, 'app:' || split_part(value, ':', 2) from contact_identity
  where scheme = 'app_user' and split_part(value, ':', 2) like $1 || '%') i`;

const CONVERSATIONS = `
  select c.id, c.contact_id as "contactId", i.phone, c.unread_count as "unreadCount", c.read,
    c.read_up_to_id as "readUpToId", c.last_message_id as "lastMessageId"
  from ${CUSTOMERS} join conversation c on c.workspace_id = i.workspace_id and c.contact_id = i.contact_id
  order by c.id`;

// The live chat's ids of users' messages hold the user, and then the id that the client gave.
const MESSAGES = `
  select m.id, m.conversation_id as "conversationId", c.channel, i.phone, m.sender_type as "senderType", m.body,
    case when c.channel = 'app-chat' then regexp_replace(m.whatsapp_message_id, '^chat:[0-9]+:', '')
      else m.whatsapp_message_id end as "externalId",
    m.client_message_id as "clientMessageId", m.whatsapp_status as status, m.error_reason as reason
  from ${CUSTOMERS} join conversation c on c.workspace_id = i.workspace_id and c.contact_id = i.contact_id
  join message m on m.workspace_id = c.workspace_id and m.conversation_id = c.id
  order by m.id`;

const JOURNAL = `
  select id, type, conversation_id as "conversationId", (payload->>'id')::bigint as "messageId",
    payload->>'whatsapp_status' as status
  from event where conversation_id = any ($1) and type in ('message:new', 'message:status_changed') order by id`;

const OWNERS = `
  select id as "entryId", conversation_id as "conversationId", (payload->>'assigned_user')::bigint as owner
  from event where conversation_id = any ($1) and type in ('conversation:new', 'conversation:assigned') order by id`;

const CALLBACK = /^apicechat:(\d+)$/;

/** Reads what is left of the customers whose numbers begin like this. */
export async function readEvidence(
  cluster: Cluster,
  phonePrefix: string,
  journal: OperationJournal,
  listeners: readonly Listener[],
  limited: readonly LimitedHearer[],
  chats: readonly ChatLoad[],
  moreChats: readonly ChatClient[],
): Promise<Evidence> {
  const conversations = await cluster.sql<StoredConversation & Record<string, unknown>>(CONVERSATIONS, [
    phonePrefix,
  ]);
  const ids = conversations.map(({ id }) => id);
  return {
    inbound: [...journal.inbound.values()],
    replies: [...journal.replies.values()],
    conversations,
    messages: await cluster.sql<StoredMessage & Record<string, unknown>>(MESSAGES, [phonePrefix]),
    journal: await cluster.sql<JournalEntry & Record<string, unknown>>(JOURNAL, [ids]),
    owners: await cluster.sql<OwnerStep & Record<string, unknown>>(OWNERS, [ids]),
    limited,
    accepted: acceptedOf(cluster, phonePrefix),
    heard: listeners.map(({ heard }) => heard),
    chat: {
      heard: [...chats.flatMap(({ clients }) => clients), ...moreChats].map(({ evidence }) => evidence),
      readers: new Set(chats.flatMap(({ readers }) => [...readers])),
    },
  };
}

export function acceptedOf(cluster: Cluster, phonePrefix: string): AcceptedSend[] {
  return cluster.meta.accepted
    .filter(({ to }) => to.startsWith(phonePrefix))
    .map(({ to, body, wamid, bizOpaqueCallbackData }) => ({
      phone: to,
      body: (body['text'] as { body: string }).body,
      messageId: Number(CALLBACK.exec(bizOpaqueCallbackData ?? '')?.[1] ?? 0),
      wamid,
    }));
}
