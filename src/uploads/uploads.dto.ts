import { Matches } from 'class-validator';
import type { UploadDto } from './upload.types';

/** What `POST /upload/multiple` answers: the files in the order they came in. */
export interface UploadListDto {
  data: UploadDto[];
}

export class FileLinkQuery {
  /** As the link has it. */
  @Matches(/^\d{1,15}\.[0-9a-f]{64}$/, { message: 'signature is not one' })
  signature!: string;
}
