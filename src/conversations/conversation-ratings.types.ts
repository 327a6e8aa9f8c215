/** What the customer thought of a conversation, as stored. */
export interface ConversationRating {
  score: number;
  comment: string | null;
  createdAt: Date;
}

/** What the customer thought of a conversation. */
export interface ConversationRatingDto {
  /** From 1, the worst, to 5. */
  score: number;
  comment: string | null;
  /** Of the first rating; one that took its place within 24 hours has the same. */
  created_at: string;
}

/** Payload of `conversation:rated`. */
export interface ConversationRated {
  conversation_id: number;
  rating: ConversationRatingDto;
}

export function toRatingDto({ score, comment, createdAt }: ConversationRating): ConversationRatingDto {
  return { score, comment, created_at: createdAt.toISOString() };
}
