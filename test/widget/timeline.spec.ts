import * as fc from 'fast-check';
import type { ChatMessageView } from '../../src/app-chat/chat-message-view';
import { Timeline } from '../../widget/timeline';

const STATUSES = ['sent', 'delivered', 'read'] as const;

/** The server's own type: what the widget reads of it is checked where it is put into the timeline. */
function message(id: number, changes: Partial<ChatMessageView> = {}): ChatMessageView {
  return {
    id,
    conversation_id: 1,
    sender_role: 'admin',
    sender_type: 'admin',
    sender_id: null,
    sender_identifier: 'maria',
    message_type: 'text',
    message: `message ${id}`,
    content: `message ${id}`,
    timestamp: '2026-01-01T00:00:00.000Z',
    created_at: '2026-01-01T00:00:00.000Z',
    status: 'sent',
    is_read: false,
    read_at: null,
    is_edited: false,
    edited_at: null,
    deleted_at: null,
    reply_to_id: null,
    client_message_id: null,
    file_id: null,
    file_url: null,
    filename: null,
    file_size: null,
    mime_type: null,
    thumbnail_url: null,
    metadata: null,
    ...changes,
  };
}

/** The states that a message goes through, in their order. */
const life = fc
  .record({ reads: fc.nat(2), edits: fc.nat(2), isDeleted: fc.boolean() })
  .map(({ reads, edits, isDeleted }) => {
    const states: Partial<ChatMessageView>[] = [{}];
    for (let i = 1; i <= edits; i++) {
      const edited = { message: `edited ${i}`, edited_at: `2026-01-01T00:00:0${i}.000Z` };
      states.push({ ...states.at(-1), ...edited });
    }
    for (let i = 1; i <= reads; i++) states.push({ ...states.at(-1), status: STATUSES[i]! });
    if (isDeleted) states.push({ ...states.at(-1), message: '', deleted_at: '2026-01-02T00:00:00.000Z' });
    return states;
  });

test('messages come to the same whatever way, order and number of times they came', () => {
  fc.assert(
    fc.property(fc.array(life, { maxLength: 6 }), fc.infiniteStream(fc.nat()), (lives, chance) => {
      const all = lives.flatMap((states, i) => states.map((state) => message(i + 1, state)));
      const again = [...all, ...all.filter((_, i) => i % 2 === 0)];
      const shuffled = again
        .map((one) => ({ one, at: chance.next().value as number }))
        .toSorted((a, b) => a.at - b.at);
      const timeline = new Timeline();
      const isNew = shuffled.flatMap(({ one }) => timeline.put([one]));
      expect(isNew).toHaveLength(lives.length);
      expect(timeline.list()).toEqual(lives.map((states, i) => message(i + 1, states.at(-1))));
    }),
  );
});

test('what is read does not become unread', () => {
  const timeline = new Timeline();
  timeline.put([message(1)]);
  timeline.advance([1, 2], 'read');
  timeline.advance([1], 'delivered');
  timeline.put([message(1)]);
  expect(timeline.list().map(({ status }) => status)).toEqual(['read']);
});
