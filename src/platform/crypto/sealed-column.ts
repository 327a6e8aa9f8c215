/** A column of texts that {@link SecretBox} has sealed, each bound to its place. */
export interface SealedColumn {
  table: string;
  column: string;
  /** The column of the same row whose value stands in the context; it never changes. */
  boundTo: string;
}

/** What a sealed text is bound to: in another row, column or workspace it does not open. */
export function contextOf(
  { table, column }: SealedColumn,
  workspaceId: number,
  bound: string | number,
): string {
  return `${table}.${column}/${workspaceId}/${bound}`;
}
