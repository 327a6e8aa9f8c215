import { Body, Controller, Delete, Get, HttpCode, Param, Patch, Post, Query } from '@nestjs/common';
import type { StaffActor } from '../common/actor';
import { AppError } from '../common/app-error';
import type { Page } from '../common/page';
import { Access } from '../platform/http/access';
import { CurrentActor } from '../platform/http/current-actor';
import { IdParam } from '../platform/http/id-param';
import { ContactBookService } from './contact-book.service';
import { ContactMergeService } from './contact-merge.service';
import { ContactTagsService } from './contact-tags.service';
import {
  AddTagsDto,
  ContactQuery,
  ContactsByTagQuery,
  CreateContactDto,
  MergeContactDto,
  RemoveTagsDto,
  RemoveTagsQuery,
  UpdateContactDto,
} from './contacts.dto';
import type { ContactDetailsDto, ContactDto, ContactTagsDto } from './contacts.types';

@Controller('contacts')
@Access('admin')
export class ContactsController {
  constructor(
    private readonly contacts: ContactBookService,
    private readonly tags: ContactTagsService,
    private readonly merging: ContactMergeService,
  ) {}

  @Get()
  async list(@CurrentActor() actor: StaffActor, @Query() query: ContactQuery): Promise<Page<ContactDto>> {
    return await this.contacts.list(actor, query);
  }

  @Post()
  async create(
    @CurrentActor() actor: StaffActor,
    @Body() input: CreateContactDto,
  ): Promise<ContactDetailsDto> {
    return await this.contacts.create(actor, input);
  }

  @Get('external-id/:id')
  async getByExternalId(
    @CurrentActor() actor: StaffActor,
    @Param('id') externalId: string,
  ): Promise<ContactDetailsDto> {
    return await this.contacts.getByExternalId(actor, externalId);
  }

  /** The number in any spelling, such as `+55 11 98765-4321`, percent-encoded. */
  @Get('phone/:number')
  async getByPhone(
    @CurrentActor() actor: StaffActor,
    @Param('number') number: string,
  ): Promise<ContactDetailsDto> {
    return await this.contacts.getByPhone(actor, number);
  }

  @Get('by-tag/:tagId')
  async listByTag(
    @CurrentActor() actor: StaffActor,
    @Param('tagId', IdParam) tagId: number,
    @Query() query: ContactsByTagQuery,
  ): Promise<Page<ContactDto>> {
    return await this.tags.contactsWith(actor, tagId, query);
  }

  @Get(':id')
  async get(@CurrentActor() actor: StaffActor, @Param('id', IdParam) id: number): Promise<ContactDetailsDto> {
    return await this.contacts.get(actor, id);
  }

  @Patch(':id')
  async update(
    @CurrentActor() actor: StaffActor,
    @Param('id', IdParam) id: number,
    @Body() input: UpdateContactDto,
  ): Promise<ContactDetailsDto> {
    return await this.contacts.update(actor, id, input);
  }

  /** With all conversations of the contact and everything that was said in them. */
  @Delete(':id')
  @HttpCode(204)
  async delete(@CurrentActor() actor: StaffActor, @Param('id', IdParam) id: number): Promise<void> {
    await this.contacts.delete(actor, id);
  }

  /** Makes the other contact a part of this one. */
  @Post(':id/merge')
  @HttpCode(200)
  async merge(
    @CurrentActor() actor: StaffActor,
    @Param('id', IdParam) id: number,
    @Body() input: MergeContactDto,
  ): Promise<ContactDetailsDto> {
    return await this.merging.merge(actor, id, input.contact_id);
  }

  @Get(':id/tags')
  async listTags(
    @CurrentActor() actor: StaffActor,
    @Param('id', IdParam) id: number,
  ): Promise<ContactTagsDto> {
    return await this.tags.list(actor, id);
  }

  /** Answers with all tags of the contact. */
  @Post(':id/tags')
  async addTags(
    @CurrentActor() actor: StaffActor,
    @Param('id', IdParam) id: number,
    @Body() input: AddTagsDto,
  ): Promise<ContactTagsDto> {
    return await this.tags.add(actor, id, input.tag_ids);
  }

  /** The tags in the body or, for clients that send none with a DELETE, in the query. */
  @Delete(':id/tags')
  @HttpCode(204)
  async removeTags(
    @CurrentActor() actor: StaffActor,
    @Param('id', IdParam) id: number,
    @Query() query: RemoveTagsQuery,
    @Body() input: RemoveTagsDto = {},
  ): Promise<void> {
    const tagIds = [...(input.tag_ids ?? []), ...(query.tag_ids ?? [])];
    if (tagIds.length === 0)
      throw new AppError('VALIDATION_FAILED', 'tag_ids says which tags, in the body or in the query.');
    await this.tags.remove(actor, id, tagIds);
  }
}
