import type { Readable } from 'node:stream';

/** Bytes, or a file on this machine, which the storage may take away from where it lies. */
export type Content = Buffer | { file: string };

export interface ByteRange {
  start: number;
  /** The last byte that is meant. */
  end: number;
}

/**
 * Where files lie. Keys are made by this server of random words, see `newKey`; what a user wrote is never part of
 * one. Failures are `STORAGE_UNAVAILABLE`; a file that is not there is `NOT_FOUND`.
 */
export abstract class ObjectStorage {
  /** What was chosen, for the log. */
  abstract readonly description: string;
  /** All of the content durably, or nothing. */
  abstract put(key: string, content: Content, options: { contentType: string }): Promise<void>;
  abstract open(key: string, range?: ByteRange): Promise<Readable>;
  /** The size in bytes, or null where there is no such file. */
  abstract size(key: string): Promise<number | null>;
  /** Without complaint where there is no such file. */
  abstract delete(keys: string[]): Promise<void>;
  /** Whether files can be stored at this moment. */
  abstract isUp(): Promise<boolean>;
}
