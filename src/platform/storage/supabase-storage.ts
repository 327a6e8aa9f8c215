import { createReadStream } from 'node:fs';
import { Readable } from 'node:stream';
import type { SupabaseClient } from '@supabase/supabase-js' with { 'resolution-mode': 'import' };
import { AppError, notFound } from '../../common/app-error';
import { type ByteRange, type Content, ObjectStorage } from './object-storage';

export interface SupabaseOptions {
  url: string;
  key: string;
  bucket: string;
}

type Bucket = ReturnType<SupabaseClient['storage']['from']>;

/** For a call without a file, in ms. */
const CALL_TIMEOUT_MS = 10_000;
/** For bringing or starting to fetch a file, in ms. */
const FILE_TIMEOUT_MS = 120_000;
/** Seconds; the link is used at once. */
const LINK_LIFE = 60;

/** A bucket of Supabase Storage. */
export class SupabaseStorage extends ObjectStorage {
  readonly description: string;
  private client: Promise<SupabaseClient> | null = null;

  constructor(private readonly options: SupabaseOptions) {
    super();
    this.description = `the bucket ${options.bucket} at ${options.url}`;
  }

  async put(key: string, content: Content, { contentType }: { contentType: string }): Promise<void> {
    const body = Buffer.isBuffer(content) ? content : createReadStream(content.file);
    // Upsert: a try whose answer was lost may have stored it already.
    const { error } = await (
      await this.bucket()
    ).upload(key, body, { contentType, upsert: true, cacheControl: '31536000' });
    if (error !== null) throw unavailable(error);
  }

  async open(key: string, range?: ByteRange): Promise<Readable> {
    const { data, error } = await (await this.bucket()).createSignedUrl(key, LINK_LIFE);
    if (error !== null) throw isMissing(error) ? notFound('file') : unavailable(error);
    const headers: Record<string, string> =
      range === undefined ? {} : { range: `bytes=${range.start}-${range.end}` };
    const response = await fetch(data.signedUrl, {
      headers,
      signal: AbortSignal.timeout(FILE_TIMEOUT_MS),
    }).catch((cause: unknown) => {
      throw unavailable(cause);
    });
    if (response.status !== (range === undefined ? 200 : 206) || response.body === null) {
      await response.body?.cancel();
      throw unavailable(new Error(`Supabase answered ${response.status} to a download.`));
    }
    return Readable.fromWeb(response.body);
  }

  async size(key: string): Promise<number | null> {
    const { data, error } = await (await this.bucket()).info(key);
    if (error === null) return data.size ?? null;
    if (isMissing(error)) return null;
    throw unavailable(error);
  }

  async delete(keys: string[]): Promise<void> {
    if (keys.length === 0) return;
    const { error } = await (await this.bucket()).remove(keys);
    if (error !== null) throw unavailable(error);
  }

  async isUp(): Promise<boolean> {
    try {
      const { error } = await (await this.connect()).storage.getBucket(this.options.bucket);
      return error === null;
    } catch {
      return false;
    }
  }

  private async bucket(): Promise<Bucket> {
    return (await this.connect()).storage.from(this.options.bucket);
  }

  /** The library is loaded with the first file: it costs time at the start. */
  private connect(): Promise<SupabaseClient> {
    this.client ??= (async () => {
      const [{ createClient }, { WebSocket }] = await Promise.all([
        import('@supabase/supabase-js'),
        import('ws'),
      ]);
      return createClient(this.options.url, this.options.key, {
        auth: { persistSession: false, autoRefreshToken: false },
        global: { fetch: fetchInTime },
        // Node 20 has no WebSocket of its own, and the library insists although nothing here listens.
        realtime: { transport: WebSocket as never },
      });
    })();
    return this.client;
  }
}

async function fetchInTime(input: string | URL | Request, init?: RequestInit): Promise<Response> {
  const carriesFile = init?.body !== undefined && init.body !== null && typeof init.body !== 'string';
  const signal = AbortSignal.timeout(carriesFile ? FILE_TIMEOUT_MS : CALL_TIMEOUT_MS);
  return await fetch(input, { ...init, signal });
}

function isMissing(error: { status?: unknown; statusCode?: unknown; message: string }): boolean {
  return Number(error.statusCode) === 404 || Number(error.status) === 404 || /not found/i.test(error.message);
}

function unavailable(cause: unknown): AppError {
  return new AppError('STORAGE_UNAVAILABLE', 'Files cannot be stored or read right now.', undefined, {
    cause,
    retryAfterSeconds: 5,
  });
}
