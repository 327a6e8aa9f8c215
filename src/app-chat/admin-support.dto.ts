import { IsIn, IsOptional } from 'class-validator';
import { PageQuery } from '../common/page';
import { IsLeftOutOrGiven, IsName } from '../common/text-rules';
import { CONVERSATION_PRIORITIES } from '../conversations/conversations.types';
import { IsIdInQuery } from '../conversations/inbox.dto';
import type { SupportStatus } from './chat-conversation-view';

/** `medium` and `normal` are the same. */
const PRIORITIES = ['medium', ...CONVERSATION_PRIORITIES] as const;
export type SupportPriorityWord = (typeof PRIORITIES)[number];

const STATUSES = ['open', 'closed', 'pending', 'archived'] as const satisfies readonly SupportStatus[];

/** `GET /api/chat/admin/conversations` */
export class SupportConversationQuery extends PageQuery {
  /** `pending`: nobody has it; `open`: somebody or a bot has. */
  @IsOptional()
  @IsIn(STATUSES)
  status?: SupportStatus;

  @IsOptional()
  @IsIn(PRIORITIES)
  priority?: SupportPriorityWord;

  /** Words that all occur in the user's name, whatever their case and accents. */
  @IsOptional()
  @IsName(100)
  search?: string;

  /** The number by which an app knows the user. */
  @IsOptional()
  @IsIdInQuery()
  user_id?: number;

  /** In any case. */
  @IsOptional()
  @IsName(150)
  username?: string;
}

/** `PATCH /api/chat/admin/conversations/:id/status` */
export class SupportStatusDto {
  /** `open` takes a waiting conversation, `pending` gives one back into the queue. */
  @IsIn(STATUSES)
  status!: SupportStatus;

  @IsLeftOutOrGiven()
  @IsIn(PRIORITIES)
  priority?: SupportPriorityWord;
}
