/** Fulfilled by the presence feature, which users know nothing of. Within the open unit of work. */
export interface UserPresence {
  /** Shows a user as gone from everywhere, and tells so. The user's row must be locked, and still be there. */
  endOf(userId: number): Promise<void>;
}
