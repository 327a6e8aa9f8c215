import { timingSafeEqual } from 'node:crypto';
import { Controller, Get, Headers, HttpCode, Inject, Post, Query, Req, Res } from '@nestjs/common';
import { RouteConfig } from '@nestjs/platform-fastify';
import type { FastifyReply, FastifyRequest } from 'fastify';
import { AppError } from '../common/app-error';
import { within } from '../common/within';
import { CONFIG, type Config } from '../config/config';
import { Public } from '../platform/http/access';
import { RAW_BODY } from '../platform/http/fastify';
import { Unlimited } from '../platform/http/rate-limit.guard';
import { WebhookIntakeService } from './webhook-intake.service';
import { verifySignature } from './webhook-signature';

/**
 * Meta is answered within this time, in ms, also where earlier webhooks hold up this one: it brings it again, and what
 * was stored meanwhile is then known.
 */
const ANSWER_LIMIT_MS = 4_500;

/** Where Meta calls us. */
@Controller('meta-whatsapp/webhook')
@Unlimited()
export class WebhookController {
  constructor(
    @Inject(CONFIG) private readonly config: Config,
    private readonly intake: WebhookIntakeService,
  ) {}

  /** Meta's handshake: the challenge comes back as plain text when the token is ours. */
  @Get()
  @Public('Meta proves itself with the verify token')
  verify(@Query() query: Record<string, unknown>, @Res({ passthrough: true }) reply: FastifyReply): string {
    const token = query['hub.verify_token'];
    const challenge = query['hub.challenge'];
    if (
      query['hub.mode'] !== 'subscribe' ||
      typeof token !== 'string' ||
      !sameText(token, this.config.whatsapp.webhookVerifyToken)
    ) {
      throw new AppError(
        'VERIFY_TOKEN_MISMATCH',
        'hub.mode must be subscribe and hub.verify_token the configured token.',
      );
    }
    if (typeof challenge !== 'string' || challenge.length > 256) {
      throw new AppError('VALIDATION_FAILED', 'hub.challenge is missing.');
    }
    void reply.type('text/plain; charset=utf-8');
    return challenge;
  }

  /** 200 means: all of it is durable. Anything else, and Meta brings it again. */
  @Post()
  @HttpCode(200)
  @RouteConfig(RAW_BODY)
  @Public("Meta signs every call with the app's secret")
  async receive(
    @Req() request: FastifyRequest,
    @Headers('x-hub-signature-256') signature?: string | string[],
  ): Promise<{ status: 'ok' }> {
    const body = Buffer.isBuffer(request.body) ? request.body : Buffer.alloc(0);
    if (!verifySignature(body, signature, this.config.whatsapp.appSecrets)) {
      throw new AppError('INVALID_SIGNATURE', 'X-Hub-Signature-256 does not match the body.');
    }
    await within(ANSWER_LIMIT_MS, this.intake.receive(body), tooSlow);
    return { status: 'ok' };
  }
}

function tooSlow(): AppError {
  return new AppError('UNAVAILABLE', 'Storing this takes too long right now.', undefined, {
    retryAfterSeconds: 2,
  });
}

function sameText(given: string, wanted: string): boolean {
  const a = Buffer.from(given);
  const b = Buffer.from(wanted);
  return a.length === b.length && timingSafeEqual(a, b);
}
