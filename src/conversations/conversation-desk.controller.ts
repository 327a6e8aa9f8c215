import { Body, Controller, Delete, Get, HttpCode, Param, Post, Put, Query } from '@nestjs/common';
import type { StaffActor } from '../common/actor';
import type { CursorPage } from '../common/cursor-page';
import { Access } from '../platform/http/access';
import { CurrentActor } from '../platform/http/current-actor';
import { IdParam } from '../platform/http/id-param';
import { BulkActionDto } from './bulk-actions.dto';
import { BulkActionsService } from './bulk-actions.service';
import type { BulkAnswerDto } from './bulk-actions.types';
import { CreateNoteDto, NotesQuery } from './conversation-notes.dto';
import { ConversationNotesService } from './conversation-notes.service';
import type { NoteDto } from './conversation-notes.types';
import { SetConversationTagsDto } from './conversation-tags.dto';
import { ConversationTagsService } from './conversation-tags.service';
import type { ConversationTagsDto } from './conversation-tags.types';

/** What staff keep beside conversations, and do with several at once. */
@Controller('conversations')
@Access('employer')
export class ConversationDeskController {
  constructor(
    private readonly notes: ConversationNotesService,
    private readonly tags: ConversationTagsService,
    private readonly bulk: BulkActionsService,
  ) {}

  /** Each for itself: who is refused one may still have done the others. */
  @Post('bulk')
  @HttpCode(200)
  async bulkAction(@CurrentActor() actor: StaffActor, @Body() input: BulkActionDto): Promise<BulkAnswerDto> {
    return await this.bulk.run(actor, input);
  }

  @Get(':id/notes')
  async listNotes(
    @CurrentActor() actor: StaffActor,
    @Param('id', IdParam) id: number,
    @Query() query: NotesQuery,
  ): Promise<CursorPage<NoteDto>> {
    return await this.notes.list(actor, id, query);
  }

  @Post(':id/notes')
  async createNote(
    @CurrentActor() actor: StaffActor,
    @Param('id', IdParam) id: number,
    @Body() input: CreateNoteDto,
  ): Promise<NoteDto> {
    return await this.notes.create(actor, id, input.body);
  }

  /** By who wrote it, or a supervisor. */
  @Delete(':id/notes/:noteId')
  @HttpCode(204)
  async deleteNote(
    @CurrentActor() actor: StaffActor,
    @Param('id', IdParam) id: number,
    @Param('noteId', IdParam) noteId: number,
  ): Promise<void> {
    await this.notes.delete(actor, id, noteId);
  }

  /** These and no others; the ones that do not exist are made. */
  @Put(':id/tags')
  async setTags(
    @CurrentActor() actor: StaffActor,
    @Param('id', IdParam) id: number,
    @Body() input: SetConversationTagsDto,
  ): Promise<ConversationTagsDto> {
    return await this.tags.replace(actor, id, input.tags);
  }
}
