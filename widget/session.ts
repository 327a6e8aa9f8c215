import type { Api } from './api';
import { fingerprint } from './identifiers';
import type { Store } from './store';

/** Renewed a little before its end. */
const MARGIN_MS = 60_000;

/** Begins what an owner is called who is not known yet. */
const UNKNOWN = 'token-';

/** Whose chat it is: somebody whom the page signed in, or a visitor whose session this browser keeps. */
export class Session {
  private opening: Promise<string> | null = null;
  private given: string | null;
  private givenIsOver = false;
  private uuid: string | null = null;

  constructor(
    private readonly api: Api,
    private readonly store: Store,
    private readonly appId: string | null,
    private readonly prefix: string,
    token: string | null,
  ) {
    this.given = token;
  }

  /** What messages wait under: those of one person are never sent as another. */
  get owner(): string {
    if (this.given === null) return 'visitor';
    const mark = fingerprint(this.given);
    const [known, uuid] = (this.store.get(this.whoKey()) ?? '').split(' ');
    return this.uuid ?? (known === mark && uuid !== undefined ? uuid : `${UNKNOWN}${mark}`);
  }

  /** Signed in by the page, whose token is no good any more. */
  get isSignedOut(): boolean {
    return this.given !== null && this.givenIsOver;
  }

  /** Whether it is known which user the page signed in. */
  get isIdentified(): boolean {
    return !this.owner.startsWith(UNKNOWN);
  }

  /** The token at hand; null where there is none yet, or none any more. */
  current(): string | null {
    if (this.given !== null) return this.givenIsOver ? null : this.given;
    return this.stored();
  }

  /** Null signs out: a visitor from then on. */
  use(token: string | null): void {
    this.given = token;
    this.givenIsOver = false;
    this.uuid = null;
  }

  /** A token that was good a moment ago; a visitor's is made where there is none. Null for somebody signed out. */
  async require(): Promise<string | null> {
    const token = this.current();
    if (token !== null || this.given !== null) return token;
    this.opening ??= this.open().finally(() => (this.opening = null));
    return await this.opening;
  }

  /** The server does not take this token any more. */
  reject(token: string): void {
    if (token === this.given) this.givenIsOver = true;
    else if (token === this.stored()) this.store.remove(this.key());
  }

  /** Learns who the token belongs to, once. Answers whether {@link owner} has changed. */
  async identify(): Promise<boolean> {
    const token = this.given;
    if (token === null || this.uuid !== null) return false;
    const before = this.owner;
    const { uuid } = await this.api.whoIs(token);
    if (token !== this.given) return false;
    this.uuid = uuid;
    this.store.set(this.whoKey(), `${fingerprint(token)} ${uuid}`);
    return before !== this.owner;
  }

  isStoredAt(key: string): boolean {
    return this.given === null && key === this.key();
  }

  /** Tabs that were opened together are to be one visitor. */
  private async open(): Promise<string> {
    return await exclusively(this.key(), async () => {
      const stored = this.stored();
      if (stored !== null) return stored;
      const { token, expires_at: expiresAt } = await this.api.openVisitor(this.appId);
      const meanwhile = this.stored();
      if (meanwhile !== null) return meanwhile;
      this.store.set(this.key(), JSON.stringify({ token, expiresAt }));
      return token;
    });
  }

  private stored(): string | null {
    try {
      const { token, expiresAt } = JSON.parse(this.store.get(this.key()) ?? 'null') as Record<
        string,
        unknown
      >;
      const ends = typeof expiresAt === 'string' ? Date.parse(expiresAt) : 0;
      return typeof token === 'string' && ends - MARGIN_MS > Date.now() ? token : null;
    } catch {
      return null;
    }
  }

  private key(): string {
    return `${this.prefix}session`;
  }

  private whoKey(): string {
    return `${this.prefix}who`;
  }
}

/** One tab after another, where the browser can: it has locks on pages with TLS only. */
async function exclusively<T>(name: string, work: () => Promise<T>): Promise<T> {
  const locks = (navigator as { locks?: LockManager }).locks;
  if (locks === undefined) return await work();
  let isMine = false;
  const mine = async (): Promise<T> => {
    isMine = true;
    return await work();
  };
  try {
    return await locks.request(name, mine);
  } catch (error) {
    if (isMine) throw error;
    return await work(); // sandboxed pages have locks that lock nobody in
  }
}
