import { Injectable } from '@nestjs/common';
import { UnitOfWork } from '../platform/database/unit-of-work';

export interface Activity {
  id: number;
  adminId: number | null;
  adminUsername: string;
  action: string;
  targetType: string;
  targetId: number | null;
  details: object;
  createdAt: Date;
}

/** What is left out does not matter. */
export interface ActivityFilter {
  adminId: number | undefined;
  action: string | undefined;
  conversationId: number | undefined;
  from: Date | undefined;
  to: Date | undefined;
}

/** Reads what staff did. Within an open unit of work. */
@Injectable()
export class AdminActivityRepository {
  constructor(private readonly work: UnitOfWork) {}

  /** The newest first. */
  async list(filter: ActivityFilter, limit: number, offset: number): Promise<Activity[]> {
    const { where, values } = conditionsOf(filter);
    return await this.work.current.query<Activity>(
      `select id, admin_id as "adminId", admin_username as "adminUsername", action, target_type as "targetType",
         target_id as "targetId", details, created_at as "createdAt"
       from admin_activity_log ${where} order by id desc limit $${values.length + 1} offset $${values.length + 2}`,
      [...values, limit, offset],
    );
  }

  async count(filter: ActivityFilter): Promise<number> {
    const { where, values } = conditionsOf(filter);
    const [row] = await this.work.current.query<{ count: number }>(
      `select count(*)::int as count from admin_activity_log ${where}`,
      values,
    );
    return row!.count;
  }
}

function conditionsOf(filter: ActivityFilter): { where: string; values: unknown[] } {
  const conditions: string[] = [];
  const values: unknown[] = [];
  const given = (condition: string, value: unknown): void => {
    if (value === undefined) return;
    values.push(value);
    conditions.push(`${condition} $${values.length}`);
  };
  given('admin_id =', filter.adminId);
  given('action =', filter.action);
  given(`target_type = 'conversation' and target_id =`, filter.conversationId);
  given('created_at >=', filter.from);
  given('created_at <', filter.to);
  return { where: conditions.length === 0 ? '' : `where ${conditions.join(' and ')}`, values };
}
