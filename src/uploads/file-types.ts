import type { UploadKind } from './upload.types';

export interface FileType {
  kind: UploadKind;
  mimeType: string;
  /** The one that a name gets, without dot. */
  extension: string;
  /** Others that a name may keep. */
  alsoNamed?: readonly string[];
}

/** What was found in a file. */
export interface Detected {
  /** Null where it is nothing that is kept as what it is. */
  type: FileType | null;
  /** For people: a MIME type, or what is wrong. */
  found: string;
}

const OFFICE = 'application/vnd.openxmlformats-officedocument';

/** What staff may upload. */
export const ACCEPTED: readonly FileType[] = [
  { kind: 'image', mimeType: 'image/jpeg', extension: 'jpg', alsoNamed: ['jpeg', 'jpe', 'jfif'] },
  { kind: 'image', mimeType: 'image/png', extension: 'png' },
  { kind: 'image', mimeType: 'image/gif', extension: 'gif' },
  { kind: 'image', mimeType: 'image/webp', extension: 'webp' },
  { kind: 'video', mimeType: 'video/mp4', extension: 'mp4', alsoNamed: ['m4v'] },
  { kind: 'video', mimeType: 'video/mpeg', extension: 'mpg', alsoNamed: ['mpeg', 'mpe', 'm2v'] },
  { kind: 'video', mimeType: 'video/quicktime', extension: 'mov', alsoNamed: ['qt'] },
  { kind: 'video', mimeType: 'video/webm', extension: 'webm' },
  { kind: 'audio', mimeType: 'audio/mpeg', extension: 'mp3', alsoNamed: ['mpga'] },
  { kind: 'audio', mimeType: 'audio/wav', extension: 'wav', alsoNamed: ['wave'] },
  { kind: 'audio', mimeType: 'audio/ogg', extension: 'ogg', alsoNamed: ['oga', 'opus'] },
  { kind: 'audio', mimeType: 'audio/webm', extension: 'webm', alsoNamed: ['weba'] },
  { kind: 'document', mimeType: 'application/pdf', extension: 'pdf' },
  { kind: 'document', mimeType: 'application/msword', extension: 'doc', alsoNamed: ['dot'] },
  { kind: 'document', mimeType: `${OFFICE}.wordprocessingml.document`, extension: 'docx' },
  { kind: 'document', mimeType: 'application/vnd.ms-excel', extension: 'xls', alsoNamed: ['xlt'] },
  { kind: 'document', mimeType: `${OFFICE}.spreadsheetml.sheet`, extension: 'xlsx' },
  { kind: 'document', mimeType: 'text/plain', extension: 'txt', alsoNamed: ['text', 'log', 'md'] },
  { kind: 'document', mimeType: 'text/csv', extension: 'csv' },
];

/** What customers may send besides. */
const FROM_CUSTOMERS: readonly FileType[] = [
  { kind: 'audio', mimeType: 'audio/aac', extension: 'aac' },
  { kind: 'audio', mimeType: 'audio/amr', extension: 'amr' },
  { kind: 'audio', mimeType: 'audio/mp4', extension: 'm4a' },
  { kind: 'video', mimeType: 'video/3gpp', extension: '3gp' },
];

/** A file of a customer that is none of these is kept as it is, and only ever offered for download. */
export const UNKNOWN_TYPE: FileType = {
  kind: 'document',
  mimeType: 'application/octet-stream',
  extension: 'bin',
};

const MEGABYTE = 1024 * 1024;

/** Bytes. */
export const LIMITS: Readonly<Record<UploadKind, number>> = {
  image: 10 * MEGABYTE,
  video: 50 * MEGABYTE,
  audio: 10 * MEGABYTE,
  document: 10 * MEGABYTE,
};

export const NAMES: Readonly<Record<UploadKind, string>> = {
  image: 'JPEG, PNG, GIF or WebP',
  video: 'MP4, MPEG, QuickTime or WebM',
  audio: 'MP3, WAV, OGG or WebM',
  document: 'PDF, Word, Excel, or text',
};

const BY_MIME = new Map([...ACCEPTED, ...FROM_CUSTOMERS].map((type) => [type.mimeType, type]));

export function fileType(mimeType: string): FileType | null {
  return BY_MIME.get(mimeType) ?? null;
}

export function isAccepted(type: FileType): boolean {
  return ACCEPTED.includes(type);
}

export function inMegabytes(bytes: number): string {
  return `${Math.floor(bytes / MEGABYTE)} MB`;
}
