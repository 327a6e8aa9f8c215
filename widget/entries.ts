import type { Uploads } from './uploads';
import type { Outbox } from './outbox';
import type { WireMessage } from './wire';

export interface EntryFile {
  name: string;
  /** In bytes. */
  size: number | null;
  /** Null until the server has it. */
  url: string | null;
  /** A picture to show for it. */
  picture: string | null;
}

/** A line of the conversation as it is shown. */
export interface Entry {
  /** The same from being written to being read. */
  key: string;
  kind: 'mine' | 'theirs' | 'notice';
  author: string;
  text: string;
  at: Date;
  state: 'sending' | 'failed' | 'sent' | 'delivered' | 'read';
  problem: string | null;
  file: EntryFile | null;
  /** How much of a file is there, from 0 to 1. */
  progress: number | null;
  isEdited: boolean;
  isDeleted: boolean;
}

const PLAIN = { problem: null, file: null, progress: null, isEdited: false, isDeleted: false } as const;

/** What was said, and behind it what waits to be sent. */
export function entriesOf(messages: WireMessage[], outbox: Outbox, uploads: Uploads, base: string): Entry[] {
  const said = messages.map((message) => entryOf(message, base));
  const known = new Set(said.map(({ key }) => key));
  const texts = outbox.list().map(({ id, place, text, at, problem }) => ({
    place,
    entry: { ...PLAIN, ...waiting(id, at, problem), text },
  }));
  const files = uploads.list().map(({ id, place, at, problem, file, preview, progress }) => ({
    place,
    entry: {
      ...PLAIN,
      ...waiting(id, at, problem),
      text: '',
      progress: problem === null ? progress : null,
      file: { name: file.name, size: file.size, url: null, picture: preview },
    },
  }));
  const unsent = [...texts, ...files].filter(({ entry }) => !known.has(entry.key));
  return [...said, ...unsent.sort((a, b) => (a.place < b.place ? -1 : 1)).map(({ entry }) => entry)];
}

type Unsent = Pick<Entry, 'key' | 'kind' | 'author' | 'at' | 'state' | 'problem'>;

function waiting(id: string, at: number, problem: string | null): Unsent {
  const state = problem === null ? 'sending' : 'failed';
  return { key: id, kind: 'mine', author: '', at: new Date(at), state, problem };
}

function entryOf(message: WireMessage, base: string): Entry {
  const isMine = message.sender_role === 'user';
  const spoken = isMine ? 'mine' : 'theirs';
  return {
    ...PLAIN,
    key: (isMine && message.client_message_id) || `m${message.id}`,
    kind: message.message_type === 'system' ? 'notice' : spoken,
    author: message.sender_identifier,
    text: message.message,
    at: new Date(message.timestamp),
    state: message.status,
    file: message.deleted_at === null ? fileOf(message, base) : null,
    isEdited: message.edited_at !== null,
    isDeleted: message.deleted_at !== null,
  };
}

function fileOf(message: WireMessage, base: string): EntryFile | null {
  const url = webAddress(message.file_url, base);
  if (url === null) return null;
  const isPicture = message.message_type === 'image';
  return {
    name: message.filename ?? '',
    size: message.file_size,
    url,
    picture: isPicture ? (webAddress(message.thumbnail_url, base) ?? url) : null,
  };
}

/** Null for what is no address of the web, such as `javascript:`. */
export function webAddress(text: string | null, base?: string): string | null {
  if (text === null) return null;
  try {
    const { href, protocol } = new URL(text, base);
    return protocol === 'https:' || protocol === 'http:' ? href : null;
  } catch {
    return null;
  }
}
