import { setTimeout as delay } from 'node:timers/promises';
import { type BusinessNumber, envelope, messageItem, type WebhookItem } from '../../simulator/envelope';
import { inbound } from '../../simulator/inbound-content';
import { metaJson, sign } from '../../simulator/signature';
import { post } from './http';
import type { OperationJournal } from './operations';
import { below, randomFrom, shuffled } from './random';

const WAIT_AFTER_REFUSAL_MS = 250;
/** Part of all webhooks that comes a second time. */
const REPEATED = 0.3;

export interface CustomersOptions {
  journal: OperationJournal;
  /** Where webhooks go, one after the other. */
  urls: string[];
  secret: string;
  number: BusinessNumber;
  /** Part of every id, so that one fault's messages can be told from another's. */
  run: string;
  /** The first of these customers' telephone numbers. */
  firstPhone: number;
  contacts: number;
  messages: number;
  /** Webhooks under way at a time. */
  senders: number;
  seed: number;
  largest?: number;
  /** Characters that each message has beside its name. */
  padding?: number;
}

interface Parcel {
  wamids: string[];
  bytes: Buffer;
}

/**
 * Customers who write without a pause, as Meta tells it: signed webhooks of 1 to 1,000 items, shuffled, a third of
 * them twice, each brought again until it is acknowledged.
 */
export class Customers {
  private readonly parcels: Parcel[];
  private next = 0;
  /** Webhooks whose turn has come. */
  private stopped = false;

  constructor(private readonly options: CustomersOptions) {
    const random = randomFrom(options.seed);
    const parcels = this.bundles(random).map((items) => this.parcelOf(items));
    const again = parcels.filter(() => random() < REPEATED);
    this.parcels = shuffled([...parcels, ...again], random);
  }

  /** From 0 to 1. */
  get progress(): number {
    return this.parcels.length === 0 ? 1 : this.next / this.parcels.length;
  }

  /** Resolves once everything was acknowledged, or after `stop`. */
  async run(): Promise<void> {
    await Promise.all(Array.from({ length: this.options.senders }, () => this.send()));
  }

  stop(): void {
    this.stopped = true;
  }

  private async send(): Promise<void> {
    while (this.next < this.parcels.length && !this.stopped) {
      const turn = this.next++;
      await this.bring(this.parcels[turn]!, turn);
    }
  }

  /** As often as it takes. */
  private async bring({ wamids, bytes }: Parcel, turn: number): Promise<void> {
    const { journal, urls, secret } = this.options;
    for (let attempt = 0; !this.stopped; attempt++) {
      const url = urls[(turn + attempt) % urls.length]!;
      const startedAt = performance.now();
      for (const wamid of wamids) {
        const operation = journal.inbound.get(wamid)!;
        operation.askedAt = Math.min(operation.askedAt, startedAt);
      }
      const answer = await post(`${url}/meta-whatsapp/webhook`, bytes, {
        'x-hub-signature-256': sign(bytes, secret),
      });
      const outcome = journal.note('webhook', startedAt, answer);
      if (outcome === 'answered') {
        const now = performance.now();
        for (const wamid of wamids) journal.inbound.get(wamid)!.acknowledgedAt ??= now;
        return;
      }
      await delay(WAIT_AFTER_REFUSAL_MS);
    }
  }

  private bundles(random: () => number): WebhookItem[][] {
    const {
      messages,
      contacts,
      firstPhone,
      run,
      number,
      journal,
      largest = 1_000,
      padding = 0,
    } = this.options;
    const second = Math.floor(Date.now() / 1000) - 60;
    const items = shuffled(
      Array.from({ length: messages }, (_, i) => i),
      random,
    ).map((i) => {
      const phone = String(firstPhone + below(contacts, random));
      const wamid = `wamid.${run}.${i}`;
      const body = `${run} #${i}`.padEnd(padding, '.');
      journal.inbound.set(wamid, { wamid, phone, body, askedAt: Infinity, acknowledgedAt: null });
      const customer = { phone, name: `Customer ${phone}` };
      return messageItem(number, customer, inbound.text(body), { id: wamid, timestamp: second + (i % 60) });
    });
    const bundles: WebhookItem[][] = [];
    for (let from = 0; from < items.length;) {
      const size = Math.min(largest, bundleSize(random));
      bundles.push(items.slice(from, from + size));
      from += size;
    }
    return bundles;
  }

  private parcelOf(items: WebhookItem[]): Parcel {
    return { wamids: items.map(({ item }) => item['id'] as string), bytes: metaJson(envelope(items)) };
  }
}

/** Mostly one or a few, now and then very many: 1 to 1,000. */
function bundleSize(random: () => number): number {
  const kind = random();
  if (kind < 0.6) return 1;
  if (kind < 0.9) return 2 + below(9, random);
  if (kind < 0.995) return 10 + below(90, random);
  return 100 + below(901, random);
}
