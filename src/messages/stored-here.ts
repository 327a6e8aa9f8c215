/**
 * In SQL, whether a row of `message` has this external id and is the transaction's own work: of messages that came once
 * more, those of an earlier transaction are left out.
 */
export const storedHere = (externalId: string, message = 'message'): string =>
  `${message}.whatsapp_message_id = ${externalId} and ${message}.xmin = pg_current_xact_id()::xid`;
