import { Inject, Injectable, type OnModuleInit } from '@nestjs/common';
import type { Logger } from 'pino';
import { clock } from '../common/clock';
import { CONFIG, type Config } from '../config/config';
import { ContactsService } from '../contacts/contacts.service';
import type { ContactIdentity } from '../contacts/contacts.types';
import type {
  ChannelDriver,
  FirstResult,
  OutgoingMessage,
  Prepared,
  SendingThread,
  SendResult,
  Tell,
  TheirMessage,
} from '../messages/channel-driver.port';
import type { OutgoingContent, StoredContent } from '../messages/outgoing.types';
import { Outbox } from '../messages/outbox.service';
import { UnitOfWork } from '../platform/database/unit-of-work';
import { LOGGER } from '../platform/observability/observability.module';
import type { Upload } from '../uploads/upload.types';
import { GraphClient, type SendOutcome, type UploadOutcome } from './graph-client';
import { type ClassifiedError, pairWaitSeconds } from './graph-errors';
import { GraphGate } from './graph-gate';
import { callbackDataOf, WHATSAPP } from './intake-mapping';
import { MessageTemplatesService } from './message-templates.service';
import { OutboundMediaService } from './outbound-media.service';
import { checkLimits } from './outbound-limits';
import { outboundMessage } from './outbound-message';
import { type SendingNumber, WhatsappIntegrationsService } from './whatsapp-integrations.service';

/** Who mends a number wakes what waits for it; this, in seconds, is for what nobody is told of, such as its age. */
const MENDED_CHECK_SECONDS = 600;
const MAX_BACKOFF_SECONDS = 30;
/** Sends in all where Meta's answer names no limit of its own. */
const MAX_ATTEMPTS = 10;

const TELL_TIMEOUT_MS = 5_000;
const PASSING: ReadonlySet<string> = new Set(['retry', 'reconcile', 'slow_number', 'slow_pair']);
/** What Meta answers for a file that it has lost; it is brought again, once. */
const FILE_LOST: ReadonlySet<number> = new Set([100, 131009, 131053]);
const FILE_NOT_BROUGHT = 'The file could not be brought to WhatsApp, so the message was not sent yet.';
const NOT_REPEATED = 'It is not sent again by itself; the state changes as soon as WhatsApp reports it.';

/** How a channel knows a contact. */
type Address = Awaited<ReturnType<ContactsService['addressOf']>>;

/** Brings messages to customers on WhatsApp, and turns Meta's answers into what the outbox understands. */
@Injectable()
export class WhatsappDriver implements ChannelDriver, OnModuleInit {
  readonly channel = WHATSAPP;
  readonly traits = { window: true, buttons: true, integrations: true };
  private readonly graph: GraphClient;
  private readonly gate = new GraphGate();

  constructor(
    @Inject(CONFIG) private readonly config: Config,
    @Inject(LOGGER) private readonly logger: Logger,
    private readonly work: UnitOfWork,
    private readonly outbox: Outbox,
    private readonly contacts: ContactsService,
    private readonly integrations: WhatsappIntegrationsService,
    private readonly media: OutboundMediaService,
    private readonly templates: MessageTemplatesService,
  ) {
    this.graph = new GraphClient({ timeoutMs: config.whatsapp.sendTimeoutSeconds * 1000 });
  }

  onModuleInit(): void {
    this.outbox.registerDriver(this);
  }

  async accept(content: OutgoingContent, thread: SendingThread): Promise<StoredContent | null> {
    checkLimits(content);
    if (content.type !== 'template' || thread.integrationId === null) return null;
    return await this.templates.accept(thread.integrationId, content.payload);
  }

  async prepare(message: OutgoingMessage): Promise<Prepared> {
    const state =
      message.integrationId === null ? null : await this.integrations.sendingState(message.integrationId);
    if (state === null)
      return {
        kind: 'failed',
        code: null,
        reason: 'The WhatsApp number of this conversation is not connected any more.',
      };
    if ('pausedUntil' in state) {
      const until = state.pausedUntil === 'mended' ? inSeconds(MENDED_CHECK_SECONDS) : state.pausedUntil;
      return { kind: 'paused', until, reason: state.reason };
    }
    const address = await this.contacts.addressOf(message.contactId);
    if (address.whatsapp_phone === undefined && address.whatsapp_user === undefined) {
      return {
        kind: 'failed',
        code: null,
        reason: 'The contact has neither a phone number nor a WhatsApp user id.',
      };
    }
    const file =
      message.uploadId === null ? null : await this.media.lookUp(message.integrationId!, message.uploadId);
    if (message.uploadId !== null && file === null)
      return { kind: 'failed', code: null, reason: 'The file of this message is gone.' };
    const mediaId = file !== null && 'mediaId' in file ? file.mediaId : null;
    const request = outboundMessage(
      {
        to: address.whatsapp_phone,
        recipient: address.whatsapp_user,
        replyToWamid: message.replyToExternalId,
        callbackData: callbackDataOf(message.id),
      },
      { ...message, mediaId },
    );
    if (request === null) {
      return {
        kind: 'failed',
        code: null,
        reason: `Messages of type "${message.type}" cannot be sent on WhatsApp.`,
      };
    }
    // Last: whoever is let in must go.
    const closed = this.gate.enter(message.integrationId!, state.tokenVersion, message.id);
    if (closed !== null) return { kind: 'paused', ...closed };
    if (file !== null && !('mediaId' in file))
      return { kind: 'first', run: () => this.bring(message, state, file) };
    return { kind: 'ready', send: (mayGo) => this.send(message, state, request, address, mayGo) };
  }

  /** The file of a message, which Meta must have first. Doing that twice harms nobody. */
  private async bring(message: OutgoingMessage, from: SendingNumber, file: Upload): Promise<FirstResult> {
    const owner = { workspaceId: message.workspaceId, integrationId: message.integrationId! };
    const outcome = await this.media.bring(owner, from.target, file);
    if (outcome.kind !== 'stuck') await this.tellOthers(message, from, outcome);
    switch (outcome.kind) {
      case 'uploaded':
        return { kind: 'done' };
      case 'not_sent':
        return { kind: 'paused', code: null, reason: outcome.reason };
      case 'stuck':
      case 'unknown':
        return this.againOrFailed(message, FILE_NOT_BROUGHT, null);
      case 'refused': {
        const result = this.refused(message, outcome.error);
        return result.kind === 'failed' || result.kind === 'paused'
          ? result
          : this.againOrFailed(message, outcome.error.reason, outcome.error.code);
      }
    }
  }

  private againOrFailed(message: OutgoingMessage, reason: string, code: number | null): FirstResult {
    if (message.attempt >= MAX_ATTEMPTS)
      return { kind: 'failed', code, reason: `Given up after ${message.attempt} tries. ${reason}` };
    return { kind: 'later', notBefore: inSeconds(backoffSeconds(message.attempt)), code, reason };
  }

  async markRead(message: TheirMessage): Promise<Tell | null> {
    return await this.tell(message, {});
  }

  /** Meta shows it only together with the mark that the message was read. */
  async typing(message: TheirMessage): Promise<Tell | null> {
    return await this.tell(message, { typing_indicator: { type: 'text' } });
  }

  private async tell({ integrationId, externalId }: TheirMessage, more: object): Promise<Tell | null> {
    const state = integrationId === null ? null : await this.integrations.sendingState(integrationId);
    if (state === null || 'pausedUntil' in state || !state.sendsReadReceipts) return null;
    if (this.gate.isResting(integrationId!, state.tokenVersion)) return null;
    const body = { messaging_product: 'whatsapp', status: 'read', message_id: externalId, ...more };
    return async () => {
      const outcome = await this.graph.tell(state.target, body, TELL_TIMEOUT_MS);
      if (outcome.kind === 'answered') return 'told';
      return outcome.kind === 'refused' && !PASSING.has(outcome.error.class) ? 'never' : 'later';
    };
  }

  private async send(
    message: OutgoingMessage,
    from: SendingNumber,
    request: object,
    address: Address,
    mayGo: () => boolean,
  ): Promise<SendResult> {
    const outcome = await this.graph.sendMessage(from.target, request, mayGo);
    if (outcome.kind === 'held_back') return outcome; // which says nothing of the number
    await this.tellOthers(message, from, outcome);
    switch (outcome.kind) {
      case 'accepted':
        await this.learn(message, address, outcome);
        // WhatsApp's clock has whole seconds: its own report of the same moment then tells nothing new.
        return {
          kind: 'sent',
          externalId: outcome.wamid,
          at: new Date(Math.floor(clock.now() / 1000) * 1000),
        };
      case 'not_sent':
        return { kind: 'paused', code: null, reason: outcome.reason };
      case 'unknown':
        return { kind: 'uncertain', reason: `${outcome.reason}. ${NOT_REPEATED}` };
      case 'refused':
        if (message.uploadId !== null && message.attempt === 1 && FILE_LOST.has(outcome.error.code ?? 0)) {
          const owner = { workspaceId: message.workspaceId, integrationId: message.integrationId! };
          await this.media.forget(owner, message.uploadId);
          return {
            kind: 'later',
            notBefore: clock.date(),
            code: outcome.error.code,
            reason: outcome.error.reason,
          };
        }
        return this.refused(message, outcome.error);
    }
  }

  /**
   * How WhatsApp calls the customer may not be how they were dialled (Brazil, Mexico), and it may tell their user id:
   * without knowing that, their answer would seem to come from a stranger. Does not throw.
   */
  private async learn(
    message: OutgoingMessage,
    address: Address,
    { waId, userId }: Extract<SendOutcome, { kind: 'accepted' }>,
  ): Promise<void> {
    const news: ContactIdentity[] = [];
    if (waId !== null && waId !== address.whatsapp_phone)
      news.push({ scheme: 'whatsapp_phone', value: waId });
    if (userId !== null && userId !== address.whatsapp_user)
      news.push({ scheme: 'whatsapp_user', value: userId });
    if (news.length === 0) return;
    const identities = (Object.entries(address) as [ContactIdentity['scheme'], string][]).map(
      ([scheme, value]) => ({
        scheme,
        value,
      }),
    );
    const sender = { identities, newIdentities: news, name: null };
    try {
      await this.work.run({ workspaceId: message.workspaceId }, async () => {
        await this.contacts.resolve([sender], await this.contacts.lookUp([sender]));
      });
    } catch (err) {
      this.logger.warn(
        { err, contact: message.contactId },
        'what WhatsApp calls a customer is not remembered',
      );
    }
  }

  private refused(message: OutgoingMessage, error: ClassifiedError): SendResult {
    const { code, reason } = error;
    if (error.alert)
      this.logger.error(
        { message: message.id, integration: message.integrationId, code, reason },
        'WhatsApp needs attention',
      );
    const exhausted = message.attempt >= (error.maxAttempts ?? MAX_ATTEMPTS);
    const later = (seconds: number): SendResult => ({
      kind: 'later',
      notBefore: inSeconds(seconds),
      code,
      reason,
    });
    const wait = error.retryAfterSeconds;
    switch (error.class) {
      case 'permanent':
      case 'window':
        return { kind: 'failed', code, reason };
      case 'retry':
        return exhausted
          ? { kind: 'failed', code, reason: `Given up after ${message.attempt} tries. ${reason}` }
          : later(wait ?? backoffSeconds(message.attempt));
      case 'reconcile':
        // Perhaps it was accepted after all: the echo gets time to say so before the next try.
        return exhausted
          ? { kind: 'uncertain', reason: exhaustedReason(message.attempt, code) }
          : later(Math.max(wait ?? 0, this.config.whatsapp.reconcileAfterSeconds));
      case 'slow_pair':
        return later(wait ?? pairWaitSeconds(message.attempt - 1));
      case 'slow_number':
      case 'account':
        return { kind: 'paused', code, reason };
    }
  }

  /** What the outcome means for everything else that waits for this number. Does not throw. */
  private async tellOthers(
    message: OutgoingMessage,
    from: SendingNumber,
    outcome: Exclude<SendOutcome, { kind: 'held_back' }> | UploadOutcome,
  ): Promise<void> {
    const id = message.integrationId!;
    const version = from.tokenVersion;
    const pause = async (until: Date | 'mended', reason: string): Promise<void> =>
      await this.integrations
        .pause(message.workspaceId, id, version, until, reason)
        .catch((err: unknown) => this.logger.warn({ err, integration: id }, 'a number could not be paused'));
    let othersWait = false;
    if (outcome.kind === 'not_sent') {
      this.gate.failed(id, version, outcome.reason);
    } else if (outcome.kind === 'unknown') {
      othersWait = this.gate.unclear(id, version, outcome.reason);
    } else if (outcome.kind === 'accepted' || outcome.kind === 'uploaded') {
      othersWait = this.gate.passed(id, version);
    } else {
      const { class: errorClass, reason, retryAfterSeconds: wait } = outcome.error;
      if (errorClass === 'account') {
        this.gate.failed(id, version, reason);
        await pause('mended', reason);
      } else if (errorClass === 'slow_number') {
        const rested = this.gate.failed(id, version, reason);
        await pause(wait === undefined ? rested : inSeconds(wait), reason);
      } else if (errorClass === 'reconcile') {
        othersWait = this.gate.unclear(id, version, reason);
      } else {
        othersWait = this.gate.passed(id, version);
      }
    }
    if (othersWait) {
      void this.outbox.wake(message.workspaceId, id).catch((err: unknown) => {
        this.logger.warn({ err, integration: id }, 'what waits for a number goes on a little later');
      });
    }
  }
}

/** 1, 2, 4 … 30 seconds, a little scattered. */
function backoffSeconds(attempt: number): number {
  return Math.min(MAX_BACKOFF_SECONDS, 2 ** Math.min(attempt - 1, 10)) * (0.8 + Math.random() * 0.4);
}

function exhaustedReason(attempts: number, code: number | null): string {
  const error = code === null ? 'an error of its own' : `error ${code}`;
  return `WhatsApp answered ${attempts} tries with ${error} and reported nothing since; the message may have been sent. ${NOT_REPEATED}`;
}

function inSeconds(seconds: number): Date {
  return new Date(clock.now() + seconds * 1000);
}
