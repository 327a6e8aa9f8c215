import { Controller, Post, Req } from '@nestjs/common';
import { RouteConfig } from '@nestjs/platform-fastify';
import type { FastifyRequest } from 'fastify';
import type { StaffActor } from '../common/actor';
import { Access } from '../platform/http/access';
import { CurrentActor } from '../platform/http/current-actor';
import { FORM_BODY } from '../platform/http/fastify';
import { LIMITS } from './file-types';
import { forEachFile } from './form-files';
import { type Upload, type UploadDto, type UploadKind, toUploadDto } from './upload.types';
import type { UploadListDto } from './uploads.dto';
import { UploadsService } from './uploads.service';

const MOST_FILES = 10;

/** Files to send later: multipart/form-data with the file in the field `file`. */
@Controller('upload')
@Access('employer')
export class UploadsController {
  constructor(private readonly uploads: UploadsService) {}

  /** One file of any kind that may be uploaded. */
  @Post('single')
  @RouteConfig(FORM_BODY)
  async single(@CurrentActor() actor: StaffActor, @Req() request: FastifyRequest): Promise<UploadDto> {
    return await this.one(actor, request);
  }

  /** Up to ten files, in the field `files`. All of them are stored, or none. */
  @Post('multiple')
  @RouteConfig(FORM_BODY)
  async multiple(@CurrentActor() actor: StaffActor, @Req() request: FastifyRequest): Promise<UploadListDto> {
    return { data: (await this.all(actor, request, MOST_FILES)).map(toUploadDto) };
  }

  /** JPEG, PNG, GIF or WebP of up to 10 MB. */
  @Post('image')
  @RouteConfig(FORM_BODY)
  async image(@CurrentActor() actor: StaffActor, @Req() request: FastifyRequest): Promise<UploadDto> {
    return await this.one(actor, request, 'image');
  }

  /** MP4, MPEG, QuickTime or WebM of up to 50 MB. */
  @Post('video')
  @RouteConfig(FORM_BODY)
  async video(@CurrentActor() actor: StaffActor, @Req() request: FastifyRequest): Promise<UploadDto> {
    return await this.one(actor, request, 'video');
  }

  /** MP3, WAV, OGG or WebM of up to 10 MB. */
  @Post('audio')
  @RouteConfig(FORM_BODY)
  async audio(@CurrentActor() actor: StaffActor, @Req() request: FastifyRequest): Promise<UploadDto> {
    return await this.one(actor, request, 'audio');
  }

  /** PDF, Word, Excel or text of up to 10 MB. */
  @Post('document')
  @RouteConfig(FORM_BODY)
  async document(@CurrentActor() actor: StaffActor, @Req() request: FastifyRequest): Promise<UploadDto> {
    return await this.one(actor, request, 'document');
  }

  private async one(actor: StaffActor, request: FastifyRequest, only?: UploadKind): Promise<UploadDto> {
    return toUploadDto((await this.all(actor, request, 1, only))[0]!);
  }

  private async all(
    actor: StaffActor,
    request: FastifyRequest,
    most: number,
    only?: UploadKind,
  ): Promise<Upload[]> {
    const stored: Upload[] = [];
    const limit = only === undefined ? Math.max(...Object.values(LIMITS)) : LIMITS[only];
    try {
      await forEachFile(request, { most, limit }, async ({ name, stream }) => {
        stored.push(await this.uploads.store(actor, stream, { name, only }));
      });
      return stored;
    } catch (error) {
      await this.uploads.discard(
        actor,
        stored.map((upload) => upload.id),
      );
      throw error;
    }
  }
}
