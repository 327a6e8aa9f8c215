import { Readable } from 'node:stream';
import { Injectable } from '@nestjs/common';
import { clock } from '../common/clock';
import { AuditService } from '../audit/audit.service';
import type { StaffActor } from '../common/actor';
import { ContactsService } from '../contacts/contacts.service';
import { ConversationNotesService } from '../conversations/conversation-notes.service';
import type { NoteDto } from '../conversations/conversation-notes.types';
import { ConversationTagsService } from '../conversations/conversation-tags.service';
import { ConversationsService } from '../conversations/conversations.service';
import { toConversationState } from '../conversations/conversations.types';
import { UnitOfWork } from '../platform/database/unit-of-work';
import { MessageReadsRepository } from './message-reads.repository';
import { type Message, toMessageDto } from './messages.types';
import { entryText, headText } from './transcript-text';
import type { TranscriptQuery } from './transcript.dto';
import { TranscriptRepository } from './transcript.repository';
import type { TranscriptEntry, TranscriptHead, TranscriptMessage } from './transcript.types';

const PAGE = 200;
/** Text that goes out together, and text that waits for a slow client, in characters and bytes. */
const TOGETHER = 16 * 1024;
const WAITING = 64 * 1024;

/**
 * All that was said in a conversation, as a file. Each page is read in a transaction of its own, once the client has
 * taken the one before: however long the conversation and however slow the client, it holds no transaction and little
 * memory. Whoever loses sight of the conversation meanwhile gets no more of it: the file breaks off.
 */
@Injectable()
export class TranscriptService {
  constructor(
    private readonly work: UnitOfWork,
    private readonly conversations: ConversationsService,
    private readonly notes: ConversationNotesService,
    private readonly tags: ConversationTagsService,
    private readonly contacts: ContactsService,
    private readonly reads: MessageReadsRepository,
    private readonly people: TranscriptRepository,
    private readonly audit: AuditService,
  ) {}

  async export(actor: StaffActor, id: number, { format, notes = false }: TranscriptQuery): Promise<Readable> {
    const head = await this.work.run(actor, async () => {
      const found = await this.headOf(actor, id);
      const subject = { type: 'conversation', id };
      this.audit.record({ actor, action: 'conversation.transcript', subject, details: { format, notes } });
      return found;
    });
    const parts = format === 'json' ? this.json(actor, head, notes) : this.text(actor, head, notes);
    return Readable.from(together(parts), { objectMode: false, highWaterMark: WAITING });
  }

  private async headOf(actor: StaffActor, id: number): Promise<TranscriptHead> {
    const conversation = await this.conversations.requireVisible(actor, id);
    const { contactId } = conversation;
    const contact = (await this.contacts.summaries([contactId])).get(contactId);
    return {
      conversation,
      contact: { id: contactId, name: contact?.name ?? null, phone_number: contact?.phone_number ?? null },
      tags: (await this.tags.namesOf([id])).get(id) ?? [],
      writtenAt: clock.date(),
    };
  }

  private async *text(actor: StaffActor, head: TranscriptHead, notes: boolean): AsyncGenerator<string> {
    yield headText(head);
    for await (const entry of this.entries(actor, head, notes)) yield entryText(entry);
  }

  private async *json(actor: StaffActor, head: TranscriptHead, notes: boolean): AsyncGenerator<string> {
    const { conversation, contact, tags, writtenAt } = head;
    const shown = { ...toConversationState(conversation), created_at: conversation.createdAt, tags };
    const top = JSON.stringify({ written_at: writtenAt, conversation: shown, contact });
    yield `${top.slice(0, -1)},"messages":[`;
    yield* listed(this.messages(actor, head));
    if (notes) {
      yield '],"notes":[';
      yield* listed(this.notesOf(actor, head));
    }
    yield ']}\n';
  }

  /** In the order of their times. */
  private async *entries(
    actor: StaffActor,
    head: TranscriptHead,
    withNotes: boolean,
  ): AsyncGenerator<TranscriptEntry> {
    const notes = withNotes ? this.notesOf(actor, head) : null;
    let note = await notes?.next();
    for await (const message of this.messages(actor, head)) {
      for (; note?.done === false && note.value.created_at < message.created_at; note = await notes!.next())
        yield { note: note.value };
      yield { message };
    }
    for (; note?.done === false; note = await notes!.next()) yield { note: note.value };
  }

  private messages(actor: StaffActor, head: TranscriptHead): AsyncGenerator<TranscriptMessage> {
    const { id } = head.conversation;
    return this.inPages(actor, id, async (after) =>
      this.named(head, await this.reads.newer(id, after, PAGE)),
    );
  }

  private notesOf(actor: StaffActor, { conversation: { id } }: TranscriptHead): AsyncGenerator<NoteDto> {
    return this.inPages(actor, id, (after) => this.notes.newerThan(id, after, PAGE));
  }

  private async *inPages<T extends { id: number }>(
    actor: StaffActor,
    conversationId: number,
    page: (after: number) => Promise<T[]>,
  ): AsyncGenerator<T> {
    for (let after = 0; ;) {
      const from = after;
      const rows = await this.work.read(actor, async () => {
        await this.conversations.requireVisible(actor, conversationId);
        return await page(from);
      });
      yield* rows;
      if (rows.length < PAGE) return;
      after = rows.at(-1)!.id;
    }
  }

  private async named({ contact }: TranscriptHead, messages: Message[]): Promise<TranscriptMessage[]> {
    const { users, bots } = await this.people.namesOf(
      [...new Set(messages.flatMap(({ senderUser }) => senderUser ?? []))],
      [...new Set(messages.flatMap(({ senderBot }) => senderBot ?? []))],
    );
    return messages.map((message) => ({
      ...toMessageDto(message),
      sender_name:
        message.senderType === 'contact'
          ? contact.name
          : (users.get(message.senderUser ?? 0) ?? bots.get(message.senderBot ?? 0) ?? null),
    }));
  }
}

/** The members of a JSON array. */
async function* listed(items: AsyncIterable<object>): AsyncGenerator<string> {
  let before = '\n';
  for await (const item of items) {
    yield before + JSON.stringify(item);
    before = ',\n';
  }
}

async function* together(parts: AsyncIterable<string>): AsyncGenerator<string> {
  let text = '';
  for await (const part of parts) {
    text += part;
    if (text.length < TOGETHER) continue;
    yield text;
    text = '';
  }
  if (text !== '') yield text;
}
