import { type BeforeApplicationShutdown, Injectable } from '@nestjs/common';
import { Broadcast } from '../platform/events/broadcast';
import type { ChatCaller } from './chat-actor';
import type { ChatRole } from './chat-message-view';

const TOPIC = 'chat-typing';
/** Who says nothing for this long, in ms, has stopped. */
export const TYPING_ENDS_AFTER_MS = 5_000;

/** Somebody who writes in a conversation of the live chat, as the other side may know them. */
export interface ChatTyper {
  workspaceId: number;
  conversationId: number;
  role: ChatRole;
  /** The user's number at their app, or the id of the member of staff. */
  id: number;
  /** The user's uuid, or the username of the member of staff. */
  identifier: string;
}

interface News extends ChatTyper {
  typing: boolean;
}

type Listener = (typer: ChatTyper, typing: boolean) => void;

/**
 * Who writes just now, told to all processes. Each of them ends by itself what nobody repeats or ends, so a process
 * that dies leaves nobody writing for ever.
 */
@Injectable()
export class ChatTypingService implements BeforeApplicationShutdown {
  private readonly writing = new Map<string, { typer: ChatTyper; timer: NodeJS.Timeout }>();
  private readonly listeners = new Set<Listener>();

  constructor(private readonly broadcast: Broadcast) {
    broadcast.on(TOPIC, (news) => this.hear(news as News));
  }

  /** Hears, in every process, when somebody begins and when they stop; once each, however often that is told. */
  observe(listener: Listener): void {
    this.listeners.add(listener);
  }

  /** Repeat it while they go on: see {@link TYPING_ENDS_AFTER_MS}. Whether they may is for the caller to know. */
  tell(caller: ChatTeller, conversationId: number, typing: boolean): void {
    this.broadcast.send(TOPIC, { ...typerOf(caller, conversationId), typing } satisfies News);
  }

  /** As far as this process has heard. */
  isTyping(caller: ChatTeller, conversationId: number): boolean {
    return this.writing.has(keyOf(typerOf(caller, conversationId)));
  }

  beforeApplicationShutdown(): void {
    for (const { timer } of this.writing.values()) clearTimeout(timer);
    this.writing.clear();
  }

  private hear({ typing, ...typer }: News): void {
    const key = keyOf(typer);
    const known = this.writing.get(key);
    clearTimeout(known?.timer);
    if (typing) {
      this.writing.set(key, { typer, timer: setTimeout(() => this.end(key), TYPING_ENDS_AFTER_MS) });
      if (known === undefined) this.announce(typer, true);
    } else if (known !== undefined) this.end(key);
  }

  private end(key: string): void {
    const { typer } = this.writing.get(key)!;
    this.writing.delete(key);
    this.announce(typer, false);
  }

  private announce(typer: ChatTyper, typing: boolean): void {
    for (const listener of this.listeners) listener(typer, typing);
  }
}

/** A chat user, or as much of a member of staff as is known. */
type ChatTeller = ChatCaller | { kind: 'staff'; workspaceId: number; userId: number; username: string };

function typerOf(caller: ChatTeller, conversationId: number): ChatTyper {
  const { workspaceId, userId: id } = caller;
  return caller.kind === 'chat_user'
    ? { workspaceId, conversationId, role: 'user', id, identifier: caller.uuid }
    : { workspaceId, conversationId, role: 'admin', id, identifier: caller.username };
}

function keyOf({ workspaceId, conversationId, role, id }: ChatTyper): string {
  return `${workspaceId} ${conversationId} ${role} ${id}`;
}
