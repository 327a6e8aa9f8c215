import type { ContactStatistics } from './contact-followers.port';

/** A name under which a channel knows a person. */
export interface ContactIdentity {
  scheme: 'whatsapp_user' | 'whatsapp_phone' | 'app_user';
  value: string;
}

/** What is stored of an identity. */
export interface KnownIdentity extends ContactIdentity {
  contactId: number;
  hasName: boolean;
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

/** A tag as a contact carries it. */
export interface TagSummary {
  id: number;
  name: string;
}

/** A contact as lists show it. */
export interface ContactDto extends ContactSummary {
  tags: TagSummary[];
  created_at: string;
  updated_at: string;
}

/** A contact with all that is known of it. */
export interface ContactDetailsDto extends ContactDto {
  /** Every name that a channel has for the contact; answers go to the newest one. */
  identities: ContactIdentityDto[];
  statistics: ContactStatistics;
}

export interface ContactIdentityDto extends ContactIdentity {
  created_at: string;
}

/** A tag of a contact, and how it came there. */
export interface ContactTagDto extends TagSummary {
  added_at: string;
  /** Null where the user is gone. */
  added_by: { id: number; name: string } | null;
}

/** All tags of a contact, by name. */
export interface ContactTagsDto {
  data: ContactTagDto[];
}

/** A contact as stored. */
export interface Contact {
  id: number;
  uuid: string;
  externalId: string;
  name: string | null;
  phoneNumber: string | null;
  createdAt: Date;
  updatedAt: Date;
}

export function toContactDto(contact: Contact, tags: TagSummary[]): ContactDto {
  return {
    id: contact.id,
    uuid: contact.uuid,
    external_id: contact.externalId,
    name: contact.name,
    phone_number: contact.phoneNumber,
    tags,
    created_at: contact.createdAt.toISOString(),
    updated_at: contact.updatedAt.toISOString(),
  };
}

/** What became of a file. */
export interface ContactImportReport {
  created: number;
  updated: number;
  unchanged: number;
  rejected: number;
  /** One for each rejected row, in the order of the file. */
  rows: RejectedRow[];
}

export interface RejectedRow {
  /** On which the row begins, from 1. */
  line: number;
  /** `DUPLICATE`: an earlier row of the file is about the same contact. */
  code: 'VALIDATION_FAILED' | 'CONFLICT' | 'DUPLICATE';
  message: string;
  /** The row's cells by column. */
  values: { name?: string; phone_number?: string; external_id?: string; tags?: string };
}
