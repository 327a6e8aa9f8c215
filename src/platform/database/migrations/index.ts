import { Machinery1763700000001 } from './1763700000001-machinery';
import { Staff1763700000002 } from './1763700000002-staff';
import { Conversations1763700000003 } from './1763700000003-conversations';
import { WhatsappIntake1763700000004 } from './1763700000004-whatsapp-intake';
import { LookupsAndAudit1763700000005 } from './1763700000005-lookups-and-audit';
import { Directory1763700000010 } from './1763700000010-directory';
import { Contacts1763700000011 } from './1763700000011-contacts';
import { ConversationWork1763700000012 } from './1763700000012-conversations';
import { Messages1763700000013 } from './1763700000013-messages';
import { Uploads1763700000014 } from './1763700000014-uploads';
import { Outbound1763700000015 } from './1763700000015-outbound';
import { Bots1763700000016 } from './1763700000016-bots';
import { Presence1763700000017 } from './1763700000017-presence';
import { AutoAssignment1763700000018 } from './1763700000018-auto-assignment';
import { AppChat1763700000019 } from './1763700000019-app-chat';
import { Desk1763700000020 } from './1763700000020-desk';
import { Analytics1763700000021 } from './1763700000021-analytics';
import { ChatAdmin1763700000022 } from './1763700000022-chat-admin';
import { ConversationTally1763700000023 } from './1763700000023-conversation-tally';
import { FewerIndexes1763700000024 } from './1763700000024-fewer-indexes';
import { AnalyticsWithoutNow1763700000025 } from './1763700000025-analytics-without-now';
import { TallyByChannel1763700000026 } from './1763700000026-tally-by-channel';

/** In the order they run. A migration that has been released is never edited. */
export const MIGRATIONS = [
  Machinery1763700000001,
  Staff1763700000002,
  Conversations1763700000003,
  WhatsappIntake1763700000004,
  LookupsAndAudit1763700000005,
  Directory1763700000010,
  Contacts1763700000011,
  ConversationWork1763700000012,
  Messages1763700000013,
  Uploads1763700000014,
  Outbound1763700000015,
  Bots1763700000016,
  Presence1763700000017,
  AutoAssignment1763700000018,
  AppChat1763700000019,
  Desk1763700000020,
  Analytics1763700000021,
  ChatAdmin1763700000022,
  ConversationTally1763700000023,
  FewerIndexes1763700000024,
  AnalyticsWithoutNow1763700000025,
  TallyByChannel1763700000026,
];
