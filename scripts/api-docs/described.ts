import type { Entrance } from '../access-table';
import type { Chapter, RouteDoc } from './route-doc';
import type { Schema } from './schema';

/** What a handler takes and gives, as schemas. */
export interface Described {
  entrance: Entrance;
  doc: RouteDoc;
  chapter: Chapter;
  status: number;
  body: Schema | null;
  query: Schema | null;
  /** Of a multipart body, beside its files. */
  fields: Schema | null;
  answer: Schema | null;
}
