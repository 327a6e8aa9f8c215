import type { Readable } from 'node:stream';
import type { FastifyRequest } from 'fastify';
import { AppError } from '../common/app-error';

const FIELDS = ['file', 'files', 'files[]'];
/** What surrounds the files of a form, in bytes, at most. */
const SLACK = 64 * 1024;

export interface FormFile {
  name: string | null;
  stream: Readable;
}

/**
 * Calls `take` with each file of the request's form, in order, while it arrives. What `take` throws ends the reading;
 * so does anything in the form that is not one of at most `most` files of at most `limit` bytes.
 */
export async function forEachFile(
  request: FastifyRequest,
  { most, limit }: { most: number; limit: number },
  take: (file: FormFile) => Promise<void>,
): Promise<void> {
  if (!request.isMultipart())
    throw new AppError('UNSUPPORTED_MEDIA_TYPE', 'The body must be multipart/form-data.');
  try {
    if (Number(request.headers['content-length'] ?? 0) > most * limit + SLACK)
      throw new AppError(
        'PAYLOAD_TOO_LARGE',
        `The form may have at most ${Math.floor((most * limit) / 1024 ** 2)} MB.`,
      );
    await readForm(request, most, take);
  } catch (error) {
    // A client reads the answer once it has said all it wanted to say.
    request.raw.unpipe();
    request.raw.resume();
    throw error;
  }
}

async function readForm(
  request: FastifyRequest,
  most: number,
  take: (file: FormFile) => Promise<void>,
): Promise<void> {
  const limits = { files: most + 1, fields: 1, parts: most + 2, fieldNameSize: 100, headerPairs: 20 };
  let count = 0;
  let broken: unknown = null;
  try {
    for await (const part of request.parts({ limits: { ...limits, fileSize: Infinity } })) {
      if (part.type !== 'file' || !FIELDS.includes(part.fieldname)) {
        if (part.type === 'file') part.file.resume();
        throw new AppError(
          'VALIDATION_FAILED',
          'The form has something else than files in the field "file" (or "files").',
        );
      }
      part.file.on('error', (error) => (broken ??= error));
      if (++count > most) {
        part.file.resume();
        throw new AppError(
          'VALIDATION_FAILED',
          `The form may have at most ${most} ${most === 1 ? 'file' : 'files'}.`,
        );
      }
      await take({ name: nameOf(part.filename), stream: part.file });
    }
  } catch (error) {
    if (error instanceof AppError) throw error;
    if (error === broken || isFormError(error))
      throw new AppError(
        'MALFORMED_BODY',
        'The form is not complete, or not written as multipart/form-data.',
        undefined,
        {
          cause: error,
        },
      );
    throw error;
  }
  if (count === 0)
    throw new AppError('VALIDATION_FAILED', 'The form has no file in the field "file" (or "files").');
}

/** Browsers write these three in their own way in the name of a file. */
function nameOf(filename: string | undefined): string | null {
  return filename?.replace(/%22/g, '"').replace(/%0[ad]/gi, '') ?? null;
}

/** Of the parser: its own errors have a code of their own or none at all, and it says so in words. */
function isFormError(error: unknown): boolean {
  const { code, message } = error as { code?: unknown; message?: unknown };
  if (typeof code === 'string') return code.startsWith('FST_') || code === 'ERR_STREAM_PREMATURE_CLOSE';
  return typeof message === 'string' && /multipart|part|boundary|malformed|header/i.test(message);
}
