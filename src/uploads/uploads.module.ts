import { Module } from '@nestjs/common';
import { FilesController } from './files.controller';
import { UploadsSweeper } from './uploads-sweeper.service';
import { UploadsController } from './uploads.controller';
import { UploadsRepository } from './uploads.repository';
import { UploadsService } from './uploads.service';

@Module({
  controllers: [UploadsController, FilesController],
  providers: [UploadsRepository, UploadsService, UploadsSweeper],
  exports: [UploadsService],
})
export class UploadsModule {}
