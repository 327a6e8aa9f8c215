/** Somebody who writes in the live chat, as stored. */
export interface ChatUser {
  id: number;
  uuid: string;
  /** Of their app: not its `app_id`. */
  app: number;
  /** The number by which their app knows them, or one of ours from {@link OUR_USER_IDS} on. */
  userId: number;
  username: string | null;
  accountName: string | null;
  /** As the app says. */
  phoneNumber: string | null;
  status: number;
  visitor: boolean;
  contactId: number;
  lastLogin: Date | null;
  createdAt: Date;
}

/** Apps number their users below it; whoever has no number of an app gets one from here on. 2^52. */
export const OUR_USER_IDS = 4_503_599_627_370_496;

/** What kind of user somebody is of whom the app says nothing: the contract's ordinary one. */
export const ORDINARY_STATUS = 2;
