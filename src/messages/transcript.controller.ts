import { Controller, Get, Param, Query, StreamableFile } from '@nestjs/common';
import type { StaffActor } from '../common/actor';
import { Access } from '../platform/http/access';
import { CurrentActor } from '../platform/http/current-actor';
import { IdParam } from '../platform/http/id-param';
import { type TranscriptFormat, TranscriptQuery } from './transcript.dto';
import { TranscriptService } from './transcript.service';

const FILES: Readonly<Record<TranscriptFormat, { type: string; extension: string }>> = {
  text: { type: 'text/plain; charset=utf-8', extension: 'txt' },
  json: { type: 'application/json; charset=utf-8', extension: 'json' },
};

@Controller('conversations')
@Access('employer')
export class TranscriptController {
  constructor(private readonly transcripts: TranscriptService) {}

  /** All that was said in it, as a file of any length; see docs/desk.md. */
  @Get(':id/transcript')
  async transcript(
    @CurrentActor() actor: StaffActor,
    @Param('id', IdParam) id: number,
    @Query() query: TranscriptQuery,
  ): Promise<StreamableFile> {
    const { type, extension } = FILES[query.format];
    return new StreamableFile(await this.transcripts.export(actor, id, query), {
      type,
      disposition: `attachment; filename="conversation-${id}.${extension}"`,
    });
  }
}
