import { ANALYTICS } from './catalogue/analytics';
import { AUDIT } from './catalogue/audit';
import { AUTH, SIGN_OUT } from './catalogue/auth';
import { BOTS } from './catalogue/bots';
import { ACCOUNTS, CONTACTS } from './catalogue/contacts';
import { CONVERSATIONS } from './catalogue/conversations';
import { DESK } from './catalogue/desk';
import { DOCUMENTS } from './catalogue/documents';
import { CHAT_APPS, CHAT_END, LIVE_CHAT } from './catalogue/live-chat';
import { HEALTH } from './catalogue/health';
import { LIVE_CHAT_ADMIN } from './catalogue/live-chat-admin';
import { LOOKUPS, LOOKUPS_END } from './catalogue/lookups';
import { MESSAGES } from './catalogue/messages';
import { PEOPLE } from './catalogue/people';
import { STAFF } from './catalogue/staff';
import { UPLOADS } from './catalogue/uploads';
import { WHATSAPP, WHATSAPP_END } from './catalogue/whatsapp';
import type { Chapter } from './route-doc';

/** Every route of the API, in the order of the documents and of a run of the collection. */
export const CHAPTERS: Chapter[] = [
  AUTH,
  PEOPLE,
  STAFF,
  LOOKUPS,
  WHATSAPP,
  CONVERSATIONS,
  MESSAGES,
  DESK,
  UPLOADS,
  CONTACTS,
  ACCOUNTS,
  BOTS,
  CHAT_APPS,
  LIVE_CHAT,
  LIVE_CHAT_ADMIN,
  CHAT_END,
  ANALYTICS,
  AUDIT,
  LOOKUPS_END,
  WHATSAPP_END,
  HEALTH,
  DOCUMENTS,
  SIGN_OUT,
];
