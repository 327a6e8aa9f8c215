import { randomUUID } from 'node:crypto';
import { Injectable } from '@nestjs/common';
import { clock } from '../common/clock';
import type { Actor } from '../common/actor';
import { audienceOf } from '../conversations/conversation.policy';
import type { Conversation } from '../conversations/conversations.types';
import { Outbox } from '../messages/outbox.service';
import { Broadcast } from '../platform/events/broadcast';
import type { CrmNamespace } from './authenticated-socket';
import { SYSTEM_EVENTS } from './crm-events';
import type { Typer } from './crm-payloads';
import * as rooms from './rooms';

const TOPIC = 'typing';
/** Who says nothing for this long, in ms, has stopped. */
const STOPS_AFTER_MS = 3_000;
/** While somebody goes on, the other processes are told again this often, in ms: */
const RETOLD_AFTER_MS = 4_000;
/** they take a process that says nothing for this long, in ms, for dead. */
const STALE_AFTER_MS = 10_000;
const LOOK_EVERY_MS = 1_000;

/** Somebody and the conversation that they write in. */
interface Writing extends Typer {
  workspaceId: number;
  conversationId: number;
}

/** Somebody with a socket at this process. */
interface Own {
  writing: Writing;
  actor: Actor;
  /** Of the conversation. */
  channel: string;
  sockets: Set<string>;
  toldAt: number;
  timer: NodeJS.Timeout;
}

/** Somebody at any process, as this process's clients were told. */
interface Heard {
  writing: Writing;
  audience: number[] | null;
  /** When each process with a socket of theirs last said so. */
  by: Map<string, number>;
}

interface News {
  process: string;
  writing: Writing;
  /** Null: they have stopped. */
  to: {
    audience: number[] | null;
    /** The conversation's `updated_at` when its audience was looked up. */
    asOf: string;
  } | null;
}

const keyOf = ({ workspaceId, conversationId, user_id }: Writing): string =>
  `${workspaceId} ${conversationId} ${user_id}`;
const threadOf = (workspaceId: number, conversationId: number): string => `${workspaceId} ${conversationId}`;

/**
 * Who writes an answer just now. The process that has their socket tells all processes; each tells its own clients
 * who may see the conversation, once when somebody begins and once when they stop, however many devices they use.
 */
@Injectable()
export class Typing {
  private readonly process: string = randomUUID();
  private namespace: CrmNamespace | null = null;
  private readonly own = new Map<string, Own>();
  private readonly heard = new Map<string, Heard>();
  /** When conversations last changed hands, as long as somebody may be announced who looked before that. */
  private readonly handedOn = new Map<string, { updatedAt: number; at: number }>();
  private timer: NodeJS.Timeout | undefined;

  constructor(
    private readonly broadcast: Broadcast,
    private readonly outbox: Outbox,
  ) {
    this.broadcast.on(TOPIC, (news) => this.hear(news as News));
  }

  open(namespace: CrmNamespace): void {
    this.namespace = namespace;
    this.timer = setInterval(() => this.forgetStale(clock.now()), LOOK_EVERY_MS);
  }

  async close(): Promise<void> {
    clearInterval(this.timer);
    for (const { writing, timer } of this.own.values()) {
      clearTimeout(timer);
      this.tell(writing, null);
    }
    this.own.clear();
    await this.broadcast.flush();
  }

  /** @param conversation as the actor sees it at this moment */
  start(socketId: string, actor: Actor, conversation: Conversation): void {
    const writing: Writing = {
      workspaceId: actor.workspaceId,
      conversationId: conversation.id,
      user_id: actor.userId,
      name: actor.name,
    };
    const key = keyOf(writing);
    const known = this.own.get(key);
    clearTimeout(known?.timer);
    const retell = known === undefined || clock.now() - known.toldAt >= RETOLD_AFTER_MS;
    const own: Own = {
      writing,
      actor,
      channel: conversation.channel,
      sockets: (known?.sockets ?? new Set()).add(socketId),
      toldAt: retell ? clock.now() : known.toldAt,
      timer: setTimeout(() => this.end(key), STOPS_AFTER_MS),
    };
    this.own.set(key, own);
    if (!retell) return;
    this.show(own, true);
    this.tell(writing, { audience: audienceOf(conversation), asOf: conversation.updatedAt.toISOString() });
  }

  stop(socketId: string, actor: Actor, conversationId: number): void {
    const { workspaceId, userId: user_id, name } = actor;
    this.leave(keyOf({ workspaceId, conversationId, user_id, name }), socketId);
  }

  socketGone(socketId: string): void {
    for (const key of [...this.own.keys()]) this.leave(key, socketId);
  }

  /** Others than the actor who write in the conversation. */
  typersOf(actor: Actor, conversationId: number): Typer[] {
    return [...this.heard.values()]
      .map(({ writing }) => writing)
      .filter(
        (one) =>
          one.workspaceId === actor.workspaceId &&
          one.conversationId === conversationId &&
          one.user_id !== actor.userId,
      )
      .map(({ user_id, name }) => ({ user_id, name }));
  }

  /** Others may see the conversation now: who may still write in it begins anew. */
  changedHands(workspaceId: number, conversationId: number, updatedAt: string): void {
    const thread = threadOf(workspaceId, conversationId);
    this.handedOn.set(thread, { updatedAt: Date.parse(updatedAt), at: clock.now() });
    for (const [key, { writing, timer }] of this.own) {
      if (threadOf(writing.workspaceId, writing.conversationId) !== thread) continue;
      clearTimeout(timer);
      this.own.delete(key);
    }
    for (const [key, { writing }] of this.heard)
      if (threadOf(writing.workspaceId, writing.conversationId) === thread) this.stopped(key);
  }

  private leave(key: string, socketId: string): void {
    const known = this.own.get(key);
    if (known?.sockets.delete(socketId) === true && known.sockets.size === 0) this.end(key);
  }

  private end(key: string): void {
    const known = this.own.get(key);
    if (known === undefined) return;
    clearTimeout(known.timer);
    this.own.delete(key);
    this.show(known, false);
    this.tell(known.writing, null);
  }

  /** To the customer, where their channel can. */
  private show({ writing, actor, channel }: Own, typing: boolean): void {
    this.outbox.driverOf(channel)?.typingNow?.(actor, writing.conversationId, typing);
  }

  private tell(writing: Writing, to: News['to']): void {
    this.broadcast.send(TOPIC, { process: this.process, writing, to } satisfies News);
  }

  private hear({ process, writing, to }: News): void {
    const key = keyOf(writing);
    const known = this.heard.get(key);
    if (to === null) {
      known?.by.delete(process);
      if (known?.by.size === 0) this.stopped(key);
      return;
    }
    const handedOn = this.handedOn.get(threadOf(writing.workspaceId, writing.conversationId));
    if (handedOn !== undefined && Date.parse(to.asOf) < handedOn.updatedAt) return;
    if (known !== undefined) {
      known.by.set(process, clock.now());
      return;
    }
    this.heard.set(key, { writing, audience: to.audience, by: new Map([[process, clock.now()]]) });
    this.emit(writing, to.audience, true);
  }

  private stopped(key: string): void {
    const { writing, audience } = this.heard.get(key)!;
    this.heard.delete(key);
    this.emit(writing, audience, false);
  }

  private emit(
    { workspaceId, conversationId, user_id, name }: Writing,
    audience: number[] | null,
    typing: boolean,
  ): void {
    this.namespace?.local
      .to(rooms.audienceRooms(workspaceId, audience))
      .except(rooms.user(workspaceId, user_id))
      .emit(SYSTEM_EVENTS.TYPING, { conversation_id: conversationId, user_id, name, typing });
  }

  private forgetStale(now: number): void {
    for (const [key, { by }] of this.heard) {
      for (const [process, at] of by) if (now - at > STALE_AFTER_MS) by.delete(process);
      if (by.size === 0) this.stopped(key);
    }
    for (const [thread, { at }] of this.handedOn) if (now - at > STALE_AFTER_MS) this.handedOn.delete(thread);
  }
}
