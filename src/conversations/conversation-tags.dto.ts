import { ArrayMaxSize, IsArray } from 'class-validator';
import { IsName } from '../common/text-rules';

/** Of one conversation. */
export const MAX_TAGS = 20;
export const MAX_TAG_LENGTH = 100;

/** `PUT /conversations/:id/tags` */
export class SetConversationTagsDto {
  /** Names, in any case: a tag that exists keeps how it is written. */
  @IsArray()
  @ArrayMaxSize(MAX_TAGS)
  @IsName(MAX_TAG_LENGTH, { each: true })
  tags!: string[];
}
