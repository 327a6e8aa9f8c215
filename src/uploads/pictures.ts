import type sharp from 'sharp';
import { AppError } from '../common/app-error';
import { AtMost } from './at-most';

/** Larger ones are refused by what their header says, before anything is decoded. */
const MAX_MEGAPIXELS = 100;
const TIMEOUT_SECONDS = 20;
/** Decoding at the same time: each may take some 400 MB. */
const AT_ONCE = 2;

const THUMBNAIL = 320;
const PREVIEW = 1_280;
const LOADERS = ['VipsForeignLoadJpeg', 'VipsForeignLoadPng', 'VipsForeignLoadWebp', 'VipsForeignLoadNsgif'];

export interface Picture {
  /** As it is shown, turned as its camera says. */
  width: number;
  height: number;
  thumbnail: Buffer;
  preview: Buffer;
}

const decoding = new AtMost(AT_ONCE);
let library: Promise<typeof sharp> | null = null;

/** Size and smaller versions of an image, without what a camera noted in it. Works on threads of its own. */
export async function pictureOf(source: string | Buffer): Promise<Picture> {
  const open = await load();
  return await decoding.run(async () => {
    try {
      const { width, height, autoOrient } = await open(source, { limitInputPixels: false }).metadata();
      if (width * height > MAX_MEGAPIXELS * 1_000_000)
        throw new AppError('PAYLOAD_TOO_LARGE', `An image may have at most ${MAX_MEGAPIXELS} megapixels.`);
      const options = {
        limitInputPixels: MAX_MEGAPIXELS * 1_000_000,
        failOn: 'error',
        sequentialRead: true,
      } as const;
      const preview = await smaller(open(source, options).autoOrient(), PREVIEW);
      const thumbnail = await smaller(open(preview), THUMBNAIL);
      return { width: autoOrient.width, height: autoOrient.height, thumbnail, preview };
    } catch (error) {
      if (error instanceof AppError) throw error;
      throw new AppError(
        'UNSUPPORTED_MEDIA_TYPE',
        'The image is damaged: it begins as one and cannot be decoded.',
        undefined,
        { cause: error },
      );
    }
  });
}

async function smaller(image: sharp.Sharp, most: number): Promise<Buffer> {
  return await image
    .resize({ width: most, height: most, fit: 'inside', withoutEnlargement: true })
    .webp({ quality: 80 })
    .timeout({ seconds: TIMEOUT_SECONDS })
    .toBuffer();
}

/** Loaded with the first image: it costs time at the start. Decoders of other formats are switched off. */
function load(): Promise<typeof sharp> {
  library ??= import('sharp').then(({ default: open }) => {
    open.concurrency(1);
    open.cache(false);
    open.block({ operation: ['VipsForeignLoad'] });
    open.unblock({ operation: LOADERS });
    return open;
  });
  return library;
}
