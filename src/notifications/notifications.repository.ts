import { Injectable } from '@nestjs/common';
import { UnitOfWork } from '../platform/database/unit-of-work';
import type { NotificationDto, NotificationLevel } from './notifications.types';

type NotificationRow = Omit<NotificationDto, 'created_at'> & { created_at: Date };

const COLUMNS = 'id, level, title, body, created_by, created_at';

/** All SQL of notifications. Within an open unit of work. */
@Injectable()
export class NotificationsRepository {
  constructor(private readonly work: UnitOfWork) {}

  async insert(notification: {
    level: NotificationLevel;
    title: string;
    body: string;
    createdBy: number;
  }): Promise<NotificationDto> {
    const [row] = await this.work.current.query<NotificationRow>(
      `insert into notification (level, title, body, created_by) values ($1, $2, $3, $4) returning ${COLUMNS}`,
      [notification.level, notification.title, notification.body, notification.createdBy],
    );
    return toDto(row!);
  }

  /** Newest first. */
  async list(limit: number, offset: number): Promise<NotificationDto[]> {
    const rows = await this.work.current.query<NotificationRow>(
      `select ${COLUMNS} from notification order by id desc limit $1 offset $2`,
      [limit, offset],
    );
    return rows.map(toDto);
  }

  async count(): Promise<number> {
    const [row] = await this.work.current.query<{ count: number }>(
      'select count(*)::int as count from notification',
    );
    return row!.count;
  }
}

function toDto(row: NotificationRow): NotificationDto {
  return { ...row, created_at: row.created_at.toISOString() };
}
