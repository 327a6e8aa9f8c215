import type { ErrorCode } from '../common/app-error';

export interface BulkDone {
  id: number;
  ok: true;
}

/** The same code and sentence that the action alone would have been refused with. */
export interface BulkFailed {
  id: number;
  ok: false;
  code: ErrorCode;
  message: string;
}

/** What became of each conversation, in the order they were named. */
export interface BulkAnswerDto {
  data: (BulkDone | BulkFailed)[];
}
