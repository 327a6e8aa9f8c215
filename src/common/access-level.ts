/** Lowest first: each level includes the rights of those before it. */
export const ACCESS_LEVELS = ['employer', 'supervisor', 'admin'] as const;

export type AccessLevel = (typeof ACCESS_LEVELS)[number];

export function includesLevel(held: AccessLevel, needed: AccessLevel): boolean {
  return ACCESS_LEVELS.indexOf(held) >= ACCESS_LEVELS.indexOf(needed);
}
