import { applyDecorators } from '@nestjs/common';
import {
  ArrayMaxSize,
  ArrayNotEmpty,
  ArrayUnique,
  IsArray,
  IsIn,
  IsInt,
  IsOptional,
  IsPositive,
  Matches,
  Max,
} from 'class-validator';
import { IsId, IsName, IsText } from '../common/text-rules';

/** Bounds what is read; how long a message may be is configured. */
const LONGEST = 65_536;
const MOST_IDS = 500;
const ROLES = ['user', 'admin'] as const;
const FILE_ID = /^upload_[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/;

export const ADMIN_ROOMS = ['admin_dashboard', 'admin_notifications'] as const;
export type AdminRoom = (typeof ADMIN_ROOMS)[number];

/** The refusal is the contracts' own. */
function IsConversationId(): PropertyDecorator {
  const message = 'Invalid conversation ID';
  return applyDecorators(
    IsInt({ message }),
    IsPositive({ message }),
    Max(Number.MAX_SAFE_INTEGER, { message }),
  );
}

function AreMessageIds(): PropertyDecorator {
  return applyDecorators(
    IsArray(),
    ArrayMaxSize(MOST_IDS),
    IsInt({ each: true }),
    IsPositive({ each: true }),
    Max(Number.MAX_SAFE_INTEGER, { each: true }),
  );
}

/** As a client calls its own side; compared with the session and never believed. */
type Role = (typeof ROLES)[number];

/** What a client says of itself in the words of HomeAssistant IM. */
export class SocketClaimsDto {
  @IsOptional()
  @IsIn(ROLES)
  role?: Role;

  @IsOptional()
  @IsIn(ROLES)
  sender_role?: Role;

  @IsOptional()
  @IsInt()
  user_id?: number;

  @IsOptional()
  @IsText(0, 150)
  username?: string;
}

/** `join_conversation`, `leave_conversation` */
export class SocketConversationDto extends SocketClaimsDto {
  @IsConversationId()
  conversation_id!: number;
}

/** `typing_start`, `typing_stop` */
export class SocketTypingDto extends SocketConversationDto {}

/** `send_message` */
export class SocketSendDto extends SocketClaimsDto {
  /** Users may leave it out: then it is their newest open conversation, which is made where there is none. */
  @IsOptional()
  @IsConversationId()
  conversation_id?: number | null;

  /** Default: what the file is, else `text`. */
  @IsOptional()
  @IsIn(['text', 'image', 'file'])
  message_type?: 'text' | 'image' | 'file' | null;

  /** May be left out beside a file. */
  @IsOptional()
  @IsText(0, LONGEST)
  content?: string | null;

  /** A file of the sender that no message shows yet, as its upload named it. */
  @IsOptional()
  @Matches(FILE_ID, { message: 'file_id is not that of an upload' })
  file_id?: string | null;

  /** The client's own id: the same again is the same message, with the same answer. */
  @IsOptional()
  @IsName(100)
  client_message_id?: string | null;

  @IsOptional()
  @IsId()
  reply_to_id?: number | null;
}

/** `mark_messages_read` */
export class SocketMarkReadDto extends SocketConversationDto {
  /** Default: all. */
  @IsOptional()
  @AreMessageIds()
  message_ids?: number[] | null;
}

/** `message_delivered` */
export class SocketDeliveredDto extends SocketConversationDto {
  @AreMessageIds()
  @ArrayNotEmpty()
  message_ids!: number[];
}

/** `join_admin_rooms` */
export class JoinAdminRoomsDto {
  @IsArray()
  @ArrayNotEmpty()
  @ArrayUnique()
  @IsIn(ADMIN_ROOMS, { each: true })
  rooms!: AdminRoom[];
}

/** What a client says of itself in the words of Anume. */
export class SocketSupportClaimsDto {
  @IsOptional()
  @IsIn(ROLES)
  userType?: Role;

  @IsOptional()
  @IsIn(ROLES)
  senderType?: Role;

  @IsOptional()
  @IsInt()
  userId?: number;

  @IsOptional()
  @IsInt()
  senderId?: number;

  @IsOptional()
  @IsText(0, 150)
  username?: string;
}

/** `join-chat`, `leave-chat` */
export class SocketSupportConversationDto extends SocketSupportClaimsDto {
  @IsConversationId()
  conversationId!: number;
}

/** `typing-start`, `typing-stop` */
export class SocketSupportTypingDto extends SocketSupportConversationDto {}

/** `send-chat-message` */
export class SocketSupportSendDto extends SocketSupportConversationDto {
  /** May be left out beside a file. */
  @IsOptional()
  @IsText(0, LONGEST)
  message?: string | null;

  /** Default: what the file is, else `text`. */
  @IsOptional()
  @IsIn(['text', 'image', 'file'])
  messageType?: 'text' | 'image' | 'file' | null;

  /** A file of the sender that no message shows yet, as its upload named it. */
  @IsOptional()
  @Matches(FILE_ID, { message: 'fileId is not that of an upload' })
  fileId?: string | null;

  /** The client's own id: the same again is the same message, with the same answer. */
  @IsOptional()
  @IsName(100)
  clientMessageId?: string | null;

  @IsOptional()
  @IsId()
  replyToId?: number | null;
}

/** `mark-messages-read` */
export class SocketSupportMarkReadDto extends SocketSupportConversationDto {
  /** Default: all. */
  @IsOptional()
  @AreMessageIds()
  messageIds?: number[] | null;
}
