import { Body, Controller, Get, Post, Query } from '@nestjs/common';
import type { StaffActor } from '../common/actor';
import { type Page, PageQuery } from '../common/page';
import { Access } from '../platform/http/access';
import { CurrentActor } from '../platform/http/current-actor';
import { CreateNotificationDto } from './notifications.dto';
import { NotificationsService } from './notifications.service';
import type { NotificationDto } from './notifications.types';

@Controller('notifications')
@Access('employer')
export class NotificationsController {
  constructor(private readonly notifications: NotificationsService) {}

  @Get()
  async list(@CurrentActor() actor: StaffActor, @Query() query: PageQuery): Promise<Page<NotificationDto>> {
    return await this.notifications.list(actor, query);
  }

  /** Tells all staff of the workspace; who is away hears it on coming back. */
  @Post()
  @Access('admin')
  async send(
    @CurrentActor() actor: StaffActor,
    @Body() input: CreateNotificationDto,
  ): Promise<NotificationDto> {
    return await this.notifications.send(actor, input);
  }
}
