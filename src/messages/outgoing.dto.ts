import { Type } from 'class-transformer';
import {
  ArrayMaxSize,
  ArrayMinSize,
  IsArray,
  IsBoolean,
  IsIn,
  IsInt,
  IsNumber,
  IsOptional,
  Matches,
  Max,
  Min,
  ValidateNested,
} from 'class-validator';
import { IsId, IsName, IsText } from '../common/text-rules';
import { ContactCardDto } from './contact-card.dto';

/** Shapes of what may be said, whatever the channel. How much of each a channel takes is the channel's to say. */
const MANY = 100;
const SHORT = 300;
const LONG = 4_096;
const FILE_NAME = /^[^\0\p{Surrogate}/\\]+$/u;
/** The provider fetches it, never this server. */
const LINK = /^https:\/\/[^\s\0\p{Surrogate}]{1,2000}$/u;

function IsLink(): PropertyDecorator {
  return Matches(LINK, { message: '$property is an address that begins with https://' });
}

/** One of the files of `POST /messages`. */
export class AttachmentInputDto {
  /** Of `POST /upload/…`. */
  @IsId()
  upload_id!: number;

  @IsOptional()
  @IsText(1, LONG)
  caption?: string | null;
}

/** `payload` of an image, video, audio, document or sticker that is not an upload; exactly one of the two. */
export class MediaPayload {
  @IsOptional()
  @IsLink()
  link?: string;

  /** The provider's own id of a file it has already. */
  @IsOptional()
  @Matches(/^[\w.:=-]{1,200}$/, { message: 'media_id is the id that the provider gave' })
  media_id?: string;

  /** How a document is called. */
  @IsOptional()
  @IsName(240)
  @Matches(FILE_NAME, { message: 'filename holds no slash' })
  filename?: string;

  /** Of an audio: shown as recorded by voice. */
  @IsOptional()
  @IsBoolean()
  voice?: boolean;
}

/** `payload` of a `location`. */
export class LocationPayload {
  @IsNumber()
  @Min(-90)
  @Max(90)
  latitude!: number;

  @IsNumber()
  @Min(-180)
  @Max(180)
  longitude!: number;

  @IsOptional()
  @IsName(1_000)
  name?: string;

  @IsOptional()
  @IsName(1_000)
  address?: string;
}

/** `payload` of `contacts`. */
export class ContactsPayload {
  @IsArray()
  @ArrayMinSize(1)
  @ArrayMaxSize(MANY)
  @ValidateNested({ each: true })
  @Type(() => ContactCardDto)
  contacts!: ContactCardDto[];
}

export const HEADER_TYPES = ['text', 'image', 'video', 'document'] as const;

/** What stands above an interactive message: a text, or a file by one of `upload_id` and `link`. */
export class HeaderDto {
  @IsIn(HEADER_TYPES)
  type!: (typeof HEADER_TYPES)[number];

  @IsOptional()
  @IsName(SHORT)
  text?: string;

  @IsOptional()
  @IsId()
  upload_id?: number;

  @IsOptional()
  @IsLink()
  link?: string;

  @IsOptional()
  @IsName(240)
  @Matches(FILE_NAME, { message: 'filename holds no slash' })
  filename?: string;
}

class InteractiveBase {
  @IsOptional()
  @ValidateNested()
  @Type(() => HeaderDto)
  header?: HeaderDto;

  @IsOptional()
  @IsName(SHORT)
  footer?: string;
}

class ReplyButtonDto {
  /** Comes back when the customer presses it. */
  @IsName(SHORT)
  id!: string;

  @IsName(SHORT)
  title!: string;
}

/** `payload` of an `interactive` message with buttons to answer by. */
export class ButtonsPayload extends InteractiveBase {
  @IsIn(['button'])
  interactive_type!: 'button';

  @IsArray()
  @ArrayMinSize(1)
  @ArrayMaxSize(MANY)
  @ValidateNested({ each: true })
  @Type(() => ReplyButtonDto)
  buttons!: ReplyButtonDto[];
}

class ListRowDto extends ReplyButtonDto {
  @IsOptional()
  @IsName(SHORT)
  description?: string;
}

class ListSectionDto {
  @IsOptional()
  @IsName(SHORT)
  title?: string;

  @IsArray()
  @ArrayMinSize(1)
  @ArrayMaxSize(MANY)
  @ValidateNested({ each: true })
  @Type(() => ListRowDto)
  rows!: ListRowDto[];
}

/** `payload` of an `interactive` message with a list to choose from. */
export class ListPayload extends InteractiveBase {
  @IsIn(['list'])
  interactive_type!: 'list';

  /** What is written on the button that opens the list. */
  @IsName(SHORT)
  button!: string;

  @IsArray()
  @ArrayMinSize(1)
  @ArrayMaxSize(MANY)
  @ValidateNested({ each: true })
  @Type(() => ListSectionDto)
  sections!: ListSectionDto[];
}

/** `payload` of an `interactive` message with a button that opens a page. */
export class LinkButtonPayload extends InteractiveBase {
  @IsIn(['cta_url'])
  interactive_type!: 'cta_url';

  @IsName(SHORT)
  display_text!: string;

  @Matches(/^https?:\/\/[^\s\0\p{Surrogate}]{1,2000}$/u, {
    message: 'url is an address that begins with http:// or https://',
  })
  url!: string;
}

/** The value of one variable of a template; with `name` where the template names its variables. */
export class TemplateValueDto {
  @IsOptional()
  @Matches(/^\w{1,100}$/, { message: 'name is the name of a variable of the template' })
  name?: string;

  @IsName(2_000)
  text!: string;
}

/** What fills the header of a template: its text variable, a file, or a place. */
export class TemplateHeaderDto {
  @IsOptional()
  @ValidateNested()
  @Type(() => TemplateValueDto)
  value?: TemplateValueDto;

  @IsOptional()
  @IsIn(['image', 'video', 'document'])
  type?: 'image' | 'video' | 'document';

  @IsOptional()
  @IsId()
  upload_id?: number;

  @IsOptional()
  @IsLink()
  link?: string;

  @IsOptional()
  @IsName(240)
  @Matches(FILE_NAME, { message: 'filename holds no slash' })
  filename?: string;

  @IsOptional()
  @ValidateNested()
  @Type(() => LocationPayload)
  location?: LocationPayload;
}

export const TEMPLATE_BUTTON_TYPES = ['quick_reply', 'url', 'copy_code'] as const;

/** What a button of a template needs: a quick reply's payload, the end of an address, a code to copy. */
export class TemplateButtonDto {
  /** Its place among the buttons, from 0. */
  @IsInt()
  @Min(0)
  @Max(9)
  index!: number;

  /** May be left out where the template is known here. */
  @IsOptional()
  @IsIn(TEMPLATE_BUTTON_TYPES)
  type?: (typeof TEMPLATE_BUTTON_TYPES)[number];

  @IsName(2_000)
  value!: string;
}

/** `payload` of a `template`. */
export class TemplatePayload {
  @Matches(/^[a-z0-9_]{1,512}$/, { message: 'name has 1 to 512 of a-z, 0-9 and _' })
  name!: string;

  /** Such as `pt_BR`. */
  @Matches(/^[a-z]{2,3}(_[A-Za-z]{2,4})?$/, { message: 'language looks like en or pt_BR' })
  language!: string;

  @IsOptional()
  @ValidateNested()
  @Type(() => TemplateHeaderDto)
  header?: TemplateHeaderDto;

  /** The variables of the body, in their order. */
  @IsOptional()
  @IsArray()
  @ArrayMaxSize(MANY)
  @ValidateNested({ each: true })
  @Type(() => TemplateValueDto)
  body?: TemplateValueDto[];

  @IsOptional()
  @IsArray()
  @ArrayMaxSize(10)
  @ValidateNested({ each: true })
  @Type(() => TemplateButtonDto)
  buttons?: TemplateButtonDto[];
}

/** `payload` of a `reaction`. */
export class ReactionPayload {
  /** Of the message it is a reaction to: our id. */
  @IsId()
  message_id!: number;

  /** Empty: takes the earlier reaction back. */
  @IsText(0, 40)
  emoji!: string;
}
