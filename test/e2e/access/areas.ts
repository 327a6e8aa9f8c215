import type { Area } from '../../support/areas';
import { conversationsArea } from './conversations.area';
import { integrationsArea } from './integrations.area';
import { lookupsArea } from './lookups.area';
import { messagesArea } from './messages.area';

/** Every area of the API. */
export const AREAS: Area[] = [conversationsArea, messagesArea, integrationsArea, lookupsArea];
