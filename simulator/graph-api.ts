import { randomBytes } from 'node:crypto';
import type { IncomingMessage, ServerResponse } from 'node:http';
import { setTimeout as sleep } from 'node:timers/promises';
import { describeApp, describeNumber } from './account-facts';
import type { BusinessNumber } from './envelope';
import { active, completeFailure, use, type FailAnswer, type FaultScope, type FaultSwitches } from './faults';
import { graphErrorBody, graphFailure, type GraphFailure } from './graph-error';
import { graphPage } from './graph-page';
import { readBody, send, sendJson } from './http-kit';
import { compact, isObject, textAt, type JsonObject } from './json-values';
import { bareType, uploadLimit, UPLOAD_TYPES, type MediaStore, type StoredMedia } from './media-store';
import { checkMessage, type Recipient } from './message-rules';
import { boundaryOf, parseMultipart } from './multipart';
import { RateWindow } from './rate-window';
import type { TemplateStore } from './templates';

/** What Graph needs of the rest of the simulator. */
export interface GraphHost {
  faults: () => FaultSwitches;
  now: () => number;
  random: () => number;
  stopped: () => boolean;
  media: MediaStore;
  templates: TemplateStore;
  /** Whether this is an account of the business. */
  /** Of a business account; none where there is no such account. */
  numbersOf: (businessAccountId: string) => BusinessNumber[];
  /** The names of the apps that hear its webhooks. */
  subscribedApps: () => readonly string[];
  /** The simulator's own address, for download links. */
  url: () => string;
  accessToken: string | undefined;
  number: (phoneNumberId: string) => BusinessNumber | undefined;
  /** Takes a message in; `told` settles when the first attempts of its statuses are over. */
  accept: (
    number: BusinessNumber,
    recipient: Recipient,
    body: JsonObject,
  ) => { wamid: string; userId?: string; told: Promise<void> };
  markRead: (messageId: string, typing: boolean) => void;
}

const MEDIA_LIMIT = 100 * 1024 * 1024;

/** Meta's routes: messages, media, and the number's own description. */
export class GraphApi {
  private readonly rates = new RateWindow();

  constructor(private readonly host: GraphHost) {}

  clear(): void {
    this.rates.clear();
  }

  /** Answers one call, or destroys or leaves open its connection when a fault says so. */
  async handle(request: IncomingMessage, response: ServerResponse, url: URL): Promise<void> {
    const faults = this.host.faults();
    if (use(faults, 'refuseConnections')) {
      request.socket.destroy();
      return;
    }
    // Read before the delay: a client that gives up meanwhile does not take its request back.
    // A form's own lines come on top of the file.
    const bytes = await readBody(request, MEDIA_LIMIT + 64 * 1024);
    const latency = use(faults, 'latencyMs');
    if (latency) await sleep(typeof latency === 'number' ? latency : latency.ms, undefined, { ref: false });
    if (this.host.stopped()) return;

    const steps = url.pathname.split('/').filter(Boolean);
    if (/^v\d+\.\d+$/.test(steps[0] ?? '')) steps.shift();
    const [id = '', edge] = steps;
    const method = request.method ?? 'GET';

    const tokenProblem = this.checkToken(request);
    if (tokenProblem) return refuse(response, tokenProblem);
    if (id === 'download' && edge !== undefined && method === 'GET')
      return this.download(request, response, edge);
    if (steps.length === 2 && method === 'POST') {
      const number = this.host.number(id);
      if (number && edge === 'messages') return this.messages(request, response, number, bytes);
      if (number && edge === 'media') return this.upload(request, response, number, bytes);
    }
    if (steps.length === 2 && method === 'GET') {
      const numbers = this.host.numbersOf(id);
      if (numbers.length > 0 && this.ofAccount(response, numbers, edge, url.searchParams)) return;
    }
    if (steps.length === 1 && method === 'GET') {
      const number = this.host.number(id);
      if (number) {
        if (this.madeUpFailure(response, 'number')) return;
        return sendJson(response, 200, describeNumber(number, url.searchParams.get('fields')));
      }
      const media = this.mediaFor(id, url);
      if (media) return this.lookUp(response, media);
    }
    if (steps.length === 1 && method === 'DELETE' && this.mediaFor(id, url)) {
      if (this.madeUpFailure(response, 'media')) return;
      this.host.media.delete(id);
      return sendJson(response, 200, { success: true });
    }
    refuse(
      response,
      graphFailure(
        100,
        `Unsupported ${method.toLowerCase()} request. Object with ID '${id}' does not exist, cannot be loaded due to missing permissions, or does not support this operation`,
        33,
      ),
    );
  }

  /** A list that a business account has; false where it has none of that name. */
  private ofAccount(
    response: ServerResponse,
    numbers: BusinessNumber[],
    edge: string | undefined,
    query: URLSearchParams,
  ): boolean {
    if (edge === 'message_templates') {
      if (!this.madeUpFailure(response, 'templates'))
        sendJson(response, 200, this.host.templates.page(query));
      return true;
    }
    const lists: Record<string, () => JsonObject[]> = {
      phone_numbers: () => numbers.map((number) => describeNumber(number, query.get('fields'))),
      subscribed_apps: () => this.host.subscribedApps().map(describeApp),
    };
    const list = edge === undefined || !Object.hasOwn(lists, edge) ? undefined : lists[edge];
    if (list === undefined) return false;
    if (!this.madeUpFailure(response, 'account')) sendJson(response, 200, graphPage(list(), query));
    return true;
  }

  private checkToken(request: IncomingMessage): GraphFailure | undefined {
    const token = /^(?:Bearer|OAuth) (.+)$/i.exec(request.headers.authorization ?? '')?.[1];
    if (token === undefined) {
      return { httpStatus: 401, code: 190, details: 'An access token is required to request this resource.' };
    }
    if (this.host.accessToken === undefined || token === this.host.accessToken) return undefined;
    return graphFailure(190, 'Invalid OAuth access token - Cannot parse access token');
  }

  private async messages(
    request: IncomingMessage,
    response: ServerResponse,
    number: BusinessNumber,
    bytes: Buffer,
  ): Promise<void> {
    const body = parseObject(bytes);
    if (!body) return refuse(response, graphFailure(100, 'The request body is not a valid JSON object'));
    const mark = body.status === 'read';
    if (this.madeUpFailure(response, mark ? 'read' : 'send')) return;
    if (mark) return this.readMark(response, body);

    const recipient = checkMessage(body, {
      displayPhoneNumber: number.displayPhoneNumber,
      mediaExists: (id) => this.ownMedia(id, number) !== undefined,
    });
    if ('code' in recipient) return refuse(response, recipient);
    const problem = this.host.templates.problem(body);
    if (problem) return refuse(response, problem);
    const limited = this.limit(number, recipient);
    if (limited) return refuse(response, limited);

    const faults = this.host.faults();
    // Taken before the message is accepted, so that one fault does not count for two concurrent sends.
    const early = use(faults, 'statusesBeforeAnswer');
    const drops = use(faults, 'acceptThenDropConnection');
    const hangs = !drops && use(faults, 'acceptThenHang');
    const { wamid, userId, told } = this.host.accept(number, recipient, body);
    if (early) await told;
    if (drops) return void request.socket.destroy();
    if (hangs) return;
    sendJson(response, 200, {
      messaging_product: 'whatsapp',
      contacts: [
        compact({
          input: recipient.input,
          wa_id: recipient.kind === 'user' ? undefined : recipient.id,
          user_id: recipient.kind === 'user' ? recipient.id : userId,
        }),
      ],
      messages: [{ id: wamid, message_status: 'accepted' }],
    });
  }

  private readMark(response: ServerResponse, body: JsonObject): void {
    const messageId = textAt(body, 'message_id');
    if (body.messaging_product !== 'whatsapp') {
      return refuse(response, graphFailure(100, 'The parameter messaging_product is required.'));
    }
    if (!messageId) return refuse(response, graphFailure(131008, 'The parameter message_id is required.'));
    if (!messageId.startsWith('wamid.')) {
      return refuse(response, graphFailure(131009, 'Param message_id is not a valid message id'));
    }
    const typing = body.typing_indicator;
    if (typing !== undefined && textAt(typing, 'type') !== 'text') {
      return refuse(response, graphFailure(131009, "Param typing_indicator['type'] must be one of {TEXT}"));
    }
    this.host.markRead(messageId, typing !== undefined);
    sendJson(response, 200, { success: true });
  }

  private upload(
    request: IncomingMessage,
    response: ServerResponse,
    number: BusinessNumber,
    bytes: Buffer,
  ): void {
    const boundary = boundaryOf(request.headers['content-type'] ?? '');
    if (this.madeUpFailure(response, 'media')) return;
    const parts = boundary === undefined ? undefined : parseMultipart(bytes, boundary);
    const field = (name: string) => parts?.find((part) => part.name === name);
    const file = field('file');
    if (field('messaging_product')?.bytes.toString('utf8') !== 'whatsapp') {
      return refuse(response, graphFailure(100, 'The parameter messaging_product is required.'));
    }
    if (!file) return refuse(response, graphFailure(100, 'The parameter file is required.'));
    const mimeType = file.contentType ?? field('type')?.bytes.toString('utf8') ?? '';
    const limit = uploadLimit(mimeType);
    if (limit === undefined) {
      const message = `Param file must be a file with one of the following types: ${UPLOAD_TYPES.join(', ')}. Received file of type '${bareType(mimeType)}'.`;
      return refuse(response, graphFailure(100, message));
    }
    if (file.bytes.length > limit) {
      return refuse(response, graphFailure(131053, `The file is larger than ${limit} bytes`));
    }
    sendJson(response, 200, { id: this.host.media.put(file.bytes, mimeType, number.phoneNumberId).id });
  }

  private lookUp(response: ServerResponse, media: StoredMedia): void {
    if (this.madeUpFailure(response, 'media')) return;
    sendJson(response, 200, {
      messaging_product: 'whatsapp',
      url: `${this.host.url()}/download/${this.host.media.link(media.id)}`,
      mime_type: media.mimeType,
      sha256: media.sha256,
      file_size: media.bytes.length,
      id: media.id,
    });
  }

  private download(request: IncomingMessage, response: ServerResponse, word: string): void {
    // Meta's media host turns away clients that do not look like one, Node's bare fetch among them.
    if (/^(node|undici)?$/i.test(request.headers['user-agent'] ?? '')) {
      return send(
        response,
        403,
        'text/html; charset=utf-8',
        '<html><body>Sorry, not available</body></html>',
      );
    }
    if (this.madeUpFailure(response, 'media')) return;
    const media = this.host.media.byLink(word);
    if (media) send(response, 200, media.mimeType, media.bytes);
    else send(response, 404, 'text/plain', 'URL signature expired');
  }

  private mediaFor(id: string, url: URL): StoredMedia | undefined {
    const media = this.host.media.find(id);
    const asked = url.searchParams.get('phone_number_id');
    const foreign = asked !== null && media?.phoneNumberId !== undefined && media.phoneNumberId !== asked;
    return foreign ? undefined : media;
  }

  private ownMedia(id: string, number: BusinessNumber): StoredMedia | undefined {
    const media = this.host.media.find(id);
    return media?.phoneNumberId === undefined || media.phoneNumberId === number.phoneNumberId
      ? media
      : undefined;
  }

  private limit(number: BusinessNumber, recipient: Recipient): GraphFailure | undefined {
    const faults = this.host.faults();
    const now = this.host.now();
    const throughput = { key: number.phoneNumberId, windowMs: 1000 };
    const rate = active(faults, 'rateLimit');
    const perSecond = typeof rate === 'object' && 'perSecond' in rate ? rate.perSecond : 0;
    if (rate && this.rates.count(throughput, now) >= perSecond) {
      use(faults, 'rateLimit');
      return graphFailure(
        130429,
        'Message failed to send because there were too many messages sent from this phone number in a short period of time',
      );
    }
    const pair = active(faults, 'pairRateLimit');
    const rule: { times?: number; to?: string; burst?: number; windowMs?: number } =
      typeof pair === 'object' ? pair : {};
    const window = { key: `${number.phoneNumberId} ${recipient.id}`, windowMs: rule.windowMs ?? 6000 };
    const hit = rule.to === undefined || rule.to === recipient.id || digits(rule.to) === recipient.id;
    if (pair && hit && this.rates.count(window, now) >= (rule.burst ?? 0)) {
      use(faults, 'pairRateLimit');
      return graphFailure(
        131056,
        'Message failed to send because there were too many messages sent from this phone number to the same phone number in a short period of time',
      );
    }
    if (rate) this.rates.add(throughput, now);
    if (pair && hit) this.rates.add(window, now);
    return undefined;
  }

  /** Answers with a failure when one is switched on for this kind of call. */
  private madeUpFailure(response: ServerResponse, scope: FaultScope): boolean {
    const faults = this.host.faults();
    const meant = (answer: FailAnswer | null | undefined) =>
      answer !== null && answer !== undefined && [scope, 'any'].includes(answer.on ?? 'send');
    let answer: FailAnswer | null | undefined;
    if (meant(active(faults, 'failNext'))) answer = use(faults, 'failNext');
    else if (meant(active(faults, 'failRate')) && this.host.random() < (faults.failRate?.rate ?? 0)) {
      answer = use(faults, 'failRate');
    }
    if (!answer) return false;
    const failure = completeFailure(answer);
    if (failure.body === 'json') refuse(response, failure);
    else if (failure.body === 'empty') send(response, failure.httpStatus, 'text/plain', '');
    else {
      const page =
        '<!DOCTYPE html><html><head><title>Error</title></head><body>Sorry, something went wrong.</body></html>';
      send(response, failure.httpStatus, 'text/html; charset=utf-8', page);
    }
    return true;
  }
}

function digits(text: string): string {
  return text.replace(/\D/g, '');
}

function parseObject(bytes: Buffer): JsonObject | undefined {
  try {
    const parsed: unknown = JSON.parse(bytes.toString('utf8'));
    return isObject(parsed) ? parsed : undefined;
  } catch {
    return undefined;
  }
}

/** Answers a Graph call with Meta's error body. */
export function refuse(response: ServerResponse, failure: GraphFailure): void {
  response.setHeader('x-fb-trace-id', randomBytes(8).toString('base64url'));
  sendJson(response, failure.httpStatus, graphErrorBody(failure));
}
