import { Injectable } from '@nestjs/common';
import { ChatAccess } from '../app-chat/chat-access.service';
import type { ChatActor } from '../app-chat/chat.types';
import { includesLevel } from '../common/access-level';
import type { StaffActor } from '../common/actor';
import { seesEverything } from '../conversations/conversation.policy';
import { ConversationsService } from '../conversations/conversations.service';
import type { ConversationState } from '../conversations/conversations.types';
import { UnitOfWork } from '../platform/database/unit-of-work';
import type { JournalEvent } from '../platform/events/journal-reader';
import type { AdminRoom } from './chat-gateway.dto';
import * as rooms from './chat-rooms';
import { type ChatNamespace, type ChatSocket, isOfStaff, type StaffSocket } from './chat-socket';

/** Which rooms staff are in: never one of a conversation that they may not see. */
@Injectable()
export class ChatMembership {
  private namespace!: ChatNamespace;

  constructor(
    private readonly work: UnitOfWork,
    private readonly access: ChatAccess,
    private readonly conversations: ConversationsService,
  ) {}

  open(namespace: ChatNamespace): void {
    this.namespace = namespace;
  }

  /** What everybody is in from the beginning. */
  enter(socket: ChatSocket): void {
    const { actor } = socket.data;
    void socket.join(rooms.anybody(actor.workspaceId));
    if (actor.kind === 'staff')
      void socket.join([rooms.admin(actor.workspaceId, actor.userId), ...rooms.bulletinRooms('new', actor)]);
  }

  async join(socket: StaffSocket, conversationId: number): Promise<void> {
    const { actor } = socket.data;
    const room = rooms.conversation(actor.workspaceId, conversationId);
    const mustSee = () => this.work.read(actor, () => this.access.require(actor, conversationId));
    await mustSee();
    await socket.join(room);
    try {
      // Whoever loses it from now on is put out of the room; whoever lost it between look and entry was not.
      await mustSee();
    } catch (error) {
      await socket.leave(room);
      throw error;
    }
  }

  leave(socket: StaffSocket, conversationId: number): void {
    void socket.leave(rooms.conversation(socket.data.actor.workspaceId, conversationId));
  }

  joinAdminRooms(socket: StaffSocket, wanted: AdminRoom[]): void {
    const { actor } = socket.data;
    if (wanted.includes('admin_dashboard')) void socket.join(rooms.dashboard(actor.workspaceId));
    if (wanted.includes('admin_notifications')) void socket.join(rooms.bulletinRooms('notifications', actor));
  }

  /** The actor behind the socket as the database knows them now. With other rights they hear something else. */
  async adopt(socket: ChatSocket, actor: ChatActor | StaffActor): Promise<void> {
    const before = socket.data.actor;
    socket.data.actor = actor;
    if (before.kind !== 'staff' || actor.kind !== 'staff' || before.level === actor.level) return;
    for (const bulletin of ['new', 'notifications'] as const) {
      const left = rooms.bulletinRooms(bulletin, before);
      if (!socket.rooms.has(left[0]!)) continue;
      for (const room of left) void socket.leave(room);
      void socket.join(rooms.bulletinRooms(bulletin, actor));
    }
    const joined = [...socket.rooms].flatMap((room) => rooms.conversationOf(room) ?? []);
    const visible = await this.conversations.visibleAmong(actor, joined).catch(() => new Set<number>());
    for (const id of joined)
      if (!visible.has(id)) void socket.leave(rooms.conversation(actor.workspaceId, id));
  }

  /** The same of what may be a second old: it takes rights, and gives back none that were lost since. */
  async adoptOlder(socket: ChatSocket, actor: ChatActor | StaffActor): Promise<void> {
    const { actor: known } = socket.data;
    const raises =
      known.kind === 'staff' && actor.kind === 'staff' && !includesLevel(known.level, actor.level);
    if (!raises) await this.adopt(socket, actor);
  }

  /** Whoever can no longer see a conversation does not stay in its room. */
  changedHands(event: JournalEvent): void {
    const { assigned_user: owner } = event.payload as unknown as ConversationState;
    if (owner === null) return;
    const room = rooms.conversation(event.workspaceId, event.conversationId!);
    for (const id of this.namespace.adapter.rooms.get(room) ?? []) {
      const socket = this.namespace.sockets.get(id);
      if (socket === undefined || !isOfStaff(socket)) continue;
      const { actor } = socket.data;
      if (actor.userId !== owner && !seesEverything(actor)) void socket.leave(room);
    }
  }

  closed(event: JournalEvent): void {
    const room = rooms.conversation(event.workspaceId, event.conversationId!);
    this.namespace.local.in(room).socketsLeave(room);
  }
}
