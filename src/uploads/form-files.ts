import { createHash } from 'node:crypto';
import type { Readable } from 'node:stream';
import { finished } from 'node:stream/promises';
import type { FastifyRequest } from 'fastify';
import { AppError, invalid } from '../common/app-error';

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

/** What a form says beside its file, once all of it has come. */
export interface FormRest {
  fields: Record<string, string>;
  /** SHA-256 of the whole body's bytes. */
  bodyHash: Buffer;
}

/** Fields of a form beside its file, and characters of each. */
const MOST_FIELDS = 10;
const LONGEST_FIELD = 1_000;

/**
 * Calls `take` with the one file of the request's form while it arrives; the fields may come before or after it. `take`
 * reads the file first and asks for the rest of the form then. What it throws ends the reading.
 */
export async function withOneFile<T>(
  request: FastifyRequest,
  limit: number,
  take: (file: FormFile, rest: () => Promise<FormRest>) => Promise<T>,
): Promise<T> {
  if (!request.isMultipart())
    throw new AppError('UNSUPPORTED_MEDIA_TYPE', 'The body must be multipart/form-data.');
  try {
    if (Number(request.headers['content-length'] ?? 0) > limit + SLACK)
      throw new AppError(
        'PAYLOAD_TOO_LARGE',
        `The form may have at most ${Math.floor(limit / 1024 ** 2)} MB.`,
      );
    return await readOneFile(request, take);
  } catch (error) {
    // A client reads the answer once it has said all it wanted to say.
    request.raw.unpipe();
    request.raw.resume();
    throw error;
  }
}

async function readOneFile<T>(
  request: FastifyRequest,
  take: (file: FormFile, rest: () => Promise<FormRest>) => Promise<T>,
): Promise<T> {
  const { raw } = request;
  const hash = createHash('sha256');
  const limits = {
    files: 2,
    fields: MOST_FIELDS,
    parts: MOST_FIELDS + 2,
    fieldNameSize: 100,
    headerPairs: 20,
  };
  const parts = request.parts({ limits: { ...limits, fieldSize: LONGEST_FIELD, fileSize: Infinity } });
  const fields: Record<string, string> = {};
  const nextFile = async (): Promise<FormFile | null> => {
    for (let part = await parts.next(); part.done !== true; part = await parts.next()) {
      const { value } = part;
      if (value.type === 'file') {
        value.file.on('error', () => undefined); // whoever reads it hears of it
        if (value.fieldname === 'file') return { name: nameOf(value.filename), stream: value.file };
        value.file.resume();
        throw new AppError('VALIDATION_FAILED', 'The form has a file in another field than "file".');
      }
      const { fieldname, value: text, valueTruncated } = value;
      if (typeof text !== 'string' || valueTruncated || Object.hasOwn(fields, fieldname))
        throw invalid(
          fieldname.slice(0, 100),
          'A field of the form is given twice, is no text, or is too long.',
        );
      fields[fieldname] = text;
    }
    return null;
  };
  try {
    // Its first call begins to read in this very moment, so nothing escapes the hash.
    const first = nextFile();
    raw.on('data', (chunk: Buffer) => hash.update(chunk));
    const file = await first;
    if (file === null) throw invalid('file', 'The form has no file in the field "file".');
    return await take(file, async () => {
      const another = await nextFile();
      if (another !== null) {
        another.stream.resume();
        throw invalid('file', 'The form may have one file.');
      }
      if (!raw.readableEnded) await finished(raw.resume(), { writable: false });
      return { fields, bodyHash: hash.digest() };
    });
  } catch (error) {
    throw error instanceof AppError || !isFormError(error) ? error : malformed(error);
  }
}

function malformed(cause: unknown): AppError {
  return new AppError(
    'MALFORMED_BODY',
    'The form is not complete, or not written as multipart/form-data.',
    undefined,
    { cause },
  );
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
    throw error === broken || isFormError(error) ? malformed(error) : error;
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
