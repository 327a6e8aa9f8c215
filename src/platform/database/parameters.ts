/**
 * A parameter that is an array, without its length. PostgreSQL plans a statement anew for each call, which for one
 * element costs several times what running it does, where the plan for just these values looks cheaper than the one
 * for any: it always does for fewer than the ten elements that it takes an unknown array to have.
 *
 * @param parameter such as `$1`
 */
export const ofAnyLength = (parameter: string, type: 'bigint' | 'text' = 'bigint'): string =>
  `(select ${parameter}::${type}[])::${type}[]`;
