import { type Api, Refusal } from './api';
import type { Outbox, Waiting } from './outbox';
import type { Parcel } from './sender';
import type { Upload, Uploads } from './uploads';
import type { WireMessage } from './wire';

/** It is closed or another person's by now, or another tab has said it in a new one already. */
const NOT_THERE = new Set(['CONVERSATION_CLOSED', 'NOT_FOUND', 'IDEMPOTENCY_KEY_REUSED']);

export interface ParcelListener {
  /** The conversation into which files go; null where none is open. */
  openConversation(): number | null;
  /** The server has it; null where it did not say how the message looks. */
  onSent(message: WireMessage | null): void;
  onChange(): void;
}

/** What waits, texts and files in one line, ready to be sent. */
export class Parcels {
  constructor(
    private readonly api: Api,
    private readonly outbox: Outbox,
    private readonly uploads: Uploads,
    private readonly listener: ParcelListener,
  ) {}

  /** The one that was written first; null where nothing waits. */
  next(): Parcel | null {
    const text = this.outbox.list().find(({ problem }) => problem === null);
    const file = this.uploads.list().find(({ problem, isSent }) => problem === null && !isSent);
    if (file !== undefined && (text === undefined || file.place < text.place)) return this.ofFile(file);
    return text === undefined ? null : this.ofText(text);
  }

  private ofText(waiting: Waiting): Parcel {
    return {
      send: async (token) => this.listener.onSent(await this.sendText(token, waiting)),
      refuse: (refusal) => this.refused(waiting.id, refusal),
    };
  }

  /** Into the conversation in which it was written; where that takes it no more, into whichever is open. */
  private async sendText(token: string, { id, text, conversation }: Waiting): Promise<WireMessage> {
    if (conversation === null) return await this.api.send(token, text, id);
    try {
      return await this.api.send(token, text, id, conversation);
    } catch (error) {
      if (!(error instanceof Refusal) || !NOT_THERE.has(error.code)) throw error;
      return await this.api.send(token, text, id);
    }
  }

  private ofFile(upload: Upload): Parcel {
    return {
      send: (token) => this.sendFile(token, upload),
      refuse: (refusal) => this.refused(upload.id, refusal),
    };
  }

  /** A file needs a conversation: where none is open, its name opens one. */
  private async sendFile(token: string, { id, file, preview, cancel }: Upload): Promise<void> {
    if (this.listener.openConversation() === null)
      this.listener.onSent(await this.api.send(token, file.name, `${id}-name`));
    const form = new FormData();
    form.set('conversation_id', String(this.listener.openConversation()));
    form.set('message_type', preview === null ? 'file' : 'image');
    form.set('client_message_id', id);
    form.set('file', file);
    const progress = (share: number): void => {
      this.uploads.change(id, { progress: share });
      this.listener.onChange();
    };
    await this.api.upload(token, form, progress, cancel.signal);
    this.uploads.change(id, { progress: 1, isSent: true });
    this.listener.onSent(null);
  }

  private refused(id: string, { code, message }: Refusal): void {
    const problem = `${code}: ${message}`;
    this.outbox.refuse(id, problem);
    this.uploads.change(id, { problem });
    this.listener.onChange();
  }
}
