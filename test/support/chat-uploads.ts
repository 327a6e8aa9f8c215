import { randomUUID } from 'node:crypto';
import { type ChatPerson, openChat } from './chat';
import { filesOnDisk } from './stored-files';
import type { Answer, Caller, TestSystem } from './system';

export const UPLOAD = '/api/chat/upload';

export interface Uploaded {
  status: string;
  message: string;
  error_code: string;
  data: {
    file_id: string;
    file_url: string;
    message_id: number;
    filename: string;
    file_size: number;
    mime_type: string;
    message_type: string;
    thumbnail_url: string | null;
  };
}

export type Part = [field: string, content: Buffer | string, name?: string];

/** A form, byte by byte, so that it can be signed. */
export function bytesOf(parts: Part[], boundary: string): Buffer {
  const chunks = parts.flatMap(([field, content, name]) => [
    Buffer.from(
      `--${boundary}\r\nContent-Disposition: form-data; name="${field}"${name === undefined ? '' : `; filename="${name}"`}\r\n` +
        `${name === undefined ? '' : 'Content-Type: application/octet-stream\r\n'}\r\n`,
    ),
    Buffer.from(content as string),
    Buffer.from('\r\n'),
  ]);
  return Buffer.concat([...chunks, Buffer.from(`--${boundary}--\r\n`)]);
}

export async function sendForm(
  system: TestSystem,
  caller: Caller | null,
  parts: Part[],
  headers: Record<string, string> = {},
  path = UPLOAD,
): Promise<Answer<Uploaded>> {
  const boundary = `form-${randomUUID()}`;
  return await system.call<Uploaded>('POST', path, bytesOf(parts, boundary), {
    'content-type': `multipart/form-data; boundary=${boundary}`,
    ...(caller === null ? {} : { authorization: `Bearer ${caller.token}` }),
    ...headers,
  });
}

async function conversationOf(user: ChatPerson): Promise<number> {
  const answer = await user.post<{ data: { conversation_id: number } }>('/api/chat/conversations', {
    initial_message: 'hello',
  });
  expect(answer.status).toBe(201);
  return answer.body.data.conversation_id;
}

export async function somebody(system: TestSystem): Promise<{ user: ChatPerson; id: number }> {
  const user = await openChat(system);
  return { user, id: await conversationOf(user) };
}

export const formOf = (
  id: number | string,
  type: string,
  content: Buffer | string,
  name = 'image.jpg',
): Part[] => [
  ['file', content, name],
  ['conversation_id', `${id}`],
  ['message_type', type],
];

/** All that an upload may leave behind. */
export async function kept(system: TestSystem): Promise<object> {
  const [rows] = await system.sql(
    `select (select count(*) from upload) as uploads, (select count(*) from unclaimed_file) as unclaimed,
       (select count(*) from message) as messages`,
  );
  return { ...rows, files: filesOnDisk(system) };
}
