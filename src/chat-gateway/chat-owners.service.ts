import { Injectable } from '@nestjs/common';
import type { ChatOwner } from '../app-chat/chat-conversation.types';
import { ChatConversationsService } from '../app-chat/chat-conversations.service';
import { notFound } from '../common/app-error';
import { UnitOfWork } from '../platform/database/unit-of-work';

/** Conversations whose owners are remembered. Owners never change, so they are never wrong. */
const REMEMBERED = 50_000;

/** Whose a conversation of the live chat is, and which conversations are none of it. */
@Injectable()
export class ChatOwners {
  private readonly known = new Map<string, ChatOwner | null>();

  constructor(
    private readonly work: UnitOfWork,
    private readonly conversations: ChatConversationsService,
  ) {}

  /** One statement for all that are not known yet. Those that are no live chat are left out. */
  async of(workspaceId: number, conversationIds: number[]): Promise<Map<number, ChatOwner>> {
    const owners = new Map<number, ChatOwner>();
    const unknown = new Set<number>();
    for (const id of conversationIds) {
      const owner = this.known.get(keyOf(workspaceId, id));
      if (owner === undefined) unknown.add(id);
      else if (owner !== null) owners.set(id, owner);
    }
    if (unknown.size === 0) return owners;
    const found = await this.work.read({ workspaceId }, () => this.conversations.ownersOf([...unknown]));
    for (const owner of found) owners.set(owner.conversationId, owner);
    if (this.known.size + unknown.size > REMEMBERED) this.known.clear();
    for (const id of unknown) this.known.set(keyOf(workspaceId, id), owners.get(id) ?? null);
    return owners;
  }

  async require(workspaceId: number, conversationId: number): Promise<ChatOwner> {
    const owner = (await this.of(workspaceId, [conversationId])).get(conversationId);
    if (owner === undefined) throw notFound('conversation');
    return owner;
  }
}

function keyOf(workspaceId: number, conversationId: number): string {
  return `${workspaceId} ${conversationId}`;
}
