import { IsIn, IsOptional } from 'class-validator';
import { IsQueryFlag } from '../common/query-flag';

export const TRANSCRIPT_FORMATS = ['text', 'json'] as const;
export type TranscriptFormat = (typeof TRANSCRIPT_FORMATS)[number];

/** `GET /conversations/:id/transcript` */
export class TranscriptQuery {
  /** To be read by people, or by programs. */
  @IsOptional()
  @IsIn(TRANSCRIPT_FORMATS)
  format: TranscriptFormat = 'text';

  /** Whether the notes of staff are in it. */
  @IsQueryFlag()
  notes?: boolean;
}
