/** Whoever may ask for pages. */
interface Reader {
  get(path: string): Promise<{ status: number; body: unknown }>;
}

/** An event of /crm. */
export interface Told {
  event: string;
  payload: object;
}

interface Message {
  id: number;
  conversation_id: number;
  sender_type: string;
  whatsapp_status: string;
  read_at: string | null;
}

interface Conversation {
  id: number;
  assigned_user: number | null;
  last_message: Message | null;
  read_up_to_id: number;
  read_at: string | null;
}

/** What a client of /crm knows. */
export interface CrmState {
  conversations: ReadonlyMap<number, Conversation>;
  messages: ReadonlyMap<number, Message>;
  /** Of conversations that came into sight later: the newest message at that time, older ones being unknown. */
  knownAfter: ReadonlyMap<number, number>;
}

/** Everything the caller may see, or of it these conversations, read anew over REST. */
export async function fetchState(caller: Reader, wanted?: ReadonlySet<number>): Promise<CrmState> {
  const all = await allPages<Conversation>(caller, '/conversations');
  const conversations = all.filter(({ id }) => wanted?.has(id) ?? true);
  const histories = await Promise.all(
    conversations.map((c) => allPages<Message>(caller, `/messages/conversation/${c.id}`)),
  );
  return {
    conversations: byId(conversations),
    messages: byId(histories.flat()),
    knownAfter: new Map(),
  };
}

/** The state after an event, by nothing but the event. */
export function apply(
  state: CrmState,
  { event, payload }: Told,
  mayOnlySee: number | null, // the user whose own conversations and the unassigned are seen
): CrmState {
  const conversations = new Map(state.conversations);
  const messages = new Map(state.messages);
  const knownAfter = new Map(state.knownAfter);

  if (event === 'message:new') {
    const { conversation: changes, ...message } = payload as unknown as Message & {
      conversation: Partial<Conversation>;
    };
    const conversation = conversations.get(message.conversation_id);
    if (conversation === undefined) throw new Error(`a message of the unseen ${message.conversation_id}`);
    messages.set(message.id, message);
    conversations.set(conversation.id, { ...conversation, ...changes, last_message: message });
  } else if (event === 'message:updated' || event === 'message:deleted') {
    const { conversation: changes, ...message } = payload as unknown as Message & {
      conversation?: Partial<Conversation>;
    };
    if (messages.has(message.id)) messages.set(message.id, message);
    const conversation = { ...conversations.get(message.conversation_id)!, ...changes };
    if (conversation.last_message?.id === message.id) conversation.last_message = message;
    conversations.set(conversation.id, conversation);
  } else if (event === 'message:status_changed') {
    const change = payload as unknown as Message;
    const conversation = conversations.get(change.conversation_id);
    const message = messages.get(change.id);
    if (message !== undefined) messages.set(change.id, { ...message, ...change });
    if (conversation?.last_message?.id === change.id) {
      conversations.set(conversation.id, {
        ...conversation,
        last_message: { ...conversation.last_message, ...change },
      });
    }
  } else if (event === 'conversation:deleted') {
    const { id } = payload as unknown as Conversation;
    conversations.delete(id);
    knownAfter.delete(id);
    for (const message of messages.values()) if (message.conversation_id === id) messages.delete(message.id);
  } else if (event.startsWith('conversation:')) {
    const conversation = payload as unknown as Conversation;
    const { id, assigned_user: owner } = conversation;
    if (mayOnlySee === null || owner === null || owner === mayOnlySee) {
      if (!conversations.has(id)) knownAfter.set(id, conversation.last_message?.id ?? 0);
      conversations.set(id, conversation);
      for (const message of messages.values())
        if (message.conversation_id === id) messages.set(message.id, readAsFarAs(conversation, message));
    } else {
      conversations.delete(id);
      knownAfter.delete(id);
      for (const message of messages.values())
        if (message.conversation_id === id) messages.delete(message.id);
    }
  } else {
    throw new Error(`an event that no client knows: ${event}`);
  }
  return { conversations, messages, knownAfter };
}

/** What a conversation says of its customer's messages: read up to one of them, the newly read ones at that time. */
function readAsFarAs({ read_up_to_id, read_at }: Conversation, message: Message): Message {
  if (message.sender_type !== 'contact') return message;
  return message.id <= read_up_to_id
    ? { ...message, whatsapp_status: 'read', read_at: message.read_at ?? read_at }
    : { ...message, whatsapp_status: 'delivered', read_at: null };
}

/** Both as plain objects, without the messages from before a conversation came into sight. */
export function comparable(state: CrmState, knownAfter: CrmState['knownAfter']): object {
  const messages = [...state.messages.values()].filter(
    (m) => m.id > (knownAfter.get(m.conversation_id) ?? 0),
  );
  return {
    conversations: [...state.conversations.values()].toSorted((a, b) => a.id - b.id),
    messages: messages.toSorted((a, b) => a.id - b.id),
  };
}

async function allPages<Row>(caller: Reader, path: string): Promise<Row[]> {
  const rows: Row[] = [];
  for (let page = 1; ; page++) {
    const answer = await caller.get(`${path}?limit=100&page=${page}`);
    if (answer.status !== 200) throw new Error(`${path} answers ${answer.status}`);
    const body = answer.body as { data: Row[]; meta: { pages: number } };
    rows.push(...body.data);
    if (page >= body.meta.pages) return rows;
  }
}

function byId<Row extends { id: number }>(rows: Row[]): Map<number, Row> {
  return new Map(rows.map((row) => [row.id, row]));
}
