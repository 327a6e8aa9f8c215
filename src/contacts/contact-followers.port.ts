/** What is known of a contact's conversations without reading them. */
export interface ContactStatistics {
  conversations: number;
  /** Those that take new messages. */
  open_conversations: number;
  first_conversation_at: string | null;
  last_conversation_at: string | null;
  last_message_at: string | null;
}

/** Fulfilled by the conversations feature, which contacts know nothing of. Within the open unit of work. */
export interface ContactThreads {
  statistics(contactId: number): Promise<ContactStatistics>;
  /** Tells those who may see them that the conversations of this contact are about to go; answers how many. */
  announceRemoval(contactId: number): Promise<number>;
  /** Which of these contacts wrote last; null where none of them ever did. */
  lastHeardOf(contactIds: number[]): Promise<number | null>;
  /** Tells those who may see their conversations how these contacts are now. Call it after the contacts are changed. */
  announce(contactIds: number[]): Promise<void>;
}

/** A feature whose rows belong to contacts. Registers itself while the modules start. */
export interface ContactFollower {
  /** The tables with a foreign key to `contact` that it answers for. */
  readonly tables: readonly string[];
  /** What one contact has becomes the other's. Within the open unit of work; both contacts are locked. */
  takeOver?(from: number, to: number): Promise<void>;
  /**
   * Removes a part of what a contact has, so that no single transaction has to remove all of it; false once there
   * is nothing left to remove beforehand. Within the open unit of work.
   */
  clear?(contactId: number): Promise<boolean>;
}
