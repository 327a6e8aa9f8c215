import type { Mutation } from './list';

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
          'if (this.catchingUp.size > 100) return { sent: 0, cursor: this.open(socket) }; this.catchingUp.set(socket, []);',
      },
    ],
    fault: 'reconnect-storm',
    turnsRed: ['lost'],
  },
];
