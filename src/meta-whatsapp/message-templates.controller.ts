import { Controller, Get, HttpCode, Param, Post, Query } from '@nestjs/common';
import type { StaffActor } from '../common/actor';
import type { Page } from '../common/page';
import { Access } from '../platform/http/access';
import { CurrentActor } from '../platform/http/current-actor';
import { IdParam } from '../platform/http/id-param';
import { MessageTemplateQuery } from './message-templates.dto';
import { MessageTemplatesService } from './message-templates.service';
import type { MessageTemplateDto, TemplateSyncDto } from './message-templates.types';

@Controller('whatsapp-integration-config/:id/templates')
@Access('employer')
export class MessageTemplatesController {
  constructor(private readonly templates: MessageTemplatesService) {}

  @Get()
  async list(
    @CurrentActor() actor: StaffActor,
    @Param('id', IdParam) id: number,
    @Query() query: MessageTemplateQuery,
  ): Promise<Page<MessageTemplateDto>> {
    return await this.templates.list(actor, id, query);
  }

  /** Fetches the templates of the number's account from Meta. */
  @Post('sync')
  @HttpCode(200)
  @Access('admin')
  async sync(@CurrentActor() actor: StaffActor, @Param('id', IdParam) id: number): Promise<TemplateSyncDto> {
    return await this.templates.sync(actor, id);
  }
}
