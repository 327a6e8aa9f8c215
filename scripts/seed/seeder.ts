import { randomUUID } from 'node:crypto';
import type { INestApplicationContext, Type } from '@nestjs/common';
import type { StaffActor } from '../../src/common/actor';
import { audienceOf } from '../../src/conversations/conversation.policy';
import { ConversationsModule } from '../../src/conversations/conversations.module';
import { ConversationsService } from '../../src/conversations/conversations.service';
import { toConversationState } from '../../src/conversations/conversations.types';
import { MessagesModule } from '../../src/messages/messages.module';
import { MessagesRepository } from '../../src/messages/messages.repository';
import { toMessageDto } from '../../src/messages/messages.types';
import { type InboundMessage, InboundService } from '../../src/messages/inbound.service';
import { MESSAGE_EVENTS } from '../../src/messages/message.events';
import { MetaWhatsappModule } from '../../src/meta-whatsapp/meta-whatsapp.module';
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
    const [first] = await this.get(UnitOfWork).run(admin, (tx) =>
      tx.query<{ id: number }>('select id from whatsapp_integration_config order by id limit 1'),
    );
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

  async tag(customer: Customer, name: string): Promise<void> {
    await this.get(UnitOfWork).run({ workspaceId: this.workspaceId }, (tx) =>
      tx.query(
        `insert into contact_tag (contact_id, tag_id)
         select i.contact_id, t.id from contact_identity i, tag t
         where i.scheme = 'whatsapp_phone' and i.value = $1 and t.name = $2 on conflict do nothing`,
        [customer.phone, name],
      ),
    );
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
      const after = await conversations.setLastMessage(conversationId, read.id);
      this.get(Journal).append({
        type: MESSAGE_EVENTS.NEW,
        conversationId,
        audience: audienceOf(after),
        payload: { ...toMessageDto(read), conversation: toConversationState(after) },
      });
    });
  }
}
