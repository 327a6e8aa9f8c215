import { Injectable } from '@nestjs/common';
import { AuditService } from '../audit/audit.service';
import type { Actor } from '../common/actor';
import { type Page, type PageQuery, pageOf } from '../common/page';
import { UnitOfWork } from '../platform/database/unit-of-work';
import { Journal } from '../platform/events/journal';
import { NOTIFICATION_EVENTS } from './notification.events';
import type { CreateNotificationDto } from './notifications.dto';
import { NotificationsRepository } from './notifications.repository';
import type { AnnouncementPayload, NotificationDto } from './notifications.types';

/** What administrators tell all staff of their workspace. */
@Injectable()
export class NotificationsService {
  constructor(
    private readonly work: UnitOfWork,
    private readonly notifications: NotificationsRepository,
    private readonly journal: Journal,
    private readonly audit: AuditService,
  ) {}

  async send(actor: Actor, input: CreateNotificationDto): Promise<NotificationDto> {
    return await this.work.run(actor, async () => {
      const { level = 'info', title, body } = input;
      const notification = await this.notifications.insert({ level, title, body, createdBy: actor.userId });
      this.journal.append({
        type: NOTIFICATION_EVENTS.SENT,
        audience: null,
        payload: { kind: 'announcement', ...notification } satisfies AnnouncementPayload,
      });
      this.audit.record({
        actor,
        action: 'notification.send',
        subject: { type: 'notification', id: notification.id },
        details: { level, title },
      });
      return notification;
    });
  }

  /** Newest first. */
  async list(actor: Actor, query: PageQuery): Promise<Page<NotificationDto>> {
    return await this.work.run(actor, async () => {
      const rows = await this.notifications.list(query.limit, query.offset);
      return pageOf(rows, await this.notifications.count(), query);
    });
  }
}
