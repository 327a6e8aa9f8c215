/** A name under which a channel knows a person. */
export interface ContactIdentity {
  scheme: 'whatsapp_user' | 'whatsapp_phone';
  value: string;
}

/** Somebody who wrote. */
export interface Sender {
  /** Every identity that came with the message, the surest first, and at least one. */
  identities: ContactIdentity[];
  /** Announced by this message: the same person has these too, from now on. */
  newIdentities: ContactIdentity[];
  /** The name the person chose, where the channel tells it. */
  name: string | null;
}

export interface ContactSummary {
  id: number;
  uuid: string;
  external_id: string;
  name: string | null;
  phone_number: string | null;
}
