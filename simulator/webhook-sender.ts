import { Agent as HttpAgent, request as httpRequest } from 'node:http';
import { Agent as HttpsAgent, request as httpsRequest } from 'node:https';
import { envelope, type WebhookItem } from './envelope';
import { active, use, type FaultSwitches } from './faults';
import { sign, metaJson } from './signature';

/** How the server answered a webhook. `status` 0: it did not, and `error` says why. */
export interface WebhookResponse {
  status: number;
  text: string;
  error?: string;
}

/** One attempt to deliver, for logs. */
export interface Delivery {
  /** Milliseconds since 1970. */
  at: number;
  what: string;
  /** 1 for the first, counting up with each redelivery. */
  attempt: number;
  status: number;
  error?: string;
  tookMs: number;
  /** Milliseconds to the next attempt; absent when there is none. */
  retryInMs?: number;
}

export interface PostOptions {
  /** Another secret than the app's. */
  secret?: string;
  /** These bytes instead of the body's JSON. */
  raw?: Buffer;
  /** This header instead of the right one; null for no header. */
  signature?: string | null;
}

interface SenderSettings {
  appSecret: string;
  redeliverAfterMs: number[];
  /** Milliseconds until a webhook without an answer counts as failed. */
  timeoutMs: number;
  url: () => string | undefined;
  faults: () => FaultSwitches;
  onDelivery: (delivery: Delivery) => void;
}

interface Waiting {
  item: WebhookItem;
  onTaken: () => void;
  resolve: (response: WebhookResponse) => void;
}

interface Parcel {
  bytes: Buffer;
  signature: string | null;
  what: string;
  onTaken: () => void;
}

const ANSWER_LIMIT = 64 * 1024;
/**
 * Attempts under way at a time; the others wait for their turn. Meta's senders are many, but not without end: what could
 * not be brought for half a minute does not come back over thousands of connections at once.
 */
const AT_A_TIME = 32;

/** Signs webhooks, posts them, and posts them again when the server does not answer 200. */
export class WebhookSender {
  private readonly http = new HttpAgent({ keepAlive: true });
  private readonly https = new HttpsAgent({ keepAlive: true });
  private readonly timers = new Set<NodeJS.Timeout>();
  private readonly inFlight = new Set<() => void>();
  private readonly turns: (() => void)[] = [];
  private underWay = 0;
  private waiting: Waiting[] = [];
  private batchTimer: NodeJS.Timeout | undefined;
  private stopped = false;
  /** Grows whenever everything is forgotten: what began before must not be redelivered after. */
  private epoch = 0;

  constructor(private readonly settings: SenderSettings) {}

  /** Webhooks not yet answered, waiting for a batch to fill, or waiting to be redelivered. */
  get pending(): number {
    return this.inFlight.size + this.turns.length + this.timers.size + this.waiting.length;
  }

  /**
   * Delivers a message or status, in a batch when that fault is on; answers with the first attempt's result.
   *
   * @param onTaken called whenever an attempt, also a later one, was answered with 200
   */
  deliver(item: WebhookItem, onTaken: () => void = () => undefined): Promise<WebhookResponse> {
    const batch = active(this.settings.faults(), 'batchWebhooks');
    if (!batch) return this.postRedelivering([item], onTaken);
    return new Promise((resolve) => {
      this.waiting.push({ item, onTaken, resolve });
      if (this.waiting.length >= batch.size) this.flush();
      else this.batchTimer ??= setTimeout(() => this.flush(), batch.maxWaitMs);
    });
  }

  /** Posts what waits for a batch now. */
  flush(): void {
    clearTimeout(this.batchTimer);
    this.batchTimer = undefined;
    const batch = this.waiting;
    this.waiting = [];
    if (batch.length === 0) return;
    use(this.settings.faults(), 'batchWebhooks');
    const items = batch.map((each) => each.item);
    const onTaken = () => batch.forEach((each) => each.onTaken());
    void this.postRedelivering(items, onTaken).then((response) => {
      for (const each of batch) each.resolve(response);
    });
  }

  /** Posts one body (as often as `duplicateWebhooks` says) and leaves it at that. */
  post(body: unknown, options: PostOptions = {}): Promise<WebhookResponse> {
    const bytes = options.raw ?? metaJson(body);
    const signature =
      options.signature === undefined
        ? sign(bytes, options.secret ?? this.settings.appSecret)
        : options.signature;
    return this.copies({ bytes, signature, what: 'hand-made webhook', onTaken: () => undefined }, []);
  }

  stop(): void {
    this.stopped = true;
    this.forget();
    this.http.destroy();
    this.https.destroy();
  }

  /** Drops everything that is still to be delivered. */
  forget(): void {
    this.epoch += 1;
    clearTimeout(this.batchTimer);
    this.batchTimer = undefined;
    for (const timer of this.timers) clearTimeout(timer);
    this.timers.clear();
    for (const each of this.waiting) each.resolve(failed('dropped before it was posted'));
    this.waiting = [];
    for (const abort of this.inFlight) abort();
  }

  private postRedelivering(items: WebhookItem[], onTaken: () => void): Promise<WebhookResponse> {
    const bytes = metaJson(envelope(items));
    const parcel = { bytes, signature: sign(bytes, this.settings.appSecret), what: describe(items), onTaken };
    return this.copies(parcel, this.settings.redeliverAfterMs);
  }

  private async copies(parcel: Parcel, gaps: number[]): Promise<WebhookResponse> {
    const wanted = use(this.settings.faults(), 'duplicateWebhooks') ?? 1;
    const copies = typeof wanted === 'number' ? wanted : wanted.copies;
    const responses = await Promise.all(Array.from({ length: copies }, () => this.attempt(parcel, 1, gaps)));
    return responses.find((each) => each.status !== 200) ?? responses[0] ?? failed('nothing was posted');
  }

  private async attempt(parcel: Parcel, attempt: number, gaps: number[]): Promise<WebhookResponse> {
    const { epoch } = this;
    await this.turn();
    const started = Date.now();
    const response =
      epoch === this.epoch
        ? await this.send(parcel.bytes, parcel.signature)
        : failed('dropped before it was posted');
    this.passTurn();
    const [gap, ...later] = gaps;
    const again = response.status !== 200 && gap !== undefined && epoch === this.epoch;
    if (response.status === 200) parcel.onTaken();
    this.settings.onDelivery({
      at: started,
      what: parcel.what,
      attempt,
      status: response.status,
      tookMs: Date.now() - started,
      ...(response.error === undefined ? {} : { error: response.error }),
      ...(again ? { retryInMs: gap } : {}),
    });
    if (again) {
      const timer = setTimeout(() => {
        this.timers.delete(timer);
        void this.attempt(parcel, attempt + 1, later);
      }, gap);
      this.timers.add(timer);
    }
    return response;
  }

  private async turn(): Promise<void> {
    if (this.underWay < AT_A_TIME) this.underWay++;
    else await new Promise<void>((mine) => this.turns.push(mine));
  }

  /** Whoever waits gets the place of the one who is done. */
  private passTurn(): void {
    const next = this.turns.shift();
    if (next === undefined) this.underWay--;
    else next();
  }

  private send(bytes: Buffer, signature: string | null): Promise<WebhookResponse> {
    const address = this.settings.url();
    if (this.stopped) return Promise.resolve(failed('the simulator has stopped'));
    if (!address) return Promise.resolve(failed('no webhook address is set'));
    return new Promise((resolve) => {
      const settle = (response: WebhookResponse) => {
        clearTimeout(timer);
        this.inFlight.delete(abort);
        resolve(response);
      };
      const secure = address.startsWith('https:');
      const request = (secure ? httpsRequest : httpRequest)(address, {
        method: 'POST',
        agent: secure ? this.https : this.http,
        headers: {
          'content-type': 'application/json',
          'content-length': bytes.length,
          'user-agent': 'facebookexternalua',
          accept: '*/*',
          ...(signature === null ? {} : { 'x-hub-signature-256': signature }),
        },
      });
      const fail = (error: Error) => {
        request.destroy();
        settle(failed(reason(error)));
      };
      const abort = () => fail(new Error('given up, because the simulator forgot or stopped'));
      const timer = setTimeout(
        () => fail(new Error(`no answer within ${this.settings.timeoutMs} ms`)),
        this.settings.timeoutMs,
      );
      this.inFlight.add(abort);
      request.on('error', fail);
      request.on('response', (response) => {
        const chunks: Buffer[] = [];
        let size = 0;
        response.on('data', (chunk: Buffer) => {
          size += chunk.length;
          if (size <= ANSWER_LIMIT) chunks.push(chunk);
        });
        response.on('error', fail);
        response.on('end', () =>
          settle({ status: response.statusCode ?? 0, text: Buffer.concat(chunks).toString('utf8') }),
        );
      });
      request.end(bytes);
    });
  }
}

function failed(error: string): WebhookResponse {
  return { status: 0, text: '', error };
}

function reason(error: Error & { code?: string; errors?: Error[] }): string {
  // An address with several records fails with an AggregateError whose own message is empty.
  const message = error.message || error.errors?.[0]?.message || error.code || 'unknown error';
  return error.code === 'ECONNREFUSED' ? `nobody listens there (${message})` : message;
}

function describe(items: WebhookItem[]): string {
  const words = items.map(({ kind, item }) =>
    kind === 'messages' ? `message (${String(item.type)})` : `status ${String(item.status)}`,
  );
  return words.length > 3 ? `${words.slice(0, 2).join(', ')} and ${words.length - 2} more` : words.join(', ');
}
