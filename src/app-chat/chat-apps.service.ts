import { randomBytes } from 'node:crypto';
import { Inject, Injectable, type OnModuleInit } from '@nestjs/common';
import { AuditService } from '../audit/audit.service';
import type { StaffActor } from '../common/actor';
import { AppError, notFound } from '../common/app-error';
import { type Page, pageOf } from '../common/page';
import { CONFIG, type Config } from '../config/config';
import { contextOf } from '../platform/crypto/sealed-column';
import { SecretBox } from '../platform/crypto/secret-box';
import { FOREIGN_KEY_VIOLATION, sqlState } from '../platform/database/database-errors';
import { UnitOfWork } from '../platform/database/unit-of-work';
import { DEFAULT_WORKSPACE } from '../workspaces/workspaces.service';
import { CHAT_APP_SECRETS, type ChatApp, type ChatAppDto, type ChatAppWithSecretDto } from './chat-app.types';
import type {
  ChatAppQuery,
  CreateChatAppDto,
  RotateChatAppSecretDto,
  UpdateChatAppDto,
} from './chat-apps.dto';
import { ChatAppsRepository } from './chat-apps.repository';

const [SECRET, PREVIOUS_SECRET] = CHAT_APP_SECRETS;
const HINT_CHARACTERS = 4;

/** The apps and websites whose users write in the live chat. */
@Injectable()
export class ChatAppsService implements OnModuleInit {
  constructor(
    @Inject(CONFIG) private readonly config: Config,
    private readonly work: UnitOfWork,
    private readonly rows: ChatAppsRepository,
    private readonly box: SecretBox,
    private readonly audit: AuditService,
  ) {}

  /** The app named in the environment belongs to the default workspace from the start on. */
  async onModuleInit(): Promise<void> {
    const given = this.config.chat.app;
    if (given === null) return;
    await this.work.run({ workspaceId: DEFAULT_WORKSPACE.id }, async () => {
      const secret = this.seal(DEFAULT_WORKSPACE.id, given.appId, given.secret);
      const made = await this.rows.insert({
        appId: given.appId,
        name: given.appId,
        secret,
        visitors: this.config.environment !== 'production',
        origins: [],
      });
      if (made !== null) return;
      const known = await this.rows.findByAppId(given.appId);
      if (known === null)
        throw new Error(`CHAT_APP_ID is "${given.appId}", which is an app of another workspace.`);
      if (this.secretsOf(DEFAULT_WORKSPACE.id, known)[0] !== given.secret)
        await this.rows.save({ ...known, secret, previousSecret: null });
    });
  }

  async list(actor: StaffActor, query: ChatAppQuery): Promise<Page<ChatAppDto>> {
    return await this.work.run(actor, async () => {
      const apps = await this.rows.list(query.sort, query.limit, query.offset);
      return pageOf(
        apps.map((app) => this.toDto(actor, app)),
        await this.rows.count(),
        query,
      );
    });
  }

  async get(actor: StaffActor, id: number): Promise<ChatAppDto> {
    return await this.work.run(actor, async () => this.toDto(actor, found(await this.rows.find(id))));
  }

  async create(actor: StaffActor, input: CreateChatAppDto): Promise<ChatAppWithSecretDto> {
    const appId = input.app_id ?? `app-${randomBytes(8).toString('hex')}`;
    const secret = newSecret();
    return await this.work.run(actor, async () => {
      const app = await this.rows.insert({
        appId,
        name: input.name,
        secret: this.seal(actor.workspaceId, appId, secret),
        visitors: input.visitors ?? false,
        origins: input.origins ?? [],
      });
      if (app === null) throw new AppError('CONFLICT', `The app_id "${appId}" is taken.`);
      this.record(actor, 'create', app.id, { app_id: appId, name: input.name });
      return { ...this.toDto(actor, app), secret };
    });
  }

  async update(actor: StaffActor, id: number, input: UpdateChatAppDto): Promise<ChatAppDto> {
    return await this.work.run(actor, async () => {
      const before = found(await this.rows.lock(id));
      const after = await this.rows.save({
        ...before,
        name: input.name ?? before.name,
        visitors: input.visitors ?? before.visitors,
        origins: input.origins ?? before.origins,
      });
      this.record(actor, 'update', id, { changed: Object.keys(input) });
      return this.toDto(actor, after);
    });
  }

  async rotateSecret(
    actor: StaffActor,
    id: number,
    input: RotateChatAppSecretDto,
  ): Promise<ChatAppWithSecretDto> {
    const secret = newSecret();
    return await this.work.run(actor, async () => {
      const before = found(await this.rows.lock(id));
      if (before.appId === this.config.chat.app?.appId && actor.workspaceId === DEFAULT_WORKSPACE.id)
        throw new AppError(
          'CONFLICT',
          'The secret of this app is CHAT_APP_SECRET: change it in the environment.',
        );
      const [current] = this.secretsOf(actor.workspaceId, before);
      const keep = input.keep_previous === true && current !== undefined;
      const after = await this.rows.save({
        ...before,
        secret: this.seal(actor.workspaceId, before.appId, secret),
        previousSecret: keep
          ? this.box.seal(current, contextOf(PREVIOUS_SECRET!, actor.workspaceId, before.appId))
          : null,
      });
      this.record(actor, 'rotate_secret', id, { keep_previous: keep });
      return { ...this.toDto(actor, after), secret };
    });
  }

  async delete(actor: StaffActor, id: number): Promise<void> {
    try {
      await this.work.run(actor, async () => {
        const { appId } = found(await this.rows.lock(id));
        await this.rows.delete(id);
        this.record(actor, 'delete', id, { app_id: appId });
      });
    } catch (error) {
      if (sqlState(error) !== FOREIGN_KEY_VIOLATION) throw error;
      throw new AppError(
        'CONFLICT',
        'Users have written through this app; replace its secret to shut it out.',
      );
    }
  }

  /** Those that its server may sign with, the current one first; none that cannot be opened. */
  secretsOf(workspaceId: number, app: Pick<ChatApp, 'appId' | 'secret' | 'previousSecret'>): string[] {
    const open = (sealed: string | null, column: (typeof CHAT_APP_SECRETS)[number]): string[] => {
      if (sealed === null) return [];
      try {
        return [this.box.open(sealed, contextOf(column, workspaceId, app.appId))];
      } catch {
        return [];
      }
    };
    return [...open(app.secret, SECRET!), ...open(app.previousSecret, PREVIOUS_SECRET!)];
  }

  private seal(workspaceId: number, appId: string, secret: string): string {
    return this.box.seal(secret, contextOf(SECRET!, workspaceId, appId));
  }

  private record(actor: StaffActor, verb: string, id: number, details: object): void {
    this.audit.record({ actor, action: `chat_app.${verb}`, subject: { type: 'chat_app', id }, details });
  }

  private toDto(actor: StaffActor, app: ChatApp): ChatAppDto {
    return {
      id: app.id,
      app_id: app.appId,
      name: app.name,
      secret_hint: this.secretsOf(actor.workspaceId, app)[0]?.slice(-HINT_CHARACTERS) ?? '',
      previous_secret_accepted: app.previousSecret !== null,
      visitors: app.visitors,
      origins: app.origins,
      created_at: app.createdAt.toISOString(),
      updated_at: app.updatedAt.toISOString(),
    };
  }
}

function newSecret(): string {
  return randomBytes(32).toString('base64url');
}

function found(app: ChatApp | null): ChatApp {
  if (app === null) throw notFound('app');
  return app;
}
