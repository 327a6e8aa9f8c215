import type { Mutation } from './mutation';

const BACKLOG = 'src/platform/http/socket-backlog.js';

/** Bugs of what sockets are told. */
export const SOCKET_MUTATIONS: readonly Mutation[] = [
  {
    name: 'slow-kept',
    does: 'The server keeps without end what a client does not read.',
    patches: [
      {
        file: BACKLOG,
        find: 'const BACKLOG_LIMIT = 1024 * 1024;',
        replace: 'const BACKLOG_LIMIT = Infinity;',
      },
    ],
    fault: 'slow-consumers',
    turnsRed: ['check'],
  },
  {
    name: 'slow-dropped',
    does: 'What a client does not read is thrown away, and the client stays.',
    patches: [
      { file: BACKLOG, find: 'end(each);', replace: 'each.writeBuffer.length = 0;' },
      { file: BACKLOG, find: 'const BACKLOG_LIMIT = 1024 * 1024;', replace: 'const BACKLOG_LIMIT = 1024;' },
    ],
    fault: 'slow-consumers',
    turnsRed: ['lost'],
  },
  {
    name: 'storm-from-now',
    does: 'Of many sockets that come back at once, those that find others catching up hear only what happens from then on.',
    patches: [
      {
        file: 'src/crm-gateway/crm-stream.service.js',
        find: 'this.catchingUp.set(socket, []);',
        replace:
          'if (this.catchingUp.size > 5) return { sent: 0, cursor: this.open(socket) }; this.catchingUp.set(socket, []);',
      },
    ],
    fault: 'reconnect-storm',
    turnsRed: ['lost'],
  },
  {
    name: 'everyone-hears',
    does: 'What is told of a conversation goes to all staff.',
    patches: [{ file: 'src/crm-gateway/rooms.js', find: 'if (audience === null)', replace: 'if (true)' }],
    fault: 'reassignment',
    turnsRed: ['overheard'],
  },
  {
    name: 'desk-stays',
    does: 'Who loses a conversation of the live chat stays in its room.',
    patches: [
      {
        file: 'src/chat-gateway/chat-membership.service.js',
        find: 'if (actor.userId !== owner',
        replace: 'if (false',
      },
    ],
    fault: 'reassignment',
    turnsRed: ['overheard'],
  },
  {
    name: 'own-unheard',
    does: 'Who is given a conversation does not hear it.',
    patches: [
      {
        file: 'src/crm-gateway/rooms.js',
        find: 'const rooms = [(0, exports.everyone)(actor.workspaceId), (0, exports.user)(actor.workspaceId, actor.userId)];',
        replace: 'const rooms = [(0, exports.everyone)(actor.workspaceId)];',
      },
    ],
    fault: 'reassignment',
    turnsRed: ['lost'],
  },
  {
    name: 'session-for-ever',
    does: 'Open sockets outlive their sessions.',
    patches: [
      {
        file: 'src/platform/http/session-watcher.js',
        find: 'if (actor === undefined)\n                over(socket);',
        replace: 'if (actor === undefined)\n                continue;',
      },
    ],
    fault: 'token-expiry',
    turnsRed: ['overheard'],
  },
  {
    name: 'rank-for-ever',
    does: 'Open sockets keep the rights that their user had.',
    patches: [
      {
        file: 'src/crm-gateway/crm-stream.service.js',
        find: 'if (before.level !== actor.level && !this.catchingUp.has(socket))',
        replace: 'if (false)',
      },
    ],
    fault: 'token-expiry',
    turnsRed: ['overheard'],
  },
  {
    name: 'gap-untold',
    does: 'Whoever was away for longer than the journal is kept is told what is left of it, as if that were all.',
    patches: [
      {
        file: 'src/crm-gateway/crm-stream.service.js',
        find: 'if (!(await this.reaches(from)))',
        replace: 'if (false)',
      },
      {
        file: 'src/crm-gateway/crm-stream.service.js',
        find: 'if (page.gap || read > MAX_REPLAY)',
        replace: 'if (read > MAX_REPLAY)',
      },
    ],
    fault: 'absence-hour',
    turnsRed: ['check'],
  },
  {
    name: 'always-anew',
    does: 'Whoever comes back is always told to fetch everything anew.',
    patches: [
      {
        file: 'src/crm-gateway/crm-stream.service.js',
        find: 'if (!(await this.reaches(from)))',
        replace: 'if (true)',
      },
    ],
    fault: 'absence-hour',
    turnsRed: ['check'],
  },
  {
    name: 'states-untold',
    does: 'What became of messages is not told to who was away.',
    patches: [
      {
        file: 'src/crm-gateway/crm-stream.service.js',
        find: 'const heard = events.filter((event) => crm_events_1.STREAMED_EVENTS.has(event.type)',
        replace:
          "const heard = events.filter((event) => event.type !== 'message:status_changed' && crm_events_1.STREAMED_EVENTS.has(event.type)",
      },
    ],
    fault: 'absence-hour',
    turnsRed: ['check'],
  },
];
