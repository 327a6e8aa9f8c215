import type { ErrorCode } from '../../src/common/app-error';

/** A value of Postman's, as it stands in texts: `{{tag_id}}`. */
type Text = string;

/** One request as the documents show it, and as the collection sends it. */
export interface RouteDoc {
  /** As the access table writes it: `POST /tags`. */
  route: string;
  /** What it does, in a few words. */
  name: string;
  /** What the name does not say. */
  about?: string;
  path?: Record<string, Text>;
  query?: Record<string, Text>;
  headers?: Record<string, Text>;
  /** JSON; Postman's values may stand in its texts, and `'{{id}}'` alone becomes a number where it is one. */
  body?: unknown;
  /** A body that is not JSON. */
  raw?: { type: string; text: Text };
  /** Files of a multipart body: field → path from the repository's root. */
  files?: Record<string, string[]>;
  /** The other fields of that multipart body, and the exported class of src that checks them. */
  fields?: { of: string; values: Record<string, Text> };
  /** Values to keep from the answer: name → place in it, such as `data.0.id`. */
  save?: Record<string, string>;
  /** Another status than success that a run may meet just as well, such as `409` where something was faster. */
  orStatus?: number;
  /** Of an answer that is not JSON. */
  answers?: string;
  /** Failures of its own, beside those that every such route has: code → when. */
  errors?: Partial<Record<ErrorCode, string>>;
  /** Lines that Postman runs before the request. */
  before?: string[];
  /** Lines that Postman runs after it, beside the tests. */
  after?: string[];
  /** Sent without a token. */
  anonymous?: boolean;
  /** Sent with the token of this name instead of the member of staff's. */
  token?: string;
}

export interface Chapter {
  title: string;
  about: string;
  /** In an order in which they can be sent one after the other to a new installation. */
  requests: RouteDoc[];
}
