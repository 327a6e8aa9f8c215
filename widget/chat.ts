import { type Api, SessionOver } from './api';
import { type Entry, entriesOf } from './entries';
import { History } from './history';
import { randomId } from './identifiers';
import { Live, type LiveListener } from './live';
import { Outbox } from './outbox';
import { Parcels } from './parcels';
import { isUnread, Reading } from './reading';
import { Sender } from './sender';
import { Session } from './session';
import type { Store } from './store';
import { Typing } from './typing';
import { Uploads } from './uploads';
import type { WireMessage } from './wire';

/** While the socket is away, how often the server is asked instead. */
const POLL_MS = 15_000;

export interface ChatOptions {
  appId: string | null;
  token: string | null;
}

export interface ChatListener {
  /** Something that is shown has changed. */
  onChange(): void;
  /** Somebody answered. */
  onMessage(message: WireMessage): void;
  /** It has turned out who writes: they may have a draft. */
  onIdentified(): void;
  /** The page must give a new token. */
  onSessionOver(): void;
}

/** The chat without its looks: what was said, what waits, and whether the server is there. */
export class Chat {
  private readonly prefix: string;
  private readonly session: Session;
  private readonly outbox: Outbox;
  private readonly uploads: Uploads;
  private readonly history: History;
  private readonly live: Live;
  private readonly sender: Sender;
  private readonly parcels: Parcels;
  private readonly reading: Reading;
  private readonly typing: Typing;
  private readonly stopping = new AbortController();
  private readonly poll: number;
  private syncing: Promise<void> | null = null;
  private isSyncDue = false;
  /** Another open conversation of theirs, in which somebody answered. */
  elsewhere: number | null = null;

  constructor(
    private readonly api: Api,
    private readonly store: Store,
    options: ChatOptions,
    private readonly listener: ChatListener,
  ) {
    this.prefix = `apicechat:${options.appId ?? 'default'}:`;
    this.session = new Session(api, store, options.appId, this.prefix, options.token);
    this.outbox = new Outbox(store, this.outboxPrefix(), randomId);
    this.uploads = new Uploads(this.outbox, randomId);
    this.history = new History(api);
    this.live = new Live(api.base, this.liveListener());
    this.reading = new Reading(api, this.session, this.history, () => listener.onChange());
    this.parcels = new Parcels(api, this.outbox, this.uploads, {
      openConversation: () => (this.isClosed ? null : this.conversationId),
      onSent: (message) => this.sent(message),
      onChange: () => listener.onChange(),
    });
    this.typing = new Typing(this.live, () => listener.onChange());
    this.sender = new Sender(
      this.session,
      () => this.parcels.next(),
      () => this.sessionOver(),
    );
    this.poll = window.setInterval(() => this.pollWhereNeeded(), POLL_MS);
    this.hearPage();
    this.resume();
  }

  entries(): Entry[] {
    return entriesOf(this.history.timeline.list(), this.outbox, this.uploads, this.api.base);
  }

  get unread(): number {
    return this.reading.unread().length + (this.elsewhere === null ? 0 : 1);
  }

  get isConnected(): boolean {
    return this.live.isConnected;
  }

  /** Whether there is a session whose news should arrive. */
  get isExpectedOnline(): boolean {
    return this.live.isStarted;
  }

  get isSignedOut(): boolean {
    return this.session.isSignedOut;
  }

  get isClosed(): boolean {
    return this.history.isClosed;
  }

  get conversationId(): number | null {
    return this.history.conversation?.id ?? null;
  }

  get hasEarlier(): boolean {
    return this.history.hasEarlier;
  }

  get isAnsweredTo(): boolean {
    return this.typing.isShown;
  }

  get draft(): string {
    return this.store.get(this.draftKey()) ?? '';
  }

  setDraft(text: string): void {
    if (text === '') this.store.remove(this.draftKey());
    else this.store.set(this.draftKey(), text);
    this.typing.write(this.conversationId, text !== '');
  }

  say(text: string): void {
    this.outbox.add(text, this.isClosed ? null : this.conversationId);
    this.sender.wake();
    this.listener.onChange();
  }

  attach(files: Iterable<File>): void {
    for (const file of files) this.uploads.add(file);
    this.sender.wake();
    this.listener.onChange();
  }

  retry(key: string): void {
    this.outbox.retry(key);
    this.uploads.change(key, { problem: null, progress: 0 });
    this.sender.wake();
    this.listener.onChange();
  }

  discard(key: string): void {
    this.outbox.remove(key);
    this.uploads.remove(key);
    this.listener.onChange();
  }

  startAnew(): void {
    this.history.startAnew();
    this.listener.onChange();
  }

  showElsewhere(): void {
    if (this.elsewhere === null) return;
    this.history.show({ id: this.elsewhere, status: 'active' });
    this.elsewhere = null;
    this.sync();
  }

  async loadEarlier(): Promise<void> {
    const token = this.session.current();
    if (token === null) return;
    await this.history.loadEarlier(token).catch(() => undefined);
    this.listener.onChange();
  }

  /** Throws what {@link Api} throws. */
  async rate(rating: number, comment: string): Promise<void> {
    const { conversationId } = this;
    const token = this.session.current();
    if (token === null || conversationId === null) return;
    await this.api.rate(token, conversationId, rating, comment);
    this.store.set(`${this.prefix}rated`, String(conversationId));
    this.listener.onChange();
  }

  get isRated(): boolean {
    return this.store.get(`${this.prefix}rated`) === String(this.conversationId);
  }

  /** Whether somebody looks at the conversation: then what is in it is read. */
  watch(isWatched: boolean): void {
    this.reading.watch(isWatched);
  }

  /** Null signs out. */
  setToken(token: string | null): void {
    // Whoever's session was over before it was known whose it is can only be the one whom the page names now.
    const isSame = token !== null && this.isSignedOut && !this.session.isIdentified;
    this.live.disconnect();
    this.session.use(token);
    this.uploads.clear();
    this.outbox.useOwner(this.outboxPrefix(), isSame);
    this.history.forget();
    this.elsewhere = null;
    this.typing.stop();
    this.resume();
    this.listener.onChange();
  }

  destroy(): void {
    window.clearInterval(this.poll);
    this.stopping.abort();
    this.sender.stop();
    this.typing.stop();
    this.live.disconnect();
    this.uploads.clear();
  }

  /** What waits may be what a visitor wrote before there was a session. */
  private resume(): void {
    const token = this.session.current();
    if (this.stopping.signal.aborted) return;
    if (token !== null) {
      if (this.live.token !== token) this.live.connect(token);
      this.sync();
    }
    this.sender.wake();
  }

  /** Asks for all that is new; once more if it is asked for meanwhile. */
  private sync(): void {
    if (this.stopping.signal.aborted) return;
    this.isSyncDue = true;
    this.syncing ??= this.syncAll().finally(() => (this.syncing = null));
  }

  private async syncAll(): Promise<void> {
    while (this.isSyncDue) {
      this.isSyncDue = false;
      const token = this.session.current();
      if (token === null) return;
      try {
        await this.identify();
        const sent = this.uploads.list().filter(({ isSent }) => isSent);
        const isFirst = this.history.isEmpty;
        this.noteNew(await this.history.sync(token), isFirst);
        this.acknowledge(this.history.timeline.list());
        for (const { id } of sent) this.uploads.remove(id);
        if (this.live.token !== this.session.current()) this.resume();
      } catch (error) {
        if (!(error instanceof SessionOver)) return; // the next connection or poll asks again
        this.session.reject(token);
        this.sessionOver();
      }
      this.listener.onChange();
    }
  }

  private received(message: WireMessage): void {
    this.acknowledge([message]);
    const { conversation } = this.history;
    const isMine = message.sender_role === 'user';
    const isElsewhere = conversation !== null && conversation.id !== message.conversation_id;
    if (isElsewhere && !this.isClosed && !isMine) {
      this.elsewhere = message.conversation_id;
      this.listener.onMessage(message);
    } else {
      if (conversation === null || isElsewhere) {
        this.history.show({ id: message.conversation_id, status: 'active' });
        this.sync();
      }
      this.noteNew(this.history.timeline.put([message]));
    }
    this.listener.onChange();
  }

  /** What the server has, nobody sends again. */
  private acknowledge(messages: WireMessage[]): void {
    for (const { client_message_id: id, sender_role: role } of messages) {
      if (id === null || role !== 'user') continue;
      this.outbox.remove(id);
      this.uploads.remove(id);
    }
  }

  /** @param isKnown they were said before this page was opened */
  private noteNew(messages: WireMessage[], isKnown = false): void {
    const theirs = messages.filter(isUnread);
    if (!isKnown) for (const message of theirs) this.listener.onMessage(message);
    if (theirs.length > 0) this.typing.hide();
    void this.reading.mark();
  }

  /** @param message null where the server told only that it has it */
  private sent(message: WireMessage | null): void {
    if (message !== null) this.received(message);
    if (message === null || !this.live.isConnected) this.resume();
  }

  /** A visitor simply begins anew; what waits is sent in the new session. */
  private sessionOver(): void {
    this.live.disconnect();
    if (this.session.isSignedOut) this.listener.onSessionOver();
    else this.history.forget();
    this.listener.onChange();
  }

  private liveListener(): LiveListener {
    return {
      onConnected: () => {
        this.sync();
        this.sender.wake();
        this.listener.onChange();
      },
      onDisconnected: () => this.listener.onChange(),
      onRefused: () => this.sync(),
      onMessage: (message) => this.received(message),
      onUpdate: (message) => {
        if (this.history.timeline.has(message.id)) this.history.timeline.put([message]);
        this.listener.onChange();
      },
      onTyping: (conversationId, typing) => {
        if (conversationId === this.conversationId) this.typing.show(typing);
      },
      onRead: (conversationId, ids) => {
        if (conversationId === this.conversationId) this.history.timeline.advance(ids, 'read');
        this.listener.onChange();
      },
      onStatus: (conversationId, status) => {
        this.history.setStatus(conversationId, status);
        this.listener.onChange();
      },
    };
  }

  /** Other tabs, the network, and coming back to the page. */
  private hearPage(): void {
    const { signal } = this.stopping;
    window.addEventListener('storage', ({ key }) => this.storeChanged(key), { signal });
    window.addEventListener('online', () => this.live.hurry(), { signal });
    window.addEventListener(
      'pageshow',
      ({ persisted }) => {
        if (persisted) this.live.hurry();
      },
      { signal },
    );
    document.addEventListener('visibilitychange', () => this.cameBack(), { signal });
  }

  /** Another tab has opened the visitor's session, or has written something. */
  private storeChanged(key: string | null): void {
    if (key !== null && !key.startsWith(this.prefix)) return;
    if (key !== null && this.session.isStoredAt(key) && this.live.token !== this.session.current()) {
      this.live.disconnect();
      this.history.forget();
      this.resume();
    }
    this.sender.wake();
    this.listener.onChange();
  }

  /** A machine that slept finds out only later that its connection is gone. */
  private cameBack(): void {
    if (document.visibilityState !== 'visible' || !this.live.isStarted) return;
    this.live.hurry();
    this.sync();
  }

  private pollWhereNeeded(): void {
    if (this.live.isStarted && !this.live.isConnected && document.visibilityState === 'visible') this.sync();
  }

  /** Brings along what was written before it was known who writes. */
  private async identify(): Promise<void> {
    const { draft } = this;
    const before = this.draftKey();
    if (!(await this.session.identify())) return;
    this.outbox.useOwner(this.outboxPrefix(), true);
    this.sender.wake();
    this.store.remove(before);
    if (draft !== '') this.store.set(this.draftKey(), draft);
    this.listener.onIdentified();
  }

  private draftKey(): string {
    return `${this.prefix}draft:${this.session.owner}`;
  }

  private outboxPrefix(): string {
    return `${this.prefix}out:${this.session.owner}:`;
  }
}
