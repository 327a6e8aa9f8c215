/** What the gateway of the live chat knows of this feature. */
export type { ChatActor, ChatCaller } from './chat-actor';
export type { ChatMessageType, ChatMessageView, ChatRole } from './chat-message-view';
