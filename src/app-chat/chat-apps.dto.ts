import { ArrayMaxSize, IsArray, IsBoolean, IsIn, IsOptional, Matches } from 'class-validator';
import { PageQuery } from '../common/page';
import { sortsOf } from '../common/sorting';
import { IsLeftOutOrGiven, IsName } from '../common/text-rules';

const ORIGIN = /^https?:\/\/[^\s/?#@]{1,180}$/;
const ORIGIN_MESSAGE =
  'each of origins is scheme, host and port of a website, such as https://www.example.com';

/** `GET /chat-apps` */
export class ChatAppQuery extends PageQuery {
  @IsOptional()
  @IsIn(sortsOf('name', 'created_at', 'id'))
  sort: string = 'name';
}

/** `POST /chat-apps` */
export class CreateChatAppDto {
  @IsName(100)
  name!: string;

  /** Letters, digits, dots, hyphens and underscores; one is made where none is given. Unique in the installation. */
  @IsOptional()
  @Matches(/^[A-Za-z0-9._-]{1,64}$/)
  app_id?: string;

  /** Whether people that the app does not know may open a chat. */
  @IsOptional()
  @IsBoolean()
  visitors?: boolean;

  /** The websites on which they may, such as `https://www.example.com`; none: any. */
  @IsOptional()
  @IsArray()
  @ArrayMaxSize(20)
  @Matches(ORIGIN, { each: true, message: ORIGIN_MESSAGE })
  origins?: string[];
}

/** `PATCH /chat-apps/:id` */
export class UpdateChatAppDto {
  @IsLeftOutOrGiven()
  @IsName(100)
  name?: string;

  @IsLeftOutOrGiven()
  @IsBoolean()
  visitors?: boolean;

  @IsLeftOutOrGiven()
  @IsArray()
  @ArrayMaxSize(20)
  @Matches(ORIGIN, { each: true, message: ORIGIN_MESSAGE })
  origins?: string[];
}

/** `POST /chat-apps/:id/secret` */
export class RotateChatAppSecretDto {
  /** Whether the old secret is accepted until the next replacement, so that servers can change over. */
  @IsOptional()
  @IsBoolean()
  keep_previous?: boolean;
}
