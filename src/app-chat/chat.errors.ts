/** How the live chat answers, for its gateway as well. */
export { answer, type ChatAnswer, type ChatError, chatErrorOf } from './chat-error-form';
