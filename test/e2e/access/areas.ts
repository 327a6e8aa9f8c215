import type { Area } from '../../support/areas';
import { contactUserAccountsArea } from './contact-user-accounts.area';
import { conversationsArea } from './conversations.area';
import { integrationsArea } from './integrations.area';
import { lookupsArea } from './lookups.area';
import { messagesArea } from './messages.area';
import { staffArea } from './staff.area';

/** Every area of the API. */
export const AREAS: Area[] = [
  conversationsArea,
  messagesArea,
  integrationsArea,
  lookupsArea,
  staffArea,
  contactUserAccountsArea,
];
