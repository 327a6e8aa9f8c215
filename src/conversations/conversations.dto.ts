import { IsBoolean, IsIn, IsOptional } from 'class-validator';
import { IsId, IsLeftOutOrGiven, IsName } from '../common/text-rules';
import {
  CONVERSATION_PRIORITIES,
  CONVERSATION_STATUSES,
  type ConversationPriority,
  type ConversationStatus,
} from './conversations.types';

/** `PATCH /conversations/:id/assign`: to a user, to a bot, or with an empty body to oneself. */
export class AssignDto {
  @IsLeftOutOrGiven()
  @IsId()
  assigned_user?: number;

  @IsLeftOutOrGiven()
  @IsId()
  assigned_bot?: number;
}

/** `PATCH /conversations/:id/transfer`: to a user or to a bot. */
export class TransferDto extends AssignDto {
  /** For whoever gets it; shown with the conversation until it changes hands again. */
  @IsOptional()
  @IsName(1000)
  note?: string | null;
}

/** `POST /conversations`: with a customer, on one of our WhatsApp numbers. */
export class CreateConversationDto extends AssignDto {
  @IsId()
  contact_id!: number;

  @IsId()
  integration_id!: number;

  @IsLeftOutOrGiven()
  @IsIn(CONVERSATION_PRIORITIES)
  priority?: ConversationPriority;
}

/** `PATCH /conversations/:id` */
export class UpdateConversationDto {
  @IsLeftOutOrGiven()
  @IsIn(CONVERSATION_STATUSES)
  status?: ConversationStatus;

  @IsLeftOutOrGiven()
  @IsIn(CONVERSATION_PRIORITIES)
  priority?: ConversationPriority;

  @IsLeftOutOrGiven()
  @IsBoolean()
  read?: boolean;
}
