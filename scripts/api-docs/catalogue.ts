import { AUDIT } from './catalogue/audit';
import { AUTH, SIGN_OUT } from './catalogue/auth';
import { BOTS } from './catalogue/bots';
import { CONVERSATIONS } from './catalogue/conversations';
import { DOCUMENTS } from './catalogue/documents';
import { HEALTH } from './catalogue/health';
import { ACCOUNTS, LOOKUPS, TAKEN_AWAY } from './catalogue/lookups';
import { MESSAGES } from './catalogue/messages';
import { PEOPLE } from './catalogue/people';
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
  PEOPLE,
  LOOKUPS,
  ACCOUNTS,
  TAKEN_AWAY,
  STAFF,
  AUDIT,
  HEALTH,
  DOCUMENTS,
  SIGN_OUT,
];
