import type { Area } from '../../support/areas';
import { contactsArea } from './contacts.area';
import { conversationsArea } from './conversations.area';
import { integrationsArea } from './integrations.area';
import { messagesArea } from './messages.area';

/** Every area of the API. */
export const AREAS: Area[] = [contactsArea, conversationsArea, messagesArea, integrationsArea];
