import { randomUUID } from 'node:crypto';
import {
  type BeforeApplicationShutdown,
  Inject,
  Injectable,
  type OnApplicationBootstrap,
} from '@nestjs/common';
import type { Logger } from 'pino';
import type { AccessLevel } from '../common/access-level';
import type { Actor } from '../common/actor';
import { notFound } from '../common/app-error';
import { UnitOfWork } from '../platform/database/unit-of-work';
import { Broadcast } from '../platform/events/broadcast';
import { LOGGER } from '../platform/observability/observability.module';
import { UserChangesService } from '../users/user-changes.service';
import type { UserPresence } from '../users/user-presence.port';
import { type Place, PresenceRepository } from './presence.repository';
import { type ChoosableStatus, PRESENCE_TOPIC, type PresenceDto, type PresenceNews } from './presence.types';

/** How long, in ms, somebody who reloads a page may be away without anybody noticing. */
export const GRACE_MS = 5_000;
const HEARTBEAT_MS = 5_000;
/**
 * Heartbeats in a row before others are taken for dead. When the database was away for all, each process has had
 * the time to say that it lives.
 */
const BEATS_BEFORE_SWEEP = 2;

interface Presence extends Place {
  sockets: Set<string>;
  leaving: NodeJS.Timeout | null;
}

const keyOf = ({ workspaceId, userId }: Place): string => `${workspaceId} ${userId}`;

/**
 * Who is connected, over all processes. Each writes down which users have sockets at it and says every few seconds
 * that it lives; the others remove what a dead one left behind. PostgreSQL has the truth, and what a failed write
 * left different from this process's sockets is mended with the next heartbeat.
 */
@Injectable()
export class PresenceService implements OnApplicationBootstrap, BeforeApplicationShutdown, UserPresence {
  readonly processId = randomUUID();
  private readonly here = new Map<string, Presence>();
  private beats = 0;
  private timer: NodeJS.Timeout | undefined;
  private beating: Promise<void> | null = null;
  private readonly writing = new Map<string, Promise<void>>();
  private stopped = false;

  constructor(
    private readonly work: UnitOfWork,
    private readonly presences: PresenceRepository,
    private readonly broadcast: Broadcast,
    @Inject(LOGGER) private readonly logger: Logger,
    users: UserChangesService,
  ) {
    users.usePresence(this);
  }

  async onApplicationBootstrap(): Promise<void> {
    await this.beat();
    this.timer = setInterval(() => void this.beat(), HEARTBEAT_MS);
  }

  async beforeApplicationShutdown(): Promise<void> {
    this.stopped = true;
    clearInterval(this.timer);
    for (const { leaving } of this.here.values()) clearTimeout(leaving ?? undefined);
    await this.beating;
    await Promise.all(this.writing.values());
    await this.presences
      .expire(this.processId)
      .catch((err: unknown) => this.logger.debug({ err }, 'the others will notice by themselves'));
  }

  connected(place: Place, socketId: string): void {
    const known = this.here.get(keyOf(place));
    if (known !== undefined) {
      clearTimeout(known.leaving ?? undefined);
      known.leaving = null;
      known.sockets.add(socketId);
      return;
    }
    const { workspaceId, userId } = place;
    this.here.set(keyOf(place), { workspaceId, userId, sockets: new Set([socketId]), leaving: null });
    this.write(place, 0);
  }

  /** @param forGood whoever was sent away is not expected back */
  disconnected(place: Place, socketId: string, forGood: boolean): void {
    const known = this.here.get(keyOf(place));
    if (known === undefined || !known.sockets.delete(socketId) || known.sockets.size > 0 || this.stopped)
      return;
    const leave = (seenMsAgo: number): void => {
      this.here.delete(keyOf(place));
      this.write(place, seenMsAgo);
    };
    if (forGood) leave(0);
    else known.leaving = setTimeout(() => leave(GRACE_MS), GRACE_MS);
  }

  async list(actor: Actor): Promise<PresenceDto[]> {
    await this.writing.get(keyOf(actor)); // who has just come sees themselves
    return await this.work.run(actor, () => this.presences.list());
  }

  /** Who of these levels can be given work now: connected, and neither away nor busy. Within an open unit of work. */
  async available(levels: AccessLevel[]): Promise<number[]> {
    return await this.presences.available(levels);
  }

  /** What the actor shall be shown as while connected, until they choose anew. */
  async choose(actor: Actor, status: ChoosableStatus): Promise<PresenceDto> {
    return await this.work.run(actor, async () => {
      await this.presences.lock(actor.userId);
      await this.presences.choose(actor.userId, status === 'online' ? null : status);
      await this.announceChange(actor.userId, { toThemselves: true });
      const presence = await this.presences.find(actor.userId);
      if (presence === null) throw notFound('user');
      return presence;
    });
  }

  /** Their account ends. Their sockets follow once the watch of sessions has noticed. */
  async endOf(userId: number): Promise<void> {
    await this.presences.disconnectEverywhere(userId);
    await this.announceChange(userId);
  }

  private write(place: Place, seenMsAgo: number): void {
    if (this.stopped) return;
    const key = keyOf(place);
    const writing = (this.writing.get(key) ?? Promise.resolve())
      .then(() => this.makeTrue(place, seenMsAgo))
      .catch((err: unknown) => this.logger.debug({ err }, 'a presence is written with the next heartbeat'))
      .finally(() => {
        if (this.writing.get(key) === writing) this.writing.delete(key);
      });
    this.writing.set(key, writing);
  }

  /** Makes the database say of this user and process what is so once they are locked. */
  private async makeTrue(place: Place, seenMsAgo: number): Promise<void> {
    const { userId } = place;
    await this.work.run(place, async () => {
      await this.presences.lock(userId);
      if (this.here.has(keyOf(place))) await this.presences.connect(userId, this.processId);
      else await this.presences.disconnect(userId, this.processId);
      await this.announceChange(userId, { seenMsAgo });
    });
  }

  private async announceChange(userId: number, { seenMsAgo = 0, toThemselves = false } = {}): Promise<void> {
    const presence = await this.presences.refresh(userId, seenMsAgo);
    if (presence === null) return;
    this.broadcast.sendOnCommit(PRESENCE_TOPIC, {
      workspaceId: this.work.current.workspaceId,
      presence,
      toThemselves,
    } satisfies PresenceNews);
  }

  private async beat(): Promise<void> {
    if (this.beating !== null) return;
    this.beating = this.beatOnce()
      .catch((err: unknown) => {
        this.beats = 0;
        this.logger.warn({ err }, 'presence cannot be kept right now');
      })
      .finally(() => (this.beating = null));
    await this.beating;
  }

  private async beatOnce(): Promise<void> {
    const known = new Map(
      (await this.presences.heartbeat(this.processId)).map((place) => [keyOf(place), place]),
    );
    for (const place of known.values()) if (!this.here.has(keyOf(place))) await this.makeTrue(place, 0);
    for (const place of this.here.values()) if (!known.has(keyOf(place))) await this.makeTrue(place, 0);
    if (++this.beats > BEATS_BEFORE_SWEEP) await this.sweep();
  }

  private async sweep(): Promise<void> {
    for (const { seenMsAgo, ...place } of await this.presences.leftBehind()) {
      await this.work.run(place, async () => {
        await this.presences.lock(place.userId);
        await this.presences.disconnectDead(place.userId);
        await this.announceChange(place.userId, { seenMsAgo });
      });
    }
    await this.presences.forgetDeadProcesses();
  }
}
