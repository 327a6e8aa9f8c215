import { Body, Controller, Delete, Get, HttpCode, Param, Patch, Post, Query } from '@nestjs/common';
import type { StaffActor } from '../common/actor';
import type { Page } from '../common/page';
import { Access } from '../platform/http/access';
import { CurrentActor } from '../platform/http/current-actor';
import { IdParam } from '../platform/http/id-param';
import {
  CreateWhatsappIntegrationDto,
  type NumberVerificationDto,
  UpdateWhatsappIntegrationDto,
  type WhatsappIntegrationDto,
  WhatsappIntegrationQuery,
} from './whatsapp-integration.dto';
import { WhatsappIntegrationsService } from './whatsapp-integrations.service';

@Controller('whatsapp-integration-config')
@Access('admin')
export class WhatsappIntegrationsController {
  constructor(private readonly integrations: WhatsappIntegrationsService) {}

  @Get()
  async list(
    @CurrentActor() actor: StaffActor,
    @Query() query: WhatsappIntegrationQuery,
  ): Promise<Page<WhatsappIntegrationDto>> {
    return await this.integrations.list(actor, query);
  }

  @Get(':id')
  async get(
    @CurrentActor() actor: StaffActor,
    @Param('id', IdParam) id: number,
  ): Promise<WhatsappIntegrationDto> {
    return await this.integrations.get(actor, id);
  }

  @Post()
  async create(
    @CurrentActor() actor: StaffActor,
    @Body() input: CreateWhatsappIntegrationDto,
  ): Promise<WhatsappIntegrationDto> {
    return await this.integrations.create(actor, input);
  }

  @Patch(':id')
  async update(
    @CurrentActor() actor: StaffActor,
    @Param('id', IdParam) id: number,
    @Body() input: UpdateWhatsappIntegrationDto,
  ): Promise<WhatsappIntegrationDto> {
    return await this.integrations.update(actor, id, input);
  }

  /** Asks Meta whether messages can come and go. */
  @Post(':id/verify')
  @HttpCode(200)
  async verify(
    @CurrentActor() actor: StaffActor,
    @Param('id', IdParam) id: number,
  ): Promise<NumberVerificationDto> {
    return await this.integrations.verify(actor, id);
  }

  @Delete(':id')
  @HttpCode(204)
  async delete(@CurrentActor() actor: StaffActor, @Param('id', IdParam) id: number): Promise<void> {
    await this.integrations.delete(actor, id);
  }
}
