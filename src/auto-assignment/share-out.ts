/** Somebody who can be given conversations. */
export interface Agent {
  userId: number;
  /** How many open conversations they have. */
  open: number;
  /** When they were last given one by itself, in ms since 1970; 0 where they never were. */
  lastGivenAt: number;
}

/**
 * Gives each waiting conversation, in this order, to whoever has the fewest open ones, of equals to who was given one
 * the longest ago; nobody gets more than `maxOpen`. Answers conversation → user.
 */
export function shareOut(
  waiting: readonly number[],
  agents: readonly Agent[],
  maxOpen: number,
): Map<number, number> {
  const places = new Map<number, number>();
  const loads = agents.map((agent) => ({ ...agent, turn: 0 }));
  for (const [turn, conversationId] of waiting.entries()) {
    const [next] = loads
      .filter(({ open }) => open < maxOpen)
      .toSorted(
        (a, b) => a.open - b.open || a.turn - b.turn || a.lastGivenAt - b.lastGivenAt || a.userId - b.userId,
      );
    if (next === undefined) break;
    places.set(conversationId, next.userId);
    next.open += 1;
    next.turn = turn + 1;
  }
  return places;
}
