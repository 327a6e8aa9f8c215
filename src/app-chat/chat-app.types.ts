import type { SealedColumn } from '../platform/crypto/sealed-column';

export const CHAT_APP_SECRETS: readonly SealedColumn[] = [
  { table: 'chat_app', column: 'secret', boundTo: 'app_id' },
  { table: 'chat_app', column: 'previous_secret', boundTo: 'app_id' },
];

/** An app or website, as stored; its secrets are sealed. */
export interface ChatApp {
  id: number;
  appId: string;
  name: string;
  secret: string;
  previousSecret: string | null;
  visitors: boolean;
  origins: string[];
  createdAt: Date;
  updatedAt: Date;
}

/** An app or website whose users write in the live chat. */
export interface ChatAppDto {
  id: number;
  /** What its server sends as `X-App-Id`, and the website's script names. */
  app_id: string;
  name: string;
  /** The last four characters of the secret. */
  secret_hint: string;
  /** Whether the secret before is still accepted. */
  previous_secret_accepted: boolean;
  /** Whether people that the app does not know may open a chat, as the website's script lets them. */
  visitors: boolean;
  /** The websites on which they may; none: any. */
  origins: string[];
  created_at: string;
  updated_at: string;
}

/** The only answer that ever shows the secret. */
export interface ChatAppWithSecretDto extends ChatAppDto {
  secret: string;
}
