import {
  ArrayMaxSize,
  ArrayNotEmpty,
  ArrayUnique,
  IsArray,
  IsIn,
  IsInt,
  IsPositive,
  Max,
} from 'class-validator';
import { IsId, IsLeftOutOrGiven, IsName } from '../common/text-rules';
import { MAX_TAG_LENGTH, MAX_TAGS } from './conversation-tags.dto';
import { CONVERSATION_PRIORITIES, type ConversationPriority } from './conversations.types';

export const BULK_ACTIONS = [
  'assign',
  'unassign',
  'close',
  'archive',
  'read',
  'unread',
  'priority',
  'tag',
] as const;
export type BulkAction = (typeof BULK_ACTIONS)[number];

/** `POST /conversations/bulk`: one action, with what belongs to it and nothing else. */
export class BulkActionDto {
  @IsArray()
  @ArrayNotEmpty()
  @ArrayMaxSize(100)
  @ArrayUnique()
  @IsInt({ each: true })
  @IsPositive({ each: true })
  @Max(Number.MAX_SAFE_INTEGER, { each: true })
  ids!: number[];

  @IsIn(BULK_ACTIONS)
  action!: BulkAction;

  /** Of `assign`; without a user or a bot, to oneself. */
  @IsLeftOutOrGiven()
  @IsId()
  assigned_user?: number;

  /** Of `assign`. */
  @IsLeftOutOrGiven()
  @IsId()
  assigned_bot?: number;

  /** Of `priority`. */
  @IsLeftOutOrGiven()
  @IsIn(CONVERSATION_PRIORITIES)
  priority?: ConversationPriority;

  /** Of `tag`: names of tags that each conversation gets besides those it has. */
  @IsLeftOutOrGiven()
  @IsArray()
  @ArrayNotEmpty()
  @ArrayMaxSize(MAX_TAGS)
  @IsName(MAX_TAG_LENGTH, { each: true })
  tags?: string[];
}
