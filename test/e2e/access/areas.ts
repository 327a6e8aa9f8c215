import type { Area } from '../../support/areas';
import { conversationsArea } from './conversations.area';
import { integrationsArea } from './integrations.area';
import { messagesArea } from './messages.area';
import { outboundArea, outboundMeansArea } from './outbound.area';

/** Every area of the API. */
export const AREAS: Area[] = [
  conversationsArea,
  messagesArea,
  integrationsArea,
  outboundArea,
  outboundMeansArea,
];
