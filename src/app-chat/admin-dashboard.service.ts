import { Injectable } from '@nestjs/common';
import { AnalyticsService } from '../analytics/analytics.service';
import type { StaffActor } from '../common/actor';
import { AppError } from '../common/app-error';
import { seesEverything } from '../conversations/conversation.policy';
import { type ConversationPriority, OPEN_STATUSES } from '../conversations/conversations.types';
import { UnitOfWork } from '../platform/database/unit-of-work';
import { UsersService } from '../users/users.service';
import { AdminConversationsService } from './admin-conversations.service';
import { AdminViewsService, lastMessageOf, userNameOf } from './admin-views.service';
import { APP_CHAT, SHOWN_STATUS } from './chat-conversation.types';
import type { ShownStatus } from './chat-conversation-view';

const RECENT = 10;
const MOST_ASSIGNMENTS = 50;

/** What there is to do in the live chat, for conversations that the caller may see. At most moments old. */
export interface DashboardSummary {
  total_conversations: number;
  active_conversations: number;
  unread_conversations: number;
  assigned_to_me: number;
  /** Nobody's: no person's and no bot's. */
  unassigned: number;
  /** Since midnight in UTC. */
  closed_today: number;
  /** Such as "4.2 minutes", of the last 7 days; null where nothing was answered. */
  avg_response_time: string | null;
}

export interface RecentActivity {
  conversation_id: number;
  user_name: string;
  /** Of a file without words, what kind of file it is: `[image]`. */
  last_message: string | null;
  timestamp: string;
  status: ShownStatus;
}

export interface MyAssignment {
  conversation_id: number;
  user_name: string;
  priority: ConversationPriority;
  unread_count: number;
  last_activity: string;
}

/** `GET /admin/chat/dashboard` */
export interface Dashboard {
  summary: DashboardSummary;
  /** The 10 conversations in which something was said last. */
  recent_activity: RecentActivity[];
  /** The 50 open ones in which something was said last. */
  my_assignments: MyAssignment[];
}

/** The first page of those who answer in the live chat. */
@Injectable()
export class AdminDashboardService {
  constructor(
    private readonly work: UnitOfWork,
    private readonly analytics: AnalyticsService,
    private readonly conversations: AdminConversationsService,
    private readonly views: AdminViewsService,
    private readonly users: UsersService,
  ) {}

  async dashboard(actor: StaffActor, adminId = actor.userId): Promise<Dashboard> {
    return await this.work.read(actor, async () => {
      await this.requireMayLook(actor, adminId);
      const mine = { assigned_user: adminId, status: [...OPEN_STATUSES] };
      const recent = await this.conversations.newest(actor, {}, RECENT);
      const assigned = await this.conversations.newest(actor, mine, MOST_ASSIGNMENTS);
      return {
        summary: await this.summary(actor, adminId),
        recent_activity: (await this.views.known(recent)).map((known) => ({
          conversation_id: known.conversation.id,
          user_name: userNameOf(known),
          last_message: lastMessageOf(known.conversation)?.content ?? null,
          timestamp: lastActivityOf(known.conversation),
          status: SHOWN_STATUS[known.conversation.status],
        })),
        my_assignments: (await this.views.known(assigned)).map((known) => ({
          conversation_id: known.conversation.id,
          user_name: userNameOf(known),
          priority: known.conversation.priority,
          unread_count: known.conversation.unread_count,
          last_activity: lastActivityOf(known.conversation),
        })),
      };
    });
  }

  private async requireMayLook(actor: StaffActor, adminId: number): Promise<void> {
    if (adminId === actor.userId) return;
    if (!seesEverything(actor))
      throw new AppError('FORBIDDEN', 'Only a supervisor looks at the dashboard of somebody else.');
    const user = await this.users.findById(actor.workspaceId, adminId);
    if (user === null || user.deletedAt !== null) throw new AppError('NOT_FOUND', 'Admin not found');
  }

  private async summary(actor: StaffActor, adminId: number): Promise<DashboardSummary> {
    const { average_response_seconds: seconds, ...counts } = await this.analytics.summary(
      actor,
      { channel: APP_CHAT },
      adminId,
    );
    return {
      total_conversations: counts.total_conversations,
      active_conversations: counts.active_conversations,
      unread_conversations: counts.unread_conversations,
      assigned_to_me: counts.assigned_to_me,
      unassigned: counts.unassigned,
      closed_today: counts.closed_today,
      avg_response_time: seconds === null ? null : `${(seconds / 60).toFixed(1)} minutes`,
    };
  }
}

function lastActivityOf(conversation: { last_message_at: string | null; created_at: string }): string {
  return conversation.last_message_at ?? conversation.created_at;
}
