import { Injectable } from '@nestjs/common';
import { Broadcast } from '../platform/events/broadcast';
import { PresenceService } from '../presence/presence.service';
import { PRESENCE_TOPIC, type PresenceNews as News } from '../presence/presence.types';
import type { CrmNamespace } from './authenticated-socket';
import { SYSTEM_EVENTS } from './crm-events';
import * as rooms from './rooms';

/** Tells this process's clients whose presence has changed. */
@Injectable()
export class PresenceNews {
  private namespace: CrmNamespace | null = null;

  constructor(
    broadcast: Broadcast,
    private readonly presence: PresenceService,
  ) {
    broadcast.on(
      PRESENCE_TOPIC,
      (news) => this.tell(news as News),
      () => void this.tellAllAnew(),
    );
  }

  open(namespace: CrmNamespace): void {
    this.namespace = namespace;
  }

  private tell({ workspaceId, presence, toThemselves }: News): void {
    const all = this.namespace?.local.to(rooms.everyone(workspaceId));
    (toThemselves ? all : all?.except(rooms.user(workspaceId, presence.user_id)))?.emit(
      SYSTEM_EVENTS.PRESENCE,
      presence,
    );
  }

  /** News may have been missed; a client knows by their version which are new to it. */
  private async tellAllAnew(): Promise<void> {
    const sockets = [...(this.namespace?.sockets.values() ?? [])];
    const actors = new Map(sockets.map(({ data }) => [data.actor.workspaceId, data.actor]));
    for (const [workspaceId, actor] of actors) {
      const all = await this.presence.list(actor).catch(() => []); // it is tried again at the next change
      for (const presence of all) this.tell({ workspaceId, presence, toThemselves: true });
    }
  }
}
