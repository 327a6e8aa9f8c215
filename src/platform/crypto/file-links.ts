import { createHmac, hkdfSync, timingSafeEqual } from 'node:crypto';
import type { Config } from '../../config/config';

const BLOCK = 64;

/** What is shown of a file: itself (the empty text) or a smaller picture of it. */
export const FILE_VARIANTS = ['', 'thumbnail', 'preview'] as const;
export type FileVariant = (typeof FILE_VARIANTS)[number];

/**
 * What the function `file_url` of the database needs to write links: the two padded keys of an HMAC-SHA256, or where
 * public files are. They come with each connection, so that no dump of the database opens a file.
 */
export function fileLinkSettings(config: Config): Record<string, string> {
  const { supabase, public: isPublic } = config.storage;
  if (isPublic && supabase !== null) {
    const bucket = encodeURIComponent(supabase.bucket);
    return { 'app.public_files': `${supabase.url}/storage/v1/object/public/${bucket}/` };
  }
  const key = keyOf(config);
  const padded = (byte: number): string =>
    Array.from({ length: BLOCK }, (_, i) => ((key[i] ?? 0) ^ byte).toString(16).padStart(2, '0')).join('');
  return { 'app.file_key_inner': padded(0x36), 'app.file_key_outer': padded(0x5c) };
}

/** The workspace that a link's signature stands for, or null where it is none of ours. */
export function workspaceOfLink(
  config: Config,
  uuid: string,
  variant: FileVariant,
  signature: string,
): number | null {
  const [, workspaceId, given] = /^(\d{1,15})\.([0-9a-f]{64})$/.exec(signature) ?? [];
  if (workspaceId === undefined || given === undefined) return null;
  const expected = createHmac('sha256', keyOf(config)).update(`${workspaceId}/${uuid}/${variant}`).digest();
  return timingSafeEqual(expected, Buffer.from(given, 'hex')) ? Number(workspaceId) : null;
}

function keyOf(config: Config): Buffer {
  return Buffer.from(hkdfSync('sha256', config.security.encryptionKey, '', 'apicechat file links', 32));
}
