import { Machinery1763700000001 } from './1763700000001-machinery';
import { Staff1763700000002 } from './1763700000002-staff';
import { Conversations1763700000003 } from './1763700000003-conversations';
import { WhatsappIntake1763700000004 } from './1763700000004-whatsapp-intake';
import { LookupsAndAudit1763700000005 } from './1763700000005-lookups-and-audit';
import { Outbound1763700000015 } from './1763700000015-outbound';
import { Bots1763700000016 } from './1763700000016-bots';

/** In the order they run. A migration that has been released is never edited. */
export const MIGRATIONS = [
  Machinery1763700000001,
  Staff1763700000002,
  Conversations1763700000003,
  WhatsappIntake1763700000004,
  LookupsAndAudit1763700000005,
  Outbound1763700000015,
  Bots1763700000016,
];
