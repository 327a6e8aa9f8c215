import type { Logger } from 'pino';
import { type FileType, fileType } from './file-types';
import { filmOf } from './iso-media';
import { pictureOf } from './pictures';
import { playedOf } from './played';
import { frameOf, measuresOf } from './video-tools';

/** What is known of a file besides its type. */
export interface Facts {
  type: FileType;
  width: number | null;
  height: number | null;
  durationMs: number | null;
  /** WebP. */
  thumbnail: Buffer | null;
  preview: Buffer | null;
}

const ISO = /^video\/(mp4|quicktime|3gpp)$/;
const NOTHING = { width: null, height: null, durationMs: null, thumbnail: null, preview: null };

/** Throws where the file is damaged, or too large to be looked at. */
export async function examine(path: string, type: FileType, logger: Logger): Promise<Facts> {
  switch (type.kind) {
    case 'document':
      return { ...NOTHING, type };
    case 'image':
      return { ...NOTHING, type, ...(await pictureOf(path)) };
    case 'audio':
      return { ...NOTHING, type, durationMs: (await playedOf(path)).durationMs };
    case 'video':
      return await examineVideo(path, type, logger);
  }
}

async function examineVideo(path: string, type: FileType, logger: Logger): Promise<Facts> {
  const film = ISO.test(type.mimeType) ? await filmOf(path) : null;
  const played = film?.durationMs ? null : await playedOf(path);
  const durationMs = film?.durationMs ?? played?.durationMs ?? null;
  const hasPicture = film === null ? played?.hasPicture !== false : film.picture !== null;
  const soundOnly = hasPicture ? null : fileType(type.mimeType.replace('video/', 'audio/'));
  if (soundOnly !== null) return { ...NOTHING, type: soundOnly, durationMs };
  const said = { width: film?.picture?.width || null, height: film?.picture?.height || null, durationMs };
  try {
    const measures = await measuresOf(path);
    const frame = measures === null ? null : await frameOf(path);
    const pictures = frame === null ? null : await pictureOf(frame);
    return {
      type,
      width: measures?.width ?? said.width,
      height: measures?.height ?? said.height,
      durationMs: durationMs ?? measures?.durationMs ?? null,
      thumbnail: pictures?.thumbnail ?? null,
      preview: pictures?.preview ?? null,
    };
  } catch (err) {
    logger.debug({ err }, 'no picture could be made of a video');
    return { ...NOTHING, type, ...said };
  }
}
