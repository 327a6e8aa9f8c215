import { Readable } from 'node:stream';
import { Controller, Get, Inject, Param, Query, Req, Res, StreamableFile } from '@nestjs/common';
import type { FastifyReply, FastifyRequest } from 'fastify';
import { AppError, notFound } from '../common/app-error';
import { CONFIG, type Config } from '../config/config';
import { FILE_VARIANTS, type FileVariant, workspaceOfLink } from '../platform/crypto/file-links';
import { Public } from '../platform/http/access';
import { Unlimited } from '../platform/http/rate-limit.guard';
import { byteRangeOf } from './byte-range';
import { FileLinkQuery } from './uploads.dto';
import { type ShownFile, UploadsService } from './uploads.service';

const UUID = /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/;
/** Shown in the page; everything else is only offered for saving. */
const SHOWN = /^(image\/(jpeg|png|gif|webp)|audio\/.+|video\/.+)$/;

/** What the links in `url`, `thumbnail_url` and `preview_url` lead to. */
@Controller('files')
@Unlimited()
@Public('shown by browsers in pages; the signature in the link is the right to read the file')
export class FilesController {
  constructor(
    @Inject(CONFIG) private readonly config: Config,
    private readonly uploads: UploadsService,
  ) {}

  @Get(':uuid')
  async file(
    @Param('uuid') uuid: string,
    @Query() query: FileLinkQuery,
    @Req() request: FastifyRequest,
    @Res({ passthrough: true }) reply: FastifyReply,
  ): Promise<StreamableFile> {
    return await this.show(uuid, '', query, request, reply);
  }

  /** `thumbnail` or `preview`. */
  @Get(':uuid/:variant')
  async variant(
    @Param('uuid') uuid: string,
    @Param('variant') variant: string,
    @Query() query: FileLinkQuery,
    @Req() request: FastifyRequest,
    @Res({ passthrough: true }) reply: FastifyReply,
  ): Promise<StreamableFile> {
    const known = FILE_VARIANTS.find((each) => each === variant && each !== '');
    if (known === undefined) throw notFound('file');
    return await this.show(uuid, known, query, request, reply);
  }

  private async show(
    uuid: string,
    variant: FileVariant,
    { signature }: FileLinkQuery,
    request: FastifyRequest,
    reply: FastifyReply,
  ): Promise<StreamableFile> {
    const workspaceId = UUID.test(uuid) ? workspaceOfLink(this.config, uuid, variant, signature) : null;
    if (workspaceId === null) throw new AppError('FORBIDDEN', 'The link to this file is not valid.');
    const file = await this.uploads.shown(workspaceId, uuid, variant);
    const etag = `"${file.upload.sha256.slice(0, 32)}${variant === '' ? '' : `-${variant}`}"`;
    if (isKnown(request.headers['if-none-match'], etag)) {
      void reply.headers(headersOf(file, etag)).status(304);
      return new StreamableFile(Readable.from([]));
    }
    const asked = request.headers['if-range'] === undefined || request.headers['if-range'] === etag;
    const range = byteRangeOf(asked ? request.headers.range : undefined, file.size);
    if (range === 'unsatisfiable') {
      void reply.header('content-range', `bytes */${file.size}`);
      throw new AppError('RANGE_NOT_SATISFIABLE', `The file has ${file.size} bytes.`);
    }
    // Opened before anything is said of it: it may turn out not to be readable.
    const content =
      request.method === 'HEAD' ? Readable.from([]) : await this.uploads.read(file, range ?? undefined);
    void reply.headers(headersOf(file, etag));
    void reply.header('content-length', range === null ? file.size : range.end - range.start + 1);
    if (range !== null)
      void reply.status(206).header('content-range', `bytes ${range.start}-${range.end}/${file.size}`);
    return new StreamableFile(content);
  }
}

function headersOf({ upload, mimeType }: ShownFile, etag: string): Record<string, string> {
  const disposition = SHOWN.test(mimeType) ? 'inline' : 'attachment';
  const ascii = upload.name.replace(/[^\x20-\x7e]|["\\%]/g, '_');
  const name = encodeURIComponent(upload.name).replace(/['()*]/g, (c) => `%${c.charCodeAt(0).toString(16)}`);
  return {
    'content-type': mimeType.startsWith('text/') ? `${mimeType}; charset=utf-8` : mimeType,
    'content-disposition': `${disposition}; filename="${ascii}"; filename*=UTF-8''${name}`,
    'content-security-policy': "default-src 'none'; sandbox",
    'x-content-type-options': 'nosniff',
    // Pages of other origins show it; the link is what protects it.
    'cross-origin-resource-policy': 'cross-origin',
    'referrer-policy': 'no-referrer',
    'cache-control': 'private, max-age=86400, immutable',
    'accept-ranges': 'bytes',
    etag,
  };
}

function isKnown(ifNoneMatch: string | undefined, etag: string): boolean {
  return ifNoneMatch?.split(',').some((each) => [etag, `W/${etag}`, '*'].includes(each.trim())) === true;
}
