import { Controller, Get, HttpCode, Post, Query, Req, StreamableFile } from '@nestjs/common';
import { RouteConfig } from '@nestjs/platform-fastify';
import type { FastifyRequest } from 'fastify';
import type { StaffActor } from '../common/actor';
import { AppError } from '../common/app-error';
import { Access } from '../platform/http/access';
import { CurrentActor } from '../platform/http/current-actor';
import { BYTES_BODY } from '../platform/http/fastify';
import { ContactExportService } from './contact-export.service';
import { ContactImportService } from './contact-import.service';
import { ContactExportQuery } from './contacts.dto';
import type { ContactImportReport } from './contacts.types';

const CSV = /^text\/csv\s*(;\s*(charset="?utf-8"?|header=\w+)\s*)*$/i;

/** Contacts as files. */
@Controller('contacts')
@Access('admin')
export class ContactFilesController {
  constructor(
    private readonly imports: ContactImportService,
    private readonly exports: ContactExportService,
  ) {}

  /** A file of up to 10,000 rows and 2 MB as `text/csv`; see docs/contacts.md. Rows that are refused do not stop the others. */
  @Post('import')
  @HttpCode(200)
  @RouteConfig(BYTES_BODY)
  async import(
    @CurrentActor() actor: StaffActor,
    @Req() request: FastifyRequest,
  ): Promise<ContactImportReport> {
    if (!CSV.test(request.headers['content-type'] ?? ''))
      throw new AppError('UNSUPPORTED_MEDIA_TYPE', 'The body must be text/csv in UTF-8.');
    return await this.imports.import(actor, Buffer.isBuffer(request.body) ? request.body : Buffer.alloc(0));
  }

  /** The contacts that `GET /contacts` would list, as a file that `POST /contacts/import` takes. */
  @Get('export.csv')
  async export(
    @CurrentActor() actor: StaffActor,
    @Query() query: ContactExportQuery,
  ): Promise<StreamableFile> {
    return new StreamableFile(await this.exports.export(actor, query), {
      type: 'text/csv; charset=utf-8',
      disposition: 'attachment; filename="contacts.csv"',
    });
  }
}
