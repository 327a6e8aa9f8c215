/** All tags of a conversation, by name. */
export interface ConversationTagsDto {
  tags: string[];
}
