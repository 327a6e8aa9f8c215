import { Injectable } from '@nestjs/common';
import type { Actor } from '../common/actor';
import { AppError, notFound } from '../common/app-error';
import { type CursorPage, decodeCursor, encodeCursor } from '../common/cursor-page';
import { pageOf } from '../common/page';
import { visibleOnlyTo } from '../conversations/conversation.policy';
import { ConversationsService } from '../conversations/conversations.service';
import { UnitOfWork } from '../platform/database/unit-of-work';
import type { HistoryQuery, MessagesQuery } from './message-queries.dto';
import { MessageReadsRepository } from './message-reads.repository';
import type { MessagePage } from './message-reads.types';
import { MessagesRepository } from './messages.repository';
import { type Message, type MessageDto, toMessageDto } from './messages.types';

/**
 * Reading on, from a place that is a message's id. Ids grow within a conversation as messages are committed, so
 * whoever follows the cursors misses nothing and gets nothing twice, whatever arrives meanwhile.
 */
@Injectable()
export class MessageReadsService {
  constructor(
    private readonly work: UnitOfWork,
    private readonly reads: MessageReadsRepository,
    private readonly messages: MessagesRepository,
    private readonly conversations: ConversationsService,
  ) {}

  async list(actor: Actor, query: MessagesQuery): Promise<MessagePage> {
    const filter = {
      visibleOnlyTo: visibleOnlyTo(actor),
      conversationId: query.conversation_id,
      contactId: query.contact_id,
      senderType: query.sender_type,
      senderUser: query.sender_user,
      type: query.type,
      status: query.whatsapp_status,
      since: query.since,
      until: query.until,
    };
    return await this.work.read(actor, async () => {
      if (query.cursor !== undefined) {
        const [place] = decodeCursor(query.cursor, isPlace);
        const newer = query.direction === 'newer';
        const side = newer ? { after: place } : { before: place };
        return readOn(await this.reads.list(filter, side, query.limit + 1), query.limit, newer, true);
      }
      const rows = await this.reads.list(filter, {}, query.limit + 1, query.offset);
      const { data, next_cursor } = readOn(rows, query.limit, false, false);
      const { meta } = pageOf(data, await this.reads.count(filter), query);
      const prev_cursor = query.page > 1 && data.length > 0 ? encodeCursor([data[0]!.id]) : null;
      return { data, meta, next_cursor, prev_cursor };
    });
  }

  /** Newest first, whichever way it is read. */
  async history(actor: Actor, conversationId: number, query: HistoryQuery): Promise<CursorPage<MessageDto>> {
    if (query.around !== undefined && query.cursor !== undefined)
      throw new AppError('VALIDATION_FAILED', 'around takes the place of a cursor: give one of them.');
    const place =
      query.cursor === undefined ? null : decodeCursor(query.cursor, isPlaceIn(conversationId))[1];
    return await this.work.read(actor, async () => {
      if (query.around !== undefined) {
        await this.conversations.requireVisible(actor, conversationId);
        return await this.around(conversationId, query.around, query.limit);
      }
      const newer = query.direction === 'newer';
      // On the way together; what is read of a conversation that the actor may not see goes no further than this.
      const [, rows] = await Promise.all([
        this.conversations.requireVisible(actor, conversationId),
        newer
          ? this.reads.newer(conversationId, place ?? 0, query.limit + 1)
          : this.reads.older(conversationId, place ?? Number.MAX_SAFE_INTEGER, query.limit + 1),
      ]);
      return readOn(rows, query.limit, newer, place !== null, conversationId);
    });
  }

  private async around(
    conversationId: number,
    messageId: number,
    limit: number,
  ): Promise<CursorPage<MessageDto>> {
    const [message] = await this.messages.findMany([messageId]);
    if (message?.conversationId !== conversationId) throw notFound('message');
    const older = Math.ceil(limit / 2);
    const [before, after] = await Promise.all([
      this.reads.older(conversationId, messageId + 1, older + 1),
      this.reads.newer(conversationId, messageId, limit - older + 1),
    ]);
    const below = readOn(before, older, false, false, conversationId);
    const above = readOn(after, limit - older, true, false, conversationId);
    const data = [...above.data, ...below.data];
    return {
      data,
      next_cursor: below.next_cursor,
      // With a limit of 1 nothing above is shown, and the place to go on from is the message itself.
      prev_cursor: after.length > limit - older ? encodeCursor([conversationId, data[0]!.id]) : null,
    };
  }
}

/**
 * A page of rows of which one more than the limit was asked for, as a sign that the list goes on.
 *
 * @param fromPlace whether the page was read on from a place, behind which the list then goes on as well
 */
function readOn(
  rows: Message[],
  limit: number,
  newer: boolean,
  fromPlace: boolean,
  conversationId?: number,
): CursorPage<MessageDto> {
  const goesOn = rows.length > limit;
  const shown = rows.slice(0, limit);
  const data = (newer ? shown.toReversed() : shown).map(toMessageDto);
  const place = (id: number): string =>
    encodeCursor(conversationId === undefined ? [id] : [conversationId, id]);
  const [first, last] = [data[0], data.at(-1)];
  return {
    data,
    next_cursor: last !== undefined && (newer ? fromPlace : goesOn) ? place(last.id) : null,
    prev_cursor: first !== undefined && (newer ? goesOn : fromPlace) ? place(first.id) : null,
  };
}

const isId = (value: unknown): value is number => Number.isSafeInteger(value) && (value as number) > 0;

function isPlace(values: unknown[]): values is [number] {
  return values.length === 1 && isId(values[0]);
}

function isPlaceIn(conversationId: number) {
  return (values: unknown[]): values is [number, number] =>
    values.length === 2 && values[0] === conversationId && isId(values[1]);
}
