import type { CannedVariable } from './canned-text';

/** A text that staff have ready, as stored. */
export interface CannedResponse {
  id: number;
  shortCode: string;
  title: string;
  body: string;
  createdBy: number | null;
  createdAt: Date;
  updatedAt: Date;
}

/** The same as the API shows it. */
export interface CannedResponseDto {
  id: number;
  /** What is typed to find it; unique in whatever case. */
  short_code: string;
  title: string;
  /** With variables, such as `{{contact.name}}` or `{{contact.name|there}}`. */
  body: string;
  /** Null where the user is gone. */
  created_by: number | null;
  created_at: string;
  updated_at: string;
}

/** A text for one conversation, ready to be looked at and sent. */
export interface RenderedResponseDto {
  text: string;
  /** Variables of which nothing is known and that have no fallback; nothing stands in their places. */
  missing: CannedVariable[];
}

export function toCannedResponseDto(response: CannedResponse): CannedResponseDto {
  return {
    id: response.id,
    short_code: response.shortCode,
    title: response.title,
    body: response.body,
    created_by: response.createdBy,
    created_at: response.createdAt.toISOString(),
    updated_at: response.updatedAt.toISOString(),
  };
}
