import { Injectable } from '@nestjs/common';
import { AnalyticsService } from '../analytics/analytics.service';
import type { StaffActor } from '../common/actor';
import { notFound } from '../common/app-error';
import type { PageQuery } from '../common/page';
import { ConversationEditsService } from '../conversations/conversation-edits.service';
import { ConversationNotesService } from '../conversations/conversation-notes.service';
import type { ConversationDto, ConversationPage } from '../conversations/conversations.types';
import { ConversationQuery } from '../conversations/inbox.dto';
import { InboxService } from '../conversations/inbox.service';
import { MessagesService } from '../messages/messages.service';
import { UnitOfWork } from '../platform/database/unit-of-work';
import type { AdminConversationQuery } from './admin-chat.dto';
import type {
  AdminConversationDetail,
  AdminConversationList,
  AdminMessages,
  AdminSummary,
  SupportConversation,
  SupportConversationList,
} from './admin-conversation.types';
import { ChatAccess } from './chat-access.service';
import { AdminConversationsRepository } from './admin-conversations.repository';
import type { SupportConversationQuery, SupportPriorityWord } from './admin-support.dto';
import { AdminViewsService, toAdminConversation } from './admin-views.service';
import { APP_CHAT, SHOWN_STATUS, statusesShownAs, SUPPORT_STATUS } from './chat-conversation.types';
import { SUPPORT_PRIORITIES } from './chat-conversation-view';
import type { ChatPagination } from './chat-messages.dto';
import { ChatUsersRepository } from './chat-users.repository';
import { ChatViewsService } from './chat-views.service';
import type { ConversationPriority } from '../conversations/conversations.types';

const SORTS = { newest: '-created_at', oldest: 'created_at', last_activity: '-last_message_at' } as const;

/** The conversations of the live chat, as staff look at them: what one sees is what the inbox shows. */
@Injectable()
export class AdminConversationsService {
  constructor(
    private readonly work: UnitOfWork,
    private readonly rows: AdminConversationsRepository,
    private readonly access: ChatAccess,
    private readonly users: ChatUsersRepository,
    private readonly inbox: InboxService,
    private readonly edits: ConversationEditsService,
    private readonly notes: ConversationNotesService,
    private readonly messages: MessagesService,
    private readonly analytics: AnalyticsService,
    private readonly views: AdminViewsService,
    private readonly messageViews: ChatViewsService,
  ) {}

  async list(actor: StaffActor, query: AdminConversationQuery): Promise<AdminConversationList> {
    return await this.work.read(actor, async () => {
      const page = await this.page(actor, query, {
        status: query.status && statusesShownAs(SHOWN_STATUS, query.status),
        assigned_user: query.assigned_admin,
        unread: query.unread_only ? true : undefined,
        sort: SORTS[query.sort],
      });
      return {
        conversations: await this.views.ofAdmin(page.data),
        pagination: page.meta!,
        summary: await this.summary(actor),
      };
    });
  }

  async get(actor: StaffActor, id: number): Promise<AdminConversationDetail> {
    return await this.work.read(actor, async () => {
      await this.access.require(actor, id);
      const [known] = await this.views.known([await this.edits.get(actor, id)]);
      if (known === undefined) throw notFound('conversation');
      const { user } = known;
      const shown = toAdminConversation(known);
      return {
        ...shown,
        user_info: {
          ...shown.user_info,
          created_at: user.createdAt.toISOString(),
          last_login: user.lastLogin?.toISOString() ?? null,
        },
        notes: (await this.notes.latest([id], 'assignment')).get(id)?.body ?? null,
      };
    });
  }

  async supportList(actor: StaffActor, query: SupportConversationQuery): Promise<SupportConversationList> {
    return await this.work.read(actor, async () => {
      const page = await this.page(actor, query, {
        status: query.status && statusesShownAs(SUPPORT_STATUS, query.status),
        priority: query.priority && [priorityOf(query.priority)],
        search: query.search,
        sort: SORTS.last_activity,
      });
      return { conversations: await this.views.ofSupport(page.data), pagination: page.meta! };
    });
  }

  async support(actor: StaffActor, id: number): Promise<SupportConversation> {
    return await this.work.read(actor, async () => {
      await this.access.require(actor, id);
      const [shown] = await this.views.ofSupport([await this.edits.get(actor, id)]);
      if (shown === undefined) throw notFound('conversation');
      return shown;
    });
  }

  /** Page 1 ends with the newest message. */
  async history(actor: StaffActor, id: number, query: PageQuery): Promise<AdminMessages> {
    return await this.work.read(actor, async () => {
      const { chatUserId } = await this.access.require(actor, id);
      const [user] = await this.users.findMany([chatUserId]);
      if (user === undefined) throw notFound('conversation');
      const { data, meta } = await this.messages.history(actor, id, query);
      return {
        conversation_id: id,
        messages: await this.messageViews.ofMessages(data.toReversed(), user),
        pagination: meta,
      };
    });
  }

  /** The newest first, of one member of staff or of all whom the actor may see. */
  async newest(
    actor: StaffActor,
    filter: Pick<ConversationQuery, 'status' | 'assigned_user'>,
    limit: number,
  ): Promise<ConversationDto[]> {
    const query = { ...filter, page: 1, limit, sort: SORTS.last_activity, with_total: false };
    return (await this.inbox.list(actor, inboxQuery(query))).data;
  }

  async summary(actor: StaffActor): Promise<AdminSummary> {
    const summary = await this.analytics.summary(actor, { channel: APP_CHAT });
    return {
      total_active: summary.active_conversations,
      total_unread: summary.unread_conversations,
      assigned_to_me: summary.assigned_to_me,
      unassigned: summary.unassigned,
    };
  }

  private async page(
    actor: StaffActor,
    asked: PageQuery & { user_id?: number; username?: string },
    filter: Partial<ConversationQuery>,
  ): Promise<ConversationPage & { meta?: ChatPagination }> {
    const { user_id: userId, username } = asked;
    const named = userId !== undefined || username !== undefined;
    const among = named ? await this.rows.idsOf({ userId, username }) : undefined;
    return await this.inbox.list(
      actor,
      inboxQuery({ ...filter, page: asked.page, limit: asked.limit }),
      among,
    );
  }
}

export function priorityOf(word: SupportPriorityWord): ConversationPriority {
  return word === 'normal' ? word : SUPPORT_PRIORITIES[word];
}

function inboxQuery(fields: Partial<Omit<ConversationQuery, 'offset'>>): ConversationQuery {
  return Object.assign(new ConversationQuery(), { channel: APP_CHAT, ...fields });
}
