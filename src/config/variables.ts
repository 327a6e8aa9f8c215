import { APPLICATION } from './variables/application';
import { BOTS } from './variables/bots';
import { DATABASE } from './variables/database';
import { LIVE_CHAT } from './variables/live-chat';
import { REDIS } from './variables/redis';
import { SECURITY } from './variables/security';
import { STORAGE } from './variables/storage';
import { VIRUS_SCANNER } from './variables/virus-scanner';
import { WHATSAPP } from './variables/whatsapp';

/**
 * Every environment variable the server reads, and the only list of them: parsing, the start-up check and
 * `.env.example` all come from here, in this order.
 */
export const VARIABLES = {
  ...APPLICATION,
  ...DATABASE,
  ...REDIS,
  ...STORAGE,
  ...VIRUS_SCANNER,
  ...SECURITY,
  ...BOTS,
  ...LIVE_CHAT,
  ...WHATSAPP,
};

export type VariableName = keyof typeof VARIABLES;
