import type { Caller, TestSystem } from './system';

/** Two workspaces, each with people of every level. */
export interface Workspace {
  id: number;
  admin: Caller;
  supervisor: Caller;
  employer: Caller;
}

export type Ids = Record<string, number>;

/** One request that names something by an id. */
export interface Try {
  /** As the access table writes it: `GET /tags/:id`. */
  route: string;
  /**
   * @param ids of the things that the request shall be about: of the caller's workspace, of another one, or of none
   * @param own of the caller's own workspace, for what stands beside the id in question
   */
  call: (caller: Caller, ids: Ids, own: Ids) => Promise<{ status: number; body: object }>;
  /** What `ids` names here is nothing that {@link Area.hide} hides. */
  seenByAll?: boolean;
}

/**
 * The part of the API that is about one kind of thing, as the tests that walk over every route see it. Each
 * route with an id stands in one area; `test/e2e/access/areas.ts` lists them.
 */
export interface Area {
  name: string;
  /**
   * Makes one of each thing in a workspace and answers the ids under the names that `tries` use. Called anew for
   * every try, which may change and remove what it finds: with all the ids of one workspace it answers 2xx.
   */
  make: (system: TestSystem, workspace: Workspace) => Promise<Ids>;
  /** Takes the things out of the sight of everybody below a supervisor, where that can be. */
  hide?: (system: TestSystem, workspace: Workspace, ids: Ids) => Promise<void>;
  tries: Try[];
}
