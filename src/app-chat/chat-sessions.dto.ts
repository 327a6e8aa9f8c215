import { IsInt, IsOptional, Matches, Max, Min } from 'class-validator';
import { IsName, IsText } from '../common/text-rules';
import type { ChatUser } from './chat-user.types';
import { OUR_USER_IDS } from './chat-user.types';

/** What an app calls a user: at least one of the two. */
export class NamedUserDto {
  /** The number by which the app knows the user; below 2^52. */
  @IsOptional()
  @IsInt()
  @Min(1)
  @Max(OUR_USER_IDS - 1)
  user_id?: number;

  /** Unique among the users of the app, in any case. */
  @IsOptional()
  @IsName(150)
  username?: string;
}

/** `POST /api/chat/sessions` */
export class OpenChatSessionDto extends NamedUserDto {
  /** What agents read above the conversation. */
  @IsOptional()
  @IsText(0, 150)
  account_name?: string | null;

  @IsOptional()
  @IsText(0, 40)
  phone_number?: string | null;

  /** The app's own number for what kind of user it is. */
  @IsOptional()
  @IsInt()
  @Min(0)
  @Max(32_767)
  status?: number;
}

/** `POST /api/chat/visitors` */
export class OpenVisitorDto {
  /** The app of the website; may be left out where the installation has one app. */
  @IsOptional()
  @Matches(/^[A-Za-z0-9._-]{1,64}$/)
  app_id?: string;

  /** What the visitor wants to be called. */
  @IsOptional()
  @IsText(0, 150)
  name?: string | null;
}

/** A user of the live chat, to themselves. */
export interface ChatUserDto {
  user_id: number;
  uuid: string;
  username: string | null;
  account_name: string | null;
  visitor: boolean;
}

/** A session just opened: the only time its token is seen. */
export interface ChatSessionDto {
  /** REST takes it as `Authorization: Bearer`, Socket.IO as `auth.token`. */
  token: string;
  expires_at: string;
  /** Seconds. */
  expires_in: number;
  user: ChatUserDto;
}

/** How many sessions were ended. */
export interface EndedSessionsDto {
  ended: number;
}

export function toChatUserDto(
  user: Pick<ChatUser, 'userId' | 'uuid' | 'username' | 'accountName' | 'visitor'>,
): ChatUserDto {
  return {
    user_id: user.userId,
    uuid: user.uuid,
    username: user.username,
    account_name: user.accountName,
    visitor: user.visitor,
  };
}
