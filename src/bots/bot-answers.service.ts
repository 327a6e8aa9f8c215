import { Inject, Injectable, type OnModuleInit } from '@nestjs/common';
import type { Logger } from 'pino';
import { clock } from '../common/clock';
import { AppError } from '../common/app-error';
import { CONFIG, type Config } from '../config/config';
import { ContactsService } from '../contacts/contacts.service';
import { BotHandsService } from '../conversations/bot-hands.service';
import { toConversationState } from '../conversations/conversations.types';
import { UnitOfWork } from '../platform/database/unit-of-work';
import { callOut, type OutgoingCall } from '../platform/http/outgoing-call';
import { JobQueue } from '../platform/jobs/job-queue';
import { HoldLost, isPassing, type Job, type JobResult, JobWorker } from '../platform/jobs/job-worker';
import { LOGGER } from '../platform/observability/observability.module';
import type { KeywordMenuConfig, WebhookConfig } from './bot-config.dto';
import type { HandoffReason } from './bot.events';
import { BotSecrets } from './bot-secrets';
import { type BotTurn, BotTurns } from './bot-turns.service';
import { type BotTrigger, BotWorkRepository } from './bot-work.repository';
import { type CallSlot, CallSlots } from './call-slots';
import { stepOf } from './keyword-menu';
import { contentOf, heardOf } from './menu-content';
import { type BotQuestion, signedHeaders, type Verdict, verdictOf } from './webhook-exchange';

const ANSWER = 'bots.answer';
/** Then other conversations get their turn. */
const MESSAGES_PER_RUN = 20;
/** How often a bot's service is asked about a message. */
const MAX_TRIES = 3;
/** Waits between the tries, in ms. */
const TRY_WAITS = [1_000, 4_000];
const SLOT_WAIT_MS = 250;
const MAX_ANSWER_BYTES = 64 * 1024;
/** Failures of our own after which a person gets the conversation. */
const MAX_FAILURES = 5;

const UNREADABLE_SECRET = 'the secret of the bot cannot be read: enter it again';

type Step =
  | { next: 'done' }
  | { next: 'again' }
  | { next: 'wait'; until: Date }
  | { next: 'ask'; call: OutgoingCall; trigger: BotTrigger };

/**
 * Lets bots answer: one job per conversation, which takes the noted messages in their order, one after the other.
 * What a bot says about a message and the mark that it is done commit together, so a crash leaves both or neither.
 */
@Injectable()
export class BotAnswers implements OnModuleInit {
  private readonly slots: CallSlots;

  constructor(
    @Inject(CONFIG) private readonly config: Config,
    @Inject(LOGGER) private readonly logger: Logger,
    private readonly work: UnitOfWork,
    private readonly rows: BotWorkRepository,
    private readonly turns: BotTurns,
    private readonly hands: BotHandsService,
    private readonly contacts: ContactsService,
    private readonly secrets: BotSecrets,
    private readonly jobs: JobQueue,
    private readonly worker: JobWorker,
  ) {
    this.slots = new CallSlots(config.jobs.concurrency);
  }

  onModuleInit(): void {
    this.worker.register(ANSWER, (job) => this.answerAll(job));
  }

  /** Within the open unit of work that noted messages of these conversations. */
  enqueue(conversationIds: number[]): void {
    this.jobs.enqueue(
      ...conversationIds.map((id) => ({
        task: ANSWER,
        key: `conversation:${id}`,
        payload: { conversation_id: id },
      })),
    );
  }

  private async answerAll(job: Job): Promise<JobResult> {
    const conversationId = job.payload['conversation_id'] as number;
    for (let n = 0; n < MESSAGES_PER_RUN && !job.signal.aborted; n++) {
      const step = await this.next(job, conversationId).catch((error: unknown) =>
        this.giveUp(job, conversationId, error),
      );
      if (step.next === 'done') return;
      if (step.next === 'wait') return { runAgainAt: step.until };
    }
    return { runAgainAt: clock.date() };
  }

  /** All of one message, or as much of it as can be done now. */
  private async next(job: Job, conversationId: number): Promise<Step> {
    const slot = this.slots.one();
    try {
      const step = await this.begin(job, conversationId, slot);
      if (step.next !== 'ask') return step;
      // Nothing is open while the service thinks, and it may think for long.
      const verdict = verdictOf(await callOut(step.call));
      return await this.conclude(job, conversationId, step.trigger, verdict);
    } finally {
      slot.leave();
    }
  }

  private async begin(job: Job, conversationId: number, slot: CallSlot): Promise<Step> {
    return await this.work.run(job, async (tx): Promise<Step> => {
      await job.assertHeld(tx);
      const trigger = await this.rows.nextTrigger(conversationId);
      if (trigger === null) return { next: 'done' };
      if (trigger.tryAfter !== null && trigger.tryAfter.getTime() > clock.now())
        return { next: 'wait', until: trigger.tryAfter };
      const turn = await this.turns.open(conversationId, trigger);
      if (turn === null) return { next: 'again' };
      if (turn.bot.kind === 'webhook') return await this.prepareCall(turn, slot);
      await this.answerByMenu(turn);
      return { next: 'again' };
    });
  }

  private async answerByMenu(turn: BotTurn): Promise<void> {
    const config = turn.bot.config as KeywordMenuConfig;
    const session = await this.rows.lockSession(turn.conversation.id);
    const state = { menu: session?.menu ?? null, fallbacks: session?.fallbacks ?? 0 };
    const step = stepOf(config, state, heardOf(turn.message));
    const contents = step.says.map((said) => contentOf(said, turn.conversation.channel, config.list_button));
    const count = { ...(await this.turns.say(turn, contents)), fallbacks: step.understood ? 0 : 1 };
    if (session !== null) await this.rows.saveSession({ ...session, ...step.state });
    switch (step.end) {
      case 'stay':
        return await this.turns.end(turn, 'answered', count);
      case 'close':
        return await this.turns.close(turn, count);
      case 'handoff':
        return await this.turns.giveAway(turn, step.understood ? 'asked_for' : 'not_understood', null, count);
    }
  }

  /** Commits the mark that a try has begun: one that kills the server counts as well. */
  private async prepareCall(turn: BotTurn, slot: CallSlot): Promise<Step> {
    const { bot, trigger, conversation, message } = turn;
    const config = bot.config as WebhookConfig;
    if (trigger.tries >= MAX_TRIES) {
      await this.fail(turn, 'service_failed', 'the server was interrupted while it asked the service');
      return { next: 'again' };
    }
    const secret = this.secrets.open(bot);
    if (secret === null) {
      await this.fail(turn, 'service_failed', UNREADABLE_SECRET);
      return { next: 'again' };
    }
    if (!slot.enter(bot.id)) return { next: 'wait', until: new Date(clock.now() + SLOT_WAIT_MS) };
    await this.rows.beginTry(message.id);
    const contacts = await this.contacts.summaries([conversation.contactId]);
    const question: BotQuestion = {
      event_id: `bot:${bot.id}:${message.id}`,
      type: 'message',
      attempt: trigger.tries + 1,
      bot: { id: bot.id, name: bot.name },
      conversation: {
        ...toConversationState(conversation),
        channel: conversation.channel,
        integration_id: conversation.integrationId,
      },
      contact: contacts.get(conversation.contactId) ?? null,
      message,
      history: turn.history,
    };
    const body = JSON.stringify(question);
    const call: OutgoingCall = {
      url: config.url,
      headers: signedHeaders(secret, question.event_id, body, clock.date()),
      body,
      timeoutMs: config.timeout_seconds * 1_000,
      maxResponseBytes: MAX_ANSWER_BYTES,
      allowPrivate: this.config.bots.webhookAllowPrivate,
    };
    return { next: 'ask', call, trigger: { ...trigger, tries: trigger.tries + 1 } };
  }

  /** What came of a call. Whoever took the conversation over meanwhile is not spoken over. */
  private async conclude(
    job: Job,
    conversationId: number,
    trigger: BotTrigger,
    verdict: Verdict,
  ): Promise<Step> {
    return await this.work.run(job, async (tx): Promise<Step> => {
      await job.assertHeld(tx);
      const user = verdict.kind === 'answer' ? (verdict.answer.assign_user ?? null) : null;
      const known = user === null || (await this.hands.lockUser(user)); // before the conversation is locked
      const turn = await this.turns.open(conversationId, trigger);
      if (turn === null) return { next: 'again' };
      if (verdict.kind === 'failed' && trigger.tries < MAX_TRIES) {
        const until = new Date(clock.now() + TRY_WAITS[trigger.tries - 1]!);
        await this.rows.tryAfter(trigger.messageId, until);
        return { next: 'wait', until };
      }
      if (verdict.kind === 'failed') await this.fail(turn, 'service_failed', verdict.detail);
      else if (verdict.kind === 'invalid') await this.fail(turn, 'answer_invalid', verdict.detail);
      else if (!known) await this.fail(turn, 'answer_invalid', 'assign_user is nobody who works here');
      else await this.follow(turn, verdict.answer);
      return { next: 'again' };
    });
  }

  private async follow(turn: BotTurn, answer: Extract<Verdict, { kind: 'answer' }>['answer']): Promise<void> {
    const count = await this.turns.say(
      turn,
      answer.replies.map(({ body }) => ({ type: 'text', body })),
    );
    switch (answer.action) {
      case undefined:
        return await this.turns.end(turn, 'answered', count);
      case 'handoff':
        return await this.turns.giveAway(turn, 'service_asked', null, count);
      case 'close':
        return await this.turns.close(turn, count);
      case 'assign':
        return await this.turns.giveTo(turn, answer.assign_user!, count);
    }
  }

  private async fail(turn: BotTurn, reason: HandoffReason, detail: string): Promise<void> {
    this.logger.warn({ bot: turn.bot.id, message: turn.message.id, detail }, 'a bot could not answer');
    const text = (turn.bot.config as WebhookConfig).handoff_text;
    await this.turns.handOff(turn, reason, { detail, text, count: { failures: 1 } });
  }

  /** What a bot cannot say, or we cannot do, must neither keep later messages waiting nor leave the customer alone. */
  private async giveUp(job: Job, conversationId: number, error: unknown): Promise<Step> {
    const unsayable = error instanceof AppError && error.status < 500;
    if (error instanceof HoldLost || isPassing(error) || (!unsayable && job.attempt < MAX_FAILURES))
      throw error;
    this.logger.error({ err: error, conversation: conversationId }, 'a bot cannot answer');
    return await this.work.run(job, async (tx): Promise<Step> => {
      await job.assertHeld(tx);
      const trigger = await this.rows.nextTrigger(conversationId);
      const turn = trigger === null ? null : await this.turns.open(conversationId, trigger);
      if (turn === null) return { next: 'again' };
      const [reason, detail] = unsayable
        ? (['answer_invalid', error.message] as const)
        : (['error', null] as const);
      await this.turns.giveAway(turn, reason, detail, { failures: 1 });
      return { next: 'again' };
    });
  }
}
