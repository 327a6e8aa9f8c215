import { ArrayMaxSize, IsArray, IsIn, IsOptional, Matches } from 'class-validator';
import { IsInstant } from '../common/instant';
import { PageQuery } from '../common/page';
import { IsQueryFlag } from '../common/query-flag';
import { IsId, IsLeftOutOrGiven, IsName, IsText } from '../common/text-rules';
import { MAX_TAG_LENGTH, MAX_TAGS } from '../conversations/conversation-tags.dto';
import { CONVERSATION_PRIORITIES, type ConversationPriority } from '../conversations/conversations.types';
import { IsIdInQuery } from '../conversations/inbox.dto';
import type { ShownStatus } from './chat-conversation-view';

const SHOWN_STATUSES = ['active', 'closed', 'archived'] as const satisfies readonly ShownStatus[];
const SORTS = ['newest', 'oldest', 'last_activity'] as const;
const NOTE_LENGTH = 5_000;
/** Bounds the request; how long a message may be is configured. */
const LONGEST_MESSAGE = 100_000;
const FILE_ID = /^(upload_)?[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/i;

/** `GET /admin/chat/dashboard` */
export class DashboardQuery {
  /** Whose assignments; another's only for supervisors and above. */
  @IsOptional()
  @IsIdInQuery()
  admin_id?: number;
}

/** `GET /admin/chat/conversations` */
export class AdminConversationQuery extends PageQuery {
  @IsOptional()
  @IsIn(SHOWN_STATUSES)
  status?: ShownStatus;

  @IsOptional()
  @IsIdInQuery()
  assigned_admin?: number;

  /** The number by which an app knows the user. */
  @IsOptional()
  @IsIdInQuery()
  user_id?: number;

  /** `true`: only those with messages of the user that staff have not read. */
  @IsQueryFlag()
  unread_only: boolean = false;

  /** By creation, or `last_activity`: the newest message first. */
  @IsOptional()
  @IsIn(SORTS)
  sort: (typeof SORTS)[number] = 'newest';
}

/** `PUT /admin/chat/conversations/:id/assign` */
export class AssignConversationDto {
  @IsId()
  admin_id!: number;

  /** For whoever gets it; users never see it. */
  @IsOptional()
  @IsName(NOTE_LENGTH)
  notes?: string | null;
}

/** `PUT /admin/chat/conversations/:id/status`: what is left out stays as it is. */
export class UpdateChatConversationDto {
  @IsLeftOutOrGiven()
  @IsIn(SHOWN_STATUSES)
  status?: ShownStatus;

  @IsLeftOutOrGiven()
  @IsIn(CONVERSATION_PRIORITIES)
  priority?: ConversationPriority;

  /** These and no others. */
  @IsLeftOutOrGiven()
  @IsArray()
  @ArrayMaxSize(MAX_TAGS)
  @IsName(MAX_TAG_LENGTH, { each: true })
  tags?: string[];

  /** How it ended; users never see it. */
  @IsOptional()
  @IsName(NOTE_LENGTH)
  resolution_notes?: string | null;
}

const MESSAGE_TYPES = ['text', 'image', 'file'] as const;

/** `POST /admin/chat/conversations/:id/messages` and `POST /api/chat/admin/conversations/:id/messages` */
export class AdminMessageDto {
  /** May be empty, or left out, where there is a file. */
  @IsOptional()
  @IsText(0, LONGEST_MESSAGE)
  message?: string | null;

  @IsOptional()
  @IsIn(MESSAGE_TYPES)
  message_type: (typeof MESSAGE_TYPES)[number] = 'text';

  /** Of an `image` or a `file`: the `uuid` of an upload, or `upload_` and that. */
  @IsOptional()
  @Matches(FILE_ID, { message: 'file_id is that of an upload' })
  file_id?: string | null;

  @IsOptional()
  @IsId()
  reply_to_id?: number | null;

  /** For colleagues; users never see it. */
  @IsOptional()
  @IsName(NOTE_LENGTH)
  internal_note?: string | null;

  /** The sender's own id for the request: the same one again answers with what it made the first time. */
  @IsOptional()
  @IsText(1, 100)
  client_message_id?: string | null;
}

/** `GET /admin/chat/activity` */
export class ActivityQuery extends PageQuery {
  /** Who did it. */
  @IsOptional()
  @IsIdInQuery()
  admin_id?: number;

  /** Such as `conversation.assign`. */
  @IsOptional()
  @IsText(1, 60)
  action?: string;

  @IsOptional()
  @IsIdInQuery()
  conversation_id?: number;

  /** From then on. */
  @IsOptional()
  @IsInstant()
  from?: string;

  /** Before then. */
  @IsOptional()
  @IsInstant()
  to?: string;
}
