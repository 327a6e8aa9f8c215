import { Injectable } from '@nestjs/common';
import type { StaffActor } from '../common/actor';
import { pageOf } from '../common/page';
import { UnitOfWork } from '../platform/database/unit-of-work';
import { type Activity, AdminActivityRepository } from './admin-activity.repository';
import type { ActivityQuery } from './admin-chat.dto';
import type { ChatPagination } from './chat-messages.dto';

/** Something a member of staff did, as `admin_activity_log` has it. */
export interface ActivityEntry {
  id: number;
  /** Null for what the server did by itself. */
  admin_id: number | null;
  /** As they were called then. */
  admin_username: string;
  /** `subject.verb`, such as `conversation.assign`. */
  action: string;
  /** Such as `conversation`. */
  target_type: string;
  target_id: number | null;
  /** What changed. */
  details: object;
  created_at: string;
}

/** `GET /admin/chat/activity` */
export interface ActivityList {
  /** The newest first. */
  activities: ActivityEntry[];
  pagination: ChatPagination;
}

/** What staff did, under the names of the live chat. */
@Injectable()
export class AdminActivityService {
  constructor(
    private readonly work: UnitOfWork,
    private readonly rows: AdminActivityRepository,
  ) {}

  async list(actor: StaffActor, query: ActivityQuery): Promise<ActivityList> {
    const filter = {
      adminId: query.admin_id,
      action: query.action,
      conversationId: query.conversation_id,
      from: query.from === undefined ? undefined : new Date(query.from),
      to: query.to === undefined ? undefined : new Date(query.to),
    };
    return await this.work.read(actor, async () => {
      const rows = await this.rows.list(filter, query.limit, query.offset);
      const { data, meta } = pageOf(rows.map(toEntry), await this.rows.count(filter), query);
      return { activities: data, pagination: meta };
    });
  }
}

function toEntry(activity: Activity): ActivityEntry {
  return {
    id: activity.id,
    admin_id: activity.adminId,
    admin_username: activity.adminUsername,
    action: activity.action,
    target_type: activity.targetType,
    target_id: activity.targetId,
    details: activity.details,
    created_at: activity.createdAt.toISOString(),
  };
}
