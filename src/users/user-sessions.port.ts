/** Fulfilled by the auth feature, which users know nothing of. Within the open unit of work. */
export interface UserSessions {
  /** Signs a user out everywhere, but for one session where that is named. */
  endAllOf(userId: number, except: string | null): Promise<void>;
}
