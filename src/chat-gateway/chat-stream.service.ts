import { setTimeout as delay } from 'node:timers/promises';
import { Inject, Injectable } from '@nestjs/common';
import type { Logger } from 'pino';
import { type ChatOwner, SHOWN_STATUS, SUPPORT_STATUS } from '../app-chat/chat-conversation.types';
import type { ChatTyper } from '../app-chat/chat-typing.service';
import type { ChatMessageView, ChatRole } from '../app-chat/chat.types';
import { ChatViewsService } from '../app-chat/chat-views.service';
import { CONVERSATION_EVENTS } from '../conversations/conversation.events';
import type { ConversationDto } from '../conversations/conversations.types';
import { ConversationMessages } from '../messages/conversation-messages.service';
import { MESSAGE_EVENTS } from '../messages/message.events';
import type { DeliveryState, MessageDto } from '../messages/messages.types';
import { UnitOfWork } from '../platform/database/unit-of-work';
import type { JournalEvent } from '../platform/events/journal-reader';
import { JournalTail } from '../platform/events/journal-tail';
import { toAppError } from '../platform/http/to-app-error';
import { LOGGER } from '../platform/observability/observability.module';
import { AdminNews } from './admin-news.service';
import { ChatDashboard } from './chat-dashboard.service';
import { ChatInbox, messageNews } from './chat-inbox.service';
import { ChatMembership } from './chat-membership.service';
import { ChatOwners } from './chat-owners.service';
import type { ChatReadView, ChatTypingView } from './chat-payloads';
import * as rooms from './chat-rooms';
import { type ChatNamespace, type News, tell } from './chat-socket';

/** Messages that one event names as read. */
const MOST_READ = 1_000;
const AGAIN_AFTER_MS = 500;

/** What the live chat is told of, or what moves its numbers. */
const HEARD: ReadonlySet<string> = new Set([
  ...Object.values(MESSAGE_EVENTS),
  ...Object.values(CONVERSATION_EVENTS),
]);
const SAID: ReadonlySet<string> = new Set([
  MESSAGE_EVENTS.NEW,
  MESSAGE_EVENTS.UPDATED,
  MESSAGE_EVENTS.DELETED,
]);
const READ: ReadonlySet<string> = new Set([
  CONVERSATION_EVENTS.READ,
  CONVERSATION_EVENTS.UNREAD_RESET,
  CONVERSATION_EVENTS.UPDATED,
]);

/** Brings the journal to the sockets of the live chat, in its order. */
@Injectable()
export class ChatStream {
  private namespace!: ChatNamespace;
  private telling: Promise<void> = Promise.resolve();
  private stopped = false;
  /** Up to where each conversation was last told to be read by staff. */
  private readonly toldRead = new Map<string, number>();

  constructor(
    private readonly tail: JournalTail,
    private readonly work: UnitOfWork,
    private readonly owners: ChatOwners,
    private readonly views: ChatViewsService,
    private readonly messages: ConversationMessages,
    private readonly inbox: ChatInbox,
    private readonly membership: ChatMembership,
    private readonly news: AdminNews,
    private readonly dashboard: ChatDashboard,
    @Inject(LOGGER) private readonly logger: Logger,
  ) {}

  start(namespace: ChatNamespace): void {
    this.namespace = namespace;
    this.tail.observe((events) => this.take(events));
  }

  stop(): void {
    this.stopped = true;
  }

  /** Resolves once all that was read of the journal so far is told. */
  async told(): Promise<void> {
    await this.telling;
  }

  /** Somebody began to write, or stopped. */
  typing(typer: ChatTyper, typing: boolean): void {
    if (!this.isAnybodyHere(typer.workspaceId)) return;
    // It is of the moment: where the database is away it is missed.
    this.tellTyping(typer, typing).catch((err: unknown) =>
      this.logger.debug({ err }, 'nobody could be told who types'),
    );
  }

  private async tellTyping(typer: ChatTyper, typing: boolean): Promise<void> {
    const { workspaceId, conversationId, role, id } = typer;
    const owner = (await this.owners.of(workspaceId, [conversationId])).get(conversationId);
    if (owner === undefined) return;
    const payload: ChatTypingView = {
      conversation_id: conversationId,
      conversationId,
      sender_role: role,
      userType: role,
      sender_identifier: typer.identifier,
      userId: id,
      typing,
      isTyping: typing,
    };
    const staff = this.namespace.local.to(rooms.conversation(workspaceId, conversationId));
    for (const event of ['typing_indicator', 'user-typing'] as const)
      (role === 'admin' ? staff.except(rooms.admin(workspaceId, id)) : staff).emit(event, payload);
    if (role === 'admin')
      this.inbox.tell(workspaceId, owner.chatUserId, [
        { event: 'typing_indicator', payload },
        { event: 'user-typing', payload },
      ]);
  }

  /** Where nobody is connected nothing is done: what entries say is text, and is not even read. */
  private take(all: JournalEvent[]): void {
    const events = all.filter(
      (event) =>
        event.conversationId !== null && HEARD.has(event.type) && this.isAnybodyHere(event.workspaceId),
    );
    if (events.length > 0) this.telling = this.telling.then(() => this.publish(events));
  }

  private async publish(events: JournalEvent[]): Promise<void> {
    const byWorkspace = new Map<number, JournalEvent[]>();
    for (const event of events) {
      const known = byWorkspace.get(event.workspaceId);
      if (known === undefined) byWorkspace.set(event.workspaceId, [event]);
      else known.push(event);
    }
    for (const [workspaceId, own] of byWorkspace) await this.publishOf(workspaceId, own);
  }

  private async publishOf(workspaceId: number, events: JournalEvent[]): Promise<void> {
    const ids = events.map((event) => event.conversationId!);
    const owners = await this.untilDone(() => this.owners.of(workspaceId, ids));
    if (owners === null) return;
    const views = await this.untilDone(() => this.viewsOf(workspaceId, events, owners));
    for (const event of events) {
      const owner = owners.get(event.conversationId!);
      if (owner !== undefined) await this.untilDone(() => this.tell(event, owner, views?.get(event)));
    }
  }

  /** The journal does not come again, so a database that is away is waited for. Null where it failed otherwise. */
  private async untilDone<T>(work: () => Promise<T>): Promise<T | null> {
    for (;;) {
      try {
        return await work();
      } catch (err) {
        if (toAppError(err).code !== 'DATABASE_UNAVAILABLE') {
          this.logger.error({ err }, 'an entry of the journal could not be told to the live chat');
          return null;
        }
        if (this.stopped) return null;
        await delay(AGAIN_AFTER_MS);
      }
    }
  }

  private async viewsOf(
    workspaceId: number,
    events: JournalEvent[],
    owners: Map<number, ChatOwner>,
  ): Promise<Map<JournalEvent, ChatMessageView>> {
    const said = events.flatMap((event) => {
      const user = owners.get(event.conversationId!);
      if (!SAID.has(event.type) || user === undefined || !this.isHeard(event, user)) return [];
      const { conversation: _, ...message } = event.payload as unknown as MessageDto & {
        conversation?: object;
      };
      return [{ event, message, user }];
    });
    if (said.length === 0) return new Map();
    // What users say needs no names that would have to be looked up.
    const views = said.every(({ message }) => message.sender_type === 'contact')
      ? await this.views.ofEach(said)
      : await this.work.read({ workspaceId }, () => this.views.ofEach(said));
    return new Map(said.map(({ event }, i) => [event, views[i]!]));
  }

  private async tell(
    event: JournalEvent,
    owner: ChatOwner,
    view: ChatMessageView | undefined,
  ): Promise<void> {
    const { type, workspaceId } = event;
    this.dashboard.changed(workspaceId);
    if (view !== undefined) this.said(event, owner, view);
    else if (type === MESSAGE_EVENTS.STATUS_CHANGED) this.readByUser(event, owner);
    else if (type === CONVERSATION_EVENTS.NEW) await this.news.opened(event);
    else if (type === CONVERSATION_EVENTS.ASSIGNED) {
      this.membership.changedHands(event);
      await this.news.assigned(event);
    } else if (type === CONVERSATION_EVENTS.STATUS_CHANGED) await this.statusChanged(event, owner);
    else if (type === CONVERSATION_EVENTS.DELETED) this.membership.closed(event);
    if (READ.has(type)) await this.readByStaff(event, owner);
  }

  private said(event: JournalEvent, owner: ChatOwner, view: ChatMessageView): void {
    const { workspaceId, audience } = event;
    const isNew = event.type === MESSAGE_EVENTS.NEW;
    const news: News[] = isNew
      ? messageNews(view)
      : [
          { event: 'message_updated', payload: view },
          { event: 'chat-message-updated', payload: view },
        ];
    this.toJoined(event, news);
    if (isNew) this.inbox.tellMessage(workspaceId, owner.chatUserId, view);
    else this.inbox.tell(workspaceId, owner.chatUserId, news);
    if (isNew && view.sender_role === 'user')
      this.namespace.local
        .to(rooms.audienceRooms('notifications', workspaceId, audience))
        .emit('new-user-message', view);
  }

  private readByUser(event: JournalEvent, owner: ChatOwner): void {
    const state = event.payload as unknown as DeliveryState;
    if (state.whatsapp_status !== 'read' || state.read_at === null) return;
    this.toBoth(event, owner, readNews(state.conversation_id, [state.id], 'user', state.read_at));
  }

  /** Several entries tell of one reading; the mark that it left has the time of them all. */
  private async readByStaff(event: JournalEvent, owner: ChatOwner): Promise<void> {
    const { id, read_up_to_id: upTo, read_at: at } = event.payload as unknown as ConversationDto;
    const key = `${event.workspaceId} ${id}`;
    if (at === null || at !== event.createdAt.toISOString() || this.toldRead.get(key) === upTo) return;
    this.toldRead.delete(key);
    this.toldRead.set(key, upTo);
    if (this.toldRead.size > MOST_READ) this.toldRead.delete(this.toldRead.keys().next().value!);
    const ids = await this.work.read(event, () => this.messages.readTogether(id, upTo, MOST_READ));
    if (ids.length > 0) this.toBoth(event, owner, readNews(id, ids, 'admin', at));
  }

  private async statusChanged(event: JournalEvent, owner: ChatOwner): Promise<void> {
    const { id, status } = event.payload as unknown as ConversationDto;
    const payload = {
      conversation_id: id,
      status: SHOWN_STATUS[status],
      support_status: SUPPORT_STATUS[status],
      changed_by: await this.news.statusChangedBy(event),
    };
    this.toBoth(event, owner, [{ event: 'conversation_status', payload }]);
  }

  private toBoth(event: JournalEvent, owner: ChatOwner, news: News[]): void {
    this.toJoined(event, news);
    this.inbox.tell(event.workspaceId, owner.chatUserId, news);
  }

  private toJoined({ workspaceId, conversationId }: JournalEvent, news: News[]): void {
    const room = rooms.conversation(workspaceId, conversationId!);
    if (!this.namespace.adapter.rooms.has(room)) return;
    for (const one of news) tell(this.namespace.local.to(room), one);
  }

  private isAnybodyHere(workspaceId: number): boolean {
    return this.namespace.adapter.rooms.has(rooms.anybody(workspaceId));
  }

  private isHeard({ workspaceId, conversationId, audience }: JournalEvent, owner: ChatOwner): boolean {
    const staff = [
      rooms.conversation(workspaceId, conversationId!),
      ...rooms.audienceRooms('notifications', workspaceId, audience),
    ];
    return (
      this.inbox.isHeard(workspaceId, owner.chatUserId) ||
      staff.some((room) => this.namespace.adapter.rooms.has(room))
    );
  }
}

function readNews(conversationId: number, ids: number[], by: ChatRole, at: string): News[] {
  const payload: ChatReadView = {
    conversation_id: conversationId,
    conversationId,
    message_ids: ids,
    messageIds: ids,
    read_by: by,
    readBy: by,
    read_at: at,
  };
  return [
    { event: 'message_read', payload },
    { event: 'messages-read', payload },
  ];
}
