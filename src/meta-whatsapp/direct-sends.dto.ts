import { IsIn, IsObject, IsOptional, IsString, Length, Matches } from 'class-validator';
import { IsId, IsText } from '../common/text-rules';
import { MEDIA_TYPES, type MediaType } from '../messages/outgoing.types';

/** E.164, with or without the plus and the usual dividers. */
const PHONE = /^\+?[\d\s().-]{7,30}$/;
const KEY = /^[^\0\p{Surrogate}]*$/u;

/** To whom, and from which number of ours. */
class RecipientDto {
  /** The customer's phone number with its country code. */
  @IsString()
  @Matches(PHONE, { message: 'to is a phone number with its country code, such as +5511999990000' })
  to!: string;

  /** Our number, by its id here or at Meta. Both may be left out where there is one number only. */
  @IsOptional()
  @IsId()
  integration_id?: number | null;

  @IsOptional()
  @Matches(/^\d{1,50}$/, { message: 'phone_number_id is the number that Meta shows, digits only' })
  phone_number_id?: string | null;

  /** The caller's own id for the request: the same one again answers with what it made the first time. */
  @IsOptional()
  @IsString()
  @Length(1, 100)
  @Matches(KEY, { message: 'client_message_id has no NUL or incomplete characters' })
  client_message_id?: string | null;
}

/** `POST /meta-whatsapp/webhook/send-message`: a text, or a template, which alone may begin a conversation. */
export class SendMessageDto extends RecipientDto {
  @IsOptional()
  @IsText(1, 4_096)
  message?: string | null;

  /** As `payload` of a message of type `template`. */
  @IsOptional()
  @IsObject()
  template?: object | null;
}

/** `POST /meta-whatsapp/webhook/send-media`: a file, by exactly one of `url`, `upload_id` and `media_id`. */
export class SendMediaDto extends RecipientDto {
  /** May be left out with `upload_id`. */
  @IsOptional()
  @IsIn(MEDIA_TYPES)
  type?: MediaType | null;

  /** Begins with https://. WhatsApp fetches it, this server does not. */
  @IsOptional()
  @IsString()
  url?: string | null;

  @IsOptional()
  @IsId()
  upload_id?: number | null;

  /** Of a file that Meta has already. */
  @IsOptional()
  @IsString()
  media_id?: string | null;

  @IsOptional()
  @IsText(1, 4_096)
  caption?: string | null;

  /** How a document is called. */
  @IsOptional()
  @IsString()
  filename?: string | null;
}
