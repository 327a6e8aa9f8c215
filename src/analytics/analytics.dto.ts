import { IsIn, IsOptional, Matches } from 'class-validator';
import { PageQuery } from '../common/page';
import { IsName } from '../common/text-rules';
import { IsIdInQuery } from '../conversations/inbox.dto';

const DAY = /^\d{4}-\d{2}-\d{2}$/;
const DAY_RULE = { message: '$property is a day such as 2026-01-31' };
const CHANNEL = 20;

/** `GET /analytics/summary` */
export class SummaryQuery {
  /** Only conversations of this channel, such as `whatsapp`. */
  @IsOptional()
  @IsName(CHANNEL)
  channel?: string;
}

/** Days in UTC, both included; by default the last 30, and at most 366. */
export class PeriodQuery extends SummaryQuery {
  /** The first day. */
  @IsOptional()
  @Matches(DAY, DAY_RULE)
  from?: string;

  /** The last day. */
  @IsOptional()
  @Matches(DAY, DAY_RULE)
  to?: string;
}

/** `GET /analytics/response-times` and its like. */
export class ReportQuery extends PeriodQuery {
  /** How the days are put together: each alone, or in weeks that begin on Monday. */
  @IsOptional()
  @IsIn(['day', 'week'])
  by: 'day' | 'week' = 'day';

  /** Only this user's part. */
  @IsOptional()
  @IsIdInQuery()
  user_id?: number;
}

/** `GET /analytics/agents`: {@link PeriodQuery}, in pages. */
export class AgentsQuery extends PageQuery {
  /** Only conversations of this channel, such as `whatsapp`. */
  @IsOptional()
  @IsName(CHANNEL)
  channel?: string;

  /** The first day. */
  @IsOptional()
  @Matches(DAY, DAY_RULE)
  from?: string;

  /** The last day. */
  @IsOptional()
  @Matches(DAY, DAY_RULE)
  to?: string;
}
