import { Injectable } from '@nestjs/common';
import { clock } from '../common/clock';
import { PlatformDatabase } from '../platform/database/connections';

/** Whose number it is. */
export interface NumberRoute {
  workspaceId: number;
  integrationId: number;
}

/** A number that changed hands is noticed within this time, in ms. */
const CACHE_MS = 1_000;

/** From Meta's phone number id to the workspace it belongs to: the one look-up before a workspace is known. */
@Injectable()
export class NumberDirectory {
  private readonly cache = new Map<string, { route: NumberRoute; until: number }>();
  /** Numbers known a moment ago that are being looked up again: one question for all who ask meanwhile. */
  private readonly asking = new Map<string, Promise<Map<string, NumberRoute>>>();

  constructor(private readonly db: PlatformDatabase) {}

  /** Unknown numbers are left out. At once where all are known: webhooks come by the thousand. */
  find(phoneNumberIds: string[]): Map<string, NumberRoute> | Promise<Map<string, NumberRoute>> {
    const now = clock.now();
    const found = new Map<string, NumberRoute>();
    const unknown: string[] = [];
    for (const id of phoneNumberIds) {
      const known = this.cache.get(id);
      if (known !== undefined && known.until > now) found.set(id, known.route);
      else unknown.push(id);
    }
    return unknown.length === 0 ? found : this.with(found, unknown);
  }

  private async with(found: Map<string, NumberRoute>, unknown: string[]): Promise<Map<string, NumberRoute>> {
    for (const [id, route] of await this.ask(unknown)) found.set(id, route);
    return found;
  }

  private ask(ids: string[]): Promise<Map<string, NumberRoute>> {
    // Of a number that was not known, an answer asked for before this moment may be too old.
    if (!ids.every((id) => this.cache.has(id))) return this.load(ids);
    const key = ids.join(' ');
    let asked = this.asking.get(key);
    if (asked === undefined) {
      asked = this.load(ids).finally(() => this.asking.delete(key));
      this.asking.set(key, asked);
    }
    return asked;
  }

  private async load(ids: string[]): Promise<Map<string, NumberRoute>> {
    const now = clock.now();
    const found = new Map<string, NumberRoute>();
    const rows = await this.db.query<{ phone_number_id: string; workspace_id: number; id: number }>(
      'select phone_number_id, workspace_id, id from whatsapp_integration_config where phone_number_id = any ($1)',
      [ids],
    );
    for (const row of rows) {
      const route = { workspaceId: row.workspace_id, integrationId: row.id };
      found.set(row.phone_number_id, route);
      this.cache.set(row.phone_number_id, { route, until: now + CACHE_MS });
    }
    return found;
  }
}
