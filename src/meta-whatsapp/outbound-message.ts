/** Longest text body that WhatsApp takes. */
export const MAX_OUTBOUND_TEXT = 4_096;

export interface OutboundText {
  /** The phone number with country code; digits are enough. Wins over `recipient`, as it does at Meta. */
  to?: string | null;
  /** The business-scoped user id, for a customer whose phone number is not known. */
  recipient?: string | null;
  /** At most `MAX_OUTBOUND_TEXT` characters. */
  body: string;
  /** The message it answers. */
  replyToWamid?: string | null;
  /** Comes back on the statuses of this message: the only handle when the answer is lost. At most 512 characters. */
  callbackData: string;
}

/** The JSON of a text message, for `POST /<phone number id>/messages`. */
export interface OutboundTextRequest {
  messaging_product: 'whatsapp';
  recipient_type: 'individual';
  to?: string;
  recipient?: string;
  type: 'text';
  text: { body: string; preview_url: boolean };
  context?: { message_id: string };
  biz_opaque_callback_data: string;
}

/** @throws RangeError without a phone number or user id */
export function outboundText(message: OutboundText): OutboundTextRequest {
  return {
    messaging_product: 'whatsapp',
    recipient_type: 'individual',
    ...addressOf(message),
    type: 'text',
    text: { body: message.body, preview_url: false },
    ...(message.replyToWamid && { context: { message_id: message.replyToWamid } }),
    biz_opaque_callback_data: message.callbackData,
  };
}

function addressOf({ to, recipient }: OutboundText): { to: string } | { recipient: string } {
  const digits = to?.replace(/\D/g, '');
  // without the plus, Meta puts the business number's own country code in front and a stranger gets the message
  if (digits) return { to: `+${digits}` };
  if (recipient) return { recipient };
  throw new RangeError('A message needs a phone number or a user id to go to');
}
