import type { SealedColumn } from '../platform/crypto/sealed-column';

export const ACCOUNT_PASSWORDS: SealedColumn = {
  table: 'contact_user_account',
  column: 'password_final',
  boundTo: 'id',
};

/** What stands in an account besides its password. */
export interface AccountFields {
  contactId: number;
  username: string;
  serverId: number;
  lineId: number | null;
  expiresAt: Date | null;
  applicationId: number | null;
  deviceId: number | null;
}

/** An account that a contact has on a server of the business, as stored. */
export interface ContactUserAccount extends AccountFields {
  id: number;
  /** Sealed. */
  password: string;
  createdAt: Date;
  updatedAt: Date;
}

/** A server, application or device of an account. */
export interface AccountPlace {
  id: number;
  name: string;
}

/** An account as the API shows it. */
export interface ContactUserAccountDto {
  id: number;
  contact_id: number;
  username_final: string;
  /** The last four characters of the password, of which no more is ever shown; null where it has fewer than eight, or cannot be read any more. */
  password_final_end: string | null;
  server_id: number;
  server: AccountPlace;
  /** The number of the line on that server. */
  id_line_server: number | null;
  date_exp: string | null;
  /** `date_exp` has passed. */
  expired: boolean;
  application_id: number | null;
  application: AccountPlace | null;
  device_id: number | null;
  device: AccountPlace | null;
  created_at: string;
  updated_at: string;
}
