import { Injectable } from '@nestjs/common';
import { UnitOfWork } from '../platform/database/unit-of-work';

/** Where a conversation stands with its bot, as stored. */
export interface BotSession {
  conversationId: number;
  botId: number;
  active: boolean;
  menu: string | null;
  fallbacks: number;
  sinceEvent: number;
  sinceMessage: number | null;
}

/** A message that a bot is to act on. */
export interface BotTrigger {
  messageId: number;
  botId: number;
  /** Times that the bot's service was asked. */
  tries: number;
  /** Not before then. */
  tryAfter: Date | null;
}

export interface NewTrigger {
  messageId: number;
  conversationId: number;
  botId: number;
}

/** What became of a message that a bot was to act on. */
export type Outcome =
  'answered' | 'handed_off' | 'closed' | 'assigned' | 'taken_over' | 'window_closed' | 'ignored';

const SESSION = `conversation_id as "conversationId", bot_id as "botId", active, menu, fallbacks,
  since_event as "sinceEvent", since_message as "sinceMessage"`;

/** All SQL of what bots are at. Within an open unit of work. */
@Injectable()
export class BotWorkRepository {
  constructor(private readonly work: UnitOfWork) {}

  async lockSession(conversationId: number): Promise<BotSession | null> {
    const [row] = await this.work.current.prepared<BotSession>(
      'bot_session_lock',
      `select ${SESSION} from bot_session where conversation_id = $1 for no key update`,
      [conversationId],
    );
    return row ?? null;
  }

  /** Nothing where the conversation is gone. */
  async saveSession(session: BotSession): Promise<void> {
    await this.work.current.prepared(
      'bot_session_save',
      `insert into bot_session (conversation_id, bot_id, active, menu, fallbacks, since_event, since_message)
       select id, $2, $3, $4, $5, $6, $7 from conversation where id = $1
       on conflict (workspace_id, conversation_id) do update set bot_id = excluded.bot_id, active = excluded.active,
         menu = excluded.menu, fallbacks = excluded.fallbacks, since_event = excluded.since_event,
         since_message = excluded.since_message, updated_at = now()`,
      [
        session.conversationId,
        session.botId,
        session.active,
        session.menu,
        session.fallbacks,
        session.sinceEvent,
        session.sinceMessage,
      ],
    );
  }

  /** Each message once, however often it is asked for; none that is gone meanwhile. */
  addTriggers(triggers: NewTrigger[]): void {
    this.work.current.send(
      'bot_trigger_add',
      `insert into bot_trigger (message_id, conversation_id, bot_id)
       select m.id, m.conversation_id, t.bot_id
       from unnest($1::bigint[], $2::bigint[]) as t(message_id, bot_id)
       cross join lateral (select id, conversation_id from message where id = t.message_id limit 1) m
       on conflict (workspace_id, message_id) do nothing`,
      [triggers.map((t) => t.messageId), triggers.map((t) => t.botId)],
    );
  }

  /** The oldest message of the conversation that is not done with. */
  async nextTrigger(conversationId: number): Promise<BotTrigger | null> {
    const [row] = await this.work.current.prepared<BotTrigger>(
      'bot_trigger_next',
      `select message_id as "messageId", bot_id as "botId", tries, try_after as "tryAfter" from bot_trigger
       where conversation_id = $1 and done_at is null order by message_id limit 1`,
      [conversationId],
    );
    return row ?? null;
  }

  /** Committed before the service is asked: what kills the server on the way counts as a try. */
  async beginTry(messageId: number): Promise<void> {
    await this.work.current.prepared(
      'bot_trigger_begin_try',
      'update bot_trigger set tries = tries + 1, try_after = null where message_id = $1',
      [messageId],
    );
  }

  async tryAfter(messageId: number, at: Date): Promise<void> {
    await this.work.current.query('update bot_trigger set try_after = $2 where message_id = $1', [
      messageId,
      at,
    ]);
  }

  /** False where it was done before. */
  async finish(messageId: number, outcome: Outcome): Promise<boolean> {
    const rows = await this.work.current.prepared(
      'bot_trigger_finish',
      `update bot_trigger set done_at = now(), outcome = $2 where message_id = $1 and done_at is null returning message_id`,
      [messageId, outcome],
    );
    return rows.length > 0;
  }
}
