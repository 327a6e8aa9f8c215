import type { ContactIdentity, Sender as ContactSender } from '../contacts/contacts.types';
import type { AddressedReport } from '../messages/deliveries.service';
import type { InboundMessage as MessageIn } from '../messages/inbound.service';
import { classifyGraphError } from './graph-errors';
import type { InboundMessage, InboundStatus } from './webhook-item';

export const WHATSAPP = 'whatsapp';

const MAX_TYPE = 30;
/** E.164 allows 15 digits. */
const MAX_PHONE_DIGITS = 15;
const CALLBACK = /^apicechat:(\d{1,15})$/;

/** What Meta gives back with each status of a message of ours: tells which one, also when the answer was lost. */
export function callbackDataOf(messageId: number): string {
  return `apicechat:${messageId}`;
}

export function toInbound(item: InboundMessage, integrationId: number): MessageIn {
  return {
    sender: senderOf(item),
    channel: WHATSAPP,
    integrationId,
    externalId: item.wamid,
    type: item.type.slice(0, MAX_TYPE),
    body: item.body,
    payload: payloadOf(item),
    replyToExternalId: item.replyToWamid,
    sentAt: item.sentAt,
  };
}

export function toReport(item: InboundStatus): AddressedReport {
  const [error] = item.errors;
  const messageId = CALLBACK.exec(item.callbackData ?? '')?.[1];
  return {
    messageId: messageId === undefined ? null : Number(messageId),
    externalId: item.wamid,
    report: {
      status: item.status,
      at: item.at,
      ...(item.status === 'failed'
        ? {
            error: {
              code: error?.code ?? null,
              reason:
                error === undefined
                  ? 'WhatsApp could not deliver the message and gave no reason.'
                  : classifyGraphError(error).reason,
            },
          }
        : {}),
    },
  };
}

/** The new number or id of a customer who announced one; the sender of that message is the old one. */
export function renumberingOf(
  item: InboundMessage,
): { identities: ContactIdentity[]; phoneNumber: string | null } | null {
  if (item.payload.kind !== 'system') return null;
  const { wa_id: phone, user_id: userId } = item.payload;
  const identities = identitiesOf({ phone: phone ?? null, userId: userId ?? null });
  return identities.length === 0 ? null : { identities, phoneNumber: phoneNumberOf(phone ?? null) };
}

function senderOf({ sender }: InboundMessage): ContactSender {
  return { identities: identitiesOf(sender), name: sender.name, phoneNumber: phoneNumberOf(sender.phone) };
}

/** The business-scoped id first: a phone number may go to another person, an id never does. */
function identitiesOf({ userId, phone }: { userId: string | null; phone: string | null }): ContactIdentity[] {
  return [
    ...(userId === null ? [] : [{ scheme: 'whatsapp_user' as const, value: userId }]),
    ...(phone === null ? [] : [{ scheme: 'whatsapp_phone' as const, value: phone }]),
  ];
}

function phoneNumberOf(digits: string | null): string | null {
  return digits === null || digits.length > MAX_PHONE_DIGITS ? null : `+${digits}`;
}

/** Null for a plain text, whose body says it all. */
function payloadOf(item: InboundMessage): object | null {
  const extras = {
    ...(item.forwarded ? { forwarded: true } : {}),
    ...(item.groupId === null ? {} : { group_id: item.groupId }),
  };
  if (item.payload.kind !== 'text') return { ...item.payload, ...extras };
  const { body: _said, kind, ...rest } = item.payload;
  const all = { ...rest, ...extras };
  return Object.keys(all).length === 0 ? null : { kind, ...all };
}
