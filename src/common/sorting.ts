/** What `?sort=` of a list takes: a field, or `-field` for the largest first. For `@IsIn`. */
export function sortsOf(...fields: string[]): string[] {
  return fields.flatMap((field) => [field, `-${field}`]);
}

/**
 * `order by` terms for a validated `?sort=`; rows that are equal in it follow in the order of their ids, so that
 * pages never overlap.
 *
 * @param columns the SQL expression of each field
 */
export function orderTerms(sort: string, columns: Readonly<Record<string, string>>): string {
  const descending = sort.startsWith('-');
  const column = columns[descending ? sort.slice(1) : sort];
  if (column === undefined) throw new Error(`Nothing sorts by "${sort}".`);
  const direction = descending ? 'desc nulls last' : 'asc nulls last';
  return column === 'id' ? `id ${direction}` : `${column} ${direction}, id ${descending ? 'desc' : 'asc'}`;
}
