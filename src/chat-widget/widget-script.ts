import { createHash } from 'node:crypto';
import { existsSync } from 'node:fs';
import { readFile, stat } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { promisify } from 'node:util';
import { brotliCompress, gzip } from 'node:zlib';
import { Injectable } from '@nestjs/common';
import { AppError } from '../common/app-error';

export interface EncodedScript {
  content: Buffer;
  encoding: 'br' | 'gzip' | null;
  etag: string;
}

/** The script as `npm run build` made it, in memory, in every encoding that browsers take. */
@Injectable()
export class WidgetScript {
  private readonly path = join(packageRoot(), 'dist/widget/chat-widget.js');
  private loaded: { changed: number; forms: Promise<EncodedScript[]> } | null = null;

  /** @param accepted `Accept-Encoding` of whoever asks */
  async as(accepted = ''): Promise<EncodedScript> {
    const forms = await this.forms();
    const taken = accepted.split(',').filter((each) => !/;\s*q=0(\.0*)?\s*$/.test(each));
    const names = taken.map((each) => each.split(';', 1)[0]!.trim().toLowerCase());
    return forms.find(({ encoding }) => encoding === null || names.includes(encoding))!;
  }

  /** Looks again once the file is another one: a build beside a running server is served without a restart. */
  private async forms(): Promise<EncodedScript[]> {
    const file = await stat(this.path).catch(() => null);
    if (file === null) throw new AppError('NOT_FOUND', 'The widget has not been built: npm run build.');
    if (this.loaded?.changed !== file.mtimeMs)
      this.loaded = { changed: file.mtimeMs, forms: encoded(await readFile(this.path)) };
    return await this.loaded.forms;
  }
}

/** The smallest first. */
async function encoded(plain: Buffer): Promise<EncodedScript[]> {
  const hash = createHash('sha256').update(plain).digest('hex').slice(0, 32);
  const [br, zipped] = await Promise.all([
    promisify(brotliCompress)(plain),
    promisify(gzip)(plain, { level: 9 }),
  ]);
  return [
    { content: br, encoding: 'br', etag: `"${hash}-br"` },
    { content: zipped, encoding: 'gzip', etag: `"${hash}-gzip"` },
    { content: plain, encoding: null, etag: `"${hash}"` },
  ];
}

/** Above this file, compiled or not. */
function packageRoot(): string {
  let folder = __dirname;
  while (!existsSync(join(folder, 'package.json'))) folder = dirname(folder);
  return folder;
}
