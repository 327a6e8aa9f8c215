import { Injectable } from '@nestjs/common';
import { includesLevel } from '../common/access-level';
import type { StaffActor } from '../common/actor';
import { seesEverything } from '../conversations/conversation.policy';
import { CONVERSATION_EVENTS } from '../conversations/conversation.events';
import { ConversationsService } from '../conversations/conversations.service';
import type { ConversationState } from '../conversations/conversations.types';
import { formatCursor, type JournalCursor, parseCursor } from '../platform/events/journal-cursor';
import { type JournalEvent, JournalReader } from '../platform/events/journal-reader';
import { JournalTail } from '../platform/events/journal-tail';
import type { AuthenticatedSocket, CrmNamespace } from './authenticated-socket';
import { type EventMeta, STREAMED_EVENTS, SYSTEM_EVENTS } from './crm-events';
import * as rooms from './rooms';

const PAGE = 500;
/** Who missed more than this fetches the state anew; that is less work for both sides. */
const MAX_REPLAY = 10_000;

/**
 * Brings the journal to sockets: live to rooms, and what a socket missed to that socket alone. A socket joins its
 * rooms in the very step in which it has caught up with the live reading, so nothing is missed and nothing doubled.
 */
@Injectable()
export class CrmStream {
  private namespace: CrmNamespace | null = null;

  constructor(
    private readonly tail: JournalTail,
    private readonly reader: JournalReader,
    private readonly conversations: ConversationsService,
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
   * Throws `CURSOR_INVALID`.
   */
  async resume(
    socket: AuthenticatedSocket,
    after: unknown,
  ): Promise<{ sent: number | null; cursor: string }> {
    let cursor = parseCursor(after);
    for (const room of rooms.streamRooms(socket.data.actor)) void socket.leave(room);
    if (!(await this.reader.reaches(cursor))) return this.resync(socket);
    let sent = 0;
    for (let read = 0; read <= MAX_REPLAY;) {
      // Bounded by where the live reading stands, so that both meet in one place.
      const target = await this.tail.settled();
      const page = await this.reader.read(boundedBy(cursor, target), PAGE, socket.data.actor.workspaceId);
      read += page.events.length;
      sent += await this.replay(socket, page.events);
      cursor = page.next;
      if (!socket.connected) return { sent, cursor: formatCursor(cursor) };
      const here = this.tail.position;
      if (cursor.upto === null && here.upto === null && cursor.base === here.base)
        return { sent, cursor: this.open(socket) };
    }
    return this.resync(socket);
  }

  /** After a change of rights: the rooms of the new ones. */
  reroute(socket: AuthenticatedSocket, before: StaffActor): void {
    const wanted = rooms.streamRooms(socket.data.actor);
    for (const room of rooms.streamRooms(before)) if (!wanted.includes(room)) void socket.leave(room);
    if (socket.rooms.has(rooms.everyone(before.workspaceId))) void socket.join(wanted);
  }

  private resync(socket: AuthenticatedSocket): { sent: null; cursor: string } {
    const cursor = this.open(socket);
    socket.emit(SYSTEM_EVENTS.RESYNC_REQUIRED, { cursor });
    return { sent: null, cursor };
  }

  private publish(events: JournalEvent[]): void {
    for (const event of events) {
      if (!STREAMED_EVENTS.has(event.type)) continue;
      this.namespace!.local.to(rooms.audienceRooms(event.workspaceId, event.audience)).emit(
        event.type,
        event.payload,
        metaOf(event),
      );
      if (event.type === CONVERSATION_EVENTS.ASSIGNED) this.closeRoomTo(event);
    }
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
      if (hidden && event.type !== CONVERSATION_EVENTS.ASSIGNED) continue;
      socket.emit(event.type, hidden ? withoutContent(event.payload) : event.payload, metaOf(event));
      sent++;
    }
    return sent;
  }
}

function mayHear(actor: StaffActor, event: JournalEvent): boolean {
  return (
    event.audience === null ||
    includesLevel(actor.level, 'supervisor') ||
    event.audience.includes(actor.userId)
  );
}

function boundedBy(cursor: JournalCursor, target: JournalCursor): JournalCursor {
  return cursor.upto === null ? { ...cursor, upto: target.base } : cursor;
}

function withoutContent(payload: Record<string, unknown>): object {
  const { id, assigned_user, assigned_bot, status, updated_at } = payload;
  return { id, assigned_user, assigned_bot, status, updated_at };
}

function metaOf(event: JournalEvent): EventMeta {
  return { id: event.id, cursor: event.cursor, occurred_at: event.createdAt.toISOString() };
}
