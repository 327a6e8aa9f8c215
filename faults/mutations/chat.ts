import type { Mutation } from './mutation';

const STREAM = 'src/chat-gateway/chat-stream.service.js';
const INBOX = 'src/chat-gateway/chat-inbox.service.js';

/** Bugs of the live chat. */
export const CHAT_MUTATIONS: readonly Mutation[] = [
  {
    name: 'chat-one-device',
    does: "What a user of the live chat says is not told to the user's other devices.",
    patches: [
      {
        file: STREAM,
        find: 'this.inbox.tellMessage(workspaceId, owner.chatUserId, view);',
        replace:
          "{ if (view.sender_role === 'admin') this.inbox.tellMessage(workspaceId, owner.chatUserId, view); }",
      },
    ],
    fault: 'nothing',
    turnsRed: ['lost'],
  },
  {
    name: 'chat-missed-twice',
    does: 'What a user of the live chat missed is told twice.',
    patches: [
      {
        file: INBOX,
        find: 'inOrder(missed.map(letterOf)',
        replace: 'inOrder([...missed, ...missed].map(letterOf)',
      },
    ],
    fault: 'kill-api',
    turnsRed: ['duplicated'],
  },
  {
    name: 'chat-no-client-id',
    does: "A message of the live chat that is asked for again with the client's own id is a new one.",
    patches: [
      {
        file: 'src/app-chat/chat-messages.service.js',
        find: 'return clientMessageId === null',
        replace: 'return true',
      },
    ],
    fault: 'kill-api',
    turnsRed: ['unexpected'],
  },
  {
    name: 'chat-as-it-comes',
    does: 'The live chat is told entries of the journal whenever each is ready.',
    patches: [
      {
        file: STREAM,
        find: 'this.telling = this.telling.then(() => this.publish(events));',
        replace: 'void this.publish(events);',
      },
    ],
    fault: 'nothing',
    turnsRed: ['disordered'],
  },
  {
    name: 'chat-never-delivered',
    does: 'What devices of the live chat acknowledge is not written down.',
    patches: [
      {
        file: 'src/chat-gateway/delivery-proofs.service.js',
        find: 'this.keeping ??= this.keep();',
        replace: '',
      },
    ],
    fault: 'nothing',
    turnsRed: ['statuses'],
  },
  {
    name: 'chat-one-room',
    does: 'All users of the live chat are in one room.',
    patches: [
      {
        file: 'src/chat-gateway/chat-rooms.js',
        find: '`chat_user_${chatUserId}`',
        replace: '`chat_users`',
      },
    ],
    fault: 'nothing',
    turnsRed: ['overheard'],
  },
];
