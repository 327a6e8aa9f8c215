import { Inject, Injectable, type OnModuleInit } from '@nestjs/common';
import type { Logger } from 'pino';
import { CONFIG, type Config } from '../config/config';
import { ContactsService } from '../contacts/contacts.service';
import type { ChannelDriver, OutgoingMessage, Prepared, SendResult } from '../messages/channel-driver.port';
import { Outbox } from '../messages/outbox.service';
import { LOGGER } from '../platform/observability/observability.module';
import { GraphClient, type GraphTarget, type SendOutcome } from './graph-client';
import { type ClassifiedError, pairWaitSeconds } from './graph-errors';
import { callbackDataOf, WHATSAPP } from './intake-mapping';
import { outboundText } from './outbound-message';
import { WhatsappIntegrationsService } from './whatsapp-integrations.service';

/** How often a number that waits for a person is looked at again, in seconds. */
const MENDED_CHECK_SECONDS = 60;
const MAX_BACKOFF_SECONDS = 30;
/** Sends in all where Meta's answer names no limit of its own. */
const MAX_ATTEMPTS = 10;

/** Brings messages to customers on WhatsApp, and turns Meta's answers into what the outbox understands. */
@Injectable()
export class WhatsappDriver implements ChannelDriver, OnModuleInit {
  readonly channel = WHATSAPP;
  private readonly graph: GraphClient;

  constructor(
    @Inject(CONFIG) private readonly config: Config,
    @Inject(LOGGER) private readonly logger: Logger,
    private readonly outbox: Outbox,
    private readonly contacts: ContactsService,
    private readonly integrations: WhatsappIntegrationsService,
  ) {
    this.graph = new GraphClient({ timeoutMs: config.whatsapp.sendTimeoutSeconds * 1000 });
  }

  onModuleInit(): void {
    this.outbox.registerDriver(this);
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
    const { pausedUntil } = state;
    if (pausedUntil !== null && (pausedUntil === 'mended' || pausedUntil.getTime() > Date.now())) {
      const notBefore = pausedUntil === 'mended' ? inSeconds(MENDED_CHECK_SECONDS) : pausedUntil;
      return { kind: 'later', notBefore, code: null, reason: state.pausedReason };
    }
    if (message.type !== 'text' || message.body === null) {
      return {
        kind: 'failed',
        code: null,
        reason: `Messages of type "${message.type}" cannot be sent on WhatsApp.`,
      };
    }
    const address = await this.contacts.addressOf(message.contactId);
    if (address.whatsapp_phone === undefined && address.whatsapp_user === undefined) {
      return {
        kind: 'failed',
        code: null,
        reason: 'The contact has neither a phone number nor a WhatsApp user id.',
      };
    }
    const request = outboundText({
      to: address.whatsapp_phone,
      recipient: address.whatsapp_user,
      body: message.body,
      replyToWamid: message.replyToExternalId,
      callbackData: callbackDataOf(message.id),
    });
    return { kind: 'ready', send: () => this.send(message, state.target, request) };
  }

  private async send(message: OutgoingMessage, target: GraphTarget, request: object): Promise<SendResult> {
    const outcome: SendOutcome = await this.graph.sendMessage(target, request);
    switch (outcome.kind) {
      case 'accepted':
        // WhatsApp's clock has whole seconds: its own report of the same moment then tells nothing new.
        return {
          kind: 'sent',
          externalId: outcome.wamid,
          at: new Date(Math.floor(Date.now() / 1000) * 1000),
        };
      case 'not_sent':
        return { kind: 'later', notBefore: backoff(message.attempt), code: null, reason: outcome.reason };
      case 'unknown':
        return {
          kind: 'uncertain',
          reason: `${outcome.reason}. It is not sent again by itself; the state changes as soon as WhatsApp reports it.`,
        };
      case 'refused':
        return await this.refused(message, outcome.error);
    }
  }

  private async refused(message: OutgoingMessage, error: ClassifiedError): Promise<SendResult> {
    const { code, reason } = error;
    if (error.alert)
      this.logger.error(
        { message: message.id, integration: message.integrationId, code, reason },
        'WhatsApp needs attention',
      );
    const exhausted = message.attempt >= (error.maxAttempts ?? MAX_ATTEMPTS);
    const later = (notBefore: Date): SendResult => ({ kind: 'later', notBefore, code, reason });
    const wait = error.retryAfterSeconds;
    switch (error.class) {
      case 'permanent':
      case 'window':
        return { kind: 'failed', code, reason };
      case 'retry':
        return exhausted
          ? { kind: 'failed', code, reason }
          : later(wait === undefined ? backoff(message.attempt) : inSeconds(wait));
      case 'reconcile':
        // Perhaps it was accepted after all: the echo gets time to say so before the next try.
        return exhausted
          ? { kind: 'uncertain', reason }
          : later(inSeconds(Math.max(wait ?? 0, this.config.whatsapp.reconcileAfterSeconds)));
      case 'slow_pair':
        return later(inSeconds(wait ?? pairWaitSeconds(message.attempt - 1)));
      case 'slow_number': {
        const until = wait === undefined ? backoff(message.attempt) : inSeconds(wait);
        return await this.pause(message, until, error, until);
      }
      case 'account':
        return await this.pause(message, 'mended', error, inSeconds(MENDED_CHECK_SECONDS));
    }
  }

  private async pause(
    message: OutgoingMessage,
    until: Date | 'mended',
    error: ClassifiedError,
    notBefore: Date,
  ): Promise<SendResult> {
    const { code, reason } = error;
    await this.integrations
      .pause(message.workspaceId, message.integrationId!, until, reason)
      .catch((err: unknown) => {
        // The other conversations will run into the same answer; this one waits in any case.
        this.logger.warn(
          { err, integration: message.integrationId },
          'a WhatsApp number could not be paused',
        );
      });
    return { kind: 'later', notBefore, code, reason };
  }
}

/** 1, 2, 4 … 30 seconds, a little scattered. */
function backoff(attempt: number): Date {
  return inSeconds(
    Math.min(MAX_BACKOFF_SECONDS, 2 ** Math.min(attempt - 1, 10)) * (0.8 + Math.random() * 0.4),
  );
}

function inSeconds(seconds: number): Date {
  return new Date(Date.now() + seconds * 1000);
}
