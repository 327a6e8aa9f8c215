import { Injectable } from '@nestjs/common';
import { AppError } from '../common/app-error';
import type { ContactFollower } from '../contacts/contact-followers.port';
import { ContactFollowers } from '../contacts/contact-followers.service';
import { orOvertaken } from '../contacts/contacts.errors';
import { ContactsService } from '../contacts/contacts.service';
import { Overtaken, sqlState, UNIQUE_VIOLATION } from '../platform/database/database-errors';
import { type ChatUser, ORDINARY_STATUS, OUR_USER_IDS } from './chat-user.types';
import { ChatUsersRepository } from './chat-users.repository';

/** What an app says of one of its users; at least one of the first two, but for a visitor. */
export interface StatedUser {
  userId?: number;
  username?: string;
  accountName?: string | null;
  phoneNumber?: string | null;
  status?: number;
}

/** The people who write in the live chat: each is a contact. Within the open unit of work. */
@Injectable()
export class ChatUsersService implements ContactFollower {
  readonly tables = ['chat_user'];

  constructor(
    private readonly rows: ChatUsersRepository,
    private readonly contacts: ContactsService,
    followers: ContactFollowers,
  ) {
    followers.register(this);
  }

  /** Of contacts that become one. */
  async takeOver(from: number, to: number): Promise<void> {
    await this.rows.moveAll(from, to);
  }

  /** The user as the app states them now, made where they are new. Throws `CONFLICT` where the username is another's. */
  async arrive(app: { app: number; appId: string }, stated: StatedUser, visitor = false): Promise<ChatUser> {
    const known = await this.find(app.app, stated);
    const user = known ?? (await this.add(app, stated, visitor));
    try {
      const came = await this.rows.cameAgain({
        id: user.id,
        username: stated.username ?? user.username,
        accountName: stated.accountName === undefined ? user.accountName : stated.accountName,
        phoneNumber: stated.phoneNumber === undefined ? user.phoneNumber : stated.phoneNumber,
        status: stated.status ?? user.status,
      });
      if (came !== null) return came;
      throw new Overtaken('The user was deleted in this moment.'); // tried again, they are new
    } catch (error) {
      if (sqlState(error) !== UNIQUE_VIOLATION) throw error;
      throw new AppError('CONFLICT', 'Another user of this app has this username.');
    }
  }

  async find(app: number, { userId, username }: StatedUser): Promise<ChatUser | null> {
    if (userId !== undefined) return await this.rows.findOf(app, { userId });
    return username === undefined ? null : await this.rows.findOf(app, { username });
  }

  async byIds(ids: number[]): Promise<ChatUser[]> {
    return await this.rows.findMany(ids);
  }

  private async add(
    { app, appId }: { app: number; appId: string },
    stated: StatedUser,
    visitor: boolean,
  ): Promise<ChatUser> {
    const id = await this.rows.drawId();
    const userId = stated.userId ?? OUR_USER_IDS + id;
    const identities = [{ scheme: 'app_user' as const, value: `${appId}:${userId}` }];
    const sender = { identities, newIdentities: [], name: stated.accountName ?? stated.username ?? null };
    const known = await this.contacts.lookUp([sender]);
    const [contactId] = await orOvertaken(this.contacts.resolve([sender], known));
    const added = await orOvertaken(
      this.rows.insert({
        id,
        app,
        userId,
        username: stated.username ?? null,
        accountName: stated.accountName ?? null,
        phoneNumber: stated.phoneNumber ?? null,
        status: stated.status ?? ORDINARY_STATUS,
        visitor,
        contactId: contactId!,
      }),
    );
    if (added !== null) return added;
    if ((await this.find(app, stated)) === null)
      throw new AppError('CONFLICT', 'Another user of this app has this username.');
    throw new Overtaken('The same user arrived twice in one moment.'); // tried again, they are found
  }
}
