/** Fulfilled by the messages feature, which conversations know nothing of. */
export interface LastMessages {
  /** The messages with these ids as the API shows them. Within the open unit of work. */
  byIds(ids: number[]): Promise<Map<number, object>>;
}
