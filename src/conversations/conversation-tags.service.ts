import { Injectable } from '@nestjs/common';
import { AuditService } from '../audit/audit.service';
import type { StaffActor } from '../common/actor';
import { AppError } from '../common/app-error';
import { LookupsService } from '../lookups/lookups.service';
import { UnitOfWork } from '../platform/database/unit-of-work';
import { ConversationPresenter } from './conversation-presenter';
import { MAX_TAGS } from './conversation-tags.dto';
import { ConversationTagsRepository } from './conversation-tags.repository';
import type { ConversationTagsDto } from './conversation-tags.types';
import { CONVERSATION_EVENTS } from './conversation.events';
import { ConversationsRepository } from './conversations.repository';
import { ConversationsService } from './conversations.service';
import type { Conversation } from './conversations.types';

/** What a conversation is about, in the words of `GET /tags`; who it is with has tags of their own. */
@Injectable()
export class ConversationTagsService {
  constructor(
    private readonly work: UnitOfWork,
    private readonly tags: ConversationTagsRepository,
    private readonly lookups: LookupsService,
    private readonly conversations: ConversationsService,
    private readonly rows: ConversationsRepository,
    private readonly presenter: ConversationPresenter,
    private readonly audit: AuditService,
  ) {}

  /** By name; a conversation without any is left out. Within the open unit of work; one statement. */
  async namesOf(conversationIds: number[]): Promise<Map<number, string[]>> {
    if (conversationIds.length === 0) return new Map();
    const names = new Map<number, string[]>();
    for (const { conversationId, name } of await this.tags.list(conversationIds)) {
      const known = names.get(conversationId);
      if (known === undefined) names.set(conversationId, [name]);
      else known.push(name);
    }
    return names;
  }

  async replace(actor: StaffActor, id: number, names: string[]): Promise<ConversationTagsDto> {
    return await this.work.run(actor, async () => {
      const conversation = await this.conversations.lockVisible(actor, id);
      return { tags: await this.set(actor, conversation, names) };
    });
  }

  /** Besides those it has. */
  async add(actor: StaffActor, id: number, names: string[]): Promise<ConversationTagsDto> {
    return await this.work.run(actor, async () => {
      const conversation = await this.conversations.lockVisible(actor, id);
      const before = (await this.namesOf([id])).get(id) ?? [];
      return { tags: await this.set(actor, conversation, [...before, ...names]) };
    });
  }

  /**
   * Gives it these tags and no others; answers how they are written, by name. Tags that do not exist are made. Within
   * the open unit of work; the conversation must be locked. Throws `VALIDATION_FAILED` for more than {@link MAX_TAGS}.
   */
  async set(actor: StaffActor, { id }: Conversation, names: string[]): Promise<string[]> {
    const wanted = await this.lookups.named(actor, 'tag', names);
    if (wanted.length > MAX_TAGS)
      throw new AppError('VALIDATION_FAILED', `A conversation has up to ${MAX_TAGS} tags.`);
    const before = await this.tags.list([id]);
    const ids = wanted.map((tag) => tag.id);
    if (ids.length !== before.length || before.some((tag) => !ids.includes(tag.id))) {
      await this.tags.replace(id, ids);
      await this.announce(id);
      this.audit.record({
        actor,
        action: 'conversation.tags',
        subject: { type: 'conversation', id },
        details: { from: before.map(({ name }) => name), to: wanted.map(({ name }) => name) },
      });
    }
    return wanted.map(({ name }) => name);
  }

  /** As it is stored now: whoever holds it may have changed it since they locked it. */
  private async announce(id: number): Promise<void> {
    const [before] = await this.rows.findMany([id]);
    const [after] = await this.rows.save([before!]);
    await this.presenter.announce([
      { before: before!, after: after!, events: [CONVERSATION_EVENTS.UPDATED] },
    ]);
  }
}
