import { Type } from 'class-transformer';
import { IsInt, IsOptional, Max, Min } from 'class-validator';
import { IsName, IsText } from '../common/text-rules';

/** `POST /conversations/:id/notes` */
export class CreateNoteDto {
  @IsName(5_000)
  body!: string;
}

/** `GET /conversations/:id/notes` */
export class NotesQuery {
  /** `next_cursor` or `prev_cursor` of an earlier answer. */
  @IsOptional()
  @IsText(1, 500)
  cursor?: string;

  @IsOptional()
  @Type(() => Number)
  @IsInt()
  @Min(1)
  @Max(100)
  limit: number = 20;
}
