/** Fulfilled by the users feature, which roles know nothing of. Within the open unit of work. */
export interface RoleHolders {
  /** Users who hold each of these roles; a role nobody holds may be left out. */
  counts(roleIds: number[]): Promise<Map<number, number>>;
  /** Users of the level admin who can sign in. */
  activeAdmins(): Promise<number>;
}
