import type { Outbox } from './outbox';

/** A file on its way. It lives as long as the page: browsers keep no files for us. */
export interface Upload {
  id: string;
  place: string;
  file: File;
  at: number;
  /** Shows it meanwhile; only pictures have one. */
  preview: string | null;
  /** From 0 to 1. */
  progress: number;
  problem: string | null;
  /** The server has it; it is shown until the message that it became is. */
  isSent: boolean;
  cancel: AbortController;
}

const PICTURE = /^image\/(png|jpeg|gif|webp)$/;

/** Files that wait in the same line as the messages of the outbox. */
export class Uploads {
  private readonly files = new Map<string, Upload>();

  constructor(
    private readonly outbox: Outbox,
    private readonly newId: () => string,
  ) {}

  add(file: File): void {
    const id = this.newId();
    this.files.set(id, {
      id,
      place: [...this.files.values()].reduce(
        (last, { place }) => later(last, place),
        this.outbox.nextPlace(),
      ),
      file,
      at: Date.now(),
      preview: PICTURE.test(file.type) ? URL.createObjectURL(file) : null,
      progress: 0,
      problem: null,
      isSent: false,
      cancel: new AbortController(),
    });
  }

  list(): Upload[] {
    return [...this.files.values()];
  }

  change(id: string, change: Partial<Pick<Upload, 'progress' | 'problem' | 'isSent'>>): void {
    const upload = this.files.get(id);
    if (upload !== undefined) this.files.set(id, { ...upload, ...change });
  }

  remove(id: string): void {
    const upload = this.files.get(id);
    if (upload === undefined) return;
    this.files.delete(id);
    upload.cancel.abort();
    if (upload.preview !== null) URL.revokeObjectURL(upload.preview);
  }

  clear(): void {
    for (const id of this.files.keys()) this.remove(id);
  }
}

/** Behind both: several files chosen at once have the same moment. */
function later(place: string, other: string): string {
  if (place > other) return place;
  const [moment = '0', id = ''] = other.split('-');
  return `${String(Number(moment) + 1).padStart(moment.length, '0')}-${id}`;
}
