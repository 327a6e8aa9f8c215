import { Body, Controller, Delete, Get, HttpCode, Param, Patch, Post, Query } from '@nestjs/common';
import type { StaffActor } from '../common/actor';
import type { Page } from '../common/page';
import { Access } from '../platform/http/access';
import { CurrentActor } from '../platform/http/current-actor';
import { IdParam } from '../platform/http/id-param';
import {
  ContactUserAccountQuery,
  CreateContactUserAccountDto,
  UpdateContactUserAccountDto,
} from './contact-user-accounts.dto';
import { ContactUserAccountsService } from './contact-user-accounts.service';
import type { ContactUserAccountDto } from './contact-user-accounts.types';

@Controller('contact-user-accounts')
@Access('admin')
export class ContactUserAccountsController {
  constructor(private readonly accounts: ContactUserAccountsService) {}

  @Get()
  async list(
    @CurrentActor() actor: StaffActor,
    @Query() query: ContactUserAccountQuery,
  ): Promise<Page<ContactUserAccountDto>> {
    return await this.accounts.list(actor, query);
  }

  @Get(':id')
  async get(
    @CurrentActor() actor: StaffActor,
    @Param('id', IdParam) id: number,
  ): Promise<ContactUserAccountDto> {
    return await this.accounts.get(actor, id);
  }

  @Post()
  async create(
    @CurrentActor() actor: StaffActor,
    @Body() input: CreateContactUserAccountDto,
  ): Promise<ContactUserAccountDto> {
    return await this.accounts.create(actor, input);
  }

  @Patch(':id')
  async update(
    @CurrentActor() actor: StaffActor,
    @Param('id', IdParam) id: number,
    @Body() input: UpdateContactUserAccountDto,
  ): Promise<ContactUserAccountDto> {
    return await this.accounts.update(actor, id, input);
  }

  @Delete(':id')
  @HttpCode(204)
  async delete(@CurrentActor() actor: StaffActor, @Param('id', IdParam) id: number): Promise<void> {
    await this.accounts.delete(actor, id);
  }
}
