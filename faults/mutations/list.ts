import { CHAT_MUTATIONS } from './chat';
import type { Mutation } from './mutation';
import { SOCKET_MUTATIONS } from './sockets';
import { WORLD_MUTATIONS } from './world';

const INTAKE = 'src/meta-whatsapp/webhook-intake.service.js';
const OUTBOX_ROWS = 'src/messages/outbox.repository.js';
const OUTBOX = 'src/messages/outbox.service.js';
const INBOUND = 'src/messages/inbound.repository.js';
const MESSAGES = 'src/messages/messages.repository.js';

export const MUTATIONS: readonly Mutation[] = [
  {
    name: 'no-unique-message',
    does: 'No unique index decides whether a message is there already.',
    patches: [
      {
        file: INBOUND,
        find: 'order by m.place\n  on conflict ${ALREADY_STORED} do nothing',
        replace: 'order by m.place',
      },
      {
        file: INBOUND,
        find: "'delivered', $7)\n         on conflict ${ALREADY_STORED} do nothing",
        replace: "'delivered', $7)",
      },
    ],
    sql: ['drop index message_whatsapp_id'],
    fault: 'three-at-once',
    turnsRed: ['duplicated'],
  },
  {
    name: 'poison-refuses-all',
    does: 'A webhook is refused as a whole where one item of it cannot be stored.',
    patches: [{ file: INTAKE, find: 'if (!isItemsFault(err))', replace: 'if (true)' }],
    fault: 'poison-item',
    turnsRed: ['lost', 'check'],
  },
  {
    name: 'unread-by-one',
    does: 'The unread count grows by one for each batch instead of each message.',
    patches: [
      {
        file: INBOUND,
        find: 'unread_count = unread_count + n.messages',
        replace: 'unread_count = unread_count + 1',
      },
    ],
    fault: 'largest-webhook',
    turnsRed: ['counters'],
  },
  {
    name: 'status-as-it-comes',
    does: 'The last status to arrive wins.',
    patches: [
      {
        file: 'src/messages/delivery-state.js',
        find: 'const status = ORDER[Math.max(ORDER.indexOf(delivery.whatsappStatus), ORDER.indexOf(report.status))];',
        replace: 'const status = report.status;',
      },
    ],
    fault: 'statuses-any-order',
    turnsRed: ['statuses'],
  },
  {
    name: 'send-again-without-answer',
    does: 'A send whose answer was lost is done again.',
    patches: [
      {
        file: OUTBOX,
        find: "if (result.kind === 'uncertain')",
        replace:
          "if (result.kind === 'uncertain') result = { kind: 'later', notBefore: new Date(), code: null, reason: 'x' }; if (false)",
      },
    ],
    fault: 'graph-answer-lost',
    turnsRed: ['duplicated'],
  },
  {
    name: 'newest-first',
    does: 'The newest waiting message of a conversation is sent first.',
    patches: [
      {
        file: OUTBOX_ROWS,
        find: 'order by m.id limit 1 for no key update of m',
        replace: 'order by m.id desc limit 1 for no key update of m',
      },
    ],
    fault: 'graph-down',
    turnsRed: ['disordered'],
  },
  {
    name: 'answer-before-commit',
    does: 'A webhook is answered before it is stored.',
    patches: [
      {
        file: INTAKE,
        find: 'await Promise.all([...groups].map(([batcher, taken]) => batcher.submit(taken)));',
        replace:
          'void (async () => { await Promise.all([...groups].map(([batcher, taken]) => batcher.submit(taken))); })().catch(() => undefined);',
      },
    ],
    fault: 'kill-api',
    turnsRed: ['lost'],
  },
  {
    name: 'no-client-id',
    does: "A reply that is asked for again with the client's own id is a new one.",
    patches: [
      {
        file: MESSAGES,
        find: 'on conflict (workspace_id, conversation_id, client_message_id) where client_message_id is not null do nothing',
        replace: '',
      },
      {
        file: MESSAGES,
        find: 'return row?.id ?? null;\n    }\n    /** The same in any conversation of a thread, open or not. */',
        replace: 'return null;\n    }\n    /** The same in any conversation of a thread, open or not. */',
      },
    ],
    sql: ['drop index message_client_id'],
    fault: 'kill-api',
    turnsRed: ['duplicated'],
  },
  {
    name: 'not-durable',
    does: 'PostgreSQL acknowledges commits before they are on disk (`synchronous_commit=off`).',
    settings: { synchronous_commit: 'off', wal_writer_delay: '10s' },
    fault: 'kill-postgres',
    turnsRed: ['lost'],
  },
  {
    name: 'send-again-after-crash',
    does: 'A send that was interrupted is simply done again.',
    patches: [
      { file: OUTBOX, find: 'if (head.sendingSince !== null) {', replace: 'if (head.sendingSince === 0) {' },
    ],
    fault: 'kill-worker-unheard',
    turnsRed: ['duplicated'],
  },
  {
    name: 'jobs-never-back',
    does: "A killed worker's jobs stay its own for an hour.",
    patches: [
      {
        file: 'src/platform/jobs/job-worker.js',
        find: "update job set held_by = $1, attempts = attempts + 1, run_at = now() + $4 * interval '1 second'",
        replace:
          "update job set held_by = $1, attempts = attempts + 1, run_at = now() + $4 * interval '1 hour'",
      },
    ],
    fault: 'kill-worker',
    turnsRed: ['lost'],
  },
  {
    name: 'no-replay',
    does: 'A socket that comes back hears only what happens from then on.',
    patches: [
      {
        file: 'src/crm-gateway/crm.gateway.js',
        find: 'if (after === undefined || after === null) {',
        replace: 'if (true) {',
      },
    ],
    fault: 'absence',
    turnsRed: ['lost'],
  },
  {
    name: 'replay-and-live',
    does: 'A socket that catches up is told what happens meanwhile at once, and once more.',
    patches: [
      {
        file: 'src/crm-gateway/crm-stream.service.js',
        find: 'sent += tellLive(socket, meanwhile);',
        replace: 'sent += tellLive(socket, [...meanwhile, ...meanwhile]);',
      },
    ],
    fault: 'absence',
    turnsRed: ['duplicated', 'disordered'],
  },
  ...CHAT_MUTATIONS,
  ...SOCKET_MUTATIONS,
  ...WORLD_MUTATIONS,
];
