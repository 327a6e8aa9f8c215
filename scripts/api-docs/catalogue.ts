import { AUTH, SIGN_OUT } from './catalogue/auth';
import { CONVERSATIONS } from './catalogue/conversations';
import { DOCUMENTS } from './catalogue/documents';
import { HEALTH } from './catalogue/health';
import { MESSAGES } from './catalogue/messages';
import { UPLOADS } from './catalogue/uploads';
import { WHATSAPP } from './catalogue/whatsapp';
import type { Chapter } from './route-doc';

/** Every route of the API, in the order of the documents and of a run of the collection. */
export const CHAPTERS: Chapter[] = [
  AUTH,
  WHATSAPP,
  CONVERSATIONS,
  MESSAGES,
  UPLOADS,
  HEALTH,
  DOCUMENTS,
  SIGN_OUT,
];
