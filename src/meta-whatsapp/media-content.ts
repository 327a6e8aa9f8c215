import { flagOf, idOf, type Loose, present, textOf } from './loose-json';
import type { AnyMediaContent, MediaContent, MediaKind } from './message-payload';
import { safeFileName } from './safe-file-name';

const MIME_TYPE = /^[a-z0-9][\w.+-]*\/[a-z0-9][\w.+-]*$/;
const MAX_MIME_LENGTH = 255;
const MAX_URL_LENGTH = 4_096;

export const MEDIA_KINDS: readonly MediaKind[] = ['image', 'video', 'audio', 'document', 'sticker'];

export function mediaContentOf(kind: MediaKind, media: Loose): AnyMediaContent {
  const [mimeType, mimeParameters] = mimeOf(media.mime_type);
  const fileName = textOf(media.filename);
  const content: MediaContent<MediaKind> = {
    kind,
    media_id: idOf(media.id),
    mime_type: mimeType,
    ...present({
      mime_parameters: mimeParameters,
      sha256: textOf(media.sha256, 128),
      caption: textOf(media.caption),
      filename: fileName === null ? null : safeFileName(fileName),
      voice: flagOf(media.voice),
      animated: flagOf(media.animated),
      url: httpsUrlOf(media.url),
    }),
  };
  return content;
}

function mimeOf(value: unknown): [type: string | null, parameters: string | null] {
  if (typeof value !== 'string' || value.length > MAX_MIME_LENGTH) return [null, null];
  const semicolon = value.indexOf(';');
  const type = (semicolon < 0 ? value : value.slice(0, semicolon)).trim().toLowerCase();
  if (!MIME_TYPE.test(type)) return [null, null];
  return [type, semicolon < 0 ? null : textOf(value.slice(semicolon + 1).trim())];
}

/** Null rather than a shortened address; the media id leads to the file as well. */
function httpsUrlOf(value: unknown): string | null {
  if (typeof value !== 'string' || value.length > MAX_URL_LENGTH || !value.startsWith('https://'))
    return null;
  return textOf(value);
}
