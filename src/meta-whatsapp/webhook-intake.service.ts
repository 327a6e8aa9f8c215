import { Inject, Injectable, type BeforeApplicationShutdown } from '@nestjs/common';
import type { Logger } from 'pino';
import { AppError } from '../common/app-error';
import { MicroBatcher } from '../common/micro-batcher';
import { ContactsService } from '../contacts/contacts.service';
import { DeliveriesService } from '../messages/deliveries.service';
import { InboundService, type Received } from '../messages/inbound.service';
import { isUnavailable } from '../platform/database/database-errors';
import { UnitOfWork } from '../platform/database/unit-of-work';
import { LOGGER } from '../platform/observability/observability.module';
import { renumberingOf, toInbound, toReport } from './intake-mapping';
import { NumberDirectory, type NumberRoute } from './number-directory';
import { type SetAsideItem, SetAsideService } from './set-aside.service';
import type { InboundMessage, InboundStatus } from './webhook-item';
import { parseWebhook } from './webhook-payload';

/** Items written together at most. */
const MAX_BATCH = 1_000;
/** More than this waiting to be written: webhooks are refused with 503, and Meta brings them again. */
const MAX_PENDING = 20_000;

interface Taken {
  item: InboundMessage | InboundStatus;
  route: NumberRoute;
  /** Called where this one item cannot be stored, whatever is tried. */
  refuse: (reason: SetAsideItem) => void;
}

/**
 * Takes in webhooks. Those that arrive together are written together, by workspace: while one batch commits the
 * next one gathers. When {@link receive} resolves everything is durable: stored, or set aside with its bytes.
 */
@Injectable()
export class WebhookIntakeService implements BeforeApplicationShutdown {
  private readonly batchers = new Map<number, MicroBatcher<Taken>>();

  constructor(
    private readonly work: UnitOfWork,
    private readonly directory: NumberDirectory,
    private readonly contacts: ContactsService,
    private readonly inbound: InboundService,
    private readonly deliveries: DeliveriesService,
    private readonly setAside: SetAsideService,
    @Inject(LOGGER) private readonly logger: Logger,
  ) {}

  /** @param body the bytes of a webhook whose signature was found good */
  async receive(body: Buffer): Promise<void> {
    const refused: SetAsideItem[] = [];
    const byWorkspace = new Map<number, Taken[]>();
    const items = parseWebhook(parseJson(body));
    const routes = await this.directory.find([...new Set(items.flatMap((item) => item.phoneNumberId ?? []))]);
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
        const group = byWorkspace.get(route.workspaceId);
        if (group === undefined) byWorkspace.set(route.workspaceId, [taken]);
        else group.push(taken);
      }
    }
    await Promise.all(
      [...byWorkspace].map(([workspaceId, taken]) => this.batcherOf(workspaceId).submit(taken)),
    );
    await this.setAside.keep(body, refused);
  }

  /** What has been taken is written before the database closes. */
  async beforeApplicationShutdown(): Promise<void> {
    await Promise.all([...this.batchers.values()].map((batcher) => batcher.drained()));
  }

  private batcherOf(workspaceId: number): MicroBatcher<Taken> {
    let batcher = this.batchers.get(workspaceId);
    if (batcher === undefined) {
      batcher = new MicroBatcher<Taken>((taken) => this.storeOrRefuse(workspaceId, taken), MAX_BATCH);
      this.batchers.set(workspaceId, batcher);
    }
    if (batcher.pending > MAX_PENDING) {
      throw new AppError('UNAVAILABLE', 'Too much is waiting to be stored.', undefined, {
        retryAfterSeconds: 2,
      });
    }
    return batcher;
  }

  /** One item that cannot be stored must not keep the others from it: halved until it stands alone. */
  private async storeOrRefuse(workspaceId: number, taken: Taken[]): Promise<void> {
    try {
      await this.store(workspaceId, taken);
    } catch (err) {
      if (isUnavailable(err) || (err instanceof AppError && err.status >= 500)) throw err;
      if (taken.length === 1) {
        const { item, refuse } = taken[0]!;
        this.logger.error({ err, wamid: item.wamid }, 'an item of a webhook cannot be stored');
        refuse({ ...place(item), workspaceId, reason: 'cannot_be_stored', detail: String(err) });
        return;
      }
      const half = taken.length >> 1;
      await this.storeOrRefuse(workspaceId, taken.slice(0, half));
      await this.storeOrRefuse(workspaceId, taken.slice(half));
    }
  }

  private async store(workspaceId: number, taken: Taken[]): Promise<void> {
    const messages: { item: InboundMessage; route: NumberRoute }[] = [];
    const statuses: InboundStatus[] = [];
    for (const { item, route } of taken) {
      if (item.kind === 'message') messages.push({ item, route });
      else statuses.push(item);
    }
    // By the provider's clock, which has whole seconds; within one, in the order of arrival.
    messages.sort((a, b) => a.item.sentAt.getTime() - b.item.sentAt.getTime());
    await this.work.run({ workspaceId }, async () => {
      const received = await this.inbound.receive(
        messages.map(({ item, route }) => toInbound(item, route.integrationId)),
      );
      await this.renumber(
        messages.map(({ item }) => item),
        received,
      );
      await this.deliveries.apply(statuses.map(toReport));
    });
  }

  private async renumber(messages: InboundMessage[], received: Received[]): Promise<void> {
    for (const [i, message] of messages.entries()) {
      const change = renumberingOf(message);
      if (change !== null)
        await this.contacts.renumber(received[i]!.contactId, change.identities, change.phoneNumber);
    }
  }
}

function place(item: {
  path: string;
  phoneNumberId: string | null;
}): Pick<SetAsideItem, 'path' | 'phoneNumberId'> {
  return { path: item.path, phoneNumberId: item.phoneNumberId };
}

/** Undefined, which is no webhook, for bytes that are no JSON. */
function parseJson(body: Buffer): unknown {
  try {
    return JSON.parse(body.toString('utf8')) as unknown;
  } catch {
    return undefined;
  }
}
