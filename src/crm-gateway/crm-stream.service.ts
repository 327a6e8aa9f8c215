import { Injectable } from '@nestjs/common';
import type { StaffActor } from '../common/actor';
import { AppError } from '../common/app-error';
import { seesEverything } from '../conversations/conversation.policy';
import { CONVERSATION_EVENTS } from '../conversations/conversation.events';
import { Turns } from '../common/turns';
import { ConversationsService } from '../conversations/conversations.service';
import type { ConversationState } from '../conversations/conversations.types';
import { formatCursor, type JournalCursor, parseCursor } from '../platform/events/journal-cursor';
import { type JournalEvent, JournalReader } from '../platform/events/journal-reader';
import { JournalTail } from '../platform/events/journal-tail';
import { untilRead } from '../platform/http/socket-backlog';
import { ReadyJson } from '../platform/http/socket-packets';
import { toAppError } from '../platform/http/to-app-error';
import type { AuthenticatedSocket, CrmNamespace } from './authenticated-socket';
import { STREAMED_EVENTS, SYSTEM_EVENTS } from './crm-events';
import type { ConversationGone, EventMeta, StreamedEvents } from './crm-payloads';
import * as rooms from './rooms';
import { Typing } from './typing.service';

const PAGE = 500;
/** Where all come back at once, others need the database too. */
const READ_AT_ONCE = 4;
/** Told one after another before it is asked whether the client reads them. */
const TOLD_AT_ONCE = 50;
/** Who missed more than this fetches the state anew; that is less work for both sides. */
const MAX_REPLAY = 10_000;
/** What somebody hears afterwards of a conversation that they no longer see. */
const TOLD_AFTER_LOSS: ReadonlySet<string> = new Set([
  CONVERSATION_EVENTS.ASSIGNED,
  CONVERSATION_EVENTS.DELETED,
]);

/**
 * Brings the journal to sockets: live to rooms, and what a socket missed to that socket alone.
 *
 * A socket that catches up reads from its cursor to where the live reading stands at one moment, while all that
 * is published after that moment is kept for it. It is told the one, then the other, and joins its rooms in the
 * same step: nothing is missed, nothing doubled, and writers that never pause do not hold it up.
 */
@Injectable()
export class CrmStream {
  private namespace: CrmNamespace | null = null;
  /** Sockets that catch up, each with what was published meanwhile. */
  private readonly catchingUp = new Map<AuthenticatedSocket, JournalEvent[]>();
  private readonly turns = new Turns(READ_AT_ONCE);

  constructor(
    private readonly tail: JournalTail,
    private readonly reader: JournalReader,
    private readonly conversations: ConversationsService,
    private readonly typing: Typing,
  ) {}

  async start(namespace: CrmNamespace): Promise<void> {
    this.namespace = namespace;
    await this.tail.start((events) => this.publish(events));
  }

  /** From here on the socket hears everything it may hear. */
  open(socket: AuthenticatedSocket): string {
    const cursor = formatCursor(this.tail.position);
    void socket.join(rooms.streamRooms(socket.data.actor));
    socket.emit(SYSTEM_EVENTS.READY, { cursor });
    return cursor;
  }

  /**
   * Sends everything after the cursor, in order, and goes on live from there. Answers how many were sent, or
   * null where that is no longer possible and the client was told so.
   * Throws `CURSOR_INVALID`, and `CONFLICT` while the socket is catching up; neither changes what it hears.
   */
  async resume(
    socket: AuthenticatedSocket,
    after: unknown,
  ): Promise<{ sent: number | null; cursor: string }> {
    const from = parseCursor(after);
    if (this.catchingUp.has(socket)) throw new AppError('CONFLICT', 'This socket is catching up already.');
    this.catchingUp.set(socket, []);
    try {
      if (!(await this.reaches(from))) return this.resync(socket);
      for (const room of rooms.streamRooms(socket.data.actor)) void socket.leave(room);
      return await this.catchUp(socket, from).catch((error: unknown) => {
        // Left as it is, the socket would stay connected and deaf; its client comes back by itself.
        socket.emit(SYSTEM_EVENTS.ERROR, toAppError(error).toBody());
        socket.conn.close();
        throw error;
      });
    } finally {
      this.catchingUp.delete(socket);
    }
  }

  /** The actor behind the socket as the database knows them now. Other rights are another state: it starts anew. */
  adopt(socket: AuthenticatedSocket, actor: StaffActor): void {
    const before = socket.data.actor;
    socket.data.actor = actor;
    if (before.level !== actor.level && !this.catchingUp.has(socket)) this.startAnew(socket);
  }

  private async catchUp(
    socket: AuthenticatedSocket,
    from: JournalCursor,
  ): Promise<{ sent: number | null; cursor: string }> {
    const { level } = socket.data.actor;
    await this.tail.refresh();
    const target = this.tail.position;
    const meanwhile: JournalEvent[] = [];
    this.catchingUp.set(socket, meanwhile);
    let cursor = from;
    let read = 0;
    let sent = 0;
    while (cursor.upto !== null || cursor.base !== target.base) {
      const bounded = { ...cursor, upto: cursor.upto ?? target.base };
      const { workspaceId } = socket.data.actor;
      const page = await this.turns.take(() => this.reader.read(bounded, PAGE, workspaceId));
      read += page.events.length;
      if (page.gap || read > MAX_REPLAY) return this.resync(socket);
      sent += await this.replay(socket, page.events);
      cursor = page.next;
      if (!socket.connected) return { sent, cursor: formatCursor(cursor) };
    }
    // While a slow client reads, more happens: the rest is told in the step in which it joins its rooms.
    while (meanwhile.length > TOLD_AT_ONCE && socket.connected) {
      if (meanwhile.length > MAX_REPLAY) return this.resync(socket);
      sent += tellLive(socket, meanwhile.splice(0, TOLD_AT_ONCE));
      await untilRead(socket);
    }
    if (socket.data.actor.level !== level) return this.startAnew(socket);
    sent += tellLive(socket, meanwhile);
    return { sent, cursor: this.open(socket) };
  }

  /** Whether both ends of a cursor lie in what is kept of this database's journal. */
  private async reaches({ base, upto }: JournalCursor): Promise<boolean> {
    const ends = upto === null ? [base] : [base, upto];
    const reached = await Promise.all(
      ends.map((end) => this.turns.take(() => this.reader.reaches({ base: end, upto: null, after: 0 }))),
    );
    return reached.every(Boolean);
  }

  private startAnew(socket: AuthenticatedSocket): { sent: null; cursor: string } {
    for (const room of socket.rooms) if (room !== socket.id) void socket.leave(room);
    return this.resync(socket);
  }

  private resync(socket: AuthenticatedSocket): { sent: null; cursor: string } {
    const cursor = this.open(socket);
    socket.emit(SYSTEM_EVENTS.RESYNC_REQUIRED, { cursor });
    return { sent: null, cursor };
  }

  private publish(all: JournalEvent[]): void {
    const events = all.filter((event) => STREAMED_EVENTS.has(event.type));
    for (const meanwhile of this.catchingUp.values()) meanwhile.push(...events);
    for (const event of events) {
      const handedOn = event.type === CONVERSATION_EVENTS.ASSIGNED;
      // Who loses sight of it hears that nobody types there any more, then of the loss, then nothing.
      if (handedOn) this.endTyping(event);
      const audience = rooms.audienceRooms(event.workspaceId, event.audience);
      if (audience.some((room) => this.namespace!.adapter.rooms.has(room)))
        this.namespace!.local.to(audience).emit(...streamed(event));
      if (handedOn) this.closeRoomTo(event);
      if (event.type === CONVERSATION_EVENTS.DELETED) this.closeRoom(event);
    }
  }

  private closeRoom(event: JournalEvent): void {
    const room = rooms.conversation(event.workspaceId, event.conversationId!);
    this.namespace!.local.in(room).socketsLeave(room);
  }

  private endTyping(event: JournalEvent): void {
    const { updated_at } = event.payload as unknown as ConversationState;
    this.typing.changedHands(event.workspaceId, event.conversationId!, updated_at);
  }

  /** Whoever can no longer see a conversation does not stay in its room. */
  private closeRoomTo(event: JournalEvent): void {
    const room = rooms.conversation(event.workspaceId, event.conversationId!);
    const { assigned_user: owner } = event.payload as unknown as ConversationState;
    for (const id of this.namespace!.adapter.rooms.get(room) ?? []) {
      const socket = this.namespace!.sockets.get(id);
      if (
        socket === undefined ||
        owner === null ||
        seesEverything(socket.data.actor) ||
        socket.data.actor.userId === owner
      )
        continue;
      void socket.leave(room);
    }
  }

  private async replay(socket: AuthenticatedSocket, events: JournalEvent[]): Promise<number> {
    const { actor } = socket.data;
    const heard = events.filter((event) => STREAMED_EVENTS.has(event.type) && mayHear(actor, event));
    // What somebody may no longer see is not told them afterwards, but that it is gone from them is.
    const visible = seesEverything(actor)
      ? null
      : await this.conversations.visibleAmong(actor, [
          ...new Set(heard.flatMap((event) => event.conversationId ?? [])),
        ]);
    let sent = 0;
    for (const event of heard) {
      const hidden = visible !== null && event.conversationId !== null && !visible.has(event.conversationId);
      if (hidden && !TOLD_AFTER_LOSS.has(event.type)) continue;
      socket.emit(...(hidden ? streamed(event, withoutContent(event.payload)) : streamed(event)));
      if (++sent % TOLD_AT_ONCE === 0) await untilRead(socket);
    }
    return sent;
  }
}

/** What was published while the socket caught up. Answers how much of it it may hear. */
function tellLive(socket: AuthenticatedSocket, events: readonly JournalEvent[]): number {
  const heard = events.filter((event) => mayHear(socket.data.actor, event));
  for (const event of heard) socket.emit(...streamed(event));
  return heard.length;
}

function mayHear(actor: StaffActor, event: JournalEvent): boolean {
  return (
    event.workspaceId === actor.workspaceId &&
    (event.audience === null || seesEverything(actor) || event.audience.includes(actor.userId))
  );
}

function withoutContent(payload: Record<string, unknown>): ConversationGone {
  const { id, assigned_user, assigned_bot, status, updated_at } = payload as unknown as ConversationState;
  return { id, assigned_user, assigned_bot, status, updated_at };
}

/** The arguments of `emit`. The journal gives JSON text; of which type it is was checked where it was written. */
function streamed(
  event: JournalEvent,
  payload: object = new ReadyJson(event.json),
): [keyof StreamedEvents, never, EventMeta] {
  return [event.type as keyof StreamedEvents, payload as never, metaOf(event)];
}

function metaOf(event: JournalEvent): EventMeta {
  return { id: event.id, cursor: event.cursor, occurred_at: event.createdAt.toISOString() };
}
