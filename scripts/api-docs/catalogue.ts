import { AUDIT } from './catalogue/audit';
import { AUTH, SIGN_OUT } from './catalogue/auth';
import { BOTS } from './catalogue/bots';
import { CONVERSATIONS } from './catalogue/conversations';
import { DOCUMENTS } from './catalogue/documents';
import { HEALTH } from './catalogue/health';
import { MESSAGES } from './catalogue/messages';
import { STAFF } from './catalogue/staff';
import { WHATSAPP } from './catalogue/whatsapp';
import type { Chapter } from './route-doc';

/** Every route of the API, in the order of the documents and of a run of the collection. */
export const CHAPTERS: Chapter[] = [
  AUTH,
  WHATSAPP,
  CONVERSATIONS,
  MESSAGES,
  BOTS,
  STAFF,
  AUDIT,
  HEALTH,
  DOCUMENTS,
  SIGN_OUT,
];
