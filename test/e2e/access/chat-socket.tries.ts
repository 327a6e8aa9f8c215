/** What a message on the namespace `/` may name. */
export interface ChatThings {
  conversation: number;
  /** Of staff, in the conversation. */
  message: number;
  /** Uploaded by staff of the workspace. */
  file: string;
}

/** One way to name something in a socket message. */
export interface SocketTry {
  /** As the access table writes it. */
  message: string;
  /**
   * @param things what the message shall be about: the caller's, somebody else's, another workspace's, or nothing's
   * @param own of the caller, for what stands beside the thing in question
   */
  payload: (things: ChatThings, own: ChatThings) => object;
  /** It is refused to nobody and does nothing where the thing is not the caller's. */
  harmless?: true;
  /** It names nothing. */
  bare?: true;
  /** Users may send the message, but never this in it. */
  ofStaff?: true;
}

const inIm = ({ conversation }: ChatThings): { conversation_id: number } => ({
  conversation_id: conversation,
});
const inSupport = ({ conversation }: ChatThings): { conversationId: number } => ({
  conversationId: conversation,
});

/** Every message of the namespace `/`, with each kind of thing that it may name. */
export const SOCKET_TRIES: SocketTry[] = [
  { message: 'join_admin_rooms', payload: () => ({ rooms: ['admin_dashboard'] }), bare: true },
  { message: 'join_conversation', payload: inIm },
  { message: 'join-chat', payload: inSupport },
  { message: 'leave_conversation', payload: inIm, harmless: true },
  { message: 'leave-chat', payload: inSupport, harmless: true },
  { message: 'send_message', payload: (things) => ({ ...inIm(things), content: 'x' }) },
  {
    message: 'send_message',
    payload: (things, own) => ({ ...inIm(own), content: 'x', reply_to_id: things.message }),
  },
  {
    message: 'send_message',
    payload: (things, own) => ({ ...inIm(own), file_id: things.file }),
    ofStaff: true,
  },
  { message: 'send-chat-message', payload: (things) => ({ ...inSupport(things), message: 'x' }) },
  {
    message: 'send-chat-message',
    payload: (things, own) => ({ ...inSupport(own), message: 'x', replyToId: things.message }),
  },
  {
    message: 'send-chat-message',
    payload: (things, own) => ({ ...inSupport(own), fileId: things.file }),
    ofStaff: true,
  },
  { message: 'typing_start', payload: inIm },
  { message: 'typing_stop', payload: inIm },
  { message: 'typing-start', payload: inSupport },
  { message: 'typing-stop', payload: inSupport },
  { message: 'mark_messages_read', payload: inIm },
  {
    message: 'mark_messages_read',
    payload: (things, own) => ({ ...inIm(own), message_ids: [things.message] }),
    harmless: true,
  },
  { message: 'mark-messages-read', payload: inSupport },
  {
    message: 'mark-messages-read',
    payload: (things, own) => ({ ...inSupport(own), messageIds: [things.message] }),
    harmless: true,
  },
  {
    message: 'message_delivered',
    payload: (things) => ({ ...inIm(things), message_ids: [things.message] }),
  },
  {
    message: 'message_delivered',
    payload: (things, own) => ({ ...inIm(own), message_ids: [things.message] }),
  },
];
