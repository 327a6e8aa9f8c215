/** A name under which a channel knows a person. */
export interface ContactIdentity {
  scheme: 'whatsapp_user' | 'whatsapp_phone';
  value: string;
}

/** Somebody who wrote: every identity that came with the message, the surest first, and at least one. */
export interface Sender {
  identities: ContactIdentity[];
  /** The name the person chose, where the channel tells it. */
  name: string | null;
  /** E.164, where the channel tells it. */
  phoneNumber: string | null;
}

export interface ContactSummary {
  id: number;
  uuid: string;
  external_id: string;
  name: string | null;
  phone_number: string | null;
}
