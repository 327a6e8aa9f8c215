import { Injectable } from '@nestjs/common';
import { AppError } from '../common/app-error';
import { clock } from '../common/clock';
import { PlatformDatabase } from '../platform/database/connections';
import { ChatAppsService } from './chat-apps.service';

/** An app, before a workspace is known. */
export interface KnownApp {
  workspaceId: number;
  app: number;
  appId: string;
  /** What its server may sign with. */
  secrets: string[];
  visitors: boolean;
  /** As browsers write them. */
  origins: string[];
}

/** A secret that was replaced is accepted no longer than this, in ms. */
const CACHE_MS = 1_000;
const CACHE_LIMIT = 1_000;

interface Row {
  workspace_id: number;
  id: number;
  app_id: string;
  secret: string;
  previous_secret: string | null;
  visitors: boolean;
  origins: string[];
}

/** From `X-App-Id` to the app and its workspace. */
@Injectable()
export class AppDirectory {
  private readonly cache = new Map<string, { app: KnownApp | null; until: number }>();

  constructor(
    private readonly db: PlatformDatabase,
    private readonly apps: ChatAppsService,
  ) {}

  /** Without an id the only app of the installation; null where there is none, or more than one to choose from. */
  async find(appId: string | undefined): Promise<KnownApp | null> {
    const key = appId ?? '';
    const known = this.cache.get(key);
    const now = clock.now();
    if (known !== undefined && known.until > now) return known.app;
    const app = await this.load(appId);
    if (this.cache.size >= CACHE_LIMIT) this.cache.clear();
    this.cache.set(key, { app, until: now + CACHE_MS });
    return app;
  }

  /** The app that takes a visitor who comes from this website. Throws `FORBIDDEN` where none does. */
  async ofVisitor(appId: string | undefined, origin: string | undefined): Promise<KnownApp> {
    const app = await this.find(appId);
    if (app?.visitors !== true) throw new AppError('FORBIDDEN', 'This app takes no visitors.');
    if (app.origins.length > 0 && (origin === undefined || !app.origins.includes(origin)))
      throw new AppError('FORBIDDEN', 'This app takes no visitors from this website.');
    return app;
  }

  private async load(appId: string | undefined): Promise<KnownApp | null> {
    const rows = await this.db.query<Row>(
      `select workspace_id, id, app_id, secret, previous_secret, visitors, origins from chat_app
       where $1::text is null or app_id = $1 limit 2`,
      [appId ?? null],
    );
    const [row] = rows;
    if (row === undefined || rows.length > 1) return null;
    const sealed = { appId: row.app_id, secret: row.secret, previousSecret: row.previous_secret };
    return {
      workspaceId: row.workspace_id,
      app: row.id,
      appId: row.app_id,
      secrets: this.apps.secretsOf(row.workspace_id, sealed),
      visitors: row.visitors,
      origins: row.origins.map((origin) => (URL.canParse(origin) ? new URL(origin).origin : origin)),
    };
  }
}
