import type { Area } from '../../support/areas';
import { analyticsArea } from './analytics.area';
import { botsArea } from './bots.area';
import { chatAdminArea } from './chat-admin.area';
import { chatAppsArea, chatSharedArea, chatUserArea } from './chat-user.area';
import { contactUserAccountsArea } from './contact-user-accounts.area';
import { contactsArea } from './contacts.area';
import { conversationsArea } from './conversations.area';
import { deskArea } from './desk.area';
import { integrationsArea } from './integrations.area';
import { lookupsArea } from './lookups.area';
import { messagesArea } from './messages.area';
import { outboundArea } from './outbound.area';
import { outboundMeansArea } from './outbound.area';
import { staffArea } from './staff.area';

/** Every area of the API. */
export const AREAS: Area[] = [
  analyticsArea,
  botsArea,
  chatAdminArea,
  chatAppsArea,
  chatSharedArea,
  chatUserArea,
  contactUserAccountsArea,
  contactsArea,
  conversationsArea,
  deskArea,
  integrationsArea,
  lookupsArea,
  messagesArea,
  outboundArea,
  outboundMeansArea,
  staffArea,
];
