import type { UploadKind } from '../uploads/upload.types';

/** `pending`: still on its way from the customer's provider; `failed`: it will not come. */
export type AttachmentState = 'pending' | 'ready' | 'failed';

/** A file that a message shows. What belongs to the file itself is null until the state is `ready`. */
export interface AttachmentDto {
  id: number;
  kind: UploadKind;
  /** Opens the file without a token; relative to this server unless the storage is public. It does not expire. */
  url: string | null;
  mime_type: string;
  name: string | null;
  /** Bytes. */
  size: number | null;
  /** The same as `size`. */
  file_size: number | null;
  duration_ms: number | null;
  width: number | null;
  height: number | null;
  thumbnail_url: string | null;
  preview_url: string | null;
  state: AttachmentState;
  /** Why it failed. */
  error: string | null;
}

/** A file of a customer's message, as a channel announces it. */
export interface InboundFile {
  kind: UploadKind;
  mimeType: string;
  name: string | null;
  /** The provider's id; null where it named none, so that the file cannot be had. */
  mediaId: string | null;
  /** As the provider writes it. */
  sha256: string | null;
}

/** A file that is still to be fetched. */
export interface PendingFile extends InboundFile {
  id: number;
  messageId: number;
  integrationId: number | null;
  /** Tries before. */
  attempts: number;
  /** Since when it could be had. */
  since: Date;
}
