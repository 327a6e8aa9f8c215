import type { StaffActor } from '../common/actor';

/** Somebody who writes in the live chat, as the database knows them at most a second ago. */
export interface ChatActor {
  kind: 'chat_user';
  workspaceId: number;
  /** Of the app through which they write: not its `app_id`. */
  app: number;
  /** Ours, which no contract shows. */
  chatUserId: number;
  /** The number by which their app knows them. */
  userId: number;
  uuid: string;
  username: string | null;
  accountName: string | null;
  contactId: number;
  visitor: boolean;
  /** Null: their app's server speaks for them. */
  sessionId: string | null;
}

/** The server of an app, which has signed the call. */
export interface AppActor {
  workspaceId: number;
  app: number;
  appId: string;
}

/** Who may call the surfaces that users and staff share. */
export type ChatCaller = ChatActor | StaffActor;
