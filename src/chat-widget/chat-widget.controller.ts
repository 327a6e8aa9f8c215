import { Controller, Get, Header, Headers, Res, StreamableFile } from '@nestjs/common';
import type { FastifyReply } from 'fastify';
import { Public } from '../platform/http/access';
import { Unlimited } from '../platform/http/rate-limit.guard';
import { WidgetScript } from './widget-script';

/** The script by which a website shows the live chat: docs/widget.md. */
@Controller()
@Unlimited()
@Public('websites load it; it is the same for everybody')
export class ChatWidgetController {
  constructor(private readonly script: WidgetScript) {}

  @Get('chat-widget.js')
  @Header('content-type', 'text/javascript; charset=utf-8')
  // A new version reaches visitors within minutes, and asking whether there is one costs no download.
  @Header('cache-control', 'public, max-age=300, stale-while-revalidate=86400')
  @Header('cross-origin-resource-policy', 'cross-origin')
  @Header('vary', 'accept-encoding')
  async load(
    @Headers('accept-encoding') accepted: string | undefined,
    @Headers('if-none-match') known: string | undefined,
    @Res({ passthrough: true }) reply: FastifyReply,
  ): Promise<StreamableFile> {
    const { content, encoding, etag } = await this.script.as(accepted);
    void reply.header('etag', etag);
    if (isKnown(known, etag)) {
      void reply.status(304);
      return new StreamableFile(Buffer.alloc(0));
    }
    if (encoding !== null) void reply.header('content-encoding', encoding);
    return new StreamableFile(content);
  }
}

function isKnown(ifNoneMatch: string | undefined, etag: string): boolean {
  return ifNoneMatch?.split(',').some((each) => [etag, `W/${etag}`, '*'].includes(each.trim())) === true;
}
