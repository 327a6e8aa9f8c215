import { Module } from '@nestjs/common';
import { AuditModule } from '../audit/audit.module';
import { FilesController } from './files.controller';
import { UploadsSweeper } from './uploads-sweeper.service';
import { UploadsController } from './uploads.controller';
import { UploadsRepository } from './uploads.repository';
import { UploadsService } from './uploads.service';
import { VirusCheck } from './virus-check.service';

@Module({
  imports: [AuditModule],
  controllers: [UploadsController, FilesController],
  providers: [UploadsRepository, UploadsService, UploadsSweeper, VirusCheck],
  exports: [UploadsService],
})
export class UploadsModule {}
