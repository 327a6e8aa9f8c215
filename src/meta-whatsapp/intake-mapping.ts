import type { ContactIdentity, Sender as ContactSender } from '../contacts/contacts.types';
import type { AddressedReport } from '../messages/deliveries.service';
import type { InboundMessage as MessageIn } from '../messages/inbound.service';
import type { InboundFile } from '../messages/attachments.types';
import { classifyGraphError } from './graph-errors';
import { MEDIA_KINDS } from './media-content';
import type { AnyMediaContent, MessagePayload, PayloadExtras } from './message-payload';
import { cutText } from './storable-text';
import type { InboundMessage, InboundStatus } from './webhook-item';

export const WHATSAPP = 'whatsapp';

const MAX_TYPE = 30;
const MAX_CODE = 2 ** 31 - 1;
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
    type: cutText(item.type, MAX_TYPE),
    body: item.body,
    payload: payloadOf(item),
    replyToExternalId: item.replyToWamid,
    revokes: item.payload.kind === 'revoke' ? item.payload.original_message_id : null,
    sentAt: item.sentAt,
    files: filesOf(item.payload),
  };
}

function filesOf(payload: MessagePayload): InboundFile[] | undefined {
  if (!isMedia(payload)) return undefined;
  return [
    {
      kind: payload.kind === 'sticker' ? 'image' : payload.kind,
      mimeType: payload.mime_type ?? 'application/octet-stream',
      name: payload.filename ?? null,
      mediaId: payload.media_id,
      sha256: payload.sha256 ?? null,
    },
  ];
}

function isMedia(payload: MessagePayload): payload is AnyMediaContent & PayloadExtras {
  return (MEDIA_KINDS as readonly string[]).includes(payload.kind);
}

export function toReport(item: InboundStatus, integrationId: number): AddressedReport {
  const [error] = item.errors;
  const messageId = CALLBACK.exec(item.callbackData ?? '')?.[1];
  return {
    messageId: messageId === undefined ? null : Number(messageId),
    externalId: item.wamid,
    integrationId,
    report: {
      status: item.status,
      at: item.at,
      ...(item.status === 'failed'
        ? {
            error: {
              code: storableCode(error?.code),
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

/** Meta's codes are small; what is none of them must not keep a failure from being stored. */
function storableCode(code: number | undefined): number | null {
  return code !== undefined && Number.isInteger(code) && Math.abs(code) <= MAX_CODE ? code : null;
}

function senderOf({ sender, payload }: InboundMessage): ContactSender {
  return {
    identities: identitiesOf(sender),
    // A change of number or id comes from the old one.
    newIdentities:
      payload.kind === 'system'
        ? identitiesOf({ userId: payload.user_id ?? null, phone: payload.wa_id ?? null })
        : [],
    name: sender.name,
  };
}

/** The business-scoped id first: a phone number may go to another person, an id never does. */
function identitiesOf({ userId, phone }: { userId: string | null; phone: string | null }): ContactIdentity[] {
  return [
    ...(userId === null ? [] : [{ scheme: 'whatsapp_user' as const, value: userId }]),
    ...(phone === null ? [] : [{ scheme: 'whatsapp_phone' as const, value: phone }]),
  ];
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
