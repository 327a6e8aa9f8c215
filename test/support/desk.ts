import { isDeepStrictEqual } from 'node:util';
import type { ConversationStatus } from '../../src/conversations/conversations.types';
import { integrationOf, streamed } from './crm';
import { eventually } from './eventually';
import type { Answer, Caller, Heard, Listener, TestSystem } from './system';

/** Conversations that staff make over the API, and what an admin hears of them. */
export class Desk {
  private constructor(
    private readonly system: TestSystem,
    private readonly admin: Caller,
    readonly integrationId: number,
    readonly botId: number,
    private readonly listener: Listener,
  ) {}

  static async of(system: TestSystem, admin: Caller): Promise<Desk> {
    const [bot] = await system.sql<{ id: string }>(
      `insert into bot (workspace_id, name) values (1, 'Bot') returning id`,
    );
    const integrationId = await integrationOf(system, { id: 1, admin });
    return new Desk(system, admin, integrationId, Number(bot!.id), await system.listen(admin));
  }

  async newContact(): Promise<number> {
    const [row] = await this.system.sql<{ id: string }>(
      `insert into contact (workspace_id, external_id, name) values (1, gen_random_uuid()::text, 'Carla') returning id`,
    );
    return Number(row!.id);
  }

  async create(caller: Caller, more: object = {}): Promise<Answer> {
    return await caller.post('/conversations', {
      contact_id: await this.newContact(),
      integration_id: this.integrationId,
      ...more,
    });
  }

  /** A conversation in a state that the API may not lead to directly. */
  async conversationIn(status: ConversationStatus, assignedUser: number | null): Promise<number> {
    const id = Number((await this.create(this.admin)).body['id']);
    await this.system.sql('update conversation set status = $2, assigned_user = $3 where id = $1', [
      id,
      status,
      assignedUser,
    ]);
    return id;
  }

  /** The names of the events that tell the very state which a call answered. */
  async eventsOf(answer: Answer, status = 200): Promise<string[]> {
    expect([answer.status, answer.body]).toEqual([status, answer.body]);
    const telling = (): Heard[] =>
      streamed(this.listener).filter((h) => isDeepStrictEqual(h.payload, answer.body));
    await eventually(() => telling().length > 0, { what: 'an event' });
    return telling().map((h) => h.event);
  }

  /** Everything that was announced before the answer to a later change. */
  async heardOf(id: number): Promise<string[]> {
    const witness = await this.conversationIn('queue', null);
    await this.admin.patch(`/conversations/${witness}`, { priority: 'high' });
    await eventually(
      () => streamed(this.listener).some((h) => h.payload['id'] === witness && h.event.endsWith('updated')),
      { what: 'the witness' },
    );
    return streamed(this.listener)
      .filter((h) => h.payload['id'] === id)
      .map((h) => h.event);
  }
}
