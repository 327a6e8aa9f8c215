import { Inject, Injectable, type BeforeApplicationShutdown } from '@nestjs/common';
import type { Logger } from 'pino';
import { AppError } from '../common/app-error';
import { MicroBatcher } from '../common/micro-batcher';
import { type AddressedReport, DeliveriesService } from '../messages/deliveries.service';
import { type InboundMessage as MessageIn, InboundService } from '../messages/inbound.service';
import { sqlState } from '../platform/database/database-errors';
import { UnitOfWork } from '../platform/database/unit-of-work';
import { LOGGER } from '../platform/observability/observability.module';
import { toInbound, toReport } from './intake-mapping';
import { MediaFetcher } from './media-fetcher.service';
import { NumberDirectory, type NumberRoute } from './number-directory';
import { type SetAsideItem, SetAsideService } from './set-aside.service';
import type { InboundMessage, InboundStatus } from './webhook-item';
import { parseWebhook } from './webhook-payload';

/** Items written together at most. */
const MAX_BATCH = 1_000;
/** More than this waiting to be written: webhooks are refused with 503, and Meta brings them again. */
const MAX_PENDING = 20_000;

type Item = InboundMessage | InboundStatus;

interface Taken {
  item: Item;
  route: NumberRoute;
  /** Called where this one item cannot be stored, whatever is tried. */
  refuse: (reason: SetAsideItem) => void;
}

/**
 * Takes in webhooks. Those that arrive together are written together, by workspace, messages and statuses each in
 * transactions of their own: while one batch commits the next one gathers. When {@link receive} resolves everything
 * is durable: stored, or set aside with its bytes.
 */
@Injectable()
export class WebhookIntakeService implements BeforeApplicationShutdown {
  private readonly batchers = new Map<string, MicroBatcher<Taken>>();

  constructor(
    private readonly work: UnitOfWork,
    private readonly directory: NumberDirectory,
    private readonly inbound: InboundService,
    private readonly deliveries: DeliveriesService,
    private readonly setAside: SetAsideService,
    private readonly media: MediaFetcher,
    @Inject(LOGGER) private readonly logger: Logger,
  ) {}

  /** @param body the bytes of a webhook whose signature was found good */
  async receive(body: Buffer): Promise<void> {
    const refused: SetAsideItem[] = [];
    const groups = new Map<MicroBatcher<Taken>, Taken[]>();
    const items = parseWebhook(parseJson(body));
    const found = this.directory.find([...new Set(items.flatMap((item) => item.phoneNumberId ?? []))]);
    const routes = found instanceof Map ? found : await found;
    for (const item of items) {
      const route = routes.get(item.phoneNumberId ?? '');
      if (item.kind === 'set_aside') {
        refused.push({
          ...place(item),
          workspaceId: route?.workspaceId ?? null,
          reason: item.reason,
          detail: item.detail,
        });
      } else if (route === undefined) {
        refused.push({
          ...place(item),
          workspaceId: null,
          reason: 'unknown_number',
          detail: 'No workspace has this phone number.',
        });
      } else {
        const taken: Taken = { item, route, refuse: (reason) => refused.push(reason) };
        const batcher = this.batcherOf(route.workspaceId, item.kind);
        const group = groups.get(batcher);
        if (group === undefined) groups.set(batcher, [taken]);
        else group.push(taken);
      }
    }
    await Promise.all([...groups].map(([batcher, taken]) => batcher.submit(taken)));
    if (refused.length > 0) await this.setAside.keep(body, refused);
  }

  /** What has been taken is written before the database closes. */
  async beforeApplicationShutdown(): Promise<void> {
    await Promise.all([...this.batchers.values()].map((batcher) => batcher.drained()));
  }

  private batcherOf(workspaceId: number, kind: Item['kind']): MicroBatcher<Taken> {
    const key = `${kind} ${workspaceId}`;
    let batcher = this.batchers.get(key);
    if (batcher === undefined) {
      batcher = new MicroBatcher<Taken>((taken) => this.storeOrRefuse(workspaceId, taken), MAX_BATCH);
      this.batchers.set(key, batcher);
    }
    if (batcher.pending > MAX_PENDING) {
      throw new AppError('UNAVAILABLE', 'Too much is waiting to be stored.', undefined, {
        retryAfterSeconds: 2,
      });
    }
    return batcher;
  }

  /** One item that cannot be stored must not keep the others from it: halved until it stands alone. */
  private async storeOrRefuse(workspaceId: number, taken: Taken[], retried = false): Promise<void> {
    try {
      await this.store({ workspaceId }, taken);
    } catch (err) {
      if (!isItemsFault(err)) throw err;
      if (taken.length === 1 && retried) {
        const { item, refuse } = taken[0]!;
        this.logger.error({ err, wamid: item.wamid }, 'an item of a webhook cannot be stored');
        refuse({ ...place(item), workspaceId, reason: 'cannot_be_stored', detail: String(err) });
        return;
      }
      // Once more also where it stands alone: what was in its way may have been another transaction.
      const half = Math.ceil(taken.length / 2);
      await this.storeOrRefuse(workspaceId, taken.slice(0, half), taken.length === 1);
      if (taken.length > 1) await this.storeOrRefuse(workspaceId, taken.slice(half));
    }
  }

  private async store(scope: { workspaceId: number }, taken: Taken[]): Promise<void> {
    const messages: MessageIn[] = [];
    const reports: AddressedReport[] = [];
    for (const { item, route } of taken) {
      if (item.kind === 'message') messages.push(toInbound(item, route.integrationId));
      else reports.push(toReport(item, route.integrationId));
    }
    // By the provider's clock, which has whole seconds; within one, in the order of arrival.
    messages.sort((a, b) => a.sentAt.getTime() - b.sentAt.getTime());
    const rest = await this.storeUsual(scope, messages);
    if (rest.length === 0 && reports.length === 0) return;
    await this.work.run(scope, async () => {
      this.fetchFilesOf(rest);
      await this.inbound.receive(rest);
      await this.deliveries.apply(reports);
    });
  }

  /** Answers what is left. */
  private async storeUsual(scope: { workspaceId: number }, messages: MessageIn[]): Promise<MessageIn[]> {
    const usual = messages.length === 0 ? null : this.inbound.usual(messages);
    if (usual === null) return messages;
    return await this.work.run(scope, () => {
      this.fetchFilesOf(usual.messages);
      return this.inbound.receiveUsual(usual);
    });
  }

  private fetchFilesOf(messages: MessageIn[]): void {
    if (messages.some(({ files = [] }) => files.length > 0)) this.media.fetchSoon();
  }
}

function place(item: {
  path: string;
  phoneNumberId: string | null;
}): Pick<SetAsideItem, 'path' | 'phoneNumberId'> {
  return { path: item.path, phoneNumberId: item.phoneNumberId };
}

/**
 * Whether the data itself was refused (22, 23, 54, an exception in PL/pgSQL) or our own code stumbled over it. Anything
 * else, such as a missing right or table, would befall every item: Meta brings those again.
 */
function isItemsFault(err: unknown): boolean {
  if (err instanceof AppError) return err.status < 500;
  const state = sqlState(err);
  return state === null
    ? err instanceof TypeError || err instanceof RangeError
    : /^(22|23|54|P0)/.test(state);
}

/** Undefined, which is no webhook, for bytes that are no JSON. */
function parseJson(body: Buffer): unknown {
  try {
    return JSON.parse(body.toString('utf8')) as unknown;
  } catch {
    return undefined;
  }
}
