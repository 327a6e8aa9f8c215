import { Injectable, type OnModuleInit } from '@nestjs/common';
import type { Actor } from '../common/actor';
import { notFound } from '../common/app-error';
import { type Page, type PageQuery, pageOf } from '../common/page';
import { ConversationsService } from '../conversations/conversations.service';
import { UnitOfWork } from '../platform/database/unit-of-work';
import { MessagesRepository } from './messages.repository';
import { type MessageDto, toMessageDto } from './messages.types';
import type { BotSend } from './outgoing.types';
import { type BotMessage, SendingService } from './sending.service';

/** What has been said. What is to be said: `SendingService`. */
@Injectable()
export class MessagesService implements OnModuleInit {
  constructor(
    private readonly work: UnitOfWork,
    private readonly messages: MessagesRepository,
    private readonly conversations: ConversationsService,
    private readonly sending: SendingService,
  ) {}

  onModuleInit(): void {
    this.conversations.useLastMessages({
      byIds: async (ids) => new Map((await this.messages.findMany(ids)).map((m) => [m.id, toMessageDto(m)])),
    });
  }

  /** See {@link SendingService.sendAsBot}. */
  async sendAsBot(scope: { workspaceId: number }, message: BotMessage): Promise<BotSend> {
    return await this.sending.sendAsBot(scope, message);
  }

  async get(actor: Actor, id: number): Promise<MessageDto> {
    return await this.work.read(actor, async () => {
      const [message] = await this.messages.findMany([id]);
      const visible =
        message === undefined
          ? new Set()
          : await this.conversations.visibleAmong(actor, [message.conversationId]);
      if (message === undefined || !visible.has(message.conversationId)) throw notFound('message');
      return toMessageDto(message);
    });
  }

  /** The message and those before it, the oldest first. Within the open unit of work, for work that nobody asked for. */
  async upTo(conversationId: number, messageId: number, limit: number): Promise<MessageDto[]> {
    const rows = await this.messages.upTo(conversationId, messageId, limit);
    return rows.toReversed().map(toMessageDto);
  }

  /** How many messages bots have sent into a conversation lately. Within the open unit of work. */
  async recentOfBots(conversationId: number): Promise<{ inMinute: number; inHour: number }> {
    return await this.messages.recentOfBots(conversationId);
  }

  /** Newest first. */
  async history(actor: Actor, conversationId: number, query: PageQuery): Promise<Page<MessageDto>> {
    return await this.work.read(actor, async () => {
      // On the way together; what is read of a conversation that the actor may not see goes no further than this.
      const [, rows, total] = await Promise.all([
        this.conversations.requireVisible(actor, conversationId),
        this.messages.history(conversationId, query.limit, query.offset),
        this.messages.countOf(conversationId),
      ]);
      return pageOf(rows.map(toMessageDto), total, query);
    });
  }
}
