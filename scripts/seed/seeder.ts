import { randomUUID } from 'node:crypto';
import type { INestApplicationContext, Type } from '@nestjs/common';
import type { StaffActor } from '../../src/common/actor';
import { BotsModule } from '../../src/bots/bots.module';
import { BotQuery, CreateBotDto } from '../../src/bots/bots.dto';
import { BotsService } from '../../src/bots/bots.service';
import { AppError } from '../../src/common/app-error';
import { ContactBookService } from '../../src/contacts/contact-book.service';
import { ContactTagsService } from '../../src/contacts/contact-tags.service';
import { audienceOf } from '../../src/conversations/conversation.policy';
import { ConversationsModule } from '../../src/conversations/conversations.module';
import { ConversationsService } from '../../src/conversations/conversations.service';
import { toConversationState } from '../../src/conversations/conversations.types';
import { LookupQuery } from '../../src/lookups/lookups.dto';
import { LookupsModule } from '../../src/lookups/lookups.module';
import { LookupsService } from '../../src/lookups/lookups.service';
import { MessagesModule } from '../../src/messages/messages.module';
import { MessagesRepository } from '../../src/messages/messages.repository';
import { toMessageDto } from '../../src/messages/messages.types';
import { type InboundMessage, InboundService } from '../../src/messages/inbound.service';
import { MESSAGE_EVENTS } from '../../src/messages/message.events';
import { MetaWhatsappModule } from '../../src/meta-whatsapp/meta-whatsapp.module';
import { WhatsappIntegrationQuery } from '../../src/meta-whatsapp/whatsapp-integration.dto';
import { WhatsappIntegrationsService } from '../../src/meta-whatsapp/whatsapp-integrations.service';
import { UnitOfWork } from '../../src/platform/database/unit-of-work';
import { EventsModule } from '../../src/platform/events/events.module';
import { Journal } from '../../src/platform/events/journal';
import { JobsModule } from '../../src/platform/jobs/jobs.module';
import { StorageModule } from '../../src/platform/storage/storage.module';
import { UsersModule } from '../../src/users/users.module';
import { UsersService } from '../../src/users/users.service';
import { DEFAULT_WORKSPACE } from '../../src/workspaces/workspaces.service';
import { createDefaultUsers } from '../default-users';

/** A made-up customer. Their numbers begin with 5490000, which no network gives out. */
export interface Customer {
  phone: string;
  name: string;
}

/** A number that belongs to nobody at Meta: what is sent from it fails, and says why. */
const MADE_UP_NUMBER = { phone_number_id: '100000000000000', access_token: 'made-up-access-token' };

/** Writes made-up conversations into the default workspace, as if they had happened. */
export class Seeder {
  static readonly modules: Type[] = [
    EventsModule,
    JobsModule,
    StorageModule,
    UsersModule,
    LookupsModule,
    BotsModule,
    ConversationsModule,
    MessagesModule,
    MetaWhatsappModule,
  ];

  private readonly workspaceId = DEFAULT_WORKSPACE.id;

  constructor(private readonly services: INestApplicationContext) {}

  get<T>(type: Type<T>): T {
    return this.services.get(type, { strict: false });
  }

  /** Somebody of staff by name, as if signed in. The default accounts are made where they are missing. */
  async actor(username: string): Promise<StaffActor> {
    const users = this.get(UsersService);
    await createDefaultUsers(users);
    const found = (await users.all(this.workspaceId)).find((user) => user.username === username);
    if (found === undefined) throw new Error(`There is no user "${username}".`);
    return {
      kind: 'staff',
      workspaceId: this.workspaceId,
      userId: found.id,
      username: found.username,
      name: found.name,
      role: found.role.name,
      level: found.role.accessLevel,
      sessionId: '',
    };
  }

  /** The workspace's first number; one that belongs to nobody is made where there is none. */
  async number(admin: StaffActor): Promise<number> {
    const integrations = this.get(WhatsappIntegrationsService);
    const [first] = (
      await integrations.list(admin, Object.assign(new WhatsappIntegrationQuery(), { limit: 1 }))
    ).data;
    return first?.id ?? (await integrations.create(admin, { ...MADE_UP_NUMBER, name: 'Made up' })).id;
  }

  /** The open conversation of each customer, in the same order; null where they never wrote or it is closed. */
  async conversationsOf(customers: Customer[]): Promise<(number | null)[]> {
    const rows = await this.get(UnitOfWork).run({ workspaceId: this.workspaceId }, (tx) =>
      tx.query<{ phone: string; id: number }>(
        `select i.value as phone, c.id from contact_identity i join conversation c on c.contact_id = i.contact_id
         where i.scheme = 'whatsapp_phone' and i.value = any ($1) and c.status in ('queue', 'active', 'transferred')`,
        [customers.map(({ phone }) => phone)],
      ),
    );
    const found = new Map(rows.map(({ phone, id }) => [phone, id]));
    return customers.map(({ phone }) => found.get(phone) ?? null);
  }

  /** The phones of those who wrote before. */
  async known(customers: Customer[]): Promise<Set<string>> {
    const rows = await this.get(UnitOfWork).run({ workspaceId: this.workspaceId }, (tx) =>
      tx.query<{ phone: string }>(
        `select value as phone from contact_identity where scheme = 'whatsapp_phone' and value = any ($1)`,
        [customers.map(({ phone }) => phone)],
      ),
    );
    return new Set(rows.map(({ phone }) => phone));
  }

  /** The tag of that name, made where it is missing. */
  async tagId(admin: StaffActor, name: string): Promise<number> {
    const tags = this.get(LookupsService);
    try {
      return (await tags.create(admin, 'tag', { name })).id;
    } catch (error) {
      if (!(error instanceof AppError && error.code === 'CONFLICT')) throw error;
    }
    const query = Object.assign(new LookupQuery(), { search: name, limit: 100 });
    return (await tags.list(admin, 'tag', query)).data.find((tag) => tag.name === name)!.id;
  }

  /** The bot of that name, made where it is missing. */
  async botId(admin: StaffActor, name: string): Promise<number> {
    const bots = this.get(BotsService);
    const query = Object.assign(new BotQuery(), { search: name, limit: 100 });
    const known = (await bots.list(admin, query)).data.find((bot) => bot.name === name);
    return (
      known?.id ??
      (await bots.create(admin, Object.assign(new CreateBotDto(), { name, description: 'Made up' }))).id
    );
  }

  async tag(admin: StaffActor, customer: Customer, tagId: number): Promise<void> {
    const { id } = await this.get(ContactBookService).getByPhone(admin, `+${customer.phone}`);
    await this.get(ContactTagsService).add(admin, id, [tagId]);
  }

  /** Customers write, all in one transaction. */
  async receive(
    integrationId: number,
    said: { customer: Customer; body: string; at: Date }[],
  ): Promise<void> {
    const messages = said.map(({ customer, body, at }): InboundMessage => ({
      sender: {
        identities: [{ scheme: 'whatsapp_phone', value: customer.phone }],
        newIdentities: [],
        name: customer.name,
      },
      channel: 'whatsapp',
      integrationId,
      externalId: `seed.${randomUUID()}`,
      type: 'text',
      body,
      payload: null,
      replyToExternalId: null,
      sentAt: at,
    }));
    await this.get(UnitOfWork).run({ workspaceId: this.workspaceId }, () =>
      this.get(InboundService).receive(messages),
    );
  }

  /** An answer that the customer has read: nothing is sent for it. */
  async reply(actor: StaffActor, conversationId: number, body: string, at: Date): Promise<void> {
    const [conversations, messages] = [this.get(ConversationsService), this.get(MessagesRepository)];
    await this.get(UnitOfWork).run(actor, async () => {
      await conversations.lockVisible(actor, conversationId);
      const message = await messages.insertOutbound({
        conversationId,
        senderType: 'user',
        senderUser: actor.userId,
        senderBot: null,
        type: 'text',
        body,
        payload: null,
        replyToId: null,
        clientMessageId: null,
        isSent: false,
        requestHash: null,
        partOf: null,
      });
      const read = {
        ...message!,
        whatsappMessageId: `seed.${randomUUID()}`,
        whatsappStatus: 'read' as const,
        sentAt: at,
        deliveredAt: at,
        readAt: at,
      };
      await messages.saveDeliveries([read]);
      const after = await conversations.setLastMessage(conversationId);
      this.get(Journal).append({
        type: MESSAGE_EVENTS.NEW,
        conversationId,
        audience: audienceOf(after),
        payload: { ...toMessageDto(read), conversation: toConversationState(after) },
      });
    });
  }
}
