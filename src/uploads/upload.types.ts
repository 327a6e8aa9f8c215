export const UPLOAD_KINDS = ['image', 'audio', 'video', 'document'] as const;
export type UploadKind = (typeof UPLOAD_KINDS)[number];

/** A stored file. */
export interface Upload {
  id: number;
  uuid: string;
  kind: UploadKind;
  mimeType: string;
  /** With the extension that belongs to the content. */
  name: string;
  fileSize: number;
  /** Hexadecimal. */
  sha256: string;
  width: number | null;
  height: number | null;
  durationMs: number | null;
  storageKey: string;
  thumbnailKey: string | null;
  previewKey: string | null;
  createdBy: number | null;
  createdAt: Date;
  url: string;
  thumbnailUrl: string | null;
  previewUrl: string | null;
}

/** A stored file as the API shows it. */
export interface UploadDto {
  id: number;
  uuid: string;
  /** Opens the file without a token; relative to this server unless the storage is public. It does not expire. */
  url: string;
  kind: UploadKind;
  mime_type: string;
  name: string;
  /** Bytes. */
  size: number;
  /** The same as `size`. */
  file_size: number;
  width: number | null;
  height: number | null;
  duration_ms: number | null;
  /** WebP, at most 320 pixels wide and high. */
  thumbnail_url: string | null;
  /** WebP, at most 1280 pixels wide and high. */
  preview_url: string | null;
  created_at: string;
}

export function toUploadDto(upload: Upload): UploadDto {
  return {
    id: upload.id,
    uuid: upload.uuid,
    url: upload.url,
    kind: upload.kind,
    mime_type: upload.mimeType,
    name: upload.name,
    size: upload.fileSize,
    file_size: upload.fileSize,
    width: upload.width,
    height: upload.height,
    duration_ms: upload.durationMs,
    thumbnail_url: upload.thumbnailUrl,
    preview_url: upload.previewUrl,
    created_at: upload.createdAt.toISOString(),
  };
}
