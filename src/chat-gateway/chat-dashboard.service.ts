import { isDeepStrictEqual } from 'node:util';
import { Inject, Injectable } from '@nestjs/common';
import type { Logger } from 'pino';
import { AnalyticsService } from '../analytics/analytics.service';
import { APP_CHAT } from '../app-chat/chat-conversation.types';
import type { StaffActor } from '../common/actor';
import { LOGGER } from '../platform/observability/observability.module';
import type { DashboardView } from './chat-payloads';
import * as rooms from './chat-rooms';
import { type ChatNamespace, type ChatSocket, isOfStaff, type StaffSocket } from './chat-socket';

/** The numbers of a workspace are asked for no more often than this, in ms. */
const ASKED_EVERY_MS = 1_000;
/** So often they are asked for where nothing happens: averages are counted some time after what they are made of. */
const ASKED_ANYWAY_MS = 5_000;

/** Tells staff who have joined the dashboard the numbers of what they may see, where these have changed. */
@Injectable()
export class ChatDashboard {
  private namespace!: ChatNamespace;
  /** Workspaces whose numbers are asked for next, and when, by `performance.now()`. */
  private readonly due = new Map<number, { timer: NodeJS.Timeout; at: number }>();
  private readonly told = new WeakMap<ChatSocket, DashboardView>();
  private stopped = false;

  constructor(
    private readonly analytics: AnalyticsService,
    @Inject(LOGGER) private readonly logger: Logger,
  ) {}

  open(namespace: ChatNamespace): void {
    this.namespace = namespace;
  }

  stop(): void {
    this.stopped = true;
    for (const { timer } of this.due.values()) clearTimeout(timer);
  }

  async joined(socket: StaffSocket): Promise<void> {
    this.askIn(ASKED_ANYWAY_MS, socket.data.actor.workspaceId);
    this.tell([socket], await this.numbersOf(socket.data.actor));
  }

  changed(workspaceId: number): void {
    this.askIn(ASKED_EVERY_MS, workspaceId);
  }

  /** Unless that is to happen earlier. As long as anybody is there. */
  private askIn(ms: number, workspaceId: number): void {
    if (this.stopped || this.socketsIn(workspaceId).length === 0) return;
    const known = this.due.get(workspaceId);
    const at = performance.now() + ms;
    if (known !== undefined && known.at <= at) return;
    clearTimeout(known?.timer);
    const timer = setTimeout(() => {
      this.due.delete(workspaceId);
      void this.tellAll(workspaceId).finally(() => this.askIn(ASKED_ANYWAY_MS, workspaceId));
    }, ms);
    this.due.set(workspaceId, { timer, at });
  }

  private async tellAll(workspaceId: number): Promise<void> {
    const byUser = new Map<number, StaffSocket[]>();
    for (const socket of this.socketsIn(workspaceId)) {
      const { userId } = socket.data.actor;
      const known = byUser.get(userId);
      if (known === undefined) byUser.set(userId, [socket]);
      else known.push(socket);
    }
    try {
      for (const sockets of byUser.values()) this.tell(sockets, await this.numbersOf(sockets[0]!.data.actor));
    } catch (err) {
      this.logger.warn({ err }, 'the numbers of the live chat cannot be counted right now');
    }
  }

  private tell(sockets: StaffSocket[], numbers: DashboardView): void {
    for (const socket of sockets) {
      if (isDeepStrictEqual(this.told.get(socket), numbers)) continue;
      this.told.set(socket, numbers);
      socket.emit('admin_dashboard_update', numbers);
    }
  }

  private async numbersOf(actor: StaffActor): Promise<DashboardView> {
    const summary = await this.analytics.summary(actor, { channel: APP_CHAT });
    const seconds = summary.average_response_seconds;
    return {
      total_active: summary.active_conversations,
      total_unread: summary.unread_conversations,
      assigned_to_me: summary.assigned_to_me,
      unassigned: summary.unassigned,
      avg_response_time: seconds === null ? null : `${(seconds / 60).toFixed(1)} minutes`,
    };
  }

  private socketsIn(workspaceId: number): StaffSocket[] {
    const ids = this.namespace.adapter.rooms.get(rooms.dashboard(workspaceId)) ?? [];
    return [...ids].flatMap((id) => {
      const socket = this.namespace.sockets.get(id);
      return socket !== undefined && isOfStaff(socket) ? socket : [];
    });
  }
}
