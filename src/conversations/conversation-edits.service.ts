import { Injectable } from '@nestjs/common';
import { clock } from '../common/clock';
import { AuditService } from '../audit/audit.service';
import type { StaffActor } from '../common/actor';
import { AppError, notFound } from '../common/app-error';
import { ContactTagsService } from '../contacts/contact-tags.service';
import { ContactsService } from '../contacts/contacts.service';
import { FOREIGN_KEY_VIOLATION, sqlState, UNIQUE_VIOLATION } from '../platform/database/database-errors';
import { PATIENT, UnitOfWork } from '../platform/database/unit-of-work';
import { Journal } from '../platform/events/journal';
import { UsersService } from '../users/users.service';
import { assignmentOf, readEvents, withRead } from './conversation-changes';
import { ConversationPresenter } from './conversation-presenter';
import { ConversationTagsService } from './conversation-tags.service';
import { withStatus } from './conversation-status.policy';
import { channelOfIntegrations } from './channel-traits.port';
import { messagingWindow } from './conversation-window.policy';
import { CONVERSATION_EVENTS, type ConversationEvent } from './conversation.events';
import { audienceOf, maySee } from './conversation.policy';
import type { CreateConversationDto, UpdateConversationDto } from './conversations.dto';
import { ConversationRatingsService } from './conversation-ratings.service';
import { ConversationsRepository } from './conversations.repository';
import { ConversationsService } from './conversations.service';
import type { Conversation, ConversationDetailDto, ConversationDto, Thread } from './conversations.types';

/** Conversations as things that staff make, look at, change and delete. */
@Injectable()
export class ConversationEditsService {
  constructor(
    private readonly work: UnitOfWork,
    private readonly conversations: ConversationsRepository,
    private readonly service: ConversationsService,
    private readonly presenter: ConversationPresenter,
    private readonly contacts: ContactsService,
    private readonly contactTags: ContactTagsService,
    private readonly tags: ConversationTagsService,
    private readonly users: UsersService,
    private readonly ratings: ConversationRatingsService,
    private readonly journal: Journal,
    private readonly audit: AuditService,
  ) {}

  async get(actor: StaffActor, id: number): Promise<ConversationDetailDto> {
    return await this.work.run(actor, async () => {
      const conversation = await this.service.requireVisible(actor, id);
      const { data: contactTags } = await this.contactTags.list(actor, conversation.contactId);
      return {
        ...(await this.presenter.toDto(conversation)),
        tags: (await this.tags.namesOf([id])).get(id) ?? [],
        contact_tags: contactTags.map(({ id: tagId, name }) => ({ id: tagId, name })),
        window: messagingWindow(conversation, clock.date()),
        rating: await this.ratings.find(id),
      };
    });
  }

  /** Throws `CONFLICT` where the customer has an open conversation on this number, naming it to who may see it. */
  async create(actor: StaffActor, input: CreateConversationDto): Promise<ConversationDto> {
    const thread = {
      contactId: input.contact_id,
      channel: channelOfIntegrations(),
      integrationId: input.integration_id,
    };
    const to = assignmentOf(input) ?? { assignedUser: null, assignedBot: null };
    const nobodys = to.assignedUser === null && to.assignedBot === null;
    return await this.work.run(actor, async () => {
      if (to.assignedUser !== null && !(await this.users.lockActive(to.assignedUser)))
        throw new AppError('VALIDATION_FAILED', 'There is no such user.');
      if (!(await this.contacts.summaries([thread.contactId])).has(thread.contactId))
        throw new AppError('VALIDATION_FAILED', 'There is no such contact.');
      const created = await this.conversations
        .insert({
          ...thread,
          ...to,
          status: nobodys ? 'queue' : 'active',
          priority: input.priority ?? 'normal',
        })
        .catch((error: unknown) => {
          if (sqlState(error) !== FOREIGN_KEY_VIOLATION) throw error;
          throw new AppError(
            'VALIDATION_FAILED',
            input.assigned_bot === undefined
              ? 'There is no such WhatsApp number.'
              : 'There is no such WhatsApp number or no such bot.',
          );
        });
      if (created === null) throw await this.openAlready(actor, thread);
      this.audit.record({
        actor,
        action: 'conversation.create',
        subject: { type: 'conversation', id: created.id },
        details: shownInAudit(created),
      });
      const events = [CONVERSATION_EVENTS.NEW, ...(nobodys ? [] : [CONVERSATION_EVENTS.ASSIGNED])];
      return (await this.presenter.announce([{ before: created, after: created, events }]))[0]!;
    });
  }

  /** All that is named, or nothing. What is so already changes nothing and is not announced. */
  async update(actor: StaffActor, id: number, input: UpdateConversationDto): Promise<ConversationDto> {
    try {
      return await this.work.run(actor, async () => {
        const before = await this.service.lockVisible(actor, id);
        if (before.status === 'closed' && input.status === 'active' && before.assignedUser !== null)
          await this.requireStillHere(before.assignedUser);
        return await this.change(actor, before, input);
      });
    } catch (error) {
      if (sqlState(error) !== UNIQUE_VIOLATION) throw error;
      throw await this.work.run(actor, async () =>
        this.openAlready(actor, await this.service.requireVisible(actor, id)),
      );
    }
  }

  /** With everything that was said in it. What is on its way to the customer may still arrive there. */
  async delete(actor: StaffActor, id: number): Promise<void> {
    await this.work.run(
      actor,
      async () => {
        const conversation = await this.conversations.lockToDelete(id);
        if (conversation === null || !maySee(actor, conversation)) throw notFound('conversation');
        await this.conversations.delete(id);
        this.audit.record({
          actor,
          action: 'conversation.delete',
          subject: { type: 'conversation', id },
          details: shownInAudit(conversation),
        });
        this.journal.append({
          type: CONVERSATION_EVENTS.DELETED,
          conversationId: id,
          audience: audienceOf(conversation),
          payload: { id },
        });
      },
      PATIENT,
    );
  }

  private async change(
    actor: StaffActor,
    before: Conversation,
    input: UpdateConversationDto,
  ): Promise<ConversationDto> {
    let next = withStatus(actor, before, input.status ?? before.status);
    next = { ...next, priority: input.priority ?? next.priority };
    if (input.read !== undefined) next = withRead(next, input.read);
    const events: ConversationEvent[] = [];
    if (next.assignedUser !== before.assignedUser || next.assignedBot !== before.assignedBot)
      events.push(CONVERSATION_EVENTS.ASSIGNED);
    if (next.status !== before.status) {
      events.push(CONVERSATION_EVENTS.STATUS_CHANGED);
      this.record(actor, 'conversation.status', before, { from: before.status, to: next.status });
    }
    if (next.priority !== before.priority)
      this.record(actor, 'conversation.priority', before, { from: before.priority, to: next.priority });
    if (next.read !== before.read || next.unreadCount !== before.unreadCount)
      events.push(...readEvents(before, next.read));
    if (events.length === 0 && next.priority === before.priority) return await this.presenter.toDto(before);
    const [after] = await this.conversations.save([next]);
    if (input.read === true) await this.service.tellRead(after!);
    events.push(CONVERSATION_EVENTS.UPDATED);
    return (await this.presenter.announce([{ before, after: after!, events }]))[0]!;
  }

  private record(actor: StaffActor, action: string, { id }: Conversation, details: object): void {
    this.audit.record({ actor, action, subject: { type: 'conversation', id }, details });
  }

  /** A conversation is not reopened for somebody who has left. */
  private async requireStillHere(userId: number): Promise<void> {
    if (!(await this.users.lockActive(userId)))
      throw new AppError('CONFLICT', 'Whose it was has left: reopen it into the queue.');
  }

  private async openAlready(actor: StaffActor, thread: Thread): Promise<AppError> {
    const open = await this.conversations.findOpen(thread);
    return new AppError(
      'CONFLICT',
      'The customer has an open conversation on this number already.',
      open !== null && maySee(actor, open) ? { conversation_id: open.id } : undefined,
    );
  }
}

function shownInAudit(conversation: Conversation): object {
  return {
    contact_id: conversation.contactId,
    integration_id: conversation.integrationId,
    status: conversation.status,
    priority: conversation.priority,
    assigned_user: conversation.assignedUser,
    assigned_bot: conversation.assignedBot,
  };
}
