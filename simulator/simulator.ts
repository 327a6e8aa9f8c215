import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import { ControlRoutes } from './control-routes';
import { messageItem, type BusinessNumber } from './envelope';
import { noFaults, type FaultSwitches } from './faults';
import { GraphApi, refuse } from './graph-api';
import { graphFailure } from './graph-error';
import { HttpProblem, refuseForeignPages, sendJson } from './http-kit';
import { newWamid, phoneDigits } from './identifiers';
import { inbound, type Customer, type InboundContent, type InboundMedia } from './inbound-content';
import { textAt, type JsonObject } from './json-values';
import { MediaStore } from './media-store';
import type { Recipient } from './message-rules';
import { PhoneRoutes } from './phone-routes';
import { PhoneState } from './phone-state';
import type {
  AcceptedMessage,
  GraphRequest,
  ReadMark,
  SayOptions,
  SimulatorControls,
  SimulatorOptions,
} from './simulator-controls';
import { StatusFlow, type StatusDelays } from './status-flow';
import { TemplateStore } from './templates';
import { WebhookSender, type PostOptions, type WebhookResponse } from './webhook-sender';
import { handshake } from './handshake';

export type {
  AcceptedMessage,
  GraphRequest,
  ReadMark,
  SayOptions,
  SimulatorOptions,
} from './simulator-controls';

const DELAYS: StatusDelays = { sent: 20, delivered: 60, read: 120 };
const REDELIVERIES = [500, 1000, 2000, 4000, 8000];

/**
 * WhatsApp without Meta: a Graph API, customers that write, signed webhooks, a phone to look at, and switches
 * for everything that goes wrong in between. All of it is in memory, and nothing is thrown away before
 * `reset()`.
 *
 * ```ts
 * const whatsapp = await Simulator.start({ appSecret: 'secret', webhookUrl });
 * await whatsapp.customerSays({ phone: '5511999990000', name: 'Ana' }, 'Olá');
 * const reply = await whatsapp.waitFor(() => whatsapp.acceptedFor('5511999990000')[0], 'an answer to Ana');
 * await whatsapp.stop();
 * ```
 */
export class Simulator implements SimulatorControls {
  /** `http://127.0.0.1:PORT`: the phone page, and the base address of Graph. */
  readonly url: string;
  webhookUrl: string | undefined;
  /** Change them at any time; `noFaults()` is the peaceful state. */
  faults: FaultSwitches = noFaults();
  readonly accepted: AcceptedMessage[] = [];
  readonly requests: GraphRequest[] = [];
  readonly readMarks: ReadMark[] = [];
  readonly phone = new PhoneState();
  readonly media: MediaStore;
  /** Empty until a test puts some in; see {@link TemplateStore}. */
  readonly templates = new TemplateStore();
  /** Names of the apps that are subscribed to the account's webhooks. */
  subscribedApps: string[] = ['ApiCeChat'];

  private readonly numbers = new Map<string, BusinessNumber>();
  private readonly first: BusinessNumber;
  private readonly sender: WebhookSender;
  private readonly flow: StatusFlow;
  private readonly graph: GraphApi;
  private readonly control: ControlRoutes;
  private readonly pages: PhoneRoutes;
  private readonly now: () => number;
  private stopped = false;

  private constructor(
    private readonly options: SimulatorOptions,
    private readonly server: Server,
  ) {
    const { address, port, family } = server.address() as AddressInfo;
    this.url = `http://${family === 'IPv6' ? `[${address}]` : address}:${port}`;
    this.webhookUrl = options.webhookUrl;
    this.now = options.now ?? Date.now;
    const random = options.random ?? Math.random;
    const faults = () => this.faults;
    this.media = new MediaStore(this.now);
    this.first = this.addNumber({
      phoneNumberId: options.phoneNumberId ?? '106540352242922',
      displayPhoneNumber: options.displayPhoneNumber ?? '15550783881',
      businessAccountId: options.businessAccountId ?? '102290129340398',
    });
    this.sender = new WebhookSender({
      appSecret: options.appSecret,
      redeliverAfterMs: options.redeliverAfterMs ?? REDELIVERIES,
      timeoutMs: options.webhookTimeoutMs ?? 20_000,
      url: () => this.webhookUrl,
      faults,
      onDelivery: (delivery) => {
        const { at, status, attempt, error, retryInMs } = delivery;
        const again = retryInMs === undefined ? undefined : `again in ${retryInMs / 1000} s`;
        const note = [attempt > 1 ? `attempt ${attempt}` : undefined, error, again]
          .filter(Boolean)
          .join(', ');
        this.phone.addLog({ at, kind: 'webhook', what: delivery.what, status, ok: status === 200, note });
      },
    });
    this.flow = new StatusFlow({
      delays: options.statusDelaysMs ?? DELAYS,
      now: this.now,
      random,
      faults,
      deliver: (item) => this.sender.deliver(item),
      onStatus: (wamid, status, error) => {
        if (status === 'sent' || status === 'delivered' || status === 'read')
          this.phone.progress(wamid, status);
        if (status === 'failed') this.phone.progress(wamid, status, textAt(error, 'title') ?? 'failed');
      },
    });
    this.graph = new GraphApi({
      faults,
      now: this.now,
      random,
      stopped: () => this.stopped,
      media: this.media,
      templates: this.templates,
      numbersOf: (id) => [...this.numbers.values()].filter((number) => number.businessAccountId === id),
      subscribedApps: () => this.subscribedApps,
      url: () => this.url,
      accessToken: options.accessToken,
      number: (phoneNumberId) => this.numbers.get(phoneNumberId),
      accept: (number, recipient, body) => this.accept(number, recipient, body),
      markRead: (messageId, typing) => {
        this.readMarks.push({ messageId, typing, at: this.now() });
        this.phone.businessRead(messageId, typing);
      },
    });
    this.control = new ControlRoutes(this);
    this.pages = new PhoneRoutes(this);
    server.on('request', (request, response) => void this.route(request, response));
  }

  /** @throws the error of listening, such as EADDRINUSE */
  static async start(options: SimulatorOptions): Promise<Simulator> {
    const server = createServer({ requestTimeout: 0 });
    await new Promise<void>((resolve, reject) => {
      server.once('error', reject);
      server.listen(options.port ?? 0, options.host ?? '127.0.0.1', resolve);
    });
    return new Simulator(options, server);
  }

  /** Another number of the business. Graph knows it, and `customerSays` reaches it by `phoneNumberId`. */
  addNumber(number: BusinessNumber): BusinessNumber {
    this.numbers.set(number.phoneNumberId, number);
    return number;
  }

  hasNumber(phoneNumberId: string): boolean {
    return this.numbers.has(phoneNumberId);
  }

  /** The number that customers write to when nothing else is said. */
  get number(): BusinessNumber {
    return this.first;
  }

  /** Webhooks and statuses still to come, redeliveries included; 0 = quiet. */
  get pending(): number {
    return this.sender.pending + this.flow.pending;
  }

  /**
   * A customer writes. Settles with the answer to the first attempt; what failed is redelivered afterwards.
   * A webhook that could not be posted has status 0.
   */
  async customerSays(
    from: Customer,
    content: string | InboundContent,
    options: SayOptions = {},
  ): Promise<{ wamid: string; response: WebhookResponse }> {
    const wamid = options.id ?? newWamid();
    const at = this.now();
    const said = this.complete(from, typeof content === 'string' ? inbound.text(content) : content, options);
    const number = this.numberOf(options.phoneNumberId);
    this.phone.customerSaid(this.phone.meet(from, from.phone === undefined), wamid, said, at);
    const item = messageItem(number, from, said, {
      id: wamid,
      timestamp: options.timestamp ?? Math.floor(at / 1000),
      ...(options.groupId === undefined ? {} : { groupId: options.groupId }),
    });
    this.phone.progress(wamid, 'sent');
    const response = await this.sender.deliver(item, () => this.phone.progress(wamid, 'delivered'));
    return { wamid, response };
  }

  /** Any webhook body, signed the way Meta signs, posted once (times `duplicateWebhooks`), not redelivered. */
  post(body: unknown, options: PostOptions = {}): Promise<WebhookResponse> {
    return this.sender.post(body, options);
  }

  /** Meta's GET handshake. It passed when the status is 200 and `text` is the challenge. */
  verify(
    options: { token?: string; mode?: string; challenge?: string } = {},
  ): Promise<WebhookResponse & { challenge: string }> {
    return handshake(this.webhookUrl, { token: this.options.verifyToken ?? '', ...options });
  }

  /** A status by hand, also of a message unknown here. `extra` is laid over the status object. */
  sendStatus(wamid: string, status: string, extra: JsonObject = {}): Promise<WebhookResponse> {
    return this.flow.byHand(wamid, status, extra, this.first);
  }

  /** The customer looks at the chat: what the business sent becomes `read`. */
  async customerSees(key: string): Promise<void> {
    await Promise.all(this.phone.unread(key).map((bubble) => this.flow.read(bubble.id)));
  }

  /** Messages accepted for a phone number (in any notation), user id or group id, in order. */
  acceptedFor(to: string): AcceptedMessage[] {
    const id = /^\+?[\d\s().-]+$/.test(to) ? phoneDigits(to) : to;
    return this.accepted.filter((message) => message.to === id);
  }

  /** Media that an inbound message can point to: `inbound.image({ ...simulator.putMedia(png, 'image/png') })`. */
  putMedia(bytes: Buffer, mimeType: string): InboundMedia {
    const { id, sha256 } = this.media.put(bytes, mimeType);
    return { id, mime_type: mimeType, sha256, url: `${this.url}/download/${this.media.link(id)}` };
  }

  /**
   * What `probe` returns as soon as it is truthy.
   *
   * @param timeoutMs 5000 when left out
   * @throws Error that says `what` was waited for
   */
  async waitFor<T>(probe: () => T | undefined | false | null, what: string, timeoutMs = 5000): Promise<T> {
    const deadline = performance.now() + timeoutMs;
    for (;;) {
      const found = probe();
      if (found) return found;
      if (performance.now() > deadline) throw new Error(`Waited ${timeoutMs} ms in vain for ${what}`);
      await sleep(5);
    }
  }

  /** Forgets everything: messages, media, customers, faults, and webhooks still to be delivered. */
  reset(): void {
    this.flow.clear();
    this.sender.forget();
    this.graph.clear();
    this.media.clear();
    this.templates.clear();
    this.subscribedApps = ['ApiCeChat'];
    this.accepted.length = 0;
    this.requests.length = 0;
    this.readMarks.length = 0;
    this.faults = noFaults();
    this.phone.clear();
  }

  /** Cancels timers, redeliveries and open connections, and closes the port. */
  async stop(): Promise<void> {
    if (this.stopped) return;
    this.stopped = true;
    this.flow.clear();
    this.sender.stop();
    this.pages.stop();
    await new Promise<void>((resolve) => {
      this.server.close(() => resolve());
      this.server.closeAllConnections();
    });
  }

  private numberOf(phoneNumberId: string | undefined): BusinessNumber {
    if (phoneNumberId === undefined) return this.first;
    const number = this.numbers.get(phoneNumberId);
    if (!number) throw new Error(`The simulator has no number ${phoneNumberId}; add it with addNumber()`);
    return number;
  }

  private complete(from: Customer, content: InboundContent, options: SayOptions): InboundContent {
    const id = options.replyTo ?? textAt(content.context, 'id');
    if (id === undefined || content.context?.from !== undefined) return content;
    const own = this.phone.bubbles.get(id)?.side === 'customer';
    const quoted: JsonObject = own
      ? from.phone === undefined
        ? { from_user_id: from.userId }
        : { from: phoneDigits(from.phone) }
      : { from: phoneDigits(this.numberOf(options.phoneNumberId).displayPhoneNumber) };
    return { ...content, context: { ...quoted, ...content.context, id } };
  }

  private accept(
    number: BusinessNumber,
    recipient: Recipient,
    body: JsonObject,
  ): { wamid: string; userId?: string; told: Promise<void> } {
    const wamid = newWamid();
    const at = this.now();
    const bizOpaqueCallbackData = textAt(body, 'biz_opaque_callback_data');
    this.accepted.push({
      wamid,
      to: recipient.id,
      body,
      at,
      phoneNumberId: number.phoneNumberId,
      ...(bizOpaqueCallbackData === undefined ? {} : { bizOpaqueCallbackData }),
    });
    const known = this.phone.recipient(recipient);
    this.phone.businessSaid(known, wamid, this.templates.filled(body), at);
    const customer: Customer = { ...known };
    if (known.hidesPhone && recipient.kind === 'user') delete customer.phone;
    const told = this.flow.start({ wamid, number, recipient, customer, body, at });
    return { wamid, told, ...(known.userId === undefined ? {} : { userId: known.userId }) };
  }

  private async route(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const url = new URL(request.url ?? '/', this.url);
    const area = url.pathname.split('/')[1] ?? '';
    const own = area === '' || area === 'control' || area === 'phone';
    try {
      if (own) {
        refuseForeignPages(request);
        await (area === 'control' ? this.control : this.pages).handle(request, response, url);
      } else {
        this.noteGraphCall(request, response, url);
        await this.graph.handle(request, response, url);
      }
    } catch (error) {
      if (response.headersSent || response.destroyed) return;
      const status = error instanceof HttpProblem ? error.status : 500;
      const message = error instanceof Error ? error.message : String(error);
      if (own) sendJson(response, status, { error: message });
      else refuse(response, { ...graphFailure(status === 500 ? 131000 : 100, message), httpStatus: status });
    }
  }

  private noteGraphCall(request: IncomingMessage, response: ServerResponse, url: URL): void {
    const method = request.method ?? 'GET';
    const entry: GraphRequest = { method, path: url.pathname + url.search, status: 0, at: this.now() };
    this.requests.push(entry);
    response.on('close', () => {
      entry.status = response.writableFinished ? response.statusCode : 0;
      const what = `${method} ${url.pathname.startsWith('/download/') ? '/download' : url.pathname}`;
      const note = entry.status === 0 ? 'connection lost before the answer' : '';
      const ok = entry.status >= 200 && entry.status < 300;
      this.phone.addLog({ at: entry.at, kind: 'graph', what, status: entry.status, ok, note });
    });
  }
}
