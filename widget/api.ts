import type { WireConversation, WireMessage, WireSession, WireUser } from './wire';

const TIMEOUT_MS = 20_000;

/** No answer, or one that may be another one later. */
export class Later extends Error {
  constructor(readonly waitMs: number | null = null) {
    super('later');
  }
}

/** The session is over, or was none. */
export class SessionOver extends Error {}

/** The server understood and said no. */
export class Refusal extends Error {
  constructor(
    message: string,
    readonly code: string,
  ) {
    super(message);
  }
}

/** The routes of the live chat. Every call throws one of the errors above. */
export class Api {
  /** @param base address of the server, with a slash at the end */
  constructor(readonly base: string) {}

  async openVisitor(appId: string | null): Promise<WireSession> {
    return await this.call('POST', 'visitors', null, appId === null ? {} : { app_id: appId });
  }

  async whoIs(token: string): Promise<WireUser> {
    return await this.call('GET', 'sessions/current', token);
  }

  /** The one with the newest message first. */
  async conversations(token: string): Promise<WireConversation[]> {
    const { conversations } = await this.call<{ conversations: WireConversation[] }>(
      'GET',
      'conversations?limit=20',
      token,
    );
    return conversations;
  }

  /** The newest of a conversation, or those on one side of a message; by id. */
  async messages(
    token: string,
    conversationId: number,
    side: { after?: number; before?: number },
    limit: number,
  ): Promise<WireMessage[]> {
    const query = new URLSearchParams({ limit: String(limit) });
    if (side.after !== undefined) query.set('after_id', String(side.after));
    if (side.before !== undefined) query.set('before_id', String(side.before));
    const path = `conversations/${conversationId}/messages?${query.toString()}`;
    const { messages } = await this.call<{ messages: WireMessage[] }>('GET', path, token);
    return messages.sort((a, b) => a.id - b.id);
  }

  /** Without a conversation into the newest that is open, which is made where there is none. */
  async send(
    token: string,
    text: string,
    clientMessageId: string,
    conversationId: number | null = null,
  ): Promise<WireMessage> {
    const path = conversationId === null ? 'messages' : `conversations/${conversationId}/messages`;
    return await this.call('POST', path, token, { message: text, client_message_id: clientMessageId });
  }

  async markRead(token: string, conversationId: number, ids: number[]): Promise<void> {
    await this.call('PUT', `conversations/${conversationId}/read`, token, { message_ids: ids });
  }

  async rate(token: string, conversationId: number, score: number, comment: string): Promise<void> {
    const body = comment === '' ? { score } : { score, comment };
    await this.call('POST', `conversations/${conversationId}/rating`, token, body);
  }

  /** XMLHttpRequest, since fetch tells nothing of what has been sent so far. */
  async upload(
    token: string,
    form: FormData,
    onProgress: (share: number) => void,
    signal: AbortSignal,
  ): Promise<void> {
    const request = new XMLHttpRequest();
    request.open('POST', this.address('upload'));
    request.setRequestHeader('authorization', `Bearer ${token}`);
    request.upload.addEventListener('progress', ({ lengthComputable, loaded, total }) => {
      if (lengthComputable) onProgress(loaded / total);
    });
    signal.addEventListener('abort', () => request.abort());
    await new Promise<void>((done) => {
      request.addEventListener('loadend', () => done());
      request.send(form);
    });
    signal.throwIfAborted();
    const retryAfter = request.status === 0 ? null : request.getResponseHeader('retry-after');
    contentOf(request.status, request.responseText, retryAfter);
  }

  private async call<T>(method: string, path: string, token: string | null, body?: object): Promise<T> {
    const controller = new AbortController();
    const timer = setTimeout(() => controller.abort(), TIMEOUT_MS);
    try {
      const response = await fetch(this.address(path), {
        method,
        credentials: 'omit',
        cache: 'no-store',
        signal: controller.signal,
        headers: {
          ...(token !== null && { authorization: `Bearer ${token}` }),
          ...(body !== undefined && { 'content-type': 'application/json' }),
        },
        ...(body !== undefined && { body: JSON.stringify(body) }),
      });
      return contentOf(response.status, await response.text(), response.headers.get('retry-after')) as T;
    } catch (error) {
      if (error instanceof Later || error instanceof Refusal || error instanceof SessionOver) throw error;
      throw new Later();
    } finally {
      clearTimeout(timer);
    }
  }

  private address(path: string): string {
    return `${this.base}api/chat/${path}`;
  }
}

/** What stands under `data`. */
function contentOf(status: number, text: string, retryAfter: string | null): unknown {
  if (status === 0 || status === 408 || status === 429 || status >= 500)
    throw new Later(retryAfter === null ? null : Number(retryAfter) * 1_000 || null);
  if (status === 401) throw new SessionOver();
  const answer = parsed(text);
  // A portal of a hotel or a proxy that answers in place of the server.
  if (answer === null) throw new Later();
  if (status < 400) return answer.data;
  throw new Refusal(answer.message ?? `HTTP ${status}`, answer.error_code ?? `HTTP_${status}`);
}

interface Answer {
  data?: unknown;
  message?: string;
  error_code?: string;
}

function parsed(text: string): Answer | null {
  if (text === '') return {};
  try {
    const value: unknown = JSON.parse(text);
    return typeof value === 'object' ? value : null;
  } catch {
    return null;
  }
}
